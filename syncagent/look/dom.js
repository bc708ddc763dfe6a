// Makes and changes what is on a page.  Text goes in as text: nothing here ever reads it as HTML.

const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

// What cannot be seen is spelled out, above all what turns the direction of writing: "\u202egnp.exe" is no "exe.png".
export function visible(text) {
  return text.replace(UNSEEN, (one) => `\\u${one.codePointAt(0).toString(16).padStart(4, "0")}`);
}

export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  const there = children.flat().filter((child) => child !== null && child !== undefined && child !== false);
  element.append(...there.map((child) => (typeof child === "string" ? visible(child) : child)));
  return element;
}

// Sets what differs, and nothing else: what is the same keeps its focus and its selection.
export function say(element, text) {
  const shown = visible(String(text ?? ""));
  if (element.textContent !== shown) element.textContent = shown;
}

export function show(element, shown) {
  if (element.hidden === shown) element.hidden = !shown;
}

// Makes the children of `list` those of `items`, each made once by `make` and then brought up to date by `update`.
export function fill(list, items, keyOf, make, update) {
  const before = new Map([...list.children].map((child) => [child.dataset.key, child]));
  let at = list.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let child = before.get(key);
    if (child) before.delete(key);
    else {
      child = make(item);
      child.dataset.key = key;
    }
    if (update) update(child, item);
    if (child === at) at = at.nextElementSibling;
    else list.insertBefore(child, at);
  }
  for (const child of before.values()) child.remove();
}
