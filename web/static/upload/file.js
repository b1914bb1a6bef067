// One file on the list: it is sent by tus, and what has arrived is compared by its digest.

import "../vendor/tus-js-client/dist/tus.min.js";
import { hasShortYear, momentOf, onTheWall } from "./clock.js";
import { kept, nameOf } from "./kept.js";
import { ENDED, TO_GO_ON, UNDER_WAY, changed, finished, moves, pump, rateOf, retitle, rows, withRate } from "./list.js";
import { $, caseId, common, endpoint, item, says, zone } from "./page.js";
import { ask, renew, terminate, token } from "./server.js";
import { announce, asPercent, asSize, fill, language } from "./words.js";

const LONGEST_WAIT = 10_000;
// Refused because of another request that was writing, or because the case has ended: told apart by trying.
const MOST_CONFLICTS = 5;
const MOST_FAILURES = 6;
const FIELDS = ["title", "captured_at", "method", "device", "latitude", "longitude", "restricted"];

let named = 0;

export class Row {
  constructor(file, standing) {
    this.file = file;
    this.name = nameOf(file);
    this.url = standing?.url;
    this.sent = standing?.offset ?? 0;
    this.best = this.sent;
    this.moves = [];
    this.tries = this.conflicts = this.failures = 0;
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
      this.field("captured_at").value = new Date(onTheWall(changed, zone)).toISOString().slice(0, 19);
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

  said(name) {
    const all = common(name);
    return this.field(name).value.trim() || (all.type === "checkbox" ? `${all.checked}` : all.value.trim());
  }

  stated() {
    const said = {};
    for (const name of FIELDS) {
      said[name] = this.said(name);
    }
    said.title = this.field("title").value.trim() || this.title;
    if (said.captured_at) said.captured_at = momentOf(said.captured_at, zone);
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
    if (this.state === "checking" && this.worker && !this.digest) {
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
    else this.queue();
    return pump();
  }

  queue() {
    if (this.url || !hasShortYear(this.said("captured_at"))) return this.to("queued", says.queued);
    this.about.open = true;
    this.to("refused", fill(says.refused, { why: says.year }));
    return announce(says.failed);
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
      onBeforeRequest: (request) => request.setHeader("X-CSRF-Token", token()),
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
      if (!this.whole && !(await this.readable())) return this.end("refused", says.unreadable);
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
    if (status >= 500 || [400, 408, 423, 429].includes(status)) return this.wait(says.busy);
    // The item is there, and stays: only what this device computed of it is not on the record.
    if (this.whole) return this.told("kept", status === 409 ? says.otherDigest : says.untold);
    if (status === 409) this.conflicts += 1;
    if (status === 409 && this.conflicts < MOST_CONFLICTS) return this.wait(says.busy);
    if (this.url && [404, 410].includes(status)) {
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
    const worker = new Worker(new URL("../hasher.js", import.meta.url), { type: "module" });
    this.worker = worker;
    worker.onmessage = ({ data }) => {
      this.hashed = data.done ?? this.hashed;
      if (data.done) return;
      this.digest = data.digest;
      this.unread = data.failed;
      worker.terminate();
      if (this.state === "checking") this.settle();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      worker.terminate();
      this.unhashed();
    };
    worker.postMessage(this.file);
  }

  // The line was cut as the hasher was to be loaded; or this device cannot run it, which counts.
  async unhashed() {
    this.worker = undefined;
    this.hashed = 0;
    const answer = await ask(endpoint, { method: "OPTIONS" });
    if (answer) this.failures += 1;
    if (this.state !== "checking" || this.worker) return;
    if (this.failures >= MOST_FAILURES) this.settle();
    else this.wait(answer ? fill(says.checking, { percent: asPercent(0) }) : says.offline);
  }

  // The bytes are there. Now the two digests are compared, and the device's goes on the record.
  async settle() {
    if (this.state !== "checking") this.to("checking");
    if (this.unread) return this.finish("kept", says.uncompared);
    if (this.failures >= MOST_FAILURES) return this.finish("kept", says.uncomputed);
    this.hash();
    if (!this.digest || this.telling) return undefined;
    this.telling = true;
    const headers = { "Content-Type": "application/json" };
    const answer = await ask(`${this.url}/digest`, { method: "POST", headers, body: JSON.stringify({ sha256: this.digest }) });
    this.telling = false;
    const said = await answer?.json().catch(() => ({}));
    if (!answer?.ok) return this.refused(answer?.status ?? 0, said ?? {});
    if (!said.matches) return this.told("different", this.known ? says.differentDuplicate : says.different);
    return this.known ? this.told("duplicate", says.duplicate) : this.told("done", says.done);
  }

  // Until then the file that is chosen again is not sent again: its digest alone is.
  told(state, text) {
    kept.remove(this.name);
    this.finish(state, text);
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
