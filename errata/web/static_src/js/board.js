// The board: cards that are walked by keys, moved by mouse, finger or keyboard, and renewed in place.
import { $, $$, announce, get, on, post, typing } from "./dom.js";
import { setCurrent } from "./keys.js";
import { apply } from "./menus.js";
import { toast } from "./toasts.js";

const board = () => $("#board");
const locked = () => board()?.dataset.locked !== undefined;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const ways = new Map();
const pending = new Set(); // keys of cards whose move the server hasn't answered yet
let drag;

const cellsOf = (lane) => $$(`[data-cell][data-lane="${CSS.escape(lane)}"]`);
const cellOf = (column, lane) => cellsOf(lane).find((cell) => cell.dataset.cell === column);
const cardsOf = (cell) => $$("[data-card]", cell);
const named = (cell) => cell.getAttribute("aria-label");

function learn(root = document) {
  for (const element of $$("[data-ways]", root)) {
    for (const [number, way] of Object.entries(JSON.parse(element.textContent))) ways.set(number, way);
  }
}

/** What a drop of the card into the cell means: [state, move, words]. */
function way(card, cell) {
  const from = card.closest("[data-cell]");
  if (cell.dataset.cell === from.dataset.cell) return relaned(from, cell) ? ["open", "", ""] : ["same", "", ""];
  return ways.get(card.dataset.waysOf)?.[cell.dataset.cell] ?? ["closed", "", "Reload the page to move this card."];
}

const relaned = (from, to) => to.dataset.field !== undefined && to.dataset.lane !== from.dataset.lane;

/** Let something move on the page from where it was to where it is. */
function glide(elements, change) {
  const before = new Map(elements.map((element) => [element, element.getBoundingClientRect()]));
  change();
  if (calm.matches) return;
  for (const [element, was] of before) {
    const is = element.getBoundingClientRect();
    const [x, y] = [was.left - is.left, was.top - is.top];
    if (!element.isConnected || (!x && !y) || Math.abs(y) > innerHeight) continue;
    element.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], { duration: 180, easing: "cubic-bezier(0.2, 0.7, 0.2, 1)" });
  }
}

function count(column, change) {
  for (const element of $$(`[data-count-of="${CSS.escape(column)}"]`)) {
    if (/^\d+$/.test(element.textContent)) element.textContent = Math.max(0, Number(element.textContent) + change);
  }
  limits();
}

function limits() {
  for (const head of $$("[data-head]")) {
    const slim = $("[data-count-of]", head).textContent === "0";
    for (const part of [head, ...$$(`[data-cell="${CSS.escape(head.dataset.head)}"]`)]) part.classList.toggle("col-slim", slim);
  }
  for (const head of $$("[data-head][data-limit]")) {
    const now = Number($("[data-count-of]", head).textContent);
    const over = now - Number(head.dataset.limit);
    const sign = $("[data-over-of]", head);
    head.classList.toggle("col-over", over > 0);
    sign.hidden = !(over > 0);
    $("span", sign).textContent = `+${over}`;
  }
}

// What the card was before it was moved, so that a refusal puts it back exactly there.
function place(card) {
  return { cell: card.closest("[data-cell]"), next: card.nextElementSibling };
}

function put(card, cell, before) {
  const from = card.closest("[data-cell]");
  if (from.dataset.cell !== cell.dataset.cell) { count(from.dataset.cell, -1); count(cell.dataset.cell, 1); }
  const near = [...cardsOf(cell), ...cardsOf(from)].filter((other) => other !== card);
  glide([card, ...near.slice(0, 60)], () => cell.insertBefore(card, before?.parentElement === cell ? before : cell.firstElementChild));
}

async function send(card, cell, was, [, to], extra = []) {
  const key = card.dataset.card;
  const values = [["key", key], ["to", to], ...extra];
  if (relaned(was.cell, cell)) values.push(["field", cell.dataset.field], ["value", cell.dataset.value]);
  pending.add(key);
  card.classList.add("card-pending");
  let response;
  try {
    response = await post(board().dataset.moveUrl, values);
  } catch {
    toast("No answer from the server. The card is back where it was; try again.", { kind: "bad" });
  }
  pending.delete(key);
  card.classList.remove("card-pending");
  if (!response?.ok) {
    put(card, was.cell, was.next);
    announce(`${key} is back in ${named(was.cell)}`);
    card.classList.add("card-refused");
    setTimeout(() => card.classList.remove("card-refused"), 700);
  } else {
    announce(`${key} is now in ${named(cell)}`);
  }
  if (response) await apply(response);
}

