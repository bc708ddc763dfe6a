// How it stands, at a glance: the state in words, what waits and since when, what came and went lately.

import { ask } from "/look/ask.js";
import { fill, h, say, show } from "/look/dom.js";
import { ago, bytes, counted, sentence, span } from "/look/words.js";
import { changeRow, updateChange } from "/changes.js";
import { pauseMenu } from "/pause.js";
import { Progress, stateOf } from "/state.js";

const LATEST = 6;
const QUEUED = 8;
const ASK_MS = 1500;

export class Overview {
  constructor(world) {
    this.world = world;
    this.progress = world.progress ??= new Progress();
    this.icon = h("img", { src: "/look/state-offline.svg", alt: "", width: "64", height: "64" });
    this.line = h("div", { class: "line" });
    this.why = h("p", { class: "why" });
    this.filled = h("div");
    this.bar = h("div", { class: "bar", role: "progressbar", "aria-label": "Progress", "aria-valuemin": "0", "aria-valuemax": "100" }, this.filled);
    this.figures = h("p", { class: "why numbers" });
    this.pause = pauseMenu(world);
    this.resume = h("button", { class: "button first", type: "button", onclick: () => world.do("resume") }, "Resume");
    this.look = h("button", { class: "button", type: "button", onclick: () => world.do("sync", {}, "The folder is looked through, and the hub asked.") }, "Sync now");
    const folder = h("button", { class: "button", type: "button", onclick: () => world.do("open") }, "Open folder");
    this.needs = h("ul", { class: "stack", "aria-label": "What needs you" });
    this.queue = h("ul", { class: "rows" });
    this.queueMore = h("p", { class: "small muted" });
    this.queueTitle = h("h2");
    this.queueCard = h("div", { class: "card", hidden: true }, this.queueTitle, this.queue, this.queueMore);
    this.troubles = h("ul", { class: "rows" });
    this.troubleCard = h("div", { class: "card", hidden: true }, h("h2", {}, "Needs a look"), this.troubles);
    this.recent = h("ul", { class: "rows" });
    this.none = h("p", { class: "empty" }, "Nothing yet. What is added, changed or deleted here or elsewhere appears in this list.");
    this.facts = h("dl", { class: "facts" });
    this.element = h("section", { "aria-label": "Overview" },
      h("h1", { class: "only-heard" }, "Overview"),
      h("div", { class: "card state" }, this.icon, this.line, h("div", { class: "whys" }, this.why, this.figures),
        h("div", { class: "buttons" }, this.resume, this.pause, this.look, folder), this.bar),
      world.welcome ? this.welcome() : null,
      this.needs,
      h("div", { class: "columns" },
        h("div", { class: "stack" }, this.troubleCard, this.queueCard,
          h("div", { class: "card" }, h("h2", {}, "Latest changes"), this.none, this.recent,
            h("p", {}, h("a", { href: "#activity" }, "All activity")))),
        h("div", { class: "card" }, h("h2", {}, "This machine"), this.facts)));
    this.timer = setInterval(() => this.hear(this.world.now), 5000);
  }

  // After the first run: what comes next.
  welcome() {
    const close = () => {
      this.world.welcome = false;
      card.remove();
    };
    const card = h("div", { class: "card" }, h("h2", {}, "That is all"),
      h("p", { class: "muted" }, "Work in the folder as ever. What you change is carried over within a moment, and you may close this page."),
      h("div", { class: "buttons" }, h("a", { class: "button first", href: "#machines" }, "Add another machine"), h("button", { class: "button", type: "button", onclick: close }, "Close this")));
    return card;
  }

  leave() {
    clearInterval(this.timer);
    this.left = true;
  }

  hear(now) {
    const gone = this.world.gone;
    const state = stateOf(now, gone);
    const source = `/look/state-${state.icon}.svg`;
    if (this.icon.getAttribute("src") !== source) this.icon.setAttribute("src", source);
    this.icon.classList.toggle("turning", state.icon === "syncing");
    say(this.line, state.line);
    say(this.why, state.why);
    if (!now) return;
    this.hearProgress(now, gone);
    const paused = now.pause?.paused === true || (now.state === "paused" && !now.reason);
    say(this.resume, paused ? "Resume" : "Sync all the same");
    show(this.resume, paused || now.state === "paused" || now.state === "waiting");
    show(this.pause, !paused);
    show(this.look, this.world.offered.has("sync") && !paused);
    this.hearNeeds(now);
    this.hearTroubles(now);
    this.hearRecent(now);
    this.hearFacts(now);
    this.askQueue(now);
  }

  hearProgress(now, gone) {
    const { working, share, unsure, left } = this.progress.take(now);
    this.bar.classList.toggle("quiet", !working || gone);
    this.bar.classList.toggle("unsure", unsure);
    this.filled.style.width = unsure ? "" : `${Math.round(share * 100)}%`;
    if (unsure) this.bar.removeAttribute("aria-valuenow");
    else this.bar.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    const figures = working && !gone ? [left ? `${counted(left, "change")} to go` : "", this.progress.figures(now), this.progress.speed()].filter(Boolean).join(" · ") : "";
    say(this.figures, figures);
    show(this.figures, figures !== "");
    show(this.why, figures === "");
  }

