// The designer of workflows: a stage's new name shows in every move at once, and what is open stays open.
import { $$, on } from "./dom.js";

export function start() {
  on("input", "[data-names]", (_event, input) => {
    for (const place of $$(`[data-name-of="${CSS.escape(input.dataset.names)}"]`)) place.textContent = input.value || "…";
  });
  // The form is all the server knows of a draft: it has to know which moves are open, too.
  on("toggle", "[data-keeps-open]", (_event, details) => {
    const field = details.closest("form").elements[details.dataset.keepsOpen];
    if (field) field.value = details.open ? "1" : "";
  }, { capture: true });
}
