// How a page speaks with what has served it.  The key comes behind the # of the first address, is kept for this tab, and
// goes with each request: the cookie alone, which a browser gives to every port of this machine, opens nothing.

const KEPT = "syncagent-key";

export class Refused extends Error {
  constructor(kind, message, status) {
    super(message);
    this.kind = kind;
    this.status = status;
  }
}

export function takeKey() {
  const found = /^#key=([\w-]+)(?:&part=([a-z]+))?$/.exec(location.hash);
  if (found) {
    sessionStorage.setItem(KEPT, found[1]);
    history.replaceState(null, "", location.pathname + (found[2] ? `#${found[2]}` : ""));
  }
}

// Whether this tab was opened by a ticket.
export function hasKey() {
  return Boolean(sessionStorage.getItem(KEPT));
}

function headers() {
  return { "X-Syncagent-Key": sessionStorage.getItem(KEPT) || "" };
}

export async function ask(what, args = {}) {
  let answer;
  let body;
  try {
    answer = await fetch(`/ask/${what}`, {
      method: "POST",
      headers: { ...headers(), "Content-Type": "application/json" },
      body: JSON.stringify(args),
    });
    body = await answer.json();
  } catch {
    throw new Refused("Unreachable", "The agent does not answer.", answer ? answer.status : 0);
  }
  if (!body.ok) throw new Refused(body.error.kind, body.error.message, answer.status);
  return body.result;
}

// Tells `hear` of all news, for ever, and `lost` whenever there are none: with true when this visit is over.
export async function listen(hear, lost) {
  let pause = 500;
  for (;;) {
    await seen();
    const hidden = new AbortController();
    const stop = whenHiddenLong(() => hidden.abort());
    try {
      const answer = await fetch("/events", { headers: headers(), signal: hidden.signal });
      if (answer.status === 403) return lost(true);
      await readAll(answer.body, (event) => {
        pause = 500;
        hear(event);
      });
    } catch {
      // The agent stopped, or is being started anew; or nobody looked.
    } finally {
      stop();
    }
    if (!hidden.signal.aborted) {
      lost(false);
      await new Promise((done) => setTimeout(done, pause));
      pause = Math.min(pause * 2, 10000);
    }
  }
}

async function readAll(body, hear) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const parts = text.split("\n\n");
    text = parts.pop();
    for (const part of parts) if (part.startsWith("data: ")) hear(JSON.parse(part.slice(6)));
  }
}

const HIDDEN_MS = 300000;

function whenHiddenLong(stop) {
  let timer = 0;
  const look = () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(stop, HIDDEN_MS);
  };
  document.addEventListener("visibilitychange", look);
  look();
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", look);
  };
}

function seen() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((done) => document.addEventListener("visibilitychange", () => done(), { once: true }));
}
