// The first run: keep a hub here, or join one by its link; which folder, what this machine is called, start at login.

import { ask, takeKey } from "/look/ask.js";
import { h, say } from "/look/dom.js";
import { counted, sentence } from "/look/words.js";
import { folderField } from "/combo.js";

takeKey();

const form = document.getElementById("form");
const given = { way: "", link: "", folder: "", name: "", autostart: true, others: true };
let known = null;
let step = 0;

const steps = () => (given.way === "join" ? [chooseWay, enterLink, chooseFolder, review] : [chooseWay, chooseFolder, review]);

function go(to) {
  step = Math.max(0, Math.min(to, steps().length - 1));
  const screen = steps()[step]();
  const heading = h("h1", { tabindex: "-1" }, screen.title);
  const next = h("button", { class: "button first", type: "submit" }, screen.next || "Continue");
  const back = step > 0 ? h("button", { class: "button", type: "button", onclick: () => go(step - 1) }, "Back") : h("span");
  form.replaceChildren(heading, ...screen.parts, h("div", { class: "end" }, back, next));
  form.onsubmit = async (event) => {
    event.preventDefault();
    next.disabled = true;
    try {
      if (await screen.done()) go(step + 1);
    } finally {
      next.disabled = false;
    }
  };
  say(document.getElementById("step"), step === 0 ? "Set up" : `Step ${step} of ${steps().length - 1}`);
  document.title = `${screen.title} — syncagent`;
  heading.focus();
}

function way(value, title, text) {
  const input = h("input", { type: "radio", name: "way", value, id: `way-${value}`, checked: given.way === value });
  return h("label", { class: "way", for: `way-${value}` }, input, h("strong", {}, title), h("span", { class: "small muted" }, text));
}

function chooseWay() {
  const problem = h("p", { class: "problem", role: "alert" });
  return {
    title: "Keep a folder the same on all of your machines",
    parts: [
      h("p", { class: "lead" }, "The machines meet at a hub, which is one of yours. Is this the first one?"),
      h("fieldset", { class: "ways" }, h("legend", { class: "only-heard" }, "What is to be set up"),
        way("hub", "Yes, this machine keeps the hub", "The others reach it while it is on. You get a link with which they join."),
        way("join", "No, join with a link", "Another machine has shown one: syncagent://…")),
      problem,
    ],
    async done() {
      given.way = new FormData(form).get("way") || "";
      if (!given.way) {
        say(problem, "Choose one of the two.");
        document.getElementById("way-hub").focus();
      }
      return Boolean(given.way);
    },
  };
}

function enterLink() {
  const said = h("div", { class: "said", id: "link-said", role: "status" });
  const input = h("textarea", { class: "input", id: "link", spellcheck: "false", autocomplete: "off", autocapitalize: "off", rows: "3", "aria-describedby": "link-help link-said", placeholder: "syncagent://…" });
  input.value = given.link;
  let number = 0;
  let timer = 0;
  const check = async () => {
    const mine = ++number;
    const text = input.value.trim();
    let found = { problem: "Paste the link that the other machine shows." };
    if (text) {
      said.replaceChildren(h("p", { class: "small muted" }, "Looking whether the hub is there…"));
      found = await ask("link", { link: text }).catch((error) => ({ problem: error.message }));
    }
    if (mine === number) tellLink(said, input, found);
    return found;
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(check, 350);
  });
  return {
    title: "Which hub?",
    parts: [h("div", { class: "field" }, h("label", { for: "link" }, "Link"),
      h("p", { class: "help", id: "link-help" }, "On a machine that is set up: its page, under “Add a machine”, or syncagent up in a terminal. Whoever has the link has the folder, so it stays between your machines."),
      input, said)],
    async done() {
      clearTimeout(timer);
      const found = await check();
      given.link = input.value.trim();
      known.where = found.where;
      if (found.problem) input.focus();
      return !found.problem;
    },
  };
}

function tellLink(said, input, found) {
  input.setAttribute("aria-invalid", String(Boolean(found.problem)));
  said.replaceChildren(
    found.problem ? h("p", { class: "problem" }, sentence(found.problem)) : h("p", { class: "well" }, `The hub at ${found.where}${found.reached ? " answers." : ""}`),
    ...(found.warning ? [h("p", { class: "note" }, sentence(found.warning))] : []));
}

