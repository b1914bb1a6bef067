// Sends files of this device into a case by tus, as long as it takes: after a cut, a closed lid, a restart of the
// server or of the page it goes on where it was. Of a file nothing stays on the device but a digest that names it.

import "./vendor/tus-js-client/dist/tus.min.js";
import { sha256 } from "./vendor/@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "./vendor/@noble/hashes/utils.js";

const AT_ONCE = 2;
const LONGEST_WAIT = 10_000;
const STALLED = 60_000;
// When all is sent the server still reads it back from its store.
const STALLED_AT_THE_END = 600_000;
const KEPT_DAYS = 30;
const PREFIX = "unbroken-upload:";
const RATE_OVER = 10_000;
// Refused because of another request that was writing, or because the case has ended: told apart by trying.
const MOST_CONFLICTS = 5;
const FIELDS = ["title", "captured_at", "method", "device", "latitude", "longitude", "restricted"];
const UNDER_WAY = new Set(["queued", "sending", "waiting", "checking"]);
const TO_GO_ON = new Set(["paused", "stopped"]);
const ENDED = new Set(["done", "duplicate", "different"]);

const $ = (id) => document.getElementById(id);
const common = (name) => $(`all-${name}`);
const form = $("upload");
const { case: caseId, endpoint, me, item, zone } = form.dataset;
const says = $("says").dataset;
const language = document.documentElement.lang;
const rows = [];
const given = new Map();
let csrf = document.body.dataset.csrf;
let named = 0;

// --- words ------------------------------------------------------------------------------------------------------------

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const asPercent = (part) => new Intl.NumberFormat(language, { style: "percent" }).format(part);
const asNumber = (count) => new Intl.NumberFormat(language).format(count);

function inUnit(value, unit, display = "short") {
  const digits = value < 10 && display === "short" ? 1 : 0;
  const how = { style: "unit", unit, unitDisplay: display, maximumFractionDigits: digits };
  return new Intl.NumberFormat(language, how).format(value);
}

function asSize(bytes) {
  const steps = [[1e9, "gigabyte"], [1e6, "megabyte"], [1e3, "kilobyte"]];
  const [least, unit] = steps.find(([from]) => bytes >= from) ?? [1, "byte"];
  return inUnit(bytes / least, unit, unit === "byte" ? "long" : "short");
}

function asTime(seconds) {
  if (seconds < 60) return inUnit(Math.max(1, Math.round(seconds)), "second", "long");
  if (seconds < 3600) return inUnit(Math.ceil(seconds / 60), "minute", "long");
  return `${inUnit(Math.floor(seconds / 3600), "hour", "long")} ${inUnit(Math.ceil((seconds % 3600) / 60), "minute", "long")}`;
}

const announce = (text) => {
  $("said").textContent = text;
};

// --- the office's clock -----------------------------------------------------------------------------------------------

// What a clock in the office shows at a moment, as milliseconds as if that were UTC.
function onTheWall(moment) {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone, hourCycle: "h23", calendar: "gregory", year: "numeric", month: "2-digit", day: "2-digit",
    hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).formatToParts(moment);
  const of = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(of.year, of.month - 1, of.day, of.hour, of.minute, of.second);
}

// Twice, for times near the change of the clocks.
function momentOf(local) {
  const wanted = Date.parse(`${local}Z`);
  if (Number.isNaN(wanted)) return local;
  let moment = wanted;
  for (let time = 0; time < 2; time += 1) moment -= onTheWall(moment) - wanted;
  return new Date(moment).toISOString();
}

// --- what stays on the device -----------------------------------------------------------------------------------------

const nameOf = (file) =>
  bytesToHex(sha256(utf8ToBytes(JSON.stringify([caseId, file.name, file.size, file.lastModified]))));

// A browser may refuse to keep anything; then a reload finds the upload by what the server knows.
function tried(act) {
  try {
    return act();
  } catch {
    return undefined;
  }
}

const read = (key) => tried(() => JSON.parse(localStorage.getItem(key))) ?? {};
const kept = {
  read: (name) => read(PREFIX + name).url,
  write: (name, url) => tried(() => localStorage.setItem(PREFIX + name, JSON.stringify({ url, at: Date.now() }))),
  remove: (name) => tried(() => localStorage.removeItem(PREFIX + name)),
  tidy() {
    for (const key of tried(() => Object.keys(localStorage)) ?? []) {
      const old = !(Date.now() - read(key).at < KEPT_DAYS * 86_400_000);
      if (key.startsWith(PREFIX) && old) localStorage.removeItem(key);
    }
  },
};

// --- asking the server ------------------------------------------------------------------------------------------------

async function ask(path, options = {}) {
  const headers = { "X-CSRF-Token": csrf, Accept: "application/json", ...options.headers };
  const signal = AbortSignal.timeout(30_000);
  return fetch(path, { cache: "no-store", signal, ...options, headers }).catch(() => null);
}

// A new session has a new token, wherever she has signed in. False where nobody is signed in.
async function renew() {
  const answer = await ask(me);
  if (answer?.ok) csrf = (await answer.json()).csrf ?? csrf;
  const signedIn = answer !== null && answer.status !== 401;
  if (signedIn) $("signed-out").hidden = true;
  return signedIn;
}

// --- one file ---------------------------------------------------------------------------------------------------------

class Row {
  constructor(file, standing) {
    this.file = file;
    this.name = nameOf(file);
    this.url = standing?.url;
    this.sent = standing?.offset ?? 0;
    this.best = this.sent;
    this.moves = [];
    this.tries = this.conflicts = 0;
    this.hashed = 0;
    this.number = (named += 1);
    this.show();
    if (standing) this.freeze(standing.title);
    this.to("ready", standing ? says.known : says.ready);
  }

  show() {
    this.node = $("row").content.firstElementChild.cloneNode(true);
    for (const attribute of ["id", "for", "aria-describedby", "aria-labelledby"]) {
      for (const element of this.node.querySelectorAll(`[${attribute}]`)) {
        const own = element.getAttribute(attribute).replace(/\bone-/g, `file${this.number}-`);
        element.setAttribute(attribute, own);
      }
    }
    const [name, size] = this.node.querySelectorAll(".file-is bdi, .file-is span");
    name.textContent = this.file.name;
    size.textContent = asSize(this.file.size);
    this.about = this.node.querySelector("details");
    this.go = this.node.querySelector(".go");
    this.cancel = this.node.querySelector(".cancel");
    this.go.addEventListener("click", () => this.pressed());
    this.cancel.addEventListener("click", () => this.give_up());
    this.about.addEventListener("input", retitle);
    this.offerTime();
    $("files").append(this.node);
  }

  // When a file was changed is no proof of when it was recorded: it is offered, and never taken by itself.
  offerTime() {
    const offer = this.about.querySelector(".file-changed");
    const changed = new Date(this.file.lastModified);
    const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", timeZone: zone });
    offer.querySelector("span").textContent = fill(says.changed, { moment: moment.format(changed) });
    offer.querySelector("button").addEventListener("click", () => {
      this.field("captured_at").value = new Date(onTheWall(changed)).toISOString().slice(0, 19);
    });
    offer.hidden = false;
  }

  field(name) {
    return this.about.querySelector(`[name="${name}"]`);
  }

  // What was said has gone to the server with the first request.
  freeze(title) {
    this.title = title;
    this.node.querySelector("h3").textContent = title || this.file.name;
    this.about.remove();
  }

  stated() {
    const said = {};
    for (const name of FIELDS) {
      const all = common(name);
      said[name] = this.field(name).value.trim() || (all.type === "checkbox" ? `${all.checked}` : all.value.trim());
    }
    said.title = this.field("title").value.trim() || this.title;
    if (said.captured_at) said.captured_at = momentOf(said.captured_at);
    const pairs = Object.entries(said).filter(([, value]) => value !== "" && value !== undefined);
    return { case: caseId, filename: this.file.name, ...Object.fromEntries(pairs) };
  }

