// The settings, as the agent describes them: each is changed at its place, checked by the agent, and in force or waiting.

import { ask } from "/look/ask.js";
import { h, say, show } from "/look/dom.js";
import { sentence } from "/look/words.js";

// Which folder, and which hub: to change these is to begin anew, and nothing for a slip of the hand.
const FIXED = new Set(["sync_root", "server", "folder", "fingerprint"]);
const HOW = { live: "", reconnect: "Reconnects to the hub.", restart: "Takes effect at the next start." };

export class Preferences {
  constructor(world) {
    this.world = world;
    this.error = h("p", { class: "problem", role: "alert", hidden: true });
    this.restart = h("p", { class: "note", hidden: true });
    this.groups = h("div", { class: "stack" });
    this.place = h("p", { class: "small muted" });
    this.element = h("section", {}, h("h1", {}, "Preferences"), this.error, this.restart, this.groups, this.place);
    this.rows = new Map();
    this.learnt();
  }

  learnt() {
    if (this.loading || !this.world.offered.size) return;
    if (this.world.offered.has("config")) this.load();
    else say(this.place, "The settings are in config.toml, in the agent's data directory.");
  }

  hear(now) {
    // Changed elsewhere, in the file or by a command: shown here, too.
    const told = JSON.stringify(now?.config || null);
    if (this.told !== undefined && told !== this.told) this.load();
    this.told = told;
  }

  async load() {
    this.loading = true;
    let found;
    try {
      found = await ask("config");
    } catch (error) {
      show(this.error, true);
      say(this.error, sentence(error.message));
      return;
    }
    this.state(found);
    say(this.place, `They are kept in ${found.path}, where each is explained; “syncagent config” shows and changes them, too.`);
    if (this.rows.size === 0) this.draw(found);
    for (const setting of found.settings) this.rows.get(setting.key)?.update(setting);
  }

  state(found) {
    show(this.error, Boolean(found.error));
    say(this.error, found.error ? `config.toml has a mistake, and what was in force before stays: ${found.error}` : "");
    show(this.restart, found.waiting.length > 0);
    say(this.restart, found.waiting.length ? `Waiting for the next start: ${found.waiting.join(", ")}.` : "");
  }

  draw(found) {
    const cards = [this.login()];
    for (const [group, title] of Object.entries(found.groups)) {
      const settings = found.settings.filter((one) => one.group === group);
      if (!settings.length) continue;
      const rows = settings.map((one) => {
        const row = new Row(one, (changes) => this.set(changes));
        this.rows.set(one.key, row);
        return row.element;
      });
      cards.push(h("div", { class: "card", role: "group", "aria-label": title }, h("h2", {}, title), rows));
    }
    this.groups.replaceChildren(...cards.filter(Boolean));
  }

  async set(changes) {
    const found = await ask("config.set", { changes });
    this.state(found);
    await this.load();
    return found;
  }

  // Starting at login is the system's to keep, and not a setting.
  login() {
    if (!this.world.offered.has("autostart")) return null;
    const input = h("input", { type: "checkbox", id: "autostart", disabled: true, "aria-describedby": "autostart-said" });
    const said = h("p", { class: "problem", id: "autostart-said", role: "status" });
    const how = h("span", { class: "small muted" });
    const tell = (found) => {
      input.disabled = false;
      input.checked = found.on;
      say(how, `By ${KEPT_BY[found.kind] || found.kind}. Otherwise nothing is carried over until it is started.`);
    };
    ask("autostart").then(tell, (error) => say(said, sentence(error.message)));
    input.addEventListener("change", async () => {
      say(said, "");
      try {
        tell(await ask("autostart", { on: input.checked }));
        this.world.toast(input.checked ? "It starts when you log in." : "It starts no more when you log in.");
      } catch (error) {
        input.checked = !input.checked;
        say(said, sentence(error.message));
      }
    });
    return h("div", { class: "card" }, h("h2", {}, "Start"), h("label", { class: "check", for: "autostart" }, input, h("span", {}, "Start when I log in"), how), said);
  }
}

