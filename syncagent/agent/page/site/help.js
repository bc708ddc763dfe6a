// What a person wants to know, and what to type for the same.

import { h } from "/look/dom.js";

const COMMANDS = [
  ["How it stands, and why", "syncagent status"],
  ["Wait until everything is in sync", "syncagent wait"],
  ["What came and went", "syncagent log --follow"],
  ["Pause, and go on", "syncagent pause, syncagent resume"],
  ["Limit how fast it sends and receives", "syncagent limit --up 500K --down 2MB"],
  ["What is held, and yes or no", "syncagent held, syncagent approve, syncagent reject"],
  ["Files changed on two machines at once", "syncagent conflicts, syncagent conflicts merge PATH"],
  ["What was deleted elsewhere, and back with it", "syncagent trash list, syncagent trash restore PATH"],
  ["Undo a yes or a no", "syncagent undo ID"],
  ["Compare disk and hub, byte by byte", "syncagent check"],
  ["What could keep it from working", "syncagent doctor"],
  ["Start at login", "syncagent autostart on"],
  ["This page", "syncagent page"],
  ["Stop", "syncagent stop"],
];

const ANSWERS = [
  ["Is it safe to switch this machine off now?", "When the first line of the overview says “Everything is in sync”, the hub has all of it, on its disk. If not, nothing is lost: it goes on with the next start."],
  ["What happens when two machines change a file at once?", "Both versions are kept. The one that the hub heard first stands at the name, the other beside it, with “(conflict …)” in its name. They are listed under Conflicts."],
  ["I deleted a great many files. Why are they still there elsewhere?", "A mass of deletes waits for your yes, under Held changes."],
  ["Where are my files?", "In the folder on each machine, as ordinary files, and at the hub. Only “.syncagent” in the folder is the agent's own."],
  ["The hub is gone. What now?", "Go on working: what you change is carried over when it is there again. A hub that was lost for good is filled again by the machines."],
];

export class Help {
  constructor(world) {
    this.element = h("section", {}, h("h1", {}, "Help"),
      h("div", { class: "card" }, h("h2", {}, "In a terminal"),
        h("table", { class: "help-table" },
          h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "What"), h("th", { scope: "col" }, "Command"))),
          h("tbody", {}, COMMANDS.map(([what, command]) => h("tr", {}, h("td", {}, what), h("td", {}, h("code", {}, command))))))),
      h("div", { class: "card stack" }, h("h2", {}, "Questions"), ANSWERS.map(([question, answer]) => h("div", {}, h("h3", {}, question), h("p", { class: "muted" }, answer)))),
      h("p", { class: "small muted" }, world.version ? `syncagent ${world.version}` : ""));
  }
}