  // Every change of state comes through here.
  to(state, text) {
    this.state = state;
    this.node.dataset.state = state;
    this.node.querySelector(".state").textContent = text ?? "";
    clearTimeout(this.timer);
    const label = { ready: "", queued: says.pause, sending: says.pause, waiting: says.pause, checking: "" };
    this.go.textContent = label[state] ?? (TO_GO_ON.has(state) ? says.resume : says.again);
    this.go.hidden = label[state] === "" || ENDED.has(state);
    this.cancel.textContent = this.url ? says.giveUp : says.remove;
    this.cancel.hidden = state === "checking" || ENDED.has(state);
    this.paint();
    changed();
  }

  paint() {
    const bar = this.node.querySelector("progress");
    const part = this.file.size ? this.sent / this.file.size : 0;
    bar.value = Math.floor(part * 100);
    let text = fill(says.of, { sent: asSize(this.sent), size: asSize(this.file.size) });
    if (this.state === "sending") text += withRate(rateOf(this.moves), this.file.size - this.sent);
    bar.nextElementSibling.textContent = text;
    if (this.state === "checking" && !this.digest) {
      const percent = asPercent(this.file.size ? this.hashed / this.file.size : 1);
      this.node.querySelector(".state").textContent = fill(says.checking, { percent });
    }
  }

  pressed() {
    if (UNDER_WAY.has(this.state)) this.pause();
    else this.resume();
  }

  pause() {
    this.to("paused", says.paused);
    this.upload?.abort();
    pump();
  }

  async resume() {
    if (this.state === "stopped" && !(await renew())) return announce(says.stopped);
    this.tries = this.conflicts = 0;
    this.renewed = false;
    if (this.whole) this.settle();
    else this.to("queued", says.queued);
    return pump();
  }

  start() {
    this.to("sending", says.sending);
    this.hash();
    this.moved = Date.now();
    if (!this.upload) this.make();
    this.upload.start();
  }

  make() {
    this.upload = new window.tus.Upload(this.file, {
      endpoint: this.url ? null : endpoint,
      uploadUrl: this.url ?? null,
      metadata: this.url ? {} : this.stated(),
      // Trying again and remembering are done here: for ever, and without a name.
      retryDelays: null,
      storeFingerprintForResuming: false,
      fingerprint: async () => null,
      onBeforeRequest: (request) => request.setHeader("X-CSRF-Token", csrf),
      onAfterResponse: (_request, response) => {
        this.item = response.getHeader("Upload-Evidence") ?? this.item;
        this.known = response.getHeader("Upload-Duplicate") === "true";
      },
      onUploadUrlAvailable: () => this.created(),
      onProgress: (sent) => this.progress(sent),
      onSuccess: () => this.arrived(),
      onError: (error) => this.failed(error),
    });
  }

  created() {
    this.url = this.upload.url;
    // Without an address to begin at, it never begins anew by itself what it cannot go on with.
    this.upload.options.endpoint = null;
    kept.write(this.name, this.url);
    if (this.about.isConnected) this.freeze(this.title);
    this.cancel.textContent = says.giveUp;
  }

  progress(sent) {
    if (this.state !== "sending") return;
    if (sent > this.sent) {
      const move = { at: Date.now(), bytes: sent - this.sent };
      this.moves.push(move);
      moves.push(move);
    }
    this.sent = sent;
    this.moved = Date.now();
    if (sent > this.best) {
      this.best = sent;
      this.tries = this.conflicts = 0;
      this.renewed = false;
    }
  }

  arrived() {
    kept.remove(this.name);
    this.whole = true;
    this.sent = this.file.size;
    this.settle();
    pump();
  }

  async failed(error) {
    if (this.state !== "sending") return;
    const status = error.originalResponse?.getStatus() ?? 0;
    let problem = {};
    try {
      problem = JSON.parse(error.originalResponse.getBody());
    } catch {
      // From a proxy, or none at all.
    }
    await this.refused(status, problem);
  }

