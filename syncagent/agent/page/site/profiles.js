// Where an agent keeps several folders: from the page of one to that of another.

import { ask } from "/look/ask.js";
import { h, show } from "/look/dom.js";

export class Profiles {
  constructor(world) {
    this.world = world;
    this.select = h("select", { class: "input", id: "profile" });
    this.element = h("div", { class: "field profiles", hidden: true }, h("label", { class: "small muted", for: "profile" }, "This page is about"), this.select);
    this.select.addEventListener("change", () => this.go());
  }

  async learnt(now) {
    if (!this.world.offered.has("profiles")) return;
    try {
      const { profiles } = await ask("profiles");
      this.here = now.profile;
      this.select.replaceChildren(...profiles.map((one) => h("option", { value: one.profile, selected: one.profile === this.here }, one.profile)));
      show(this.element, profiles.length > 1);
    } catch {
      // It is tried again when the agent is there again.
    }
  }

  async go() {
    const found = await this.world.do("page", { profile: this.select.value });
    if (found) location.assign(found.url);
    else this.select.value = this.here;
  }
}
