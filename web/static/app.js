// Niceties of pages that work without them. No text, no confirmation, nothing kept in the browser.

// A second press of a slow button sends nothing twice. A page that the browser brings back can be sent again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
  // What is on the screen goes at once; the way out may take a while on a bad line.
  if (form.id === "leave") document.body.classList.add("left");
});

addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});

// Menus close by Escape, and by a press elsewhere.
const close = (menu) => {
  if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
  menu.open = false;
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelectorAll("details.menu[open]").forEach(close);
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    event.preventDefault();
    document.querySelector(opener.hash).showModal();
  }
  const closer = event.target.closest("dialog[open] [data-close]");
  if (closer) {
    event.preventDefault();
    closer.closest("dialog").close();
  }
});

// A table that is wider than its room is scrolled by the keyboard too.
const fitted = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const wide = target.scrollWidth > target.clientWidth;
    for (const [name, value] of [["tabindex", "0"], ["role", "group"]]) {
      if (wide) target.setAttribute(name, value);
      else target.removeAttribute(name);
    }
  }
});
for (const room of document.querySelectorAll(".scroll:has(> table)")) fitted.observe(room);

// On paper the picture of the custody stands in words too, and nothing of what happened is folded away.
addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll(".custody-lines, .course")) folded.setAttribute("open", "");
});

// Many boxes are ticked or cleared at once. The buttons come with the script, since they are nothing without it.
for (const kept of document.querySelectorAll("template[data-choose]")) {
  const boxes = kept.parentElement;
  kept.replaceWith(kept.content);
  const said = boxes.querySelector("[role=status]");
  boxes.addEventListener("change", () => (said.textContent = ""));
  for (const button of boxes.querySelectorAll("button[data-said]")) {
    button.addEventListener("click", () => {
      for (const box of boxes.querySelectorAll("[type=checkbox]")) box.checked = button.value === "all";
      said.textContent = button.dataset.said;
      boxes.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
}

// A link to what is folded away unfolds it.
const unfold = () => {
  const aim = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (aim) aim.closest("details")?.setAttribute("open", "");
};
addEventListener("hashchange", unfold);
unfold();

// What is typed into a long form is kept by the server, so that a lost line or a flat battery costs little.
const long = document.querySelector("form[data-draft]");
if (long) {
  const REST = 2_000;
  const EVERY = 5_000;
  let due = 0;
  let kept = -EVERY;
  let keeping = null;
  const keep = () => {
    due = 0;
    if (long.dataset.sent || document.querySelector("dialog#lock[open]")) return;
    kept = performance.now();
    const typed = new FormData(long);
    for (const secret of long.querySelectorAll("[type=password], [autocomplete=one-time-code]")) typed.delete(secret.name);
    typed.set("csrf_token", document.body.dataset.csrf);
    typed.set("draft", "quietly");
    const body = new URLSearchParams(typed);
    keeping = fetch(location.pathname, { method: "POST", body, signal: AbortSignal.timeout(10_000) })
      .catch(() => {})
      .finally(() => (keeping = null));
  };
  // A draft that came in after its form would stand there as if it had never been sent.
  long.addEventListener("submit", (event) => {
    clearTimeout(due);
    if (!keeping) return;
    event.preventDefault();
    keeping.then(() => long.requestSubmit(event.submitter));
  });
  long.addEventListener("input", () => {
    clearTimeout(due);
    due = setTimeout(keep, Math.max(REST, kept + EVERY - performance.now()));
  });
}