  // What to do about an answer that was no success: wait, ask her to sign in, or say why not.
  async refused(status, { type = "", detail = "", errors = {} }) {
    if (status === 0) {
      if (!(await this.readable())) return this.end("refused", says.unreadable);
      return this.wait(says.offline);
    }
    if (type === "csrf" && !this.renewed) {
      this.renewed = true;
      if (await renew()) return this.wait(says.busy);
    }
    if (status === 401 || type === "csrf" || type === "locked") {
      $("signed-out").hidden = false;
      return this.end("stopped", says.stopped);
    }
    if (status === 409) this.conflicts += 1;
    if (status >= 500 || [400, 408, 423, 429].includes(status) || (status === 409 && this.conflicts < MOST_CONFLICTS)) {
      return this.wait(says.busy);
    }
    if (this.url && !this.whole && [404, 410].includes(status)) {
      this.forget();
      return this.end("refused", says.gone);
    }
    const why = [...Object.values(errors).flat(), ...(Object.keys(errors).length ? [] : [detail])].join(" ");
    // What was said of a file that was begun cannot be corrected any more: it is sent anew.
    this.forget();
    this.about.open = true;
    return this.end("refused", fill(says.refused, { why: why || status }));
  }

  async readable() {
    try {
      await this.file.slice(0, 1).arrayBuffer();
      return true;
    } catch {
      return false;
    }
  }

  forget() {
    kept.remove(this.name);
    this.url = this.upload = undefined;
    this.sent = this.best = 0;
    this.whole = false;
    if (!this.about.isConnected) this.node.querySelector(".state").after(this.about);
  }

  wait(text) {
    if (!UNDER_WAY.has(this.state)) return;
    const pause = Math.min(LONGEST_WAIT, 500 * 2 ** this.tries);
    this.tries += 1;
    this.to(this.whole ? "checking" : "waiting", text);
    this.timer = setTimeout(() => this.once_more(), pause);
  }

  once_more() {
    if (this.whole) this.settle();
    else if (this.state === "waiting") this.start();
  }

  end(state, text) {
    this.to(state, text);
    if (state === "refused") announce(says.failed);
    pump();
  }

  hash() {
    if (this.worker || this.digest || this.unread) return;
    this.worker = new Worker(new URL("./hasher.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => {
      this.hashed = data.done ?? this.hashed;
      if (data.done) return;
      this.digest = data.digest;
      this.unread = data.failed;
      this.worker.terminate();
      if (this.state === "checking") this.settle();
    };
    this.worker.postMessage(this.file);
  }

  // The bytes are there. Now the two digests are compared, and the device's goes on the record.
  async settle() {
    if (this.state !== "checking") this.to("checking");
    this.hash();
    if (this.unread) return this.finish("done", says.uncompared);
    if (!this.digest || this.telling) return undefined;
    this.telling = true;
    const headers = { "Content-Type": "application/json" };
    const answer = await ask(`${this.url}/digest`, { method: "POST", headers, body: JSON.stringify({ sha256: this.digest }) });
    this.telling = false;
    const said = await answer?.json().catch(() => ({}));
    if (!answer?.ok) return this.refused(answer?.status ?? 0, said ?? {});
    if (!said.matches) return this.finish("different", this.known ? says.differentDuplicate : says.different);
    return this.known ? this.finish("duplicate", says.duplicate) : this.finish("done", says.done);
  }

  finish(state, text) {
    this.to(state, text);
    const link = document.createElement("a");
    link.href = item.replace(/[0-]{36}/, this.item);
    link.textContent = this.known ? says.openKnown : says.open;
    link.className = "button quiet";
    link.setAttribute("aria-describedby", this.node.querySelector("h3").id);
    this.go.before(link);
    if (state === "different") announce(text);
    finished();
  }

  async give_up() {
    if (this.url && !window.confirm(says.sure)) return;
    const url = this.url;
    this.to("refused", "");
    this.upload?.abort();
    this.worker?.terminate();
    this.forget();
    rows.splice(rows.indexOf(this), 1);
    this.node.remove();
    retitle();
    changed();
    pump();
    $("list-title").focus();
    if (url) await terminate(url);
  }
}

const terminate = (url) => ask(url, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } });

