// Changing all that match: a slice at a time, one toast for the whole, and one undo.
import { $, $$, announce, at, get, icon, make, post } from "./dom.js";
import { toast } from "./toasts.js";

// One slice is some seconds of work, and well under what a form may hold.
const SLICE = 200;

let everything = null;

export const all = () => everything;

/** Take all issues that match, those not shown included. */
export async function selectAll() {
  const query = new URLSearchParams(location.search);
  const answer = await get(at(`/issues/keys/?${query}`), "json");
  if (answer === null) return toast("No answer from the server. Only the issues shown are selected.", { kind: "bad" });
  everything = answer.keys;
  return announce(`All ${everything.length} matching selected`);
}

export function forget() {
  everything = null;
}

function progress(words) {
  const text = make("p", { textContent: words });
  const element = make("div", { className: "toast toast-working" }, icon("refresh-cw"), text);
  $("#toasts").append(element);
  return { say: (now) => { text.textContent = now; }, done: () => element.remove() };
}

async function slices(url, name, items, values, words) {
  const shown = progress(`${words} 0 of ${items.length}…`);
  const told = { changed: [], activities: [], refused: 0, why: "" };
  try {
    for (let place = 0; place < items.length; place += SLICE) {
      const slice = items.slice(place, place + SLICE);
      const response = await post(at(url), [...slice.map((item) => [name, item]), ...values, ["quiet", "1"]]);
      if (!response.ok) { told.refused += items.length - place; told.why ||= "The server refused; the rest was left as it was."; break; }
      const answer = await response.json();
      told.changed.push(...answer.changed);
      told.activities.push(...answer.activities);
      told.refused += answer.refused;
      told.why ||= answer.why;
      shown.say(`${words} ${Math.min(place + SLICE, items.length)} of ${items.length}…`);
    }
  } catch {
    told.why ||= "No answer from the server; the rest was left as it was.";
  }
  shown.done();
  return told;
}

function sum(verb, told) {
  const refused = told.refused ? ` ${told.refused} could not: ${told.why}` : told.why ? ` ${told.why}` : "";
  return `${verb} ${told.changed.length} issues.${refused}`;
}

/** Set a field of all these issues. */
export async function changeAll(keys, values) {
  const told = await slices("/issues/change/", "key", keys, values, "Changing");
  const element = toast(sum("Changed", told), { kind: told.changed.length ? "good" : "bad", undo: () => undoAll(told.activities) });
  announce(sum("Changed", told));
  document.dispatchEvent(new CustomEvent("errata:many"));
  return element;
}

async function undoAll(activities) {
  // The newest first, slice by slice too: an assignment that moved its issue goes back in order.
  const ordered = activities.toSorted((a, b) => b - a);
  const told = await slices("/issues/undo/", "activity", ordered, [], "Taking back");
  toast(sum("Took back", { ...told, changed: [...new Set(told.changed)] }));
  document.dispatchEvent(new CustomEvent("errata:many"));
}

export const many = (keys) => keys.length > SLICE;

export function uncheck() {
  for (const box of $$("[data-row] input[type=checkbox]:checked")) box.checked = false;
}
