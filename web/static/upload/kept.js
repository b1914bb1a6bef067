// What stays on the device: a digest that names a file, and where its upload is. Of the file itself, nothing.

import { sha256 } from "../vendor/@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "../vendor/@noble/hashes/utils.js";
import { caseId } from "./page.js";

const KEPT_DAYS = 30;
const PREFIX = "unbroken-upload:";

export const nameOf = (file) =>
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
export const kept = {
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
