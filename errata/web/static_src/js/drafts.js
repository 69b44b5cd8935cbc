// What people type survives a reload, a sign-out and a crash: data-draft names it.
import { $$, on, stored } from "./dom.js";

const key = (field) => `draft:${document.body.dataset.user ?? ""}:${field.dataset.draft}`;

export const typed = (field) => ("draft" in field.dataset ? stored.read(key(field), "") : "");

export function forget(field) {
  if ("draft" in field.dataset) stored.drop(key(field));
}

export function restore(root = document) {
  for (const field of $$("[data-draft]", root)) {
    const text = stored.read(key(field), "");
    // What the page put there by itself gives way to what a person had typed.
    if (text && (!field.value || "prefilled" in field.dataset)) field.value = text;
  }
}

// A form that leaves the page was accepted when another page answers: only then is its draft done with.
function settle() {
  const sent = JSON.parse(sessionStorage.getItem("drafts:sent") ?? "null");
  sessionStorage.removeItem("drafts:sent");
  if (sent && sent.path !== location.pathname) sent.keys.forEach(stored.drop);
}

export function start() {
  settle();
  restore();
  on("submit", "form:not([hx-post])", (_event, form) => {
    const keys = $$("[data-draft]", form).map(key);
    if (keys.length) sessionStorage.setItem("drafts:sent", JSON.stringify({ path: location.pathname, keys }));
  });
  on("input", "[data-draft]", (_event, field) => (field.value ? stored.write(key(field), field.value) : stored.drop(key(field))));
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    if (ctx.response?.status >= 400 || ctx.request.method === "GET") return;
    for (const field of $$("[data-draft]", ctx.sourceElement)) {
      stored.drop(key(field));
      field.value = "";
    }
  });
  document.addEventListener("htmx:after:swap", () => restore());
}
