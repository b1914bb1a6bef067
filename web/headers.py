"""Security headers, on every answer of pages and API alike. What a view has set itself, stays."""

from flask import Flask, Response

from evidence_api import auth

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Nothing that a signed-in person saw is to be found on a borrowed or seized machine.
    "Cache-Control": "no-store",
}
TWO_YEARS = "max-age=63072000; includeSubDomains"


def register(app: Flask) -> None:
    """Set the headers after every request."""
    production = auth.current_site(app).settings.production

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        if production:
            response.headers.setdefault("Strict-Transport-Security", TWO_YEARS)
        return response