/** Move a card: at once, after asking for what is missing, or not at all and say why. */
async function move(card, cell, before) {
  const found = way(card, cell);
  const key = card.dataset.card;
  if (found[0] === "same" || pending.has(key)) return;
  if (found[0] === "closed") {
    toast(found[2], { kind: "bad" });
    announce(found[2]);
    return;
  }
  const was = place(card);
  put(card, cell, before);
  if (found[0] === "open") return send(card, cell, was, found);
  const extra = await ask(key, found[1]);
  if (extra) return send(card, cell, was, found, extra);
  put(card, was.cell, was.next);
  announce(`${key} is back in ${named(was.cell)}`);
}

/** The form for what a move still needs; its values, or nothing when it is left. */
async function ask(key, to) {
  const dialog = $("#board-ask");
  const query = new URLSearchParams({ key, to });
  const response = await fetch(`${board().dataset.askUrl}?${query}`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!response?.ok) { if (response) await apply(response); return null; }
  dialog.innerHTML = await response.text();
  dialog.showModal();
  $("select, textarea, input", dialog)?.focus();
  return new Promise((resolve) => {
    let values = null;
    $("form", dialog).addEventListener("submit", (event) => {
      event.preventDefault();
      values = [...new FormData(event.target)];
      dialog.close();
    });
    dialog.addEventListener("close", () => resolve(values), { once: true });
  });
}

// ---- Keys: arrows walk, with Shift they move.

function current() {
  return document.activeElement?.closest?.("[data-card]") ?? $("[data-card][data-current]");
}

function walk(key) {
  const card = current();
  if (!card) { const first = $("[data-card]"); if (first) focus(first); return Boolean(first); }
  const cell = card.closest("[data-cell]");
  const column = cardsOf(cell);
  const index = column.indexOf(card);
  if (key === "ArrowUp" || key === "ArrowDown") {
    const step = key === "ArrowDown" ? 1 : -1;
    const next = column[index + step] ?? overEdge(cell, step);
    if (next) focus(next);
    return true;
  }
  const cells = cellsOf(cell.dataset.lane);
  const step = key === "ArrowRight" ? 1 : -1;
  for (let place = cells.indexOf(cell) + step; cells[place]; place += step) {
    const others = cardsOf(cells[place]);
    if (others.length) { focus(others[Math.min(index, others.length - 1)]); break; }
  }
  return true;
}

// Below the last card of a lane the next lane begins.
function overEdge(cell, step) {
  const same = $$(`[data-cell="${CSS.escape(cell.dataset.cell)}"]`);
  for (let place = same.indexOf(cell) + step; same[place]; place += step) {
    const others = cardsOf(same[place]);
    if (others.length) return step > 0 ? others[0] : others.at(-1);
  }
  return null;
}

