// SPDX-FileCopyrightText: 2026 The Yokota de Go authors
// SPDX-License-Identifier: Apache-2.0
// Calls of the API: the session with its tokens, JSON in and out, and the stream of news.

const KEPT = "session";

/** A refusal of the API, or no answer at all (code "offline"). */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || problem.code);
    this.status = status;
    this.code = problem.code;
  }
}

let session = JSON.parse(localStorage.getItem(KEPT) || "null");
let onEnd = () => {};

export const signedIn = () => session !== null;
export const whenSessionEnds = (tell) => { onEnd = tell; };

function keep(answer) {
  session = answer && { ...answer, until: Date.now() + answer.expires_in * 1000 };
  if (session) localStorage.setItem(KEPT, JSON.stringify(session));
  else [KEPT, "receipts"].forEach((name) => localStorage.removeItem(name));
}

// another tab signed in, out, or got new tokens
addEventListener("storage", (event) => {
  if (event.key !== KEPT && event.key !== null) return;
  session = JSON.parse(localStorage.getItem(KEPT) || "null");
  if (!session) onEnd();
});

async function send(method, path, body, headers = {}, more = {}) {
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(`/v1${path}`, { method, headers, body: body && JSON.stringify(body), ...more });
  } catch (broken) {
    if (broken.name === "AbortError") throw broken;
    throw new Refused(0, { code: "offline" });
  }
}

async function answerOf(answer) {
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  throw new Refused(answer.status, await answer.json().catch(() => ({ code: "internal" })));
}

const oneAtATime = (work) => (navigator.locks ? navigator.locks.request("refresh", work) : work());

async function refresh(used) {
  return oneAtATime(async () => {
    if (!session || session.access_token !== used) return; // another call or tab was first
    try {
      const refresh_token = session.refresh_token;
      keep(await answerOf(await send("POST", "/sessions/refresh", { refresh_token })));
    } catch (refused) {
      if (refused.status !== 401) throw refused;
      keep(null);
      onEnd();
      throw refused;
    }
  });
}

async function signedSend(method, path, body, headers, more) {
  if (session && session.until < Date.now() + 10_000) await refresh(session.access_token);
  for (let again = true; ; again = false) {
    const token = session && session.access_token;
    const answer = await send(method, path, body, { ...headers, Authorization: `Bearer ${token}` }, more);
    if (answer.status !== 401 || !again) return answer;
    await refresh(token);
  }
}

export const get = async (path) => answerOf(await signedSend("GET", path));

export const post = async (path, body) =>
  answerOf(await signedSend("POST", path, body, { "Idempotency-Key": crypto.randomUUID?.() || `${Math.random()}` }));

export async function signUp(fields) {
  keep(await answerOf(await send("POST", "/accounts", fields)));
}

export async function signIn(email, password) {
  keep(await answerOf(await send("POST", "/sessions", { email, password })));
}

export async function signOut() {
  const { refresh_token } = session;
  keep(null);
  await send("POST", "/sessions/end", { refresh_token }).catch(() => undefined);
}

const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

/**
 * Tell the news after a cursor, until the signal aborts. EventSource cannot send a token, so the stream is read with
 * fetch; a server that cannot stream answers with a page of news, which is asked for again and again.
 */
export async function follow(cursor, tell, setOnline, signal) {
  let wait = 500;
  while (!signal.aborted) {
    try {
      const path = `/me/events?wait=25&after=${encodeURIComponent(cursor)}`;
      const answer = await signedSend("GET", path, undefined, { Accept: "text/event-stream" }, { signal });
      if (!answer.ok) await answerOf(answer);
      setOnline(true);
      wait = 500;
      if (answer.headers.get("Content-Type").startsWith("application/json")) {
        const page = await answer.json();
        page.events.forEach(tell);
        cursor = page.cursor;
        continue;
      }
      let text = "";
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        text += part.value;
        const events = text.split("\n\n");
        text = events.pop();
        for (const event of events) {
          const field = (name) => event.match(new RegExp(`^${name}: (.*)$`, "m"))?.[1];
          if (!field("id")) continue;
          cursor = field("id");
          tell({ id: cursor, kind: field("event"), data: JSON.parse(field("data")) });
        }
      }
    } catch (broken) {
      if (signal.aborted || !signedIn()) return;
      if (!broken.status) setOnline(false);
      await pause(wait);
      wait = Math.min(wait * 2, 15_000);
    }
  }
}
