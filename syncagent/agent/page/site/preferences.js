// The settings, as the agent describes them.

import { ask } from "/look/ask.js";
import { h, say } from "/look/dom.js";

export class Preferences {
  constructor(world) {
    this.world = world;
    this.list = h("div", { class: "card" });
    this.element = h("section", {}, h("h1", {}, "Preferences"), this.list);
    this.learnt();
  }

  learnt() {
    if (this.loaded) return;
    if (!this.world.offered.has("config.schema")) {
      this.list.replaceChildren(h("p", {}, "The settings are in ", h("code", {}, "config.toml"), " in the agent's data directory. ", h("code", {}, "syncagent doctor"), " says where that is."));
      return;
    }
    this.loaded = true;
  }
}
