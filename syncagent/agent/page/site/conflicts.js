// Files that were changed on two machines at once: the other version stands at its name, ours beside it.

import { ask } from "/look/ask.js";
import { fill, h, say, show } from "/look/dom.js";
import { bytes, clock } from "/look/words.js";
import { split } from "/changes.js";

export class Conflicts {
  constructor(world) {
    this.world = world;
    this.list = h("ul", { class: "stack" });
    this.none = h("div", { class: "card" }, h("p", {}, "No conflicts."), h("p", { class: "muted" }, "When a file is changed on two machines before they could tell each other, both versions are kept: one at its name, the other beside it, and you find them here."));
    this.element = h("section", {}, h("h1", {}, "Conflicts"), this.none, this.list);
    this.told = null;
  }

  hear(now) {
    const told = JSON.stringify(now?.conflicts || null);
    if (told === this.told) return;
    this.told = told;
    this.load(now);
  }

  learnt() {
    this.told = null;
  }

  async load(now) {
    let found = (now?.conflicts?.paths || []).map((path) => ({ path, copy: path }));
    if (this.world.offered.has("conflicts")) {
      try {
        found = (await ask("conflicts")).conflicts || found;
      } catch {
        // Then the paths have to do.
      }
    }
    fill(this.list, found, (one) => one.copy || one.path, (one) => this.card(one));
    show(this.none, found.length === 0);
  }

  card(one) {
    const copy = one.copy || one.path;
    const [folder, name] = split(copy);
    // Which of the two is this machine's depends on whose copy it is.
    const beside = [one.mine, one.theirs].find((version) => version?.path === copy);
    const there = [one.mine, one.theirs].find((version) => version && version.path !== copy);
    const ours = (version) => (version && version === one.mine ? "this machine's" : "");
    const original = name.replace(/ \(conflict [^)]*\)/, "");
    const keep = (which, text, first) => h("button", { class: `button${first ? " first" : ""}`, type: "button", onclick: () => this.keep(one, which) }, text);
    const verbs = this.world.offered.has("conflict.keep") ? [keep("mine", "Keep mine"), keep("theirs", "Keep theirs"), keep("both", "Keep both")] : [];
    const when = (version) => [version?.size === undefined ? "" : bytes(version.size), version?.time ? clock(new Date(version.time * 1000)) : "", version?.by ? `by ${version.by}` : "", ours(version)].filter(Boolean).join(" · ");
    return h("li", { class: "card" }, h("h2", {}, original), folder ? h("p", { class: "muted small" }, `in ${folder}`) : null,
      h("div", { class: "versions" },
        h("div", {}, h("h3", {}, "At its name"), h("p", { class: "path small" }, original), h("p", { class: "small muted" }, when(there))),
        h("div", {}, h("h3", {}, "Beside it"), h("p", { class: "path small" }, name), h("p", { class: "small muted" }, when(beside)))),
      h("div", { class: "buttons" }, verbs, h("button", { class: "button", type: "button", onclick: () => this.world.do("open", { path: copy }) }, "Open folder")),
      verbs.length ? null : h("p", { class: "small muted" }, "Compare the two, keep what you want under the name, and delete the copy: that settles it everywhere."));
  }

  async keep(one, which) {
    await this.world.do("conflict.keep", { path: one.copy || one.path, keep: which }, "Settled.");
  }
}
