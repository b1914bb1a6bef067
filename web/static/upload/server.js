// Asking the server, with the token of the session.

import { $, me } from "./page.js";

// The lock of the page has it from here too, and the other way round.
const page = document.body.dataset;
export const token = () => page.csrf;

export async function ask(path, options = {}) {
  const headers = { "X-CSRF-Token": token(), Accept: "application/json", ...options.headers };
  const signal = AbortSignal.timeout(30_000);
  return fetch(path, { cache: "no-store", signal, ...options, headers }).catch(() => null);
}

// A new session has a new token, wherever she has signed in. False where nobody is signed in, or somebody else.
export async function renew() {
  const answer = await ask(me);
  if (answer?.ok) {
    const said = await answer.json();
    if (said.username !== page.person) return false;
    page.csrf = said.csrf;
  }
  const signedIn = answer !== null && answer.status !== 401;
  if (signedIn) $("signed-out").hidden = true;
  return signedIn;
}

export const terminate = (url) => ask(url, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } });
