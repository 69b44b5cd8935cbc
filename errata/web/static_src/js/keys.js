// The keyboard map. One table: the sheet behind `?` is drawn from the same words on the server.
import { $, $$, at, on, typing } from "./dom.js";
import { copy } from "./copy.js";
import { inboxKeys } from "./inbox.js";
import { change, openPicker } from "./menus.js";
import { openPalette } from "./palette.js";
import { all, forget } from "./selection.js";
import { undoLast } from "./toasts.js";

const page = () => document.body.dataset.page;
const rows = () => $$("[data-row]");
const current = () => $("[data-row][data-current]");
export const selected = () => all() ?? [...new Set($$("[data-row] input[type=checkbox]:checked").map((box) => box.value))];

export function keysUnder() {
  // A page of the past shows what was: neither key nor command there may change what is.
  if (document.body.dataset.asOf) return [];
  if (page() === "issue") return [$("[data-issue]").dataset.issue];
  const chosen = selected();
  return chosen.length ? chosen : current() ? [current().dataset.row] : [];
}

function move(step) {
  const all = rows();
  if (!all.length) return false;
  const now = all.indexOf(current());
  const next = all[Math.max(0, Math.min(all.length - 1, now < 0 ? (step > 0 ? 0 : all.length - 1) : now + step))];
  setCurrent(next);
  return true;
}

export function setCurrent(row) {
  current()?.removeAttribute("data-current");
  if (!row) return;
  row.dataset.current = "";
  $("a[href]", row)?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function go(path) {
  location.assign(at(path));
  return true;
}

function neighbour(step) {
  const link = $(`[data-event-${step > 0 ? "older" : "newer"}]`);
  if (link?.href) location.assign(link.href);
  return Boolean(link);
}

function pick(field, wanted) {
  const keys = keysUnder();
  if (keys.length) openPicker(field, keys, wanted);
  return keys.length > 0;
}

function set(field, value) {
  const keys = keysUnder();
  if (keys.length) change([...keys.map((key) => ["key", key]), ["field", field], ["value", value]]);
  return keys.length > 0;
}

function copyLink() {
  const [key] = keysUnder();
  if (!key) return false;
  copy(`${location.origin}${at(`/issues/${key}/`)}`, `Link to ${key} copied`);
  return true;
}

function toggle() {
  const box = current() && $("input[type=checkbox]", current());
  box?.click();
  return Boolean(box);
}

function clear() {
  forget();
  const boxes = $$("[data-row] input[type=checkbox]:checked");
  for (const box of boxes) box.click();
  return boxes.length > 0;
}

const plain = {
  j: () => (page() === "issue" ? neighbour(1) : move(1)),
  k: () => (page() === "issue" ? neighbour(-1) : move(-1)),
  x: toggle,
  a: () => pick("assignee"),
  i: () => set("assignee", "me"),
  s: () => pick("stage"),
  p: () => pick("priority"),
  v: () => pick("severity"),
  t: () => pick("type"),
  l: () => pick("labels"),
  d: () => pick("deputy"),
  e: () => pick("stage", "@end"),
  c: () => go("/issues/new/"),
  m: () => { const box = $("[data-comment]"); box?.focus(); return Boolean(box); },
  y: copyLink,
  z: undoLast,
  u: () => { const back = $("[data-back]"); back?.click(); return Boolean(back); },
  1: () => set("priority", "High"),
  2: () => set("priority", "Medium"),
  3: () => set("priority", "Low"),
  "/": () => { const box = $("[data-query]"); if (box) box.focus(); else openPalette(); return true; },
  "?": () => { $("#help").showModal(); return true; },
  "[": () => { $("[data-action=rail]")?.click(); return true; },
  Escape: () => clear(),
};

const leader = { i: "/issues/", n: "/inbox/", p: "/projects/", r: "/process/", v: "/releases/", o: "/people/", a: "/audit/", s: "/account/", m: "/issues/?q=is:open+assignee:me", b: "/board/", w: "/me/" };
let leading = 0;

function press(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    return openPalette();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (typing(event.target) || $("dialog[open]") || event.target.closest?.("[popover]")) return;
  if (leading && Date.now() - leading < 1200 && leader[event.key]) {
    leading = 0;
    event.preventDefault();
    return go(leader[event.key]);
  }
  leading = event.key === "g" ? Date.now() : 0;
  if (!$("#palette")) return;
  const keys = page() === "inbox" ? { ...plain, ...inboxKeys } : plain;
  if (Object.hasOwn(keys, event.key) && keys[event.key]()) event.preventDefault();
}

export function start() {
  document.addEventListener("keydown", press);
  on("click", "[data-action=help]", () => $("#help").showModal());
  on("keydown", "input, textarea", (event, field) => {
    if (event.key === "Escape" && !field.closest("dialog")) field.blur();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) field.form?.requestSubmit();
  });
}
