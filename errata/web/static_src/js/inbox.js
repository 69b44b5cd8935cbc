// The inbox: its keys, its number in the rail, and word of something new.
import htmx from "htmx.org";
import { $, $$, announce, on, post } from "./dom.js";
import { setCurrent } from "./keys.js";

const current = () => $("[data-item][data-current]");

function press(name) {
  const button = current() && $(`[data-do="${name}"]`, current());
  button?.click();
  return Boolean(button);
}

function snooze() {
  const pressed = press("h");
  $(":popover-open button")?.focus();
  return pressed;
}

/** What the letters do on this page, instead of what they do to an issue. */
export const inboxKeys = { e: () => press("e"), h: snooze, m: () => press("m"), u: () => press("u") };

// The list is drawn again after each deed: the cursor goes to the line that took the place of the one that left.
let place = -1;
let acted = 0;

function remember(event) {
  const line = event.target.closest?.("[data-item]");
  acted = Date.now();
  if (line) place = $$("[data-item]").indexOf(line);
}

function restore() {
  if (place < 0 || !$("#inbox")) return;
  const lines = $$("[data-item]");
  const line = lines[Math.min(place, lines.length - 1)];
  place = -1;
  if (line) setCurrent(line);
}

export function showUnread(count) {
  for (const badge of $$("[data-unread]")) {
    if ($(".badge-number", badge).textContent === String(count) && badge.hidden === !count) continue;
    const grew = count > Number($(".badge-number", badge).textContent || 0);
    $(".badge-number", badge).textContent = count;
    badge.hidden = !count;
    if (grew) {
      announce(count === 1 ? "1 unread in the inbox" : `${count} unread in the inbox`);
      const pill = $("#inbox-fresh");
      // What one has just marked unread is nothing new.
      if (pill && Date.now() - acted > 3000 && $("#inbox").dataset.view === "inbox") pill.hidden = false;
    }
  }
}

async function reload() {
  $("#inbox-fresh").hidden = true;
  await htmx.ajax("GET", location.href, { target: "#inbox", select: "#inbox", swap: "outerMorph" });
  scrollTo({ top: 0 });
}

export function start() {
  on("submit", "[data-item] form, #toasts form", remember, true);
  document.addEventListener("htmx:after:swap", restore);
  on("click", "#inbox-fresh", reload);
  const issue = $("[data-notices]");
  if (issue) post(issue.dataset.notices, []).catch(() => null);
}
