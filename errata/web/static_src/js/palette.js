// Ctrl/⌘-K: pages, issues, people, projects and actions in one list; fuzzy; what was used last comes first.
import { $, $$, at, get, icon, make, on, stored } from "./dom.js";
import { keysUnder } from "./keys.js";
import { change, openPicker } from "./menus.js";
import { setTheme, toggleDensity, toggleRail } from "./prefs.js";

const RECENT = "palette:recent";
const dialog = () => $("#palette");
let timer;
let asked = 0;
let found = [];

const pages = [
  ["Issues", "/issues/", "inbox", "g i"], ["My issues", "/issues/?q=is:open+assignee:me", "circle-user", "g m"],
  ["Inbox", "/inbox/", "bell", "g n"], ["My work", "/me/", "list-checks", "g w"], ["Board", "/board/", "square-kanban", "g b"], ["SLA", "/sla/", "timer", ""], ["Calendar", "/calendar/", "calendar-days", ""], ["Progress", "/progress/", "chart-line", ""], ["Releases", "/releases/", "package", "g v"],
  ["Projects", "/projects/", "folder", "g p"], ["Process", "/process/", "workflow", "g r"], ["Template", "/process/template/", "scroll-text", ""], ["Workflows", "/process/workflows/", "workflow", ""], ["Custom fields", "/process/fields/", "list-checks", ""], ["Ranking", "/process/ranking/", "list-filter", ""], ["Designation", "/process/designation/", "users", ""], ["Rules", "/process/rules/", "zap", ""], ["Business calendars", "/calendars/", "calendar-days", ""], ["People", "/people/", "users", "g o"], ["Teams", "/teams/", "users", ""],
  ["Audit log", "/audit/", "scroll-text", "g a"], ["Account", "/account/", "settings", "g s"],
  ["API tokens", "/account/tokens/", "key-round", ""], ["New issue", "/issues/new/", "plus", "c"], ["New project", "/projects/new/", "folder", ""],
].map(([name, url, sign, keys]) => ({ id: url, name, sign, keys, kind: "Go to", run: () => location.assign(at(url)) }));

const actions = [
  ["Use the light theme", "sun", () => setTheme("light")], ["Use the dark theme", "moon", () => setTheme("dark")],
  ["Use high contrast", "contrast", () => setTheme("contrast")], ["Follow the system theme", "monitor", () => setTheme("system")],
  ["Collapse or expand the side bar", "panel-left", toggleRail], ["Switch row density", "rows-3", toggleDensity],
  ["Show keyboard shortcuts", "keyboard", () => $("#help").showModal()],
].map(([name, sign, run]) => ({ id: name, name, sign, kind: "Do", run }));

function onIssues() {
  const keys = keysUnder();
  if (!keys.length) return [];
  const these = keys.length === 1 ? keys[0] : `${keys.length} issues`;
  const pick = (field) => () => openPicker(field, keys);
  return [
    [`Assign ${these}…`, "user-plus", pick("assignee"), "a"],
    [`Assign ${these} to me`, "circle-user", () => change([...keys.map((key) => ["key", key]), ["field", "assignee"], ["value", "me"]]), "i"],
    [`Move ${these} to a stage…`, "arrow-right", pick("stage"), "s"], [`Set priority of ${these}…`, "signal", pick("priority"), "p"],
    [`Set severity of ${these}…`, "triangle-alert", pick("severity"), "v"], [`Label ${these}…`, "tag", pick("labels"), "l"],
  ].map(([name, sign, run, shortcut]) => ({ id: name.replace(these, ""), name, sign, run, keys: shortcut, kind: "This issue" }));
}

