// Small things of forms: inline editing, Markdown preview, tabs of snippets, forms that send themselves.
import { $, $$, at, on, post, stored } from "./dom.js";
import * as drafts from "./drafts.js";

const edited = "input:not([type=hidden]), textarea";

function edit(holder) {
  holder.dataset.editing = "";
  const input = $(edited, holder);
  if ("draft" in input.dataset) input.value = drafts.typed(input) || input.defaultValue;
  else input.defaultValue = input.value;
  input.focus();
  // Numbers and dates have no selection to set.
  if (input.selectionStart !== null) input.setSelectionRange(input.value.length, input.value.length);
}

function leave(holder) {
  const input = $(edited, holder);
  input.value = input.defaultValue;
  drafts.forget(input);
  delete holder.dataset.editing;
}

// A text of many lines stays open until it is saved or given up; a line is left with the focus.
const stays = (holder) => holder.dataset.inline === "stays";

async function preview(tab) {
  const editor = tab.closest("[data-editor]");
  const showing = tab.dataset.editorTab === "preview";
  for (const other of $$("[data-editor-tab]", editor)) other.setAttribute("aria-pressed", String(other === tab));
  $("textarea", editor).hidden = showing;
  const box = $("[data-preview]", editor);
  box.hidden = !showing;
  if (!showing) return;
  const response = await post(at("/preview/"), [["text", $("textarea", editor).value]]).catch(() => null);
  if (response?.ok) box.innerHTML = await response.text();
  else box.textContent = "No answer from the server; look again in a moment.";
}

function wrap(area, before, after, fallback) {
  const { selectionStart: from, selectionEnd: to, value } = area;
  const text = value.slice(from, to) || fallback;
  area.setRangeText(before + text + after, from, to, "select");
  area.setSelectionRange(from + before.length, from + before.length + text.length);
  area.focus();
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

const marks = {
  bold: ["**", "**", "bold"], italic: ["_", "_", "italic"], code: ["`", "`", "code"],
  link: ["[", "](https://)", "text"], list: ["\n- ", "", "item"], quote: ["\n> ", "", "quote"],
};

function tab(button) {
  const set = button.closest("[data-tabs]");
  for (const other of $$("[data-tab]", set)) {
    other.setAttribute("aria-selected", String(other === button));
    other.tabIndex = other === button ? 0 : -1;
    document.getElementById(other.dataset.tab).hidden = other !== button;
  }
  if (set.dataset.remember) stored.write(set.dataset.remember, button.dataset.tab);
}

// What a line of a rule asks for depends on what it says: an example of it, or nothing.
function ask(select) {
  const input = $("input", select.parentElement);
  const wanted = select.selectedOptions[0]?.dataset.asks ?? "";
  input.placeholder = wanted;
  input.disabled = input.hidden = !wanted;
}

export function start() {
  for (const select of $$(".rule-line select")) ask(select);
  on("change", ".rule-line select", (event, select) => ask(select));
  on("click", "[data-edit]", (_event, button) => edit(button.closest("[data-inline]")));
  on("keydown", "[data-inline] input", (event, input) => {
    if (event.key === "Escape") { event.stopPropagation(); leave(input.closest("[data-inline]")); }
  });
  on("focusout", "[data-inline]", (event, holder) => { if (!stays(holder) && !holder.contains(event.relatedTarget)) leave(holder); });
  on("click", "[data-edit-cancel]", (_event, button) => {
    const holder = button.closest("[data-inline]");
    leave(holder);
    $("[data-edit]", holder).focus();
  });
  // What was being edited is saved: what comes back from the server may take its place.
  document.addEventListener("errata:changed", () => {
    for (const holder of $$("[data-editing]")) {
      if (stays(holder)) continue;  // What changed may be something else.
      const input = $(edited, holder);
      input.defaultValue = input.value;
      delete holder.dataset.editing;
      if (holder.contains(document.activeElement)) document.activeElement.blur();
    }
  });
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    const holder = ctx.sourceElement.closest("[data-inline]");
    if (holder && stays(holder) && ctx.response?.status < 400) delete holder.dataset.editing;
  });
  on("click", "[data-editor-tab]", (_event, button) => preview(button));
  on("click", "[data-mark]", (_event, button) => wrap($("textarea", button.closest("[data-editor]")), ...marks[button.dataset.mark]));
  on("click", "[data-tab]", (_event, button) => tab(button));
  on("keydown", "[role=tablist]", (event, set) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const all = $$("[role=tab]", set);
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    event.preventDefault();
    next.focus();
    next.click();
  });
  on("change", "[data-submit]", (_event, field) => field.form.requestSubmit());
  on("submit", "form[data-once]", (_event, form) => setTimeout(() => { for (const button of $$("button", form)) button.disabled = true; }));
  on("click", "[data-reveal]", (_event, button) => {
    const input = document.getElementById(button.dataset.reveal);
    input.type = input.type === "password" ? "text" : "password";
    button.setAttribute("aria-pressed", String(input.type === "text"));
  });
  for (const set of $$("[data-tabs][data-remember]")) {
    const chosen = stored.read(set.dataset.remember, null);
    const button = chosen && $(`[data-tab="${CSS.escape(chosen)}"]`, set);
    if (button) tab(button);
  }
}
