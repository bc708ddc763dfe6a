// A field for the path of a folder, that offers how it may go on.  By the pattern of a combobox: arrows choose, Tab or
// Enter takes, Escape closes.

import { h } from "/look/dom.js";

export function folderField(id, describedBy, list, changed) {
  const input = h("input", {
    class: "input path", id, type: "text", spellcheck: "false", autocomplete: "off", autocapitalize: "off", role: "combobox",
    "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": `${id}-list`, "aria-describedby": describedBy,
  });
  const box = h("div", { role: "listbox", id: `${id}-list`, "aria-label": "Folders", hidden: true });
  const element = h("div", { class: "combo" }, input, box);
  let asked = 0;
  let chosen = -1;

  const close = () => {
    box.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const take = (path) => {
    input.value = `${path}/`;
    changed();
    offer();
  };
  const mark = (at) => {
    chosen = at;
    [...box.children].forEach((option, number) => option.setAttribute("aria-selected", String(number === at)));
    const option = box.children[at];
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const offer = async () => {
    const number = ++asked;
    const folders = await list(input.value);
    if (number !== asked || document.activeElement !== input) return;
    box.replaceChildren(...folders.map((path, at) => h("div", { role: "option", id: `${id}-${at}`, class: "path", "aria-selected": "false", onmousedown: (event) => { event.preventDefault(); take(path); } }, path)));
    box.hidden = folders.length === 0;
    input.setAttribute("aria-expanded", String(folders.length > 0));
    chosen = -1;
    input.removeAttribute("aria-activedescendant");
  };

  input.addEventListener("input", () => {
    changed();
    offer();
  });
  input.addEventListener("blur", () => {
    asked += 1;
    close();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && box.hidden) {
      event.preventDefault();
      offer();
    } else if (!box.hidden && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const many = box.children.length;
      mark(event.key === "ArrowDown" ? (chosen + 1) % many : (chosen + many - (chosen < 0 ? 0 : 1)) % many);
    } else if (!box.hidden && chosen >= 0 && (event.key === "Enter" || event.key === "Tab")) {
      event.preventDefault();
      take(box.children[chosen].textContent);
    } else if (event.key === "Escape" && !box.hidden) {
      event.preventDefault();
      close();
    }
  });
  return { element, input, close };
}