/** Letters in order, near each other, at the start of words: the usual way to be found with few keys. */
export function score(text, wanted) {
  let at = -1;
  let total = 0;
  const marks = [];
  const lower = text.toLowerCase();
  for (const letter of wanted.toLowerCase()) {
    if (letter === " ") continue;
    const next = lower.indexOf(letter, at + 1);
    if (next < 0) return null;
    total += next === at + 1 ? 3 : /[\s\-_/.:]/.test(lower[next - 1] ?? " ") ? 2 : -Math.min(3, (next - at) / 6);
    marks.push(next);
    at = next;
  }
  return { total: total - text.length / 60, marks };
}

function rank(wanted) {
  const recent = stored.read(RECENT, []);
  const freshness = (item) => { const place = recent.indexOf(item.id); return place < 0 ? 0 : 8 - place; };
  const local = [...onIssues(), ...pages, ...actions];
  if (!wanted) return local.map((item) => ({ item, total: freshness(item), marks: [] })).sort((a, b) => b.total - a.total);
  const scored = local.map((item) => ({ item, ...score(item.name, wanted) })).filter((entry) => entry.marks);
  for (const entry of scored) entry.total += freshness(entry.item) / 2;
  const remote = found.map((item, index) => ({ item, total: 12 - index / 4, marks: score(item.name, wanted)?.marks ?? [] }));
  return [...scored, ...remote].sort((a, b) => b.total - a.total).slice(0, 30);
}

function label(name, marks) {
  const parts = [...name].map((letter, index) => (marks.includes(index) ? make("b", { textContent: letter }) : letter));
  return make("span", { className: "ellipsis" }, ...parts);
}

function draw() {
  const list = $("#palette-list");
  const items = rank($("input", dialog()).value.trim());
  list.replaceChildren(...items.map(({ item, marks }, index) => {
    const row = make("div", { className: "menu-item", id: `palette-${index}` }, icon(item.sign), label(item.name, marks),
      make("span", { className: "end", textContent: item.detail ?? item.keys ?? "" }));
    row.setAttribute("role", "option");
    row.item = item;
    return row;
  }));
  if (!items.length) list.append(make("p", { className: "menu-label", textContent: "Nothing has that name. Try an issue key, a word of its title, or a page." }));
  mark(list.firstElementChild);
}

function mark(row) {
  for (const other of $$("[data-active]", dialog())) { delete other.dataset.active; other.setAttribute("aria-selected", "false"); }
  if (!row?.item) return;
  row.dataset.active = "";
  row.setAttribute("aria-selected", "true");
  row.scrollIntoView({ block: "nearest" });
  $("input", dialog()).setAttribute("aria-activedescendant", row.id);
}

async function ask(wanted) {
  const mine = ++asked;
  if (wanted.length < 2) { found = []; return draw(); }
  const answer = await get(`${dialog().dataset.url}?q=${encodeURIComponent(wanted)}`, "json");
  if (answer === null || mine !== asked) return;
  found = answer.items.map((item) => ({ ...item, id: item.url, run: () => location.assign(item.url) }));
  draw();
}

function run(item) {
  if (!item) return;
  stored.write(RECENT, [item.id, ...stored.read(RECENT, []).filter((id) => id !== item.id)].slice(0, 8));
  dialog().close();
  item.run();
}

function press(event) {
  const rows = $$("#palette-list .menu-item");
  const now = rows.findIndex((row) => row.dataset.active !== undefined);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    mark(rows[(now + (event.key === "ArrowDown" ? 1 : rows.length - 1)) % rows.length]);
  } else if (event.key === "Enter") {
    event.preventDefault();
    run(rows[now]?.item);
  }
}

export function openPalette() {
  if (!dialog() || dialog().open) return;
  const input = $("input", dialog());
  input.value = "";
  found = [];
  draw();
  dialog().showModal();
  input.focus();
}

export function start() {
  if (!dialog()) return;
  const input = $("input", dialog());
  input.addEventListener("input", () => { draw(); clearTimeout(timer); timer = setTimeout(() => ask(input.value.trim()), 80); });
  input.addEventListener("keydown", press);
  on("click", "#palette-list .menu-item", (_event, row) => run(row.item));
  on("click", "[data-action=palette]", openPalette);
}
