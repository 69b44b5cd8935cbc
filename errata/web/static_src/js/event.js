// The event on an issue page: frames that fold, switches that are remembered, filters, tabs.
import { $, $$, on, stored } from "./dom.js";

const SWITCHES = "event:switches";

function apply(name, value) {
  const panel = $("#stack");
  if (!panel) return;
  if (name === "oldest" && panel.hasAttribute("data-oldest") !== value) turn(panel);
  panel.toggleAttribute(`data-${name}`, value);
}

// The order in the document is the order that is read aloud, so the frames themselves move.
function turn(panel) {
  for (const list of [panel, ...$$(".frames", panel)]) list.append(...[...list.children].reverse());
}

function filter(input) {
  const wanted = input.value.trim().toLowerCase();
  let shown = 0;
  for (const row of $$(`${input.dataset.filter} > *`)) {
    row.hidden = Boolean(wanted) && !row.textContent.toLowerCase().includes(wanted);
    if (!row.hidden) shown += 1;
  }
  const none = $(`${input.dataset.filter} + [data-none]`);
  if (none) none.hidden = shown > 0;
}

export function start() {
  const remembered = stored.read(SWITCHES, {});
  for (const box of $$("[data-switch]")) {
    if (box.dataset.switch in remembered) box.checked = remembered[box.dataset.switch];
    apply(box.dataset.switch, box.checked);
  }
  on("change", "[data-switch]", (_event, box) => {
    stored.write(SWITCHES, { ...stored.read(SWITCHES, {}), [box.dataset.switch]: box.checked });
    apply(box.dataset.switch, box.checked);
  });
  on("input", "[data-filter]", (_event, input) => filter(input));
  on("click", "[data-open-all]", (_event, button) => {
    const frames = $$("details.frame", $("#stack"));
    const open = frames.some((frame) => !frame.open);
    for (const frame of frames) frame.open = open;
    button.setAttribute("aria-pressed", String(open));
  });
}