function focus(card) {
  setCurrent(card);
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function shift(step) {
  const card = current();
  if (!card || locked()) return false;
  const cell = card.closest("[data-cell]");
  const cells = cellsOf(cell.dataset.lane);
  const onward = cells.slice(step > 0 ? cells.indexOf(cell) + 1 : 0, step > 0 ? undefined : cells.indexOf(cell));
  const order = step > 0 ? onward : onward.reverse();
  const target = order.find((other) => way(card, other)[0] !== "closed") ?? order[0];
  if (target) move(card, target).then(() => card.isConnected && focus(card));
  return true;
}

function press(event) {
  if (!board() || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (drag && event.key === "Escape") { event.preventDefault(); return drop(null); }
  if (!/^Arrow/.test(event.key) || typing(event.target) || $("dialog[open]") || event.target.closest?.("[popover], .views, nav")) return;
  if (event.shiftKey && /Left|Right/.test(event.key)) { if (shift(event.key === "ArrowRight" ? 1 : -1)) event.preventDefault(); return; }
  if (!event.shiftKey && walk(event.key)) event.preventDefault();
}

// ---- Pointers: a mouse drags after five pixels, a finger after a short hold, so that a swipe stays a swipe.

const HOLD_MS = 220;
const SLACK = 6;

function down(event) {
  const card = event.target.closest?.("[data-card]");
  if (!card || !board() || locked() || event.button > 0 || drag || pending.has(card.dataset.card)) return;
  if (event.target.closest("button, input, label, summary")) return;
  drag = { card, id: event.pointerId, x: event.clientX, y: event.clientY, touch: event.pointerType !== "mouse", lifted: false };
  if (drag.touch) drag.timer = setTimeout(lift, HOLD_MS);
}

function lift() {
  if (!drag || drag.lifted) return;
  const { card } = drag;
  const box = card.getBoundingClientRect();
  const ghost = card.cloneNode(true);
  ghost.classList.add("card-ghost");
  for (const name of ["data-card", "data-row", "id"]) ghost.removeAttribute(name);
  ghost.setAttribute("aria-hidden", "true");
  for (const element of $$("input", ghost)) element.remove();
  ghost.style.width = `${box.width}px`;
  document.body.append(ghost);
  Object.assign(drag, { lifted: true, ghost, dx: drag.x - box.left, dy: drag.y - box.top });
  card.classList.add("card-lifted");
  board().classList.add("board-dragging");
  navigator.vibrate?.(8);
  for (const cell of $$("[data-cell]")) {
    const [state, , words] = way(card, cell);
    cell.dataset.drop = state;
    if (words) cell.dataset.dropWords = words;
  }
  follow();
}

function follow() {
  drag.ghost.style.translate = `${drag.x - drag.dx}px ${drag.y - drag.dy}px`;
  const cell = document.elementFromPoint(drag.x, drag.y)?.closest?.("[data-cell]") ?? headCell(drag.x, drag.y);
  if (cell !== drag.cell) {
    drag.cell?.removeAttribute("data-over");
    cell?.setAttribute("data-over", "");
    drag.cell = cell;
    const state = cell?.dataset.drop;
    drag.ghost.classList.toggle("ghost-no", state === "closed");
    say(state === "closed" || state === "asks" ? cell : null);
  }
  scroll();
}

// A drop on the head of a column is one into the column, of the card's own lane.
function headCell(x, y) {
  const head = document.elementFromPoint(x, y)?.closest?.("[data-head]");
  return head ? cellOf(head.dataset.head, drag.card.closest("[data-cell]").dataset.lane) : null;
}

function say(cell) {
  $(".drop-words")?.remove();
  if (!cell) return;
  const words = document.createElement("p");
  words.className = `drop-words drop-${cell.dataset.drop}`;
  words.textContent = cell.dataset.dropWords ?? "";
  drag.ghost.append(words);
}

// Near an edge the board scrolls along, also while the pointer rests there.
function scroll() {
  cancelAnimationFrame(drag.frame);
  const box = $("#board-scroll").getBoundingClientRect();
  const near = 56;
  const speed = (place, low, high) => (place < low + near ? (place - low - near) / 5 : place > high - near ? (place - high + near) / 5 : 0);
  const x = speed(drag.x, Math.max(box.left, 0), Math.min(box.right, innerWidth));
  const list = drag.cell && drag.cell.scrollHeight > drag.cell.clientHeight + 1 ? drag.cell : null;
  const edge = list?.getBoundingClientRect();
  const y = list ? speed(drag.y, edge.top, edge.bottom) : board().dataset.laned !== undefined ? speed(drag.y, 60, innerHeight - 20) : 0;
  if (!x && !y) return;
  $("#board-scroll").scrollLeft += x;
  if (list) list.scrollTop += y;
  else if (y) scrollBy(0, y);
  drag.frame = requestAnimationFrame(() => drag?.lifted && scroll());
}

function moved(event) {
  if (!drag || event.pointerId !== drag.id) return;
  const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y);
  if (!drag.lifted) {
    if (drag.touch) { if (far > SLACK) forget(); return; }
    if (far <= SLACK) return;
    lift();
  }
  [drag.x, drag.y] = [event.clientX, event.clientY];
  follow();
  event.preventDefault();
}

function forget() {
  clearTimeout(drag?.timer);
  drag = undefined;
}

function up(event) {
  if (!drag || event.pointerId !== drag.id) return;
  if (!drag.lifted) return forget();
  drop(drag.cell);
}

function before(cell, y, card) {
  return cardsOf(cell).find((other) => other !== card && other.getBoundingClientRect().top + other.offsetHeight / 2 > y);
}

function drop(cell) {
  const { card, ghost, frame, timer, y } = drag;
  clearTimeout(timer);
  cancelAnimationFrame(frame);
  drag = undefined;
  const box = ghost.getBoundingClientRect();
  ghost.remove();
  card.classList.remove("card-lifted");
  board().classList.remove("board-dragging");
  const target = cell && card.isConnected ? cell : null;
  const next = target && before(target, y, card);
  for (const each of $$("[data-drop]")) { for (const name of ["data-drop", "data-over", "data-drop-words"]) each.removeAttribute(name); }
  suppressClick();
  if (target) move(card, target, next);
  // From the hand to its place, wherever that is now.
  if (calm.matches) return;
  const is = card.getBoundingClientRect();
  card.animate([{ transform: `translate(${box.left - is.left}px, ${box.top - is.top}px) rotate(1.5deg)` }, { transform: "none" }], { duration: 200, easing: "cubic-bezier(0.2, 0.7, 0.2, 1)" });
}

// The click that ends a drag opens nothing.
function suppressClick() {
  const stop = (event) => { event.preventDefault(); event.stopPropagation(); };
  addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", stop, { capture: true }), 60);
}

// ---- Live: what changed is renewed where it stands, moves where it belongs, or leaves; nothing else stirs.

export const held = () => Boolean(drag) || pending.size > 0;

async function released() {
  while (held()) await new Promise((wake) => { setTimeout(wake, 120); });
}

export async function renewBoard(keys) {
  const address = new URLSearchParams(location.search);
  for (const key of keys.slice(0, 200)) address.append("key", key);
  const found = await get(`${board().dataset.cardsUrl}?${address}`, "json");
  if (found === null) return;
  // A card was pressed, or a move sent, while the answer was on its way: the card must stay, and the answer is of before.
  if (held()) { await released(); return renewBoard(keys); }
  for (const [number, own] of Object.entries(found.ways)) ways.set(number, own);
  // A board that was empty, or has a lane more or less, is drawn anew.
  if (!$("#board-scroll") ? Object.keys(found.cards).length : newLanes(found.lanes)) return reload();
  for (const key of keys) settle(key, found.cards[key]);
  for (const [column, number] of Object.entries(found.counts)) {
    for (const element of $$(`[data-count-of="${CSS.escape(column)}"]`)) element.textContent = short(number);
  }
  for (const [lane, number] of Object.entries(found.lanes)) {
    const element = $(`[data-lane-count="${CSS.escape(lane)}"]`);
    if (element) element.textContent = short(number);
  }
  limits();
}

const newLanes = (lanes) => Object.keys(lanes).some((lane) => !$(`[data-lane-section="${CSS.escape(lane)}"]`));
const short = (number) => (number < 1000 ? String(number) : number < 10_000 ? `${(number / 1000).toFixed(1)}k` : `${Math.round(number / 1000)}k`);

async function reload() {
  const text = await get(location.href);
  if (text === null) return;
  const page = new DOMParser().parseFromString(text, "text/html");
  if (held()) { await released(); return reload(); }
  $("#board").replaceWith($("#board", page));
  learn();
}

function settle(key, fresh) {
  const standing = $$(`[data-card="${CSS.escape(key)}"]`);
  const wanted = new Set(fresh ? fresh.lanes : []);
  for (const card of standing) {
    const cell = card.closest("[data-cell]");
    if (!wanted.has(cell.dataset.lane)) { leave(card); continue; }
    wanted.delete(cell.dataset.lane);
    const next = drawn(fresh.html, card);
    const target = fresh.column === cell.dataset.cell ? cell : cellOf(fresh.column, cell.dataset.lane);
    const focused = card.contains(document.activeElement);
    card.replaceWith(next);
    if (target && target !== cell) glide([next, ...cardsOf(target).slice(0, 40)], () => target.prepend(next));
    if (focused) $("a", next).focus({ preventScroll: true });
  }
  for (const lane of wanted) {
    const cell = cellOf(fresh.column, lane);
    if (!cell) continue;
    const next = drawn(fresh.html);
    const at = cell.scrollTop;
    cell.prepend(next);
    // Who has scrolled down keeps reading what they read.
    if (at > 0) cell.scrollTop = at + next.offsetHeight + 8;
    next.classList.add("flash");
  }
}

function drawn(html, old) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const next = holder.content.firstElementChild;
  if (!old) return next;
  if (old.dataset.current !== undefined) next.dataset.current = "";
  if (old.dataset.selected !== undefined) next.dataset.selected = "";
  const box = $("input[type=checkbox]", old);
  if (box?.checked) $("input[type=checkbox]", next).checked = true;
  return next;
}

