// The issue stream: a cursor, a selection, and rows that are renewed in place.
import htmx from "htmx.org";
import { $, $$, announce, at, on } from "./dom.js";
import { selected, setCurrent } from "./keys.js";
import { apply, openPicker } from "./menus.js";

let anchor;

export const busy = () => selected().length > 0 || Boolean($("dialog[open]")) || Boolean($("[popover]:popover-open"));

function showBulk() {
  const bar = $("#bulk");
  if (!bar) return;
  const keys = selected();
  bar.hidden = keys.length === 0;
  $("[data-count]", bar).textContent = keys.length === 1 ? "1 selected" : `${keys.length} selected`;
  for (const row of $$("[data-row]")) row.toggleAttribute("data-selected", keys.includes(row.dataset.row));
  const all = $("#select-all");
  if (all) {
    all.checked = keys.length > 0 && keys.length === $$("[data-row]").length;
    all.indeterminate = keys.length > 0 && !all.checked;
  }
  announce(keys.length ? `${keys.length} selected` : "");
}

function range(box, event) {
  const rows = $$("[data-row]");
  const row = box.closest("[data-row]");
  if (event.shiftKey && anchor) {
    const [from, to] = [rows.indexOf(anchor), rows.indexOf(row)].sort((a, b) => a - b);
    for (const between of rows.slice(from, to + 1)) $("input[type=checkbox]", between).checked = box.checked;
  }
  anchor = row;
}

/** Fetch the present state of some rows and put it where they are. Nothing moves. */
export async function renew(keys) {
  const here = keys.filter((key) => document.getElementById(`row-${key}`)).slice(0, 50);
  if (!here.length) return;
  const query = new URLSearchParams(here.map((key) => ["key", key]));
  await apply(await fetch(at(`/issues/rows/?${query}`), { headers: { "HX-Request": "true" } }));
}

const waiting = new Set();
const counted = { new: new Set(), moved: new Set() };

const plural = (count, one, many) => (count === 1 ? one : many);

/** Of the issues that aren't shown: does the query want them? Then say so; the list itself doesn't move. */
export async function offer(keys) {
  const pill = $("#fresh");
  for (const key of keys) if (!document.getElementById(`row-${key}`)) waiting.add(key);
  if (!pill || !waiting.size) return;
  const query = new URLSearchParams(location.search);
  for (const key of waiting) query.append("key", key);
  query.set("since", $("#stream").dataset.now);
  waiting.clear();
  const response = await fetch(at(`/issues/fresh/?${query}`)).catch(() => null);
  if (!response?.ok) return;
  const found = await response.json();
  for (const kind of ["new", "moved"]) for (const key of found[kind]) counted[kind].add(key);
  if (!counted.new.size && !counted.moved.size) return;
  const words = counted.new.size
    ? `${counted.new.size} new ${plural(counted.new.size, "issue", "issues")}`
    : `${counted.moved.size} ${plural(counted.moved.size, "issue", "issues")} moved up`;
  $("span", pill).textContent = words;
  pill.hidden = false;
  announce(words);
}

async function reload() {
  counted.new.clear();
  counted.moved.clear();
  await htmx.ajax("GET", location.href, { target: "#stream", select: "#stream", swap: "outerMorph" });
  scrollTo({ top: 0 });
}

export function start() {
  on("click", "[data-row] input[type=checkbox]", (event, box) => range(box, event));
  on("change", "[data-row] input[type=checkbox]", showBulk);
  on("change", "#select-all", (_event, all) => { for (const box of $$("[data-row] input[type=checkbox]")) box.checked = all.checked; showBulk(); });
  on("click", "[data-action=clear]", () => { for (const box of $$("[data-row] input[type=checkbox]:checked")) box.checked = false; showBulk(); });
  on("click", "[data-bulk]", (_event, button) => openPicker(button.dataset.bulk, selected()));
  on("click", "#fresh", reload);
  on("click", "[data-row]", (event, row) => {
    if (event.target.closest("a, button, input, label") || getSelection().toString()) return;
    const link = $("a[href]", row);
    if (event.ctrlKey || event.metaKey) window.open(link.href, "_blank");
    else location.assign(link.href);
  });
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("[data-row]");
    if (row && !row.hasAttribute("data-current")) {
      $("[data-row][data-current]")?.removeAttribute("data-current");
      row.dataset.current = "";
    }
  });
  document.addEventListener("htmx:after:swap", () => {
    showBulk();
    document.activeElement?.closest?.("[data-row]")?.setAttribute("data-current", "");
  });
  const back = sessionStorage.getItem("stream:current");
  if (back && $("#stream")) {
    const row = document.getElementById(`row-${back}`);
    if (row) { row.dataset.current = ""; }
    sessionStorage.removeItem("stream:current");
  }
  const issue = $("[data-issue]");
  if (issue) sessionStorage.setItem("stream:current", issue.dataset.issue);
}

export { setCurrent };
