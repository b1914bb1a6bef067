"""Hostile titles, names and files in a real browser: nothing runs, nothing comes from elsewhere, nothing is kept."""

import io
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Dialog

from evidence_api.domain.roles import Role
from evidence_api.work import Site
from tests.e2e.browser import NewContext, sign_in
from tests.e2e.conftest import Server
from tests.people import Person, asks_with, new_person

RUNS = "<img src=x onerror=alert(1)><script>alert(2)</script>"
HOSTILE = {
    "page.html": b"<!doctype html><html><body><script>alert(document.cookie)</script><h1 id=ran>Sign in</h1>",
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>\x00',
    "words.txt": f"{RUNS}\n\u202e{RUNS}".encode(),
    "form.pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n",
}
KEPT = """async () => JSON.stringify([
  {...localStorage}, {...sessionStorage}, document.cookie, await caches.keys(),
  await Promise.all((await indexedDB.databases()).map(found => new Promise((done, failed) => {
    const opening = indexedDB.open(found.name);
    opening.onerror = failed;
    opening.onsuccess = async () => {
      const all = [];
      for (const store of opening.result.objectStoreNames) {
        all.push(await new Promise(said => {
          opening.result.transaction(store).objectStore(store).getAll().onsuccess = event => said(event.target.result);
        }));
      }
      opening.result.close();
      done([found.name, all]);
    };
  }))),
])"""


@pytest.fixture
def person(app: Flask, site: Site) -> Person:
    return new_person(app, site, [Role.INVESTIGATOR])


def test_what_is_hostile_runs_nowhere_and_a_browser_keeps_nothing_of_what_it_saw(
    app: Flask, server: Server, person: Person, new_context: NewContext
) -> None:
    token = person.token(scope="all")

    def post(path: str, **options: Any) -> Any:
        answer = asks_with(app, token, "POST", path, **options)
        assert answer.status_code in (200, 201), answer.get_json()
        return answer.get_json()

    case = post("/cases", json={"title": RUNS, "kind": "sex_trafficking", "country": "KH"})["id"]
    post(f"/cases/{case}/transitions", json={"action": "investigate", "reason": RUNS})
    exif = Image.Exif()
    exif.update({0x010F: RUNS, 0x0110: RUNS})
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "JPEG", exif=exif.tobytes(), comment=RUNS.encode())
    items = []
    for name, content in {**HOSTILE, "both.jpg": picture.getvalue() + RUNS.encode()}.items():
        data = {"title": RUNS, "device": RUNS, "method": RUNS, "file": (io.BytesIO(content), f"{RUNS}{name}"[-90:])}
        sent = post(f"/cases/{case}/evidence", data=data, content_type="multipart/form-data")
        items.append(sent["id"])
    post(f"/evidence/{items[0]}/moves", json={"action": "take_to_court", "reason": RUNS, "place": RUNS})

    tab = new_context(accept_downloads=False).new_page()
    dialogs: list[str] = []

    def asked(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    tab.on("dialog", asked)
    sign_in(tab, server, person)
    pages = ["/", "/cases", "/items", "/account", "/search", f"/cases/{case}"]
    pages += [f"/cases/{case}/{page}" for page in ("items", "timeline", "upload", "edit", "assign")]
    pages += [f"/items/{item}{page}" for item in items for page in ("", "/entries", "/label", "/correct")]
    for page in pages:
        answer = tab.goto(server.url + page)
        assert answer is not None
        assert answer.status == 200, page
        assert tab.locator("img[src=x]").count() == 0, page
        assert tab.locator("main script").count() == 0, page
    for item in items:
        tab.goto(f"{server.url}/items/{item}")
        begin = tab.locator(f"form[action='/items/{item}/view'] button[type=submit]:not([formaction])")
        if begin.count():
            begin.first.click()
            tab.wait_for_load_state()
        assert tab.locator("img[src=x]").count() == 0
    tab.goto(f"{server.url}/search")
    tab.locator("main [name=q]").fill(RUNS)
    tab.locator("main [name=q]").press("Enter")
    tab.wait_for_load_state()
    assert RUNS not in tab.url

    kept = tab.evaluate(KEPT)
    for told in ("onerror", person.username, case, *items, "unbroken="):
        assert told not in kept, f"the browser keeps {told!r}: {kept[:300]}"
    assert dialogs == []