function leave(card) {
  if (calm.matches) return card.remove();
  card.animate([{ opacity: 1 }, { opacity: 0, transform: "scale(0.97)" }], { duration: 160 }).finished.then(() => card.remove());
}

// ---- Limits, folded lanes, and the columns of a phone.

function limit(form) {
  const address = new URLSearchParams(location.search);
  const now = new Map((address.get("limits") ?? "").split(",").filter(Boolean).map((part) => {
    const cut = part.lastIndexOf(":");
    return [decodeURIComponent(part.slice(0, cut)), part.slice(cut + 1)];
  }));
  const value = Math.min(999, Math.max(0, Number($("input", form).value) || 0));
  if (value) now.set(form.dataset.limitForm, value); else now.delete(form.dataset.limitForm);
  const text = [...now].map(([name, number]) => `${encodeURIComponent(name).replaceAll("%20", " ")}:${number}`).join(",");
  if (text) address.set("limits", text); else address.delete("limits");
  location.assign(`${location.pathname}?${address}`);
}

function watchColumns() {
  const scroller = $("#board-scroll");
  if (!scroller) return;
  scroller.addEventListener("scroll", () => {
    const width = $("[data-head]", scroller)?.offsetWidth || 1;
    const place = Math.round(scroller.scrollLeft / (width + 10));
    for (const link of $$("[data-jump]")) {
      const here = Number(link.dataset.jump) === place;
      if (here && !link.hasAttribute("aria-current")) link.scrollIntoView({ block: "nearest", inline: "nearest" });
      if (here) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
    }
  }, { passive: true });
}

