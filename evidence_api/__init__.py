"""Unbroken: evidence that holds in court, and no case or person forgotten.

`create_app` puts the service together; it holds no rule of its own.
"""

import gc
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from evidence_api.work import Site

__all__ = ["create_app", "serve_app"]


def serve_app() -> Flask:
    """The application, for a process that serves it and does nothing else."""
    app = create_app()
    # What is there by now stays. To look through it for garbage again and again held up requests for 200 ms.
    gc.collect()
    gc.freeze()
    return app


def create_app(site: "Site | None" = None) -> Flask:
    """The WSGI application over an installation, or over the one that the settings name."""
    import web
    from evidence_api import api, auth, logs
    from evidence_api.config import load
    from evidence_api.keys import read_key_file
    from evidence_api.site import open_site

    site = site or open_site(load(), probe=True)
    app = Flask("evidence_api", template_folder=None, static_folder=None)
    app.secret_key = read_key_file(site.settings.key_files["session"])
    app.extensions["unbroken"] = site
    if site.settings.proxies:
        hops = site.settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    logs.configure(app)
    auth.configure(app)
    api.register(app)
    web.register(app)
    return app
