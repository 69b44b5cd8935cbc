// The issue stream: a cursor, a selection, and rows that are renewed in place.
import htmx from "htmx.org";
import { $, $$, announce, at, get, on } from "./dom.js";
import { selected, setCurrent } from "./keys.js";
import { openPicker, put } from "./menus.js";
import { all, forget, selectAll, uncheck } from "./selection.js";

let anchor;
let told = 0; // how many were selected when it was last said

export const busy = () => selected().length > 0 || Boolean($("dialog[open]")) || Boolean($("[popover]:popover-open"));

function showBulk() {
  const bar = $("#bulk");
  if (!bar) return;
  const keys = selected();
  bar.hidden = keys.length === 0;
  $("[data-count]", bar).textContent = all() ? `All ${keys.length} selected` : keys.length === 1 ? "1 selected" : `${keys.length} selected`;
  const whole = $("[data-action=select-matching]", bar);
  if (whole) whole.hidden = Boolean(all()) || keys.length < $$("[data-row]").length || Number(whole.dataset.total) <= keys.length;
  for (const row of $$("[data-row]")) row.toggleAttribute("data-selected", keys.includes(row.dataset.row));
  const head = $("#select-all");
  if (head) {
    head.checked = keys.length > 0 && keys.length >= $$("[data-row]").length;
    head.indeterminate = keys.length > 0 && !head.checked;
  }
  if (keys.length !== told) announce(keys.length ? `${keys.length} selected` : "Nothing selected");
  told = keys.length;
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
  const query = new URLSearchParams(location.search);
  for (const key of here) query.append("key", key);
  const rows = await get(at(`/issues/rows/?${query}`));
  if (rows) await put(rows);
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
  const found = await get(at(`/issues/fresh/?${query}`), "json");
  if (found === null) return;
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

// The columns in the order of the picker, as the address names them.
function showColumns(form) {
  const address = new URLSearchParams(location.search);
  address.delete("cursor");
  address.set("cols", $$("input:checked", form).map((box) => box.value).join(","));
  location.assign(`${location.pathname}?${address.toString().replaceAll("%2C", ",")}`);
}

function shift(button) {
  const item = button.closest("li");
  const other = button.dataset.shift === "-1" ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  if (button.dataset.shift === "-1") other.before(item); else other.after(item);
  button.focus();
  announce(`${item.textContent.trim()}: place ${[...item.parentElement.children].indexOf(item) + 1}`);
}

export function start() {
  on("click", "[data-row] input[type=checkbox]", (event, box) => range(box, event));
  on("change", "[data-row] input[type=checkbox]", () => { forget(); showBulk(); });
  on("change", "#select-all", (_event, head) => { forget(); for (const box of $$("[data-row] input[type=checkbox]")) box.checked = head.checked; showBulk(); });
  on("click", "[data-action=select-matching]", async () => { await selectAll(); showBulk(); });
  document.addEventListener("errata:many", async () => { forget(); uncheck(); if ($("#stream")) await reload(); showBulk(); });
  on("submit", "[data-columns-form]", (event, form) => { event.preventDefault(); showColumns(form); });
  on("click", "[data-shift]", (_event, button) => shift(button));
  on("click", "[data-action=clear]", () => { forget(); for (const box of $$("[data-row] input[type=checkbox]:checked")) box.checked = false; showBulk(); });
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
