// Files that were changed on two machines at once: the other version stands at its name, ours beside it.

import { ask } from "/look/ask.js";
import { fill, h, show } from "/look/dom.js";
import { bytes, clock, counted } from "/look/words.js";
import { split } from "/changes.js";
import { difference } from "/difference.js";

export class Conflicts {
  constructor(world) {
    this.world = world;
    this.list = h("ul", { class: "stack" });
    this.reading = h("p", { class: "muted" }, "Looking for conflicts…");
    this.none = h("div", { class: "card" }, h("p", {}, "No conflicts."), h("p", { class: "muted" }, "When a file is changed on two machines before they could tell each other, both versions are kept: one at its name, the other beside it, and you find them here."));
    this.element = h("section", {}, h("h1", {}, "Conflicts"), this.reading, this.none, this.list);
    show(this.none, false);
    this.told = null;
    this.names = new Set();
  }

  hear(now) {
    // Which there are; and whether one of them was changed again.
    const about = (now?.recent || []).filter((one) => this.names.has(one.path)).map((one) => [one.path, one.time]);
    const told = JSON.stringify([now?.conflicts || null, about]);
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
    this.names = new Set(found.flatMap((one) => [one.path, one.copy]));
    const held = this.list.contains(document.activeElement);
    fill(this.list, found, (one) => `${one.copy} ${one.mine?.digest} ${one.theirs?.digest}`, (one) => this.card(one));
    show(this.reading, false);
    show(this.none, found.length === 0);
    // What had the focus is settled and gone: who works by the keyboard goes on from the next one, or from the top.
    if (held && !this.list.contains(document.activeElement)) (this.list.querySelector("button") || document.getElementById("main")).focus();
  }

  card(one) {
    const copy = one.copy || one.path;
    const [folder, name] = split(copy);
    // Which of the two is this machine's depends on whose copy it is.
    const beside = [one.mine, one.theirs].find((version) => version?.path === copy);
    const there = [one.mine, one.theirs].find((version) => version && version.path !== copy);
    const ours = (version) => (version && version === one.mine ? "this machine's" : "");
    const original = name.replace(/ \(conflict [^)]*\)(?: \d+)?(?=\.[^. ]*$|$)/, "");
    const offered = (command) => this.world.offered.has(command);
    const keep = (which, text) => h("button", { class: "button", type: "button", onclick: () => this.keep(one, which) }, text);
    const verbs = offered("conflict.keep") ? [there ? keep("mine", "Keep mine") : null, there ? keep("theirs", "Keep theirs") : null, there ? keep("both", "Keep both") : keep("copy", "Put it at the name")] : [];
    const when = (version) => [version?.size === undefined ? "" : bytes(version.size), version?.time ? clock(new Date(version.time * 1000)) : "", version?.by ? `by ${version.by}` : "", ours(version)].filter(Boolean).join(" · ");
    const panel = h("div", { class: "panel", hidden: true });
    const compare = there && beside && offered("conflict.diff") ? opener("Compare", panel, "Both are read…", () => this.compared(one, original)) : null;
    const merge = there && beside && offered("conflict.merge") ? opener("Merge…", panel, "The hub is asked what both came from…", () => this.merged(one, original, panel)) : null;
    return h("li", { class: "card" }, h("h2", {}, original), folder ? h("p", { class: "muted small" }, `in ${folder}`) : null,
      one.same ? h("p", { class: "note" }, "Both are the same by now.") : null,
      h("div", { class: "versions" },
        h("div", {}, h("h3", {}, "At its name"), h("p", { class: "path small" }, original), h("p", { class: "small muted" }, there ? when(there) : "Nothing stands there any more.")),
        h("div", {}, h("h3", {}, "Beside it"), h("p", { class: "path small" }, name), h("p", { class: "small muted" }, when(beside)))),
      h("div", { class: "buttons" }, verbs, compare, merge, h("button", { class: "button", type: "button", onclick: () => this.world.do("open", { path: copy }) }, "Open folder")),
      panel,
      verbs.length ? h("p", { class: "small muted after" }, "What does not stay is in the trash.") : h("p", { class: "small muted after" }, "Compare the two, keep what you want under the name, and delete the copy: that settles it everywhere."));
  }

  async compared(one, name) {
    const found = await ask("conflict.diff", { path: one.copy });
    if (!found.text) return h("p", { class: "muted" }, "They are no texts, so they are not compared line by line.");
    if (!found.lines.length) return h("p", { class: "muted" }, "Both hold the same.");
    return difference(found, name, "only at its name", "only in the copy beside it");
  }

  async merged(one, name, panel) {
    const found = await ask("conflict.merge", { path: one.copy });
    const typed = `syncagent conflicts merge '${one.copy.replaceAll("'", "'\\''")}'`;
    const elsewhere = h("p", {}, "In a terminal, in the folder, your own tool or editor is opened with both: ", h("code", {}, typed));
    if (!found.base) return h("div", { class: "stack tight" }, h("p", {}, `It cannot be merged by itself: ${found.why}.`), elsewhere);
    if (!found.clean) return h("div", { class: "stack tight" }, h("p", {}, `Both have changed the same lines, in ${counted(found.open, "place")}: that is yours to decide.`), elsewhere);
    const back = h("button", { class: "button", type: "button" }, "Leave it");
    back.addEventListener("click", () => panel.close());
    const take = h("button", { class: "button first", type: "button", onclick: () => this.take(one, found) }, "Take it");
    return h("div", { class: "stack tight" }, h("p", {}, "Each machine has changed other lines. With the changes of both, this would become of it:"),
      found.lines.length ? difference(found, name, "goes from the version at its name", "comes into it") : h("p", { class: "muted" }, "Just what stands at its name."),
      h("div", { class: "buttons" }, take, back));
  }

  async take(one, found) {
    await this.world.do("conflict.merge", { path: one.copy, take: true, merged: found.merged }, "Merged: the changes of both are in it.");
    this.load(this.world.now);
  }

  async keep(one, which) {
    await this.world.do("conflict.keep", { path: one.copy || one.path, keep: which }, "Settled.");
    this.load(this.world.now);
  }
}

// A button that opens `panel` with what `make` gives, and closes it again; one of them is open at a time.
function opener(text, panel, waiting, make) {
  const button = h("button", { class: "button", type: "button", "aria-expanded": "false" }, text);
  const close = () => {
    show(panel, false);
    button.setAttribute("aria-expanded", "false");
    panel.opened = null;
  };
  button.addEventListener("click", async () => {
    if (panel.opened === button) return close();
    panel.shut?.();
    panel.shut = close;
    panel.close = () => {
      close();
      button.focus();
    };
    panel.replaceChildren(h("p", { class: "muted", role: "status" }, waiting));
    panel.opened = button;
    show(panel, true);
    let inside;
    try {
      inside = await make();
    } catch (error) {
      inside = h("p", { class: "problem" }, `${error.message[0].toUpperCase()}${error.message.slice(1)}.`);
    }
    if (panel.opened !== button) return; // the person went on to something else meanwhile
    panel.replaceChildren(inside);
    button.setAttribute("aria-expanded", "true");
  });
  return button;
}
