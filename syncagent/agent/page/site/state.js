// What an agent's state is in words: one line that says how it is, and one that says why.

import { ago, bytes, clock, counted, sentence } from "/look/words.js";

export function stateOf(now, gone) {
  if (gone) return { icon: "offline", line: "The agent does not answer", why: "It was stopped, or is starting anew. This page goes on when it is there again.", short: "no answer" };
  if (!now) return { icon: "offline", line: "One moment…", why: "", short: "connecting…" };
  const heard = now.last_contact ? `hub heard ${ago(Date.now() / 1000 - now.last_contact)}` : "hub not heard yet";
  const files = counted(now.files || 0, "file or folder", "files and folders");
  if (now.in_sync) return { icon: "idle", line: "Everything is in sync", why: `${files} · ${heard}`, short: "in sync" };
  const first = (now.lines || []).find((line) => line.hinders && !line.path);
  const reason = sentence(now.reason || (first && first.text) || "");
  switch (now.state) {
    case "paused": {
      const until = pausedUntil(now);
      if (now.reason && !now.pause?.paused) return { icon: "paused", line: `Paused: ${now.reason}`, why: "Nothing is sent and nothing received. It goes on by itself when that is over, or when you say so.", short: "paused" };
      return { icon: "paused", line: until ? `Paused until ${until}` : "Paused", why: "Nothing is sent and nothing received. Changes made meanwhile are kept, and carried over afterwards.", short: "paused" };
    }
    case "waiting":
      return { icon: "paused", line: `Large files wait: ${now.reason}`, why: largeSaid(now), short: "large files wait" };
    case "offline":
      return { icon: "offline", line: "Not connected to the hub", why: `${reason || "It is tried again by itself."}${pendingSaid(now)}`, short: "offline" };
    case "held":
      return { icon: "attention", line: "Waiting for your decision", why: "A great many files would be deleted or overwritten. All else goes on.", short: "needs you" };
    case "halted":
      return { icon: "attention", line: "Stopped until someone mends it", why: reason, short: "needs you" };
    case "starting":
      return { icon: "syncing", line: "Starting", why: "The folder is looked at first.", short: "starting" };
    case "scanning":
      return { icon: "syncing", line: "Looking through the folder", why: files, short: "looking" };
    case "catching up":
      return { icon: "syncing", line: "Catching up with the hub", why: pendingSaid(now).trim() || heard, short: "syncing" };
    case "idle":
      return needy(now)
        ? { icon: "attention", line: "Almost everything is in sync", why: reason || "Some files need a look; they are listed below.", short: "needs a look" }
        : { icon: "syncing", line: "Having a look", why: reason, short: "looking" };
    default:
      return { icon: "syncing", line: "Syncing", why: reason && !now.pending ? reason : `${files} · ${heard}`, short: "syncing" };
  }
}

function needy(now) {
  const counts = now.counts || {};
  return Boolean((counts.held ?? now.held?.length) || (counts.unreadable ?? now.unreadable?.length));
}

export function pausedUntil(now) {
  const until = now.pause && now.pause.until;
  return until ? clock(new Date(until * 1000)) : "";
}

function largeSaid(now) {
  const large = now.guest?.large || { count: 0, bytes: 0 };
  return `${counted(large.count, "file")}, ${bytes(large.bytes)}. It goes on by itself when that is over, or when you say so.`;
}

function pendingSaid(now) {
  return now.pending ? ` ${counted(now.pending, "change")} ${now.pending === 1 ? "waits" : "wait"}.` : "";
}

// How far a burst of work is: the most that waited since all was in sync, against what waits now.
export class Progress {
  constructor() {
    this.most = 0;
    this.mostBytes = 0;
    this.last = null;
    this.speeds = { up: 0, down: 0 };
  }

  take(now) {
    const left = now.pending || 0;
    const bytesLeft = (now.transfers?.upload_bytes || 0) + (now.transfers?.download_bytes || 0);
    this.most = left ? Math.max(this.most, left) : 0;
    this.mostBytes = left ? Math.max(this.mostBytes, bytesLeft) : 0;
    this.measure(now);
    const working = !now.in_sync && left > 0 && !["paused", "waiting", "offline", "held", "halted"].includes(now.state);
    const done = [];
    if (this.most) done.push(1 - left / this.most);
    if (this.mostBytes) done.push(1 - bytesLeft / this.mostBytes);
    const share = done.length ? Math.min(...done) : 0;
    return { working, share, unsure: working && share < 0.02, left, bytesLeft, most: this.most };
  }

  measure(now) {
    const traffic = now.traffic;
    if (!traffic) return;
    const at = performance.now() / 1000;
    if (this.last && at > this.last.at + 0.2) {
      const seconds = at - this.last.at;
      const smooth = (old, amount) => (seconds > 3 ? amount / seconds : 0.6 * old + 0.4 * (amount / seconds));
      this.speeds.up = smooth(this.speeds.up, Math.max(0, traffic.sent - this.last.sent));
      this.speeds.down = smooth(this.speeds.down, Math.max(0, traffic.received - this.last.received));
    }
    if (!this.last || at > this.last.at + 0.2) this.last = { at, sent: traffic.sent, received: traffic.received };
  }

  figures(now) {
    const said = [];
    const up = now.transfers?.upload_bytes;
    const down = now.transfers?.download_bytes;
    if (up) said.push(`↑ ${bytes(up)} to send`);
    if (down) said.push(`↓ ${bytes(down)} to receive`);
    return said.join(" · ");
  }

  speed() {
    const said = [];
    if (this.speeds.up > 1000) said.push(`↑ ${bytes(this.speeds.up)}/s`);
    if (this.speeds.down > 1000) said.push(`↓ ${bytes(this.speeds.down)}/s`);
    return said.join("  ");
  }
}
