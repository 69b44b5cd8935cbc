// What just happened, with its undo: twelve seconds, longer while the pointer or the focus is on it.
import { $, $$, icon, make, on } from "./dom.js";

const LIFE = 12_000;

export function toast(text, { kind = "good", undo } = {}) {
  const element = make("div", { className: `toast${kind === "bad" ? " toast-bad" : ""}` },
    icon(kind === "bad" ? "circle-alert" : "check"),
    make("p", { textContent: text }),
    make("button", { className: "icon-button", type: "button", ariaLabel: "Dismiss" }, icon("x")),
    make("i", { className: "toast-life" }));
  element.dataset.toast = "";
  $("button", element).dataset.action = "dismiss";
  if (undo) $("button", element).before(undoForm(undo));
  $("#toasts").append(element);
}

// A form, so that `z` finds it as it finds the server's.
function undoForm(undo) {
  const form = make("form", {}, make("button", { className: "button button-small" }, icon("undo-2", "icon icon-s"), "Undo ", make("kbd", { textContent: "z" })));
  form.addEventListener("submit", (event) => { event.preventDefault(); undo(); });
  return form;
}

// One that waits for an answer stays: htmx passes over what comes for an element that is gone.
function dismiss(element) {
  if (element.dataset.waits !== undefined) return;
  element.classList.add("leaving");
  setTimeout(() => element.remove(), 200);
}

function answered(element) {
  delete element.dataset.waits;
  dismiss(element);
}

function arm(element) {
  if (element.armed) return;
  element.armed = true;
  let left = LIFE;
  let since = Date.now();
  let timer = setTimeout(() => dismiss(element), left);
  const hold = () => { clearTimeout(timer); left = Math.max(1500, left - (Date.now() - since)); };
  const release = () => { since = Date.now(); timer = setTimeout(() => dismiss(element), left); };
  element.addEventListener("pointerenter", hold);
  element.addEventListener("pointerleave", release);
  element.addEventListener("focusin", hold);
  element.addEventListener("focusout", release);
}

export function undoLast() {
  const form = $$("#toasts [data-toast]:not([data-waits], .leaving) form").at(-1);
  form?.requestSubmit();
  return Boolean(form);
}

export function start() {
  const box = $("#toasts");
  $$("[data-toast]", box).forEach(arm);
  new MutationObserver(() => {
    $$("[data-toast]", box).forEach(arm);
    const all = $$("[data-toast]:not(.leaving)", box);
    all.slice(0, -3).forEach(dismiss);
  }).observe(box, { childList: true });
  on("click", "[data-action=dismiss]", (_event, button) => dismiss(button.closest("[data-toast]")));
  on("submit", "#toasts form:not([hx-post])", (_event, form) => setTimeout(() => dismiss(form.closest("[data-toast]")), 50));
  on("htmx:before:request", "#toasts form", (_event, form) => { form.closest("[data-toast]").dataset.waits = ""; });
  on("htmx:finally:request", "#toasts form", (_event, form) => answered(form.closest("[data-toast]")));
}
