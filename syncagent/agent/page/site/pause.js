// The button that pauses, with how long; and the one that goes on.

import { h } from "/look/dom.js";

// The next morning that a night lies before: who says "tomorrow" after midnight means after a sleep.
function tomorrow() {
  const then = new Date();
  then.setHours(8, 0, 0, 0);
  while (then.getTime() < Date.now() + 4 * 3600000) then.setDate(then.getDate() + 1);
  return then.getTime() / 1000;
}

const CHOICES = [
  ["For 30 minutes", () => ({ seconds: 1800 })],
  ["For 1 hour", () => ({ seconds: 3600 })],
  ["Until tomorrow morning", () => ({ until: tomorrow() })],
  ["Until I resume", () => ({})],
];

export function pauseMenu(world) {
  const choices = h("div", { class: "choices", role: "menu", id: "pause-choices", hidden: true, "aria-label": "Pause for how long" });
  const button = h("button", { class: "button", type: "button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-controls": "pause-choices" }, "Pause…");
  const menu = h("div", { class: "menu" }, button, choices);
  const open = (wanted) => {
    choices.hidden = !wanted;
    button.setAttribute("aria-expanded", String(wanted));
    if (wanted) choices.firstElementChild.focus();
  };
  for (const [text, args] of CHOICES) {
    choices.append(h("button", { type: "button", role: "menuitem", tabindex: "-1", onclick: async () => {
      open(false);
      button.focus();
      await world.do("pause", args());
    } }, text));
  }
  button.addEventListener("click", () => open(choices.hidden));
  menu.addEventListener("keydown", (event) => {
    if (choices.hidden) return;
    const items = [...choices.children];
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: (at + 1) % items.length, ArrowUp: (at + items.length - 1) % items.length, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      items[to].focus();
    } else if (event.key === "Escape") {
      open(false);
      button.focus();
    }
  });
  menu.addEventListener("focusout", (event) => {
    if (!menu.contains(event.relatedTarget)) open(false);
  });
  return menu;
}
