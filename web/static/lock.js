// The lock and the quick exit of a page that is open: left alone, it covers itself and asks for a code. Nothing that
// was typed is lost. Input in one tab counts in the others, and so do locking and unlocking.

const dialog = document.getElementById("lock");
const warning = document.getElementById("lock-warning");
const code = document.getElementById("lock-code");
const fault = document.getElementById("lock-error");
// The token in it is renewed by whatever on the page finds it old.
const page = document.body.dataset;
const tabs = new BroadcastChannel("unbroken-lock");

const IDLE = Number(dialog.dataset.minutes) * 60_000;
const WARN = Math.min(60_000, IDLE / 2);
// Often enough that the server does not lock the session while somebody types for long.
const TELL = Math.min(120_000, IDLE / 4);
const SHARE = 5_000;
const GIVE_UP = 10_000;

let active = Date.now();
let told = Date.now();
let shared = 0;
let locked = false;
let covered = 0; // times
let scrolled = 0;
let escapes = [];

// After another sign-in in this browser the page's token is old: the refusal brings the one that is good now.
async function ask(path, body, signal) {
  const given = body && { method: "POST", body: JSON.stringify(body), signal };
  const send = (csrf) => {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
    return fetch(`/api/v1${path}`, { headers, cache: "no-store", ...given }).catch(() => null);
  };
  const answer = await send(page.csrf);
  const good = answer?.headers.get("X-CSRF-Token");
  return good ? send(good) : answer;
}

function behind() {
  return [...document.body.children].filter((element) => element !== dialog);
}

function cover() {
  if (locked) return;
  locked = true;
  covered += 1;
  warning.hidden = true;
  scrolled = window.scrollY;
  document.querySelectorAll("audio, video").forEach((media) => media.pause());
  // Also what the page has open itself in the top layer lies within these.
  dialog.showModal();
  behind().forEach((element) => {
    element.inert = true;
    element.classList.add("behind-lock");
  });
  fault.textContent = "";
  code.value = "";
  code.focus();
}

function uncover() {
  if (!locked) return;
  locked = false;
  active = told = Date.now();
  behind().forEach((element) => {
    element.inert = false;
    element.classList.remove("behind-lock");
  });
  dialog.close();
  window.scrollTo(0, scrolled);
}

// One tab tells the server, and no code is sent before that is answered: a lock that is slow on its way could else
// arrive after the code that was to open it. A page over plain HTTP has no locks, and orders its own requests only.
let telling = Promise.resolve();
const inTurn = (options, send) =>
  navigator.locks ? navigator.locks.request("unbroken-lock", options, (mine) => mine && send()) : telling.then(send);

function tell() {
  telling = inTurn({ ifAvailable: true }, () => ask("/session/lock", {}, AbortSignal.timeout(GIVE_UP)));
}

function lock() {
  cover();
  tabs.postMessage("locked");
  tell();
}

// What the server says of the session: it may have been locked or unlocked elsewhere, have ended, or be another's.
async function check() {
  told = Date.now();
  const before = covered;
  const answer = await ask("/me");
  if (answer?.status === 401) location.assign(dialog.dataset.signIn);
  else if (answer?.status === 423) cover();
  if (!answer?.ok) return answer;
  const said = await answer.json();
  // On a slow line an answer from before the lock may come after it.
  if (covered !== before) return answer;
  if (said.username !== page.person) location.reload();
  else {
    page.csrf = said.csrf;
    uncover();
  }
  return answer;
}

function tick() {
  if (locked) return;
  const left = active + IDLE - Date.now();
  if (left <= 0) return lock();
  const [sentence, seconds] = warning.children;
  if (left > WARN) warning.hidden = true;
  else {
    if (warning.hidden) {
      warning.hidden = false;
      sentence.textContent = warning.dataset.text;
    }
    seconds.textContent = Math.ceil(left / 1000);
  }
  if (active > told && Date.now() - told > TELL) check();
}

function touch() {
  // The first movement after a lid was opened comes before the clock's tick.
  if (locked || Date.now() - active >= IDLE) return tick();
  active = Date.now();
  warning.hidden = true;
  if (active - shared > SHARE) {
    shared = active;
    tabs.postMessage("active");
  }
}

function leave() {
  document.documentElement.hidden = true;
  document.title = "";
  tabs.postMessage("locked");
  fetch(dialog.dataset.exit, {
    method: "POST",
    body: new URLSearchParams({ csrf_token: page.csrf }),
    redirect: "manual",
    keepalive: true,
  }).catch(() => null);
  location.replace(dialog.dataset.away);
}

dialog.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  fault.textContent = "";
  let answer = await inTurn({}, () => ask("/session/unlock", { otp: code.value.trim() }));
  if (answer?.ok) {
    tabs.postMessage("unlocked");
    // Whoever signed in elsewhere in this browser has given her code: this page may be somebody else's.
    answer = await check();
    if (answer?.ok) return undefined;
  }
  if (answer?.status === 401) return location.assign(dialog.dataset.signIn);
  const problem = await answer?.json().catch(() => null);
  if (answer?.status === 429) fault.textContent = dialog.dataset.wait.replace("{seconds}", answer.headers.get("Retry-After"));
  else if (problem?.type === "step-up" || answer?.status === 422) fault.textContent = dialog.dataset.wrong;
  else fault.textContent = dialog.dataset.failed;
  code.value = "";
  code.focus();
});

dialog.addEventListener("cancel", (event) => event.preventDefault());
// A browser lets a second Escape close it all the same.
dialog.addEventListener("close", () => locked && dialog.showModal());

tabs.addEventListener("message", ({ data }) => {
  if (data === "locked") cover();
  else if (data === "unlocked") check();
  else if (!locked && Date.now() - active < IDLE) {
    active = Date.now();
    warning.hidden = true;
  }
});

for (const kind of ["keydown", "pointerdown", "pointermove", "touchstart", "wheel", "scroll", "input"]) {
  addEventListener(kind, touch, { passive: true, capture: true });
}

addEventListener("keydown", (event) => {
  escapes = event.key === "Escape" ? [...escapes, Date.now()].slice(-3) : [];
  if (escapes.length === 3 && escapes[2] - escapes[0] < 1000) leave();
});

document.getElementById("leave")?.addEventListener("submit", (event) => {
  event.preventDefault();
  leave();
});

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  if (locked) check();
  else tick();
});

// A part of a page that was asked for and refused, since the session is locked.
document.addEventListener("htmx:responseError", (event) => event.detail.xhr.status === 423 && cover());

// Back must not show a page that the browser kept as it was.
addEventListener("pageshow", (event) => event.persisted && location.reload());

setInterval(tick, 1000);
