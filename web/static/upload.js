// Sends files of this device into a case by tus, as long as it takes: after a cut, a closed lid, a restart of the
// server or of the page it goes on where it was. Here files are chosen; `upload/` has what becomes of them.

import { Row } from "./upload/file.js";
import { kept, nameOf } from "./upload/kept.js";
import { ENDED, TO_GO_ON, UNDER_WAY, begin, changed, inState, keepAwake, pump, retitle, rows } from "./upload/list.js";
import { $, common, endpoint, form, says } from "./upload/page.js";
import { ask, renew, terminate } from "./upload/server.js";
import { announce, asNumber, fill } from "./upload/words.js";

// --- what was left of earlier ones ------------------------------------------------------------------------------------

const waiting = [...document.querySelectorAll("#standing li")];

async function standingOf(file) {
  const name = nameOf(file);
  const url = kept.read(name);
  const known =
    waiting.find((node) => node.isConnected && url?.endsWith(node.dataset.id)) ??
    waiting.find(
      ({ isConnected, dataset }) => isConnected && dataset.filename === file.name && Number(dataset.size) === file.size,
    );
  if (!known) return url && standingElsewhere(name, url);
  const offset = (known.querySelector("progress").value / 100) * file.size;
  leave(known);
  return { url: `${endpoint}/${known.dataset.id}`, title: known.dataset.title, offset };
}

// It may have come in whole, and only its digest is to be told; or it was begun since this page was made.
async function standingElsewhere(name, url) {
  const answer = await ask(url);
  const { state, offset = 0 } = (answer?.ok && (await answer.json())) || {};
  if (answer?.status !== 404 && state !== "refused") return { url, offset };
  kept.remove(name);
  return undefined;
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

async function add(files) {
  const chosen = [...files];
  const found = await Promise.all(chosen.map(standingOf));
  const had = new Set(rows.filter(({ state }) => !ENDED.has(state) && state !== "refused").map(({ name }) => name));
  for (const [at, file] of chosen.entries()) {
    if (had.has(nameOf(file))) continue;
    const standing = found[at];
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
