// The page: which part of it is shown, and news handed to that part.

import { ask, hasKey, listen, takeKey } from "/look/ask.js";
import { h, say, show } from "/look/dom.js";
import { Activity } from "/activity.js";
import { Conflicts } from "/conflicts.js";
import { Held } from "/held.js";
import { Help } from "/help.js";
import { Machines } from "/machines.js";
import { Overview } from "/overview.js";
import { Preferences } from "/preferences.js";
import { Profiles } from "/profiles.js";
import { stateOf } from "/state.js";
import { Trash } from "/trash.js";

takeKey();
document.querySelector("nav").inert = false; // followed before, its links would have taken the key's place in the address

const PARTS = { overview: Overview, activity: Activity, conflicts: Conflicts, held: Held, trash: Trash, machines: Machines, preferences: Preferences, help: Help };
const main = document.getElementById("main");
const heard = document.getElementById("heard");

// What all parts know: the last news, what the agent can be asked, and how to say that something went well or did not.
const world = {
  now: null,
  gone: false,
  offered: new Set(),
  version: "",
  toast(text) {
    document.querySelector(".toast")?.remove();
    const toast = h("div", { class: "toast", role: "status" }, text);
    document.body.append(toast);
    setTimeout(() => toast.remove(), 6000);
  },
  async do(what, args, done) {
    try {
      const answer = await ask(what, args);
      if (done) world.toast(done);
      return answer;
    } catch (error) {
      world.toast(error.message);
      return null;
    }
  },
};

const profiles = new Profiles(world);
document.querySelector(".brand").after(profiles.element);

let part = null;

function go(focus) {
  const wanted = location.hash.slice(1);
  if (wanted === "welcome") world.welcome = true;
  const name = wanted in PARTS ? wanted : "overview";
  for (const link of document.querySelectorAll("#nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  part?.leave?.();
  part = new PARTS[name](world);
  main.replaceChildren(part.element);
  if (world.now) part.hear?.(world.now);
  title();
  if (focus) {
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
}

function title() {
  const state = stateOf(world.now, world.gone);
  const name = main.querySelector("h1")?.textContent || "";
  document.title = part instanceof Overview ? `${state.line} — syncagent` : `${name} — syncagent`;
  say(document.getElementById("side-state"), state.short);
  return state;
}

let toldLine = "";
let telling = 0;

// For those who hear the page: the state in words when it has settled, and not at each step.
function tell(line) {
  if (line === toldLine) return;
  clearTimeout(telling);
  telling = setTimeout(() => {
    toldLine = line;
    say(heard, line);
  }, 1500);
}

function badge(id, count) {
  const element = document.getElementById(id);
  say(element, count ? String(count) : "");
  show(element, count > 0);
}

function hear(now) {
  const back = world.gone || !world.now;
  world.now = now;
  world.gone = false;
  if (back) learn();
  say(document.getElementById("machine"), now.name || "syncagent");
  badge("held-count", now.asked?.length || 0);
  badge("conflict-count", now.conflicts?.count || 0);
  part.hear?.(now);
  tell(title().line);
}

// What it can be asked may be other than before: it may have been started anew, in another version.
async function learn() {
  try {
    const answer = await ask("commands");
    world.offered = new Set(answer.commands);
    world.version = answer.version;
    part.learnt?.();
    profiles.learnt(world.now);
    if (world.now) part.hear?.(world.now);
  } catch {
    // The news stop as well, and say so.
  }
}

function lost(over) {
  world.gone = true;
  if (over) {
    if (hasKey()) location.replace("/"); // without a key this would come here again, without end
    main.replaceChildren(
      h("section", {}, h("h1", {}, "This page is closed"),
        h("p", { class: "lead" }, "Open it again from the icon in your panel, or type ", h("code", {}, "syncagent page"), "."))
    );
    return;
  }
  part.hear?.(world.now);
  tell(title().line);
}

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", () => go(true));
go(false);
listen(hear, lost);
