// The query bar: completion of keys and values, chips that can be taken out, errors where they are.
import { $, $$, icon, make, on } from "./dom.js";

let timer;
let asked = 0;
let active = -1;

function list(input) {
  return document.getElementById(input.getAttribute("aria-controls"));
}

/** The word the caret is in; quotes hold a word together. */
function word(input) {
  const caret = input.selectionStart;
  let start = 0;
  let quoted = false;
  for (let index = 0; index < caret; index += 1) {
    if (input.value[index] === '"') quoted = !quoted;
    else if (!quoted && /[\s(]/.test(input.value[index])) start = index + 1;
  }
  const rest = input.value.slice(caret).match(/^[^\s)]*/)[0];
  return { start, end: caret + rest.length };
}

/** Whether a word has been begun: then Tab finishes it; else Tab goes on to the next control. */
function half(input) {
  const { start, end } = word(input);
  return end > start;
}

function close(input) {
  const box = list(input);
  if (box) box.hidden = true;
  input.setAttribute("aria-expanded", "false");
  active = -1;
}

async function complete(input) {
  const mine = ++asked;
  const text = input.value;
  const url = `${input.dataset.complete}?q=${encodeURIComponent(input.value)}&at=${input.selectionStart}&project=${encodeURIComponent(input.dataset.project ?? "")}`;
  const response = await fetch(url).catch(() => null);
  if (!response?.ok || mine !== asked || document.activeElement !== input) return;
  const { items } = await response.json();
  const box = list(input);
  box.dataset.of = text;
  if (!items.length) return close(input);
  box.replaceChildren(...items.map((item, index) => {
    const row = make("div", { className: "menu-item", id: `complete-${index}` }, icon(item.kind === "value" ? "corner-down-right" : "tag", "icon icon-s"),
      make("span", { className: "mono", textContent: item.text }), make("span", { className: "end", textContent: item.hint ?? "" }));
    row.setAttribute("role", "option");
    row.dataset.insert = item.insert ?? item.text;
    return row;
  }));
  box.hidden = false;
  input.setAttribute("aria-expanded", "true");
  active = -1;
}

function take(input, text) {
  const { start, end } = word(input);
  const after = input.value.slice(end);
  const gap = text.endsWith(":") || after.startsWith(" ") ? "" : " ";
  input.value = input.value.slice(0, start) + text + gap + after;
  const caret = start + text.length + gap.length;
  input.focus();
  input.setSelectionRange(caret, caret);
  close(input);
  if (text.endsWith(":")) complete(input);
}

function mark(input, index) {
  const rows = $$(".menu-item", list(input));
  active = (index + rows.length) % rows.length;
  rows.forEach((row, at) => { if (at === active) row.dataset.active = ""; else delete row.dataset.active; });
  rows[active].scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", rows[active].id);
}

/** Take the first suggestion, of what is typed now: those shown may be of a moment ago. */
async function finish(input) {
  clearTimeout(timer);
  if (list(input).dataset.of !== input.value) await complete(input);
  const box = list(input);
  if (!box.hidden && box.dataset.of === input.value) take(input, $(".menu-item", box).dataset.insert);
}

function press(event, input) {
  const open = !list(input)?.hidden;
  if (event.key === "ArrowDown" && open) { event.preventDefault(); mark(input, active + 1); }
  else if (event.key === "ArrowUp" && open) { event.preventDefault(); mark(input, active - 1); }
  else if ((event.key === "Tab" || event.key === "Enter") && open && active >= 0) {
    event.preventDefault();
    take(input, $$(".menu-item", list(input))[active].dataset.insert);
  } else if (event.key === "Tab" && open && !event.shiftKey && half(input)) {
    event.preventDefault();
    finish(input);
  } else if (event.key === "Escape" && open) { event.stopPropagation(); close(input); }
}

export function start() {
  on("input", "[data-query]", (_event, input) => { clearTimeout(timer); timer = setTimeout(() => complete(input), 90); });
  on("focusin", "[data-query]", (_event, input) => complete(input));
  on("keydown", "[data-query]", press, true);
  on("mousedown", ".complete .menu-item", (event, row) => { event.preventDefault(); take($("[data-query]"), row.dataset.insert); });
  on("focusout", "[data-query]", (_event, input) => close(input));
}
