"""Mail through the server that is configured. It names nobody and nothing: it can be read on its way."""

import smtplib
from datetime import time
from email.message import EmailMessage
from importlib.util import find_spec
from pathlib import Path

from babel.support import Translations

from evidence_api.config import Settings

SECONDS = 20
"""How long to wait for the mail server, at most, at each step."""


class NotSent(Exception):
    """The server did not take it; nothing of why is told, since that could name the address."""


def send(settings: Settings, to: str, subject: str, text: str) -> None:
    """Send a plain message. Raises NotSent."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = settings.smtp_from, to, subject
    # RFC 3834: nobody's absence is to answer it.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    connect = smtplib.SMTP_SSL if settings.smtp_security == "tls" else smtplib.SMTP
    try:
        with connect(settings.smtp_host, settings.smtp_port, timeout=SECONDS) as server:
            if settings.smtp_security == "starttls":
                server.starttls()
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(type(error).__name__) from None


def reminder(language: str | None, appointments: int, first_at: time | None, url: str) -> tuple[str, str]:
    """Subject and text of a reminder of the next day: how many appointments, when the first is, and where to look."""
    pages = find_spec("web")
    folders = list(pages.submodule_search_locations or ()) if pages else []
    texts = Translations.load(Path(folders[0]) / "translations", [language or "en"]) if folders else Translations()
    _, ngettext = texts.gettext, texts.ngettext
    count = ngettext("You have %(num)s appointment tomorrow.", "You have %(num)s appointments tomorrow.", appointments)
    lines = [count % {"num": appointments}]
    if first_at is not None:
        lines.append(_("The first is at %(time)s.") % {"time": f"{first_at:%H:%M}"})
    lines.append(_("Sign in to see more."))
    return _("Reminder"), " ".join(lines) + (f"\n\n{url}" if url else "")
