// What came and went, by whom and when; and the log beneath it.

import { ask } from "/look/ask.js";
import { fill, h, say, show } from "/look/dom.js";
import { clock } from "/look/words.js";
import { changeRow, updateChange } from "/changes.js";

const KEPT = 500;
const LOGGED = 200;
const ASK_MS = 2000;

export class Activity {
  constructor(world) {
    this.world = world;
    this.wanted = h("input", { class: "input", type: "search", id: "activity-find", placeholder: "Part of a name", oninput: () => this.draw() });
    this.who = h("select", { class: "input", id: "activity-who", onchange: () => this.draw() }, h("option", { value: "*" }, "All machines"));
    this.list = h("ul", { class: "rows" });
    this.none = h("p", { class: "empty" });
    this.log = h("ul", { class: "rows" });
    this.element = h("section", {}, h("h1", {}, "Activity"),
      h("div", { class: "filters" },
        h("div", { class: "field" }, h("label", { for: "activity-find" }, "Find"), this.wanted),
        h("div", { class: "field" }, h("label", { for: "activity-who" }, "Machine"), this.who)),
      h("div", { class: "card" }, h("h2", {}, "Changes"), this.none, this.list),
      h("details", { class: "card", ontoggle: () => this.askLog() }, h("summary", {}, "Log"), this.log));
    this.learnt();
  }

  hear(now) {
    const seen = (this.world.changes ??= new Map());
    for (const one of [...(now?.recent || [])].reverse()) seen.set(`${one.time} ${one.path} ${one.what}`, one);
    for (const key of seen.keys()) {
      if (seen.size <= KEPT) break;
      seen.delete(key);
    }
    this.draw();
    this.askLog();
  }

  // What was before this page was opened: the news have the latest alone.
  async learnt() {
    if (this.world.early || !this.world.offered.has("activity")) return;
    this.world.early = true;
    try {
      const { activity } = await ask("activity", { limit: KEPT });
      const late = this.world.changes || new Map();
      this.world.changes = new Map(activity.map((one) => [`${one.time} ${one.path} ${one.what}`, one]));
      for (const [key, one] of late) this.world.changes.set(key, one);
      this.draw();
    } catch {
      this.world.early = false;
    }
  }

  draw() {
    const all = [...(this.world.changes?.values() || [])].reverse();
    const people = [...new Set(all.map((one) => one.by))].sort();
    fill(this.who, ["*", ...people], (by) => by, (by) => h("option", { value: by }, by || "This machine"), (item, by) => say(item, by === "*" ? "All machines" : by || "This machine"));
    const part = this.wanted.value.trim().toLowerCase();
    const who = this.who.value;
    const shown = all.filter((one) => (who === "*" || one.by === who) && one.path.toLowerCase().includes(part));
    fill(this.list, shown, (one) => `${one.time} ${one.path} ${one.what}`, (one) => changeRow(one, this.world), updateChange);
    say(this.none, all.length ? "Nothing of that kind." : "Nothing yet.");
    show(this.none, shown.length === 0);
  }

  async askLog() {
    if (this.asking || performance.now() < (this.asked ?? -ASK_MS) + ASK_MS) return;
    this.asking = true;
    try {
      const { entries } = await ask("log", { limit: LOGGED });
      this.asked = performance.now();
      let number = 0;
      const known = new Map();
      const rows = entries.map((entry) => {
        const text = `${entry.time} ${entry.text}`;
        number = (known.get(text) || 0) + 1;
        known.set(text, number);
        return { ...entry, key: `${text} ${number}` };
      });
      fill(this.log, rows.reverse(), (row) => row.key, (row) => logRow(row));
    } catch {
      // The next news ask again.
    } finally {
      this.asking = false;
    }
  }
}

function logRow(entry) {
  const level = { error: ["bad", "!"], warning: ["warn", "!"] }[entry.level] || ["", "·"];
  return h("li", {}, h("span", { class: `mark ${level[0]}`, "aria-hidden": "true" }, level[1]), h("div", { class: "what" }, entry.level === "info" ? null : h("span", { class: "only-heard" }, `${entry.level}: `), entry.text),
    h("time", { class: "when small muted numbers", datetime: entry.time }, clock(new Date(entry.time))));
}
