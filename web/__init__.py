"""The pages: thin, server-rendered, over the same use cases as the API, in process. No script, no other host."""

from flask import Flask

from web import headers
from web.pages import pages as blueprint


def register(app: Flask) -> None:
    """Add the pages, and the security headers of every answer, the API's too."""
    headers.register(app)
    app.register_blueprint(blueprint)
