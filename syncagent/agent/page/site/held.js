// Masses of deletes and overwrites that wait for a yes or no; and those that were decided lately, which can be undone.

import { ask } from "/look/ask.js";
import { fill, h, say, show } from "/look/dom.js";
import { clock, counted } from "/look/words.js";
import { losses } from "/overview.js";

export class Held {
  constructor(world) {
    this.world = world;
    this.list = h("ul", { class: "stack" });
    this.none = h("div", { class: "card" }, h("p", {}, "Nothing is held."), h("p", { class: "muted" }, "When a great many files would be deleted or overwritten at once, here or by another machine, it waits here until you say yes or no."));
    this.decided = h("ul", { class: "rows" });
    this.decidedCard = h("div", { class: "card", hidden: true }, h("h2", {}, "Decided lately"), this.decided);
    this.element = h("section", {}, h("h1", {}, "Held changes"), this.none, this.list, this.decidedCard);
    this.told = null;
    this.load();
  }

  hear(now) {
    const told = JSON.stringify((now?.asked || []).map((act) => [act.id, act.deleted, act.overwritten]));
    if (told !== this.told) {
      this.told = told;
      this.load();
    }
  }

  async load() {
    let acts;
    try {
      ({ acts } = await ask("held", { decided: true }));
    } catch {
      return;
    }
    const held = acts.filter((act) => act.decision === "held");
    fill(this.list, held, (act) => act.id, (act) => this.card(act), (item, act) => {
      say(item.querySelector("h2"), question(act));
      say(item.querySelector(".explained"), explained(act));
    });
    show(this.none, held.length === 0);
    const decided = acts.filter((act) => act.decision !== "held").reverse();
    fill(this.decided, decided, (act) => `${act.id} ${act.decision}`, (act) => this.row(act));
    show(this.decidedCard, decided.length > 0);
  }

  card(act) {
    const out = act.direction === "outgoing";
    const sure = h("span", { class: "buttons", hidden: true });
    const first = h("span", { class: "buttons" });
    const yes = h("button", { class: "button danger", type: "button" }, act.deleted ? "Delete them" : "Overwrite them");
    const no = h("button", { class: "button first", type: "button", onclick: () => this.decide("reject", act) }, "Keep the files");
    const really = h("button", { class: "button danger", type: "button", onclick: () => this.decide("approve", act) }, `Yes, ${act.deleted ? "delete" : "overwrite"} ${counted(act.deleted || act.overwritten, "file")}`);
    const back = h("button", { class: "button", type: "button" }, "No, go back");
    const turn = (asked) => {
      show(sure, asked);
      show(first, !asked);
      (asked ? back : yes).focus();
    };
    yes.addEventListener("click", () => turn(true));
    back.addEventListener("click", () => turn(false));
    first.append(no, yes);
    sure.append(really, back);
    const paths = act.paths || [];
    const all = act.deleted + act.overwritten;
    return h("li", { class: "card warn" }, h("h2", {}), h("p", { class: "explained muted" }),
      h("ul", { class: "examples", tabindex: "0", "aria-label": "Some of the files" },
        paths.map((one) => h("li", {}, h("span", { class: "path" }, one.path), h("span", { class: "small muted" }, one.loss))),
        all > paths.length ? h("li", { class: "muted" }, `and ${counted(all - paths.length, "other file", "other files")}`) : null),
      h("div", {}, first, sure),
      h("p", { class: "small muted after" }, out ? "“Keep the files” brings them back here." : "“Keep the files” brings them back everywhere."));
  }

  row(act) {
    const words = { approved: "You said yes", rejected: "You said no", "approval undone": "Approved, then undone", "rejection undone": "Rejected, then undone" };
    const undoable = act.decision === "approved" || act.decision === "rejected";
    return h("li", {}, h("span", { class: "mark", "aria-hidden": "true" }, act.decision === "approved" ? "✓" : "↺"),
      h("div", { class: "what" }, h("div", {}, `${words[act.decision] || act.decision}: ${losses(act)}`), h("div", { class: "small muted" }, act.since ? `held ${clock(new Date(act.since))}` : "")),
      undoable ? h("button", { class: "button", type: "button", onclick: () => this.decide("undo", act), "aria-label": `Undo: ${losses(act)}` }, "Undo") : null);
  }

  async decide(word, act) {
    const done = { approve: "It goes through.", reject: "The files are kept.", undo: "It is being undone." }[word];
    await this.world.do(word, { act: act.id }, done);
    this.load();
  }
}

function question(act) {
  const files = losses(act);
  if (act.direction === "outgoing") return `${files} on this machine. Should that reach the hub and all other machines?`;
  return `${files} by ${(act.by || []).map(machine).join(", ") || "another machine"}. Should that happen here, too?`;
}

function machine(id) {
  return id.replace(/-\d{8}T\d{6}Z-[0-9a-f]+$/, "");
}

function explained(act) {
  const said = [`Held since ${act.since ? clock(new Date(act.since)) : "just now"}${act.held_by === "hub" ? ", by the hub" : ""}.`];
  if (act.folders) said.push(`${counted(act.folders, "folder")} as well.`);
  if (act.gone_before) said.push(`${counted(act.gone_before, "file")} had gone through before it became too much; “Keep the files” brings them back, too.`);
  return said.join(" ");
}
