// Dialogs, popovers and the one picker that changes a field of one issue or of many.
import htmx from "htmx.org";
import { $, $$, at, on, post } from "./dom.js";
import { changeAll, many } from "./selection.js";
import { toast } from "./toasts.js";

/** Put the <hx-partial> pieces of an answer where they belong on the page. */
export const put = (text) => htmx.swap({ text, swap: "none", target: document.body, sourceElement: document.body });

/** Put an answer on the page, whoever asked for it, and do what its headers say. */
export async function apply(response) {
  const text = await response.text();
  if (response.headers.get("HX-Redirect")) return location.assign(response.headers.get("HX-Redirect"));
  if (!text) return;
  await put(text);
  const event = response.headers.get("HX-Trigger");
  const keys = (response.headers.get("X-Changed") ?? "").split(",").filter(Boolean);
  if (event) document.body.dispatchEvent(new CustomEvent(event, { bubbles: true, detail: { keys } }));
}

let submitting = false;
let picked = [];
const PICKED_MAX = 100;

/** Show what a field can be set to. With `wanted`, choose that at once, and show only what it still asks for. */
export async function openPicker(field, keys, wanted = "") {
  if (!keys.length) return;
  const dialog = $("#picker");
  // What many have in common is asked of the first of them; the change goes to all.
  const query = new URLSearchParams(keys.slice(0, PICKED_MAX).map((key) => ["key", key]));
  const response = await fetch(at(`/issues/pick/${field}/?${query}`), { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!response) return toast("No answer from the server; try again.", { kind: "bad" });
  picked = keys;
  if (!response.ok) return apply(response);
  dialog.innerHTML = await response.text();
  const option = wanted && $$(".picker-list .menu-item", dialog).find((item) => fits(item, wanted));
  if (option && !option.dataset.needs && !option.dataset.then) return choose(dialog, option);
  if (!dialog.open) dialog.showModal();
  $("input[type=text]", dialog)?.focus();
  mark(possible(dialog)[0], dialog);
  if (option) choose(dialog, option);
}

// What ends an issue has another name in every workflow.
const fits = (item, wanted) => (wanted === "@end" ? item.dataset.ends !== undefined && item.getAttribute("aria-disabled") !== "true" : item.dataset.name === wanted);
const possible = (dialog) => $$(".picker-list .menu-item:not([hidden]):not([aria-disabled=true])", dialog);

function mark(item, dialog, { focus = true } = {}) {
  for (const other of $$("[data-active]", dialog)) delete other.dataset.active;
  if (!item) return;
  item.dataset.active = "";
  item.scrollIntoView({ block: "nearest" });
  // Where there is nothing to type into, Enter and a screen reader follow the focus.
  if (focus && !$("input[type=text]", dialog)) item.focus({ preventScroll: true });
}

function filter(dialog, text) {
  const wanted = text.trim().toLowerCase();
  for (const item of $$(".picker-list .menu-item", dialog)) {
    item.hidden = item.dataset.create !== undefined ? !wanted : !item.textContent.toLowerCase().includes(wanted);
    if (item.dataset.create !== undefined && wanted) {
      item.value = text.trim();
      $("span", item).textContent = `Add “${text.trim()}”`;
    }
  }
  mark(possible(dialog)[0], dialog);
}

function walk(dialog, event) {
  if (event.target.matches("textarea, select")) return;
  const items = possible(dialog);
  const now = items.findIndex((item) => item.dataset.active !== undefined);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    mark(items[(Math.max(now, 0) + (event.key === "ArrowDown" ? 1 : items.length - 1)) % items.length], dialog);
  } else if (event.key === "Enter" && event.target.matches("input[type=text]")) {
    event.preventDefault();
    items[now]?.click();
  } else if (/^[1-9]$/.test(event.key) && !event.target.matches("input")) {
    items[Number(event.key) - 1]?.click();
  }
}

/** Send one change for some issues; the answer carries new rows or panels and a toast with its undo. */
export async function change(values) {
  if (submitting) return;
  submitting = true;
  const keys = values.filter(([name]) => name === "key").map(([, key]) => key);
  try {
    if (many(keys)) return await changeAll(keys, values.filter(([name]) => name !== "key"));
    await apply(await post(at("/issues/change/"), [...values, ["from", document.body.dataset.page], ["query", location.search]]));
  } catch {
    toast("No answer from the server. Nothing was changed; try again.", { kind: "bad" });
  } finally {
    submitting = false;
  }
}

async function choose(dialog, button) {
  if (button.getAttribute("aria-disabled") === "true") return toast($(".why", button).textContent, { kind: "bad" });
  const form = $("form", dialog);
  const values = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken" && name !== "value");
  if (button.dataset.then) return openPicker(button.dataset.then, values.filter(([name]) => name === "key").map(([, key]) => key));
  if (button.dataset.needs && !asked(form, button)) return askFor(form, button);
  dialog.close();
  const others = values.filter(([name]) => name !== "key");
  await change([...picked.map((key) => ["key", key]), ...others, ["value", button.value]]);
}

// A note is enough for any need; a reason, where one was asked for, is enough too.
function asked(form, button) {
  const reason = $("select[name=reason]", form);
  return button.dataset.noteGo !== undefined && (Boolean($("textarea", form).value.trim()) || (reason && !reason.disabled));
}

function askFor(form, button) {
  const reason = $("select[name=reason]", form);
  if (reason && button.dataset.noteGo === undefined) reason.hidden = reason.disabled = button.dataset.reason === undefined;

  const box = $("[data-note]", form);
  box.hidden = false;
  if (button.dataset.noteGo === undefined) {
    $("label", box).textContent = button.dataset.needs;
    $("[data-note-go]", box).value = button.value;
  }
  $("textarea", box).focus();
  mark(button, form.closest("dialog"), { focus: false });
}

export function start() {
  const picker = $("#picker");
  picker?.addEventListener("input", (event) => event.target.matches("input[type=text]") && filter(picker, event.target.value));
  picker?.addEventListener("keydown", (event) => walk(picker, event));
  on("click", "#picker .picker-list button", (event, button) => { event.preventDefault(); choose(picker, button); });
  on("click", "#picker [data-note-go]", (event, button) => { event.preventDefault(); choose(picker, button); });
  on("submit", "#picker form", (event) => event.preventDefault());
  on("click", "[data-pick]", (event, button) => { event.preventDefault(); openPicker(button.dataset.pick, [button.dataset.key], button.dataset.wanted); });
  on("click", "[data-move]", (_event, button) => change([["key", button.dataset.key], ["field", "stage"], ["value", button.dataset.move]]));
  on("click", "[data-action=close]", (_event, button) => button.closest("dialog").close());
  on("click", "dialog", (event, dialog) => event.target === dialog && dialog.close());
  on("click", "[data-dialog]", (_event, button) => document.getElementById(button.dataset.dialog)?.showModal());
  on("toggle", "[popover].menu", (event, menu) => event.newState === "open" && place(menu), true);
}

// Browsers without anchor positioning get the same place by arithmetic.
function place(menu) {
  if (CSS.supports("position-area", "bottom") || getComputedStyle(menu).position === "fixed") return;
  const box = $(`[popovertarget="${menu.id}"]`)?.getBoundingClientRect();
  if (!box) return;
  menu.style.margin = "0";
  menu.style.top = `${box.bottom + scrollY + 4}px`;
  menu.style.left = `${Math.max(8, Math.min(box.left, innerWidth - menu.offsetWidth - 8)) + scrollX}px`;
}
