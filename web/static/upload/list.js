// All the files on the list: whose turn it is, what they are called, how far they have come together.

import { $, common, says } from "./page.js";
import { announce, asNumber, asPercent, asSize, asTime, fill } from "./words.js";

const AT_ONCE = 2;
const STALLED = 60_000;
// When all is sent the server still reads it back from its store.
const STALLED_AT_THE_END = 600_000;
const RATE_OVER = 10_000;
export const UNDER_WAY = new Set(["queued", "sending", "waiting", "checking"]);
export const TO_GO_ON = new Set(["paused", "stopped"]);
// "kept" is what arrived, but was not compared.
export const ENDED = new Set(["done", "kept", "duplicate", "different"]);

export const rows = [];
const given = new Map();

export const moves = [];

export function rateOf(list) {
  const since = Date.now() - RATE_OVER;
  while (list.length && list[0].at < since) list.shift();
  if (!list.length) return 0;
  const seconds = Math.max(1, (Date.now() - list[0].at) / 1000);
  return list.reduce((sum, { bytes }) => sum + bytes, 0) / seconds;
}

export function withRate(rate, left) {
  if (!rate) return "";
  return `, ${fill(says.rate, { rate: asSize(rate), left: asTime(left / rate) })}`;
}

export const inState = (...states) => rows.filter(({ state }) => states.includes(state));

export function pump() {
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

export function retitle() {
  for (const [row, title] of titles()) row.node.querySelector("h3").textContent = title || row.file.name;
}

export function begin() {
  for (const [row, title, number] of titles()) {
    row.title = title;
    if (number) given.set(common("title").value.trim(), number);
  }
  inState("ready").forEach((row) => row.queue());
  pump();
}

export function changed() {
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

export function finished() {
  if (rows.some(({ state }) => !ENDED.has(state) && state !== "refused")) return;
  announce(fill(says.finished, { kept: asNumber(inState("done", "kept").length) }));
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

let lamp = null;

// The screen's going dark ends uploads on a phone.
export async function keepAwake() {
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
