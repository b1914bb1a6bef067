// The SHA-256 of one file, read in slices, so that a film is never in memory as a whole.
// In: the file. Out: {done} bytes now and then, at last {digest}; or {failed} where the file cannot be read.

import { sha256 } from "./vendor/@noble/hashes/sha2.js";
import { bytesToHex } from "./vendor/@noble/hashes/utils.js";

const SLICE = 4 << 20;

onmessage = async ({ data: file }) => {
  const digest = sha256.create();
  try {
    for (let at = 0; at < file.size; at += SLICE) {
      digest.update(new Uint8Array(await file.slice(at, at + SLICE).arrayBuffer()));
      postMessage({ done: Math.min(at + SLICE, file.size) });
    }
    postMessage({ digest: bytesToHex(digest.digest()) });
  } catch {
    postMessage({ failed: true });
  }
};
