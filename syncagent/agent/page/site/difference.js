// Where two texts differ, line by line; each line says so by its first sign, and not by its colour alone.

import { h } from "/look/dom.js";

const KINDS = { "+": "more", "-": "less", "@": "where" };

// `less` and `more` say, in words, where the lines with − and with + stand.
export function difference(found, name, less, more) {
  const lines = found.lines.filter((line) => !/^(--- |\+\+\+ )/.test(line));
  return h("div", { class: "stack tight" },
    h("p", { class: "small muted legend" }, h("span", {}, h("span", { class: "sign less" }, "−"), ` ${less}`), h("span", {}, h("span", { class: "sign more" }, "+"), ` ${more}`)),
    h("div", { class: "difference", tabindex: "0", role: "group", "aria-label": `Differences in ${name}` },
      lines.map((line) => h("div", { class: KINDS[line[0]] || "" }, shown(line)))),
    found.more ? h("p", { class: "small muted" }, "There is more than is shown here.") : null);
}

function shown(line) {
  if (line.startsWith("@@")) return h("span", {}, `line ${/\+(\d+)/.exec(line)?.[1] || ""}`);
  return line === "" ? " " : line;
}