export function start() {
  learn();
  document.addEventListener("keydown", press, true);
  document.addEventListener("pointerdown", down);
  document.addEventListener("pointermove", moved);
  document.addEventListener("pointerup", up);
  document.addEventListener("pointercancel", (event) => { if (drag?.id === event.pointerId) { if (drag.lifted) drop(null); else forget(); } });
  // Once a finger holds a card, the page must not scroll under it.
  document.addEventListener("touchmove", (event) => drag?.lifted && event.preventDefault(), { passive: false });
  document.addEventListener("contextmenu", (event) => drag?.touch && event.preventDefault());
  document.addEventListener("dragstart", (event) => event.target.closest?.("[data-card]") && event.preventDefault());
  document.addEventListener("htmx:after:swap", () => learn());
  document.addEventListener("errata:changed", (event) => { if (board() && event.detail?.keys?.length) renewBoard(event.detail.keys); });
  on("submit", "[data-limit-form]", (event, form) => { event.preventDefault(); limit(form); });
  on("click", "[data-action=fold]", (_event, button) => {
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    button.closest(".lane").toggleAttribute("data-folded", open);
  });
  on("click", "[data-jump]", (event, link) => {
    event.preventDefault();
    $$("[data-head]")[Number(link.dataset.jump)]?.scrollIntoView({ inline: "start", block: "nearest", behavior: calm.matches ? "auto" : "smooth" });
  });
  watchColumns();
}
