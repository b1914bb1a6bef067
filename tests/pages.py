"""Pages as a browser without script has them: signing in, looking, and what a form led to."""

import re
from html import unescape

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import PASSWORD, Persona
from tests.test_web import submit


def browser(persona: Persona) -> FlaskClient:
    """A browser in which she is signed in."""
    client = persona.app.test_client()
    answer = submit(client, "/sign-in", username=persona.username, password=PASSWORD, otp=persona.otp())
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return client


def shown(client: FlaskClient, path: str, status: int = 200) -> str:
    """The page there."""
    answer = client.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def led_to(answer: TestResponse) -> str:
    """Where a form that was taken led on to."""
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.headers["Location"]


def told(answer: TestResponse, status: int) -> str:
    """The page with which a form that was not taken came back."""
    html = answer.get_data(as_text=True)
    assert answer.status_code == status, html
    return html


def beside(html: str, field: str) -> str:
    """What is said beside a field, to which the field is tied."""
    found = re.findall(rf'<p class="error" id="{field}-error-\d+">([^<]+)</p>', html)
    assert re.search(rf'id="{field}"[^>]*aria-describedby="[^"]*{field}-error-1', html), html
    return unescape(" ".join(found))


def ways(html: str, path: str) -> set[str]:
    """Where a page leads to below a path; ids left out."""
    found = re.findall(rf'href="{path}/([^"?#]+)', html)
    return {re.sub(r"[0-9a-f-]{36}", "*", way) for way in found}


def text(html: str) -> str:
    """What a page says, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html.partition("<main")[2])).split())
