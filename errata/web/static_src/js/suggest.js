// Suggestions under a field, for the word that is being typed: taken by Tab, Enter or a press.
import { $, $$, get, icon, make, on } from "./dom.js";

let timer;
let asked = 0;
let active = -1;

function list(input) {
  return document.getElementById(input.getAttribute("aria-controls"));
}

// A text of several lines is no combobox, and may not say that it is open.
function tell(input, isOpen) {
  if (input.getAttribute("role") === "combobox") input.setAttribute("aria-expanded", String(isOpen));
}

function close(input) {
  const box = list(input);
  if (box) box.hidden = true;
  tell(input, false);
  input.removeAttribute("aria-activedescendant");
  active = -1;
}

function mark(input, index) {
  const rows = $$(".menu-item", list(input));
  active = (index + rows.length) % rows.length;
  rows.forEach((row, at) => { if (at === active) row.dataset.active = ""; else delete row.dataset.active; });
  rows[active].scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", rows[active].id);
}

function drawn(item, index) {
  const row = make("div", { className: "menu-item", id: `complete-${index}` }, icon(item.kind === "value" ? "corner-down-right" : item.icon ?? "tag", "icon icon-s"),
    make("span", { className: "mono", textContent: item.text }), make("span", { className: "end", textContent: item.hint ?? "" }));
  row.setAttribute("role", "option");
  row.dataset.insert = item.insert ?? item.text;
  return row;
}

/**
 * Suggest in every field that matches.
 *
 * `word(input)` is the `{start, end}` that a suggestion replaces, or null where there is none to suggest for;
 * `query(input, word)` is what the server is asked; `goesOn(text)` says that more of the same follows.
 */
export function suggest(selector, { word, query, goesOn = () => false, onFocus = false, sign = "tag" }) {
  async function complete(input) {
    const mine = ++asked;
    const text = input.value;
    const place = word(input);
    if (!place) return close(input);
    const answer = await get(`${input.dataset.complete}?${new URLSearchParams(query(input, place))}`, "json");
    if (answer === null || mine !== asked || document.activeElement !== input) return;
    const { items } = answer;
    const box = list(input);
    box.dataset.of = text;
    if (!items.length) return close(input);
    box.replaceChildren(...items.map((item, index) => drawn({ icon: sign, ...item }, index)));
    box.hidden = false;
    tell(input, true);
    active = -1;
  }

  function take(input, text) {
    const { start, end } = word(input);
    const after = input.value.slice(end);
    const gap = goesOn(text) || after.startsWith(" ") ? "" : " ";
    input.value = input.value.slice(0, start) + text + gap + after;
    const caret = start + text.length + gap.length;
    input.focus();
    input.setSelectionRange(caret, caret);
    close(input);
    if (goesOn(text)) complete(input);
  }

  /** Take the first suggestion, of what is typed now: those shown may be of a moment ago. */
  async function finish(input) {
    clearTimeout(timer);
    if (list(input).dataset.of !== input.value) await complete(input);
    const box = list(input);
    if (!box.hidden && box.dataset.of === input.value) take(input, $(".menu-item", box).dataset.insert);
  }

  /** Whether a word has been begun: then Tab finishes it; else Tab goes on to the next control. */
  function half(input) {
    const place = word(input);
    return Boolean(place) && place.end > place.start;
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

  on("input", selector, (_event, input) => { clearTimeout(timer); timer = setTimeout(() => complete(input), 90); });
  if (onFocus) on("focusin", selector, (_event, input) => complete(input));
  on("keydown", selector, press, true);
  on("focusout", selector, (_event, input) => close(input));
  on("mousedown", ".complete .menu-item", (event, row) => {
    const input = $(`[aria-controls="${row.parentElement.id}"]`);
    if (!input.matches(selector)) return;
    event.preventDefault();
    take(input, row.dataset.insert);
  });
}
