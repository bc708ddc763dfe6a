// What was deleted elsewhere, or did not stay of a conflict, and is kept here for a while: put back, or removed for good.

import { ask } from "/look/ask.js";
import { fill, h, say, show } from "/look/dom.js";
import { bytes, clock, counted } from "/look/words.js";
import { split } from "/changes.js";

const SHOWN = 200;

export class Trash {
  constructor(world) {
    this.world = world;
    this.items = [];
    this.wanted = h("input", { class: "input", type: "search", id: "trash-find", placeholder: "Part of a name", oninput: () => this.draw() });
    this.filters = h("div", { class: "filters", hidden: true }, h("div", { class: "field" }, h("label", { for: "trash-find" }, "Find"), this.wanted));
    this.summary = h("p", { class: "muted" });
    this.list = h("ul", { class: "rows" });
    this.more = h("p", { class: "small muted" });
    this.none = h("div", { class: "card" }, h("p", {}, "The trash is empty."), h("p", { class: "muted" }, "What another machine deletes is kept here for a while, and so is what does not stay of a conflict. What you delete on this machine yourself is not."));
    this.card = h("div", { class: "card", hidden: true }, this.list, this.more, this.emptying());
    this.element = h("section", {}, h("h1", {}, "Trash"), this.summary, this.filters, this.none, this.card);
    this.told = null;
    this.load();
  }

  hear(now) {
    const told = JSON.stringify(now?.trash || null);
    if (told === this.told) return;
    this.told = told;
    this.load();
  }

  async load() {
    try {
      const { items } = await ask("trash");
      this.items = items;
    } catch (error) {
      this.items = [];
      if (error.status !== 0) this.world.toast(error.message);
    }
    this.draw();
  }

  draw() {
    const part = this.wanted.value.trim().toLowerCase();
    const found = this.items.filter((one) => one.path.toLowerCase().includes(part));
    const held = this.list.contains(document.activeElement);
    fill(this.list, found.slice(0, SHOWN), (one) => one.id, (one) => this.row(one));
    if (held && !this.list.contains(document.activeElement)) (this.list.querySelector("button") || document.getElementById("main")).focus();
    const size = this.items.reduce((sum, one) => sum + one.bytes, 0);
    say(this.summary, this.items.length ? `${counted(this.items.length, "thing")}, ${bytes(size)}. The oldest go by themselves, after some time or when there are too many.` : "");
    const rest = found.length - SHOWN;
    say(this.more, rest > 0 ? `and ${counted(rest, "older thing")}: say a part of the name to find them` : found.length ? "" : "Nothing of that name.");
    show(this.filters, this.items.length > 8);
    show(this.none, this.items.length === 0);
    show(this.card, this.items.length > 0);
  }

  row(one) {
    const [folder, name] = split(one.path);
    const what = [one.folder ? counted(one.files, "file") : "", bytes(one.bytes), one.by ? `deleted by ${one.by}` : ""].filter(Boolean).join(" · ");
    return h("li", {}, h("span", { class: "mark", "aria-hidden": "true" }, one.folder ? "▸" : "−"),
      h("div", { class: "what" },
        h("div", {}, h("span", {}, one.folder ? `${name}/` : name), folder ? h("span", { class: "folder small" }, ` in ${folder}`) : null),
        h("div", { class: "small muted" }, what,
          h("button", { class: "button plain show", type: "button", onclick: () => this.restore(one), "aria-label": `Put back ${one.path}` }, "Put back"))),
      one.deleted ? h("time", { class: "when small muted numbers", datetime: new Date(one.deleted * 1000).toISOString() }, clock(new Date(one.deleted * 1000))) : h("span", { class: "when small muted" }, "at some time"));
  }

  emptying() {
    const first = h("button", { class: "button danger", type: "button" }, "Empty the trash…");
    const back = h("button", { class: "button", type: "button" }, "No, go back");
    const really = h("button", { class: "button danger", type: "button", onclick: () => this.empty() }, "Yes, remove it all for good");
    const sure = h("span", { class: "buttons", hidden: true }, really, back);
    this.turn = (asked) => {
      show(sure, asked);
      show(first, !asked);
    };
    first.addEventListener("click", () => {
      this.turn(true);
      back.focus();
    });
    back.addEventListener("click", () => {
      this.turn(false);
      first.focus();
    });
    return h("div", { class: "buttons" }, first, sure);
  }

  async restore(one) {
    const answer = await this.world.do("trash.restore", { path: one.id });
    if (answer) this.world.toast(answer.restored.map(({ path, was }) => (path === was ? `Put back: ${path}` : `Put back as ${path}: its name was taken.`)).join("\n"));
    this.load();
  }

  async empty() {
    this.turn(false);
    const answer = await this.world.do("trash.empty");
    if (answer) this.world.toast(`Removed: ${counted(answer.removed, "thing")}, ${bytes(answer.bytes)}.`);
    await this.load();
    document.getElementById("main").focus();
  }
}
