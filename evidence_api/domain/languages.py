"""The languages that texts are there in. The code is BCP 47, the name the language's own."""

LANGUAGES = {"en": "English", "ar": "العربية"}
"""Every language here but English, which the texts are written in, has a complete catalogue in `web/translations`."""

SOURCE = "en"