const CALLED = {
  sync_root: "Folder", name: "Name of this machine", server: "Address of the hub", folder: "Folder at the hub",
  fingerprint: "Fingerprint of the hub", listen: "Where the hub listens", key_store: "Where the key is kept",
  rescan_minutes: "Look through everything every", deep_scan_days: "Read every file every", brake: "Ask before a mass of deletes",
  brake_files: "A mass has at least", brake_share: "And at least this part of all", brake_most: "Always a mass from",
  on_metered: "On a metered network", on_battery: "On battery", on_power_saver: "When the battery is to be saved",
  pause_below_battery: "Pause below", small_size: "Large files are those from", schedule: "By the hours",
  max_up: "Send at most", max_down: "Receive at most", notify: "Notifications", log_level: "Log", log_format: "Form of the log",
};
const KEPT_BY = { xdg: "the desktop's autostart", systemd: "systemd" };

class Row {
  constructor(setting, set) {
    this.set = set;
    this.key = setting.key;
    const id = `setting-${setting.key}`;
    this.fixed = FIXED.has(setting.key);
    this.input = setting.choices.length
      ? h("select", { class: "input", id }, setting.choices.map((choice) => h("option", { value: choice }, choice)))
      : h("input", { class: `input${setting.type === "path" ? " path" : ""}`, id, type: "text", autocomplete: "off", spellcheck: "false", inputmode: setting.type === "integer" ? "numeric" : null });
    this.input.setAttribute("aria-describedby", `${id}-doc ${id}-said`);
    this.said = h("p", { class: "problem", id: `${id}-said`, role: "alert" });
    this.origin = h("span", { class: "origin" });
    this.reset = h("button", { class: "button plain", type: "button", onclick: () => this.change(null), "aria-label": `Set ${setting.key} back` }, "Set back");
    this.element = h("div", { class: "setting" },
      h("div", {}, h("label", { class: "label", for: id }, words(setting.key)),
        h("p", { class: "muted small", id: `${id}-doc` }, marked(`${sentence(setting.doc)}. ${HOW[setting.applies] || ""}`)),
        h("p", { class: "small muted" }, h("code", {}, setting.key), " · ", this.origin)),
      h("div", { class: "control" }, h("div", { class: "with-unit" }, this.input, setting.unit && !setting.choices.length ? h("span", { class: "small muted" }, setting.type === "rate" ? "a second" : setting.unit) : null), this.said, this.reset));
    this.input.addEventListener("change", () => this.change(this.input.value));
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.show();
    });
  }

  update(setting) {
    this.setting = setting;
    const kind = setting.origin.kind;
    const stronger = kind !== "default" && kind !== "file" ? setting.origin.text : "";
    this.input.disabled = this.fixed || Boolean(stronger);
    say(this.origin, { default: "as it comes", file: `set in config.toml, line ${setting.origin.line}` }[kind] || `set by ${setting.origin.text}`);
    show(this.reset, kind === "file" && !this.fixed && !setting.required);
    // What somebody is just typing stays.
    if (document.activeElement !== this.input || this.done) this.show();
    this.done = false;
  }

  show() {
    this.input.value = shown(this.setting);
    this.wrong("");
  }

  wrong(text) {
    this.input.setAttribute("aria-invalid", String(Boolean(text)));
    say(this.said, text);
  }

  async change(value) {
    if (value !== null && value === shown(this.setting)) return this.wrong("");
    try {
      this.done = true;
      await this.set({ [this.key]: value });
      this.wrong("");
    } catch (error) {
      this.done = false;
      this.wrong(sentence(error.message.replace(`${this.key}: `, "")));
    }
  }
}

// A setting that is newer than this page is called by its key.
function words(key) {
  return CALLED[key] || sentence(key.replaceAll("_", " "));
}

// What stands between ` is code.
function marked(text) {
  return text.split("`").map((part, at) => (at % 2 ? h("code", {}, part) : part));
}

// A rate as people write it; what waits for the next start is what was said last.
function shown(setting) {
  const value = setting.waiting ?? setting.value;
  if (setting.type !== "rate") return Array.isArray(value) ? value.join(", ") : String(value ?? "");
  if (!value) return "off";
  for (const [size, unit] of [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]]) if (value % size === 0) return `${value / size}${unit}`;
  return String(value);
}
