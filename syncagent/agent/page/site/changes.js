// One change, as a row: what, where, by whom, when.

import { h, say } from "/look/dom.js";
import { clock } from "/look/words.js";

const MARKS = { added: "+", changed: "✎", moved: "→", deleted: "−" };

export function changeRow(one, world) {
  const [folder, name] = split(one.path);
  const gone = one.what === "deleted";
  const open = () => world.do("open", { path: one.path });
  return h("li", {},
    h("span", { class: `mark ${one.by ? "in" : "out"}`, "aria-hidden": "true" }, MARKS[one.what] || "•"),
    h("div", { class: "what" },
      h("div", {}, gone ? h("s", {}, name) : h("span", {}, name), folder ? h("span", { class: "folder small" }, ` in ${folder}`) : null),
      h("div", { class: "small muted" }, `${one.what} ${one.by ? `by ${one.by}` : "here"}`,
        h("button", { class: "button plain show", type: "button", onclick: open, "aria-label": `Show ${one.path} in its folder` }, "Show"))),
    h("time", { class: "when small muted numbers", datetime: new Date(one.time * 1000).toISOString() }, clock(new Date(one.time * 1000))));
}

export function updateChange(item, one) {
  say(item.querySelector("time"), clock(new Date(one.time * 1000)));
}

export function split(path) {
  const at = path.lastIndexOf("/");
  return at < 0 ? ["", path] : [path.slice(0, at), path.slice(at + 1)];
}