  hearNeeds(now) {
    const needs = (now.asked || []).map((act) => ({
      key: `held-${act.id}`, href: "#held", strong: act.direction === "outgoing" ? "Should this reach all your machines?" : "Should this happen here?",
      text: losses(act), button: "Decide",
    }));
    const conflicts = now.conflicts?.count || 0;
    if (conflicts) needs.push({ key: "conflicts", href: "#conflicts", strong: `${counted(conflicts, "file")} ${conflicts === 1 ? "was" : "were"} changed on two machines at once.`, text: "Both versions are kept.", button: "Have a look" });
    fill(this.needs, needs, (need) => need.key,
      () => h("li", { class: "card needs" }, h("span", {}, h("strong"), " ", h("span")), h("a", { class: "button" })),
      (item, need) => {
        say(item.querySelector("strong"), need.strong);
        say(item.querySelector("span > span"), need.text);
        say(item.querySelector("a"), need.button);
        item.querySelector("a").setAttribute("href", need.href);
      });
    show(this.needs, needs.length > 0);
  }

  hearTroubles(now) {
    const rows = [];
    for (const line of now.lines || []) {
      if (line.path === undefined && ["watch", "database", "folder", "halted"].includes(line.kind)) rows.push({ key: line.kind, path: "", reason: sentence(line.text) });
    }
    for (const kind of ["held", "unreadable"]) for (const row of now[kind] || []) rows.push({ key: `${kind} ${row.path}`, path: row.path, reason: sentence(row.reason) });
    fill(this.troubles, rows.slice(0, 20), (row) => row.key,
      (row) => h("li", {}, h("span", { class: "mark warn", "aria-hidden": "true" }, "!"), h("div", { class: "what" }, h("div", { class: "path" }, row.path), h("div", { class: "reason small muted" }))),
      (item, row) => say(item.querySelector(".reason"), row.reason));
    show(this.troubleCard, rows.length > 0);
  }

  hearRecent(now) {
    const recent = (now.recent || []).slice(0, LATEST);
    fill(this.recent, recent, (one) => `${one.time} ${one.path} ${one.what}`, (one) => changeRow(one, this.world), updateChange);
    show(this.none, recent.length === 0);
  }

  hearFacts(now) {
    const heard = now.last_contact ? ago(Date.now() / 1000 - now.last_contact) : "not yet";
    const facts = [
      ["Folder", now.root], ["Files and folders", (now.files || 0).toLocaleString("en")], ["Hub", hubSaid(now)], ["Hub heard", heard],
      ["Sent and received since the start", `${bytes(now.traffic?.sent)} and ${bytes(now.traffic?.received)}`],
    ];
    if (now.limits?.up || now.limits?.down) {
      const limit = (rate) => (rate ? `${bytes(rate)}/s` : "no limit");
      facts.push(["Limits, sent and received", `${limit(now.limits.up)} and ${limit(now.limits.down)}`]);
    }
    fill(this.facts, facts, ([name]) => name, ([name]) => h("div", {}, h("dt", {}, name), h("dd", { class: name === "Folder" ? "path" : "numbers" })),
      (item, [, value]) => say(item.lastElementChild, value));
  }

  // What is on its way, file by file: asked for while there is something, and not too often.
  async askQueue(now) {
    const busy = now.pending > 0 && !this.world.gone && this.world.offered.has("pending");
    if (!busy) {
      show(this.queueCard, false);
      return;
    }
    if (this.asking || performance.now() < (this.asked ?? -ASK_MS) + ASK_MS) return;
    this.asking = true;
    try {
      const { pending } = await ask("pending", { limit: QUEUED });
      this.asked = performance.now();
      if (this.left) return;
      fill(this.queue, pending, (one) => one.path, (one) => queueRow(one), updateQueued);
      say(this.queueTitle, ["paused", "waiting", "offline", "held", "halted"].includes(now.state) ? "Waiting" : "On its way");
      say(this.queueMore, now.pending > pending.length ? `and ${(now.pending - pending.length).toLocaleString("en")} more` : "");
      show(this.queueCard, pending.length > 0);
    } catch {
      // The next news ask again.
    } finally {
      this.asking = false;
    }
  }
}

function hubSaid(now) {
  const local = /\/\/(127\.|localhost|\[::1\])/.test(now.server || "");
  return local ? "on this machine" : (now.server || "").replace(/^wss?:\/\//, "");
}

export function losses(act) {
  const said = [];
  if (act.deleted) said.push(`${counted(act.deleted, "file")} deleted`);
  if (act.overwritten) said.push(`${counted(act.overwritten, "file")} overwritten`);
  return said.join(" and ") || "folders deleted";
}

function queueRow(one) {
  const out = one.direction === "outgoing";
  return h("li", {}, h("span", { class: `mark ${out ? "out" : "in"}`, "aria-hidden": "true" }, out ? "↑" : "↓"),
    h("div", { class: "what" }, h("div", { class: "path" }, one.path), h("div", { class: "small muted how" })),
    h("span", { class: "when small muted numbers" }, one.size ? bytes(one.size) : ""));
}

function updateQueued(item, one) {
  const out = one.direction === "outgoing";
  const doing = out ? "being sent" : "being received";
  const waits = out ? "to be sent" : "to be received";
  const since = one.seconds !== null && one.seconds >= 2 ? `, for ${span(one.seconds)}` : "";
  say(item.querySelector(".how"), `${one.busy ? doing : waits}${since}`);
}