function chooseFolder() {
  const said = h("div", { class: "said", id: "folder-said", role: "status" });
  let number = 0;
  let timer = 0;
  const check = async () => {
    const mine = ++number;
    const found = await ask("folder", { path: field.input.value }).catch((error) => ({ problem: error.message, warnings: [] }));
    if (mine === number) tellFolder(said, field.input, found);
    return found;
  };
  const field = folderField("folder", "folder-help folder-said", async (text) => (await ask("list", { path: text }).catch(() => ({ folders: [] }))).folders, () => {
    clearTimeout(timer);
    timer = setTimeout(check, 250);
  });
  field.input.value = given.folder || known.folder;
  const name = h("input", { class: "input", id: "name", type: "text", maxlength: "64", autocomplete: "off", "aria-describedby": "name-help name-said" });
  name.value = given.name || known.name;
  const nameSaid = h("p", { class: "problem", id: "name-said", role: "alert" });
  check();
  return {
    title: "Which folder?",
    parts: [
      h("div", { class: "field" }, h("label", { for: "folder" }, "Folder"), h("p", { class: "help", id: "folder-help" }, "It is made if it is not there. Type, and choose from what is offered with the arrow keys."), field.element, said),
      h("div", { class: "field" }, h("label", { for: "name" }, "What is this machine called?"), h("p", { class: "help", id: "name-help" }, "Others see it beside what you change."), name, nameSaid),
    ],
    async done() {
      clearTimeout(timer);
      field.close();
      const found = await check();
      given.folder = field.input.value.trim();
      given.name = name.value.trim();
      name.setAttribute("aria-invalid", String(!given.name));
      say(nameSaid, given.name ? "" : "A name is needed.");
      if (found.problem) field.input.focus();
      else if (!given.name) name.focus();
      return !found.problem && Boolean(given.name);
    },
  };
}

function tellFolder(said, input, found) {
  input.setAttribute("aria-invalid", String(Boolean(found.problem)));
  const rows = [];
  if (found.problem) rows.push(h("p", { class: "problem" }, sentence(found.problem)));
  else if (found.kept) rows.push(h("p", { class: "well" }, `${found.path} was kept before, and is taken up again.`));
  else if (found.entries === null) rows.push(h("p", { class: "well" }, `${found.path} will be made.`));
  else if (found.entries === 0) rows.push(h("p", { class: "well" }, `${found.path} is empty.`));
  else {
    const many = found.entries > 1000 ? "more than 1,000 files and folders" : counted(found.entries, "file or folder", "files and folders");
    const what = given.way === "join" ? "They stay, and are united with what the hub has: nothing is deleted, and where both have another version, both are kept." : "They stay where they are, and go to the hub.";
    rows.push(h("p", { class: "note" }, `There ${found.entries === 1 ? "is" : "are"} ${many} in it. ${what}`));
  }
  rows.push(...(found.warnings || []).map((text) => h("p", { class: "note" }, sentence(text))));
  said.replaceChildren(...rows);
}

function check(id, label, text, checked) {
  const input = h("input", { type: "checkbox", id, checked });
  return [input, h("label", { class: "check", for: id }, input, h("span", {}, label), h("span", { class: "small muted" }, text))];
}

function review() {
  const problem = h("p", { class: "problem", role: "alert" });
  const [autostart, autostartRow] = check("autostart", "Start when I log in", "Otherwise nothing is carried over until you start it.", given.autostart && known.autostart);
  autostart.disabled = !known.autostart;
  const [others, othersRow] = check("others", "Let my other machines reach the hub", `It listens on port ${known.port} of this machine's network, encrypted, and for those with the link alone. Otherwise only programs on this machine reach it.`, given.others);
  const rows = [["Hub", given.way === "hub" ? "on this machine" : known.where || "by your link"], ["Folder", given.folder], ["This machine", given.name]];
  return {
    title: "Ready?",
    next: "Start",
    parts: [
      h("dl", { class: "summary" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", { class: name === "Folder" ? "path" : "" }, value)))),
      autostartRow, given.way === "hub" ? othersRow : null, problem,
    ].filter(Boolean),
    async done() {
      given.autostart = autostart.checked;
      given.others = others.checked;
      say(problem, "");
      working();
      try {
        const found = await ask("finish", given);
        location.assign(found.url);
      } catch (error) {
        go(step);
        say(form.querySelector(".problem"), sentence(error.message));
        form.querySelector("button[type=submit]").focus();
      }
      return false;
    },
  };
}

function working() {
  const heading = h("h1", { tabindex: "-1" }, "Starting…");
  form.replaceChildren(heading, h("div", { class: "bar unsure", role: "progressbar", "aria-label": "Starting" }, h("div")),
    h("p", { class: "lead" }, given.way === "hub" ? "The hub and the agent are started; then its page shows how your folder gets there." : "The agent is started, and joins the hub; then its page shows how the files arrive."));
  heading.focus();
}

async function begin() {
  try {
    known = await ask("start");
  } catch (error) {
    form.replaceChildren(h("h1", {}, "This page is closed"), h("p", { class: "lead" }, error.kind === "KeyMissing" ? "Open it again with: syncagent setup" : error.message));
    return;
  }
  say(document.getElementById("foot"), `Its own files will be in ${known.data_dir}. Nothing is set up before you press “Start”.`);
  go(0);
}

begin();
