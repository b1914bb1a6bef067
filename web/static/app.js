// Niceties of pages that work without them. No text, no confirmation, nothing kept.

// A second press of a slow button sends nothing twice. A page that the browser brings back can be sent again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
  // What is on the screen goes at once; the way out may take a while on a bad line.
  if (form.id === "exit") document.body.classList.add("left");
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

// On paper the picture of the custody stands in words too.
addEventListener("beforeprint", () => document.querySelector(".custody-lines")?.setAttribute("open", ""));

// A link to what is folded away unfolds it.
const unfold = () => {
  const aim = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (aim) aim.closest("details")?.setAttribute("open", "");
};
addEventListener("hashchange", unfold);
unfold();