// --- all of them ------------------------------------------------------------------------------------------------------

const moves = [];

function rateOf(list) {
  const since = Date.now() - RATE_OVER;
  while (list.length && list[0].at < since) list.shift();
  if (!list.length) return 0;
  const seconds = Math.max(1, (Date.now() - list[0].at) / 1000);
  return list.reduce((sum, { bytes }) => sum + bytes, 0) / seconds;
}

function withRate(rate, left) {
  if (!rate) return "";
  return `, ${fill(says.rate, { rate: asSize(rate), left: asTime(left / rate) })}`;
}

const inState = (...states) => rows.filter(({ state }) => states.includes(state));

function pump() {
  const places = AT_ONCE - inState("sending", "waiting").length;
  inState("queued").slice(0, Math.max(0, places)).forEach((row) => row.start());
}

// A title for each: her own words for it, or the common one, numbered where it is said of several.
function titles() {
  const ready = inState("ready").filter((row) => row.about.isConnected);
  const shared = common("title").value.trim();
  const untitled = ready.filter((row) => !row.field("title").value.trim());
  let number = given.get(shared) ?? 0;
  const several = number + untitled.length > 1;
  return ready.map((row) => {
    const own = row.field("title").value.trim();
    if (own || !shared) return [row, own];
    number += 1;
    return [row, several ? fill(says.numbered, { title: shared, number: asNumber(number) }) : shared, number];
  });
}

function retitle() {
  for (const [row, title] of titles()) row.node.querySelector("h3").textContent = title || row.file.name;
}

function begin() {
  for (const [row, title, number] of titles()) {
    row.title = title;
    if (number) given.set(common("title").value.trim(), number);
  }
  inState("ready").forEach((row) => row.to("queued", says.queued));
  pump();
}

function changed() {
  $("list").hidden = rows.length === 0;
  $("about").hidden = !inState("ready", "refused").some((row) => row.about.isConnected);
  $("total").hidden = rows.every(({ state }) => state === "ready");
  $("pause-all").hidden = !rows.some(({ state }) => UNDER_WAY.has(state) && state !== "checking");
  $("resume-all").hidden = !rows.some(({ state }) => TO_GO_ON.has(state));
  keepAwake();
  paintTotal();
}

let quarter = 0;

function paintTotal() {
  const begun = rows.filter(({ state }) => state !== "ready" && state !== "refused");
  const size = begun.reduce((sum, { file }) => sum + file.size, 0);
  const sent = begun.reduce((sum, row) => sum + row.sent, 0);
  const done = begun.filter(({ state }) => ENDED.has(state)).length;
  const part = size ? sent / size : 0;
  const bar = $("total").querySelector("progress");
  bar.value = Math.floor(part * 100);
  let text = fill(says.total, {
    done: asNumber(done), count: asNumber(begun.length), sent: asSize(sent), size: asSize(size),
  });
  if (inState("sending").length) text += withRate(rateOf(moves), size - sent);
  bar.nextElementSibling.textContent = text;
  const reached = Math.floor(part * 4);
  if (reached > quarter && reached < 4) announce(fill(says.quarter, { percent: asPercent(reached / 4) }));
  quarter = reached;
}

function finished() {
  if (rows.some(({ state }) => !ENDED.has(state) && state !== "refused")) return;
  announce(fill(says.finished, { kept: asNumber(inState("done").length) }));
}

setInterval(() => {
  for (const row of rows) {
    if (row.state === "sending") {
      const limit = row.sent < row.file.size ? STALLED : STALLED_AT_THE_END;
      if (Date.now() - row.moved > limit) {
        row.upload.abort();
        row.wait(says.offline);
      }
    }
    if (row.state === "sending" || row.state === "checking") row.paint();
  }
  if (rows.some(({ state }) => UNDER_WAY.has(state))) paintTotal();
}, 500);

// --- what was left of earlier ones ------------------------------------------------------------------------------------

const waiting = [...document.querySelectorAll("#standing li")];

