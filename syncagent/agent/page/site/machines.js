// The link with which another machine joins.  It holds the key: it is shown when asked for, and kept nowhere.

import { h, say, show } from "/look/dom.js";

export class Machines {
  constructor(world) {
    this.world = world;
    this.link = h("input", { class: "input path", id: "link", readonly: "", type: "text", onfocus: () => this.link.select() });
    this.command = h("code");
    this.far = h("p", { class: "note" });
    const copy = h("button", { class: "button", type: "button", onclick: () => this.copy() }, "Copy");
    const hide = h("button", { class: "button plain", type: "button", onclick: () => this.turn(false) }, "Hide the link");
    this.shown = h("div", { class: "stack", hidden: true },
      h("div", { class: "field" }, h("label", { for: "link" }, "Link"), h("div", { class: "link-field" }, this.link, copy)),
      this.far,
      h("p", {}, "On the other machine, paste it into ", h("code", {}, "syncagent setup"), ", or type there:"),
      h("p", {}, this.command),
      h("div", {}, hide));
    this.button = h("button", { class: "button first", type: "button", onclick: () => this.ask() }, "Show the link");
    this.element = h("section", {}, h("h1", {}, "Add a machine"),
      h("p", { class: "lead" }, "With a link, another machine joins the same hub and keeps the same folder. Whoever has it can read and change everything in the folder, so send it only to yourself."),
      h("div", { class: "card stack" }, this.button, this.shown));
  }

  async ask() {
    const found = await this.world.do("invite");
    if (!found) return;
    this.link.value = found.link;
    say(this.command, `syncagent join '${found.link}' ~/syncagent`);
    show(this.far, found.only_here);
    this.far.replaceChildren(...(found.own_hub
      ? ["The hub listens on this machine only, so that no other one reaches it yet. Stop it, and start it with ", h("code", {}, "syncagent up --listen 0.0.0.0"), "; then ask for the link again."]
      : ["The hub's address is of this machine only: another one does not reach it by this link."]));
    this.turn(true);
    this.link.focus();
  }

  turn(shown) {
    show(this.shown, shown);
    show(this.button, !shown);
    if (!shown) {
      this.link.value = "";
      say(this.command, "");
      this.button.focus();
    }
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.link.value);
      this.world.toast("Copied.");
    } catch {
      this.link.select();
      this.world.toast("Press Ctrl+C to copy.");
    }
  }

  leave() {
    this.link.value = "";
  }
}
