// Rows of a form: added, removed and moved. Their order is the order of the page; their numbers are only names.
import { $, $$, announce, on } from "./dom.js";

function add(holder) {
  const body = $("[data-rows-body]", holder);
  const number = 1 + Math.max(-1, ...$$("[data-row-number]", body).map((row) => Number(row.dataset.rowNumber)));
  const row = $("template", holder).content.firstElementChild.cloneNode(true);
  row.dataset.rowNumber = number;
  for (const field of $$("[name]", row)) field.name = field.name.replace("-0-", `-${number}-`);
  body.append(row);
  $("input:not([type=hidden]), select", row)?.focus();
}

function move(button, step) {
  const row = button.closest("[data-row-number]");
  const other = step < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (!other) return;
  if (step < 0) other.before(row); else other.after(row);
  button.focus();
  announce(`Now row ${[...row.parentElement.children].indexOf(row) + 1}`);
}

function remove(button) {
  const row = button.closest("[data-row-number]");
  const next = row.nextElementSibling ?? row.previousElementSibling;
  const holder = row.closest("[data-rows]");
  row.remove();
  (next ? $("[data-row-remove]", next) : $("[data-row-add]", holder))?.focus();
}

export function start() {
  on("click", "[data-row-add]", (_event, button) => add(button.closest("[data-rows]")));
  on("click", "[data-row-remove]", (_event, button) => remove(button));
  on("click", "[data-row-up]", (_event, button) => move(button, -1));
  on("click", "[data-row-down]", (_event, button) => move(button, 1));
  on("click", "[data-print]", () => window.print());
  on("click", "[data-fill]", (_event, button) => {
    const field = document.getElementById(button.dataset.fill);
    field.value = button.dataset.value;
    field.focus();
  });
}