function standingOf(file) {
  const url = kept.read(nameOf(file));
  const known =
    waiting.find((node) => node.isConnected && url?.endsWith(node.dataset.id)) ??
    waiting.find(
      ({ isConnected, dataset }) => isConnected && dataset.filename === file.name && Number(dataset.size) === file.size,
    );
  if (!known) {
    kept.remove(nameOf(file));
    return undefined;
  }
  const offset = (known.querySelector("progress").value / 100) * file.size;
  leave(known);
  return { url: `${endpoint}/${known.dataset.id}`, title: known.dataset.title, offset };
}

function leave(node) {
  node.remove();
  if (!waiting.some(({ isConnected }) => isConnected)) $("standing").hidden = true;
}

for (const node of waiting) {
  node.querySelector(".give-up").addEventListener("click", async () => {
    if (!window.confirm(says.sure)) return;
    const answer = await terminate(`${endpoint}/${node.dataset.id}`);
    if (answer?.ok || answer?.status === 404) leave(node);
    else announce(says.busy);
  });
}

// --- choosing ---------------------------------------------------------------------------------------------------------

function add(files) {
  const had = new Set(rows.filter(({ state }) => !ENDED.has(state) && state !== "refused").map(({ name }) => name));
  const fresh = [...files].filter((file) => !had.has(nameOf(file)));
  for (const file of fresh) {
    const standing = standingOf(file);
    const row = new Row(file, standing);
    rows.push(row);
    if (standing) row.to("queued", says.known);
  }
  retitle();
  changed();
  pump();
  announce(fill(says.chosen, { count: asNumber(rows.length) }));
}

for (const input of [$("pick"), $("camera")]) {
  input.addEventListener("change", () => {
    add(input.files);
    // The same file may be chosen again.
    input.value = "";
  });
}

const drop = $("drop");
// Beside the place too, where a browser would else leave the page and show the file.
addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.toggle("over", drop.contains(event.target));
});
addEventListener("dragleave", () => drop.classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  const items = [...(event.dataTransfer?.items ?? [])];
  // A folder comes as a file that cannot be read.
  add(items.filter((one) => one.kind === "file" && !one.webkitGetAsEntry()?.isDirectory).map((one) => one.getAsFile()));
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  begin();
});
common("title").addEventListener("input", retitle);
$("pause-all").addEventListener("click", () =>
  rows.filter(({ state }) => UNDER_WAY.has(state) && state !== "checking").forEach((row) => row.pause()),
);
$("resume-all").addEventListener("click", () => resumeAll("paused", "stopped"));

async function resumeAll(...states) {
  const wanted = inState(...states);
  if (wanted.some(({ state }) => state === "stopped") && !(await renew())) return announce(says.stopped);
  for (const row of wanted) {
    if (row.state === "stopped") row.state = "paused";
    row.resume();
  }
  return undefined;
}

// --- the device -------------------------------------------------------------------------------------------------------

const hurry = () => inState("waiting", "checking").filter(({ timer }) => timer).forEach((row) => {
  row.tries = 0;
  clearTimeout(row.timer);
  row.once_more();
});
addEventListener("online", hurry);

let lamp = null;

// The screen's going dark ends uploads on a phone.
async function keepAwake() {
  const wanted = rows.some(({ state }) => UNDER_WAY.has(state)) && document.visibilityState === "visible";
  if (!wanted) {
    lamp?.release?.();
    lamp = null;
  } else if (!lamp && navigator.wakeLock) {
    lamp = {};
    lamp = await navigator.wakeLock.request("screen").catch(() => null);
    lamp?.addEventListener("release", () => {
      lamp = null;
    });
  }
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  hurry();
  keepAwake();
  if (inState("stopped").length) resumeAll("stopped");
});

addEventListener("beforeunload", (event) => {
  // Who leaves quickly is asked nothing.
  if (document.documentElement.hidden) return;
  if (rows.some(({ state }) => UNDER_WAY.has(state) || TO_GO_ON.has(state))) event.preventDefault();
});

kept.tidy();
form.hidden = false;
