import htmx from "htmx.org";
import { start as startBoard } from "./board.js";
import { start as startCharts } from "./charts.js";
import { start as startCopy } from "./copy.js";
import { start as startDesigner } from "./designer.js";
import { start as startDrafts } from "./drafts.js";
import { start as startFields } from "./fields.js";
import { start as startEvent } from "./event.js";
import { start as startInbox } from "./inbox.js";
import { start as startKeys } from "./keys.js";
import { start as startLive } from "./live.js";
import { start as startMentions } from "./mentions.js";
import { start as startMenus } from "./menus.js";
import { start as startPalette } from "./palette.js";
import { start as startPrefs } from "./prefs.js";
import { start as startRows } from "./rows.js";
import { start as startSearch } from "./search.js";
import { start as startFirstEvent } from "./start.js";
import { start as startStream } from "./stream.js";
import { start as startTimes } from "./times.js";
import { start as startTips } from "./tips.js";
import { start as startToasts, toast } from "./toasts.js";
import { csrf } from "./dom.js";

htmx.config.defaultSwap = "outerMorph";
htmx.config.includeIndicatorCSS = false;

const progress = document.getElementById("progress");
document.addEventListener("htmx:config:request", (event) => {
  const { request } = event.detail.ctx;
  if (request.method !== "GET") request.headers["X-CSRFToken"] = csrf();
});
document.addEventListener("htmx:before:request", () => progress.classList.add("busy"));
document.addEventListener("htmx:finally:request", () => progress.classList.remove("busy"));
document.addEventListener("htmx:error", () => toast("No answer from the server. Nothing was changed; try again.", { kind: "bad" }));

for (const start of [
  startPrefs, startToasts, startTimes, startTips, startCopy, startMenus, startKeys, startPalette, startSearch,
  startMentions,
  startBoard, startStream, startEvent, startCharts, startDesigner, startDrafts, startFields, startFirstEvent, startInbox,
  startRows,
  startLive,
]) start();

// On a phone the tab one is at may be beyond the edge.
for (const tab of document.querySelectorAll(":is(.tabs, .views) [aria-current]")) {
  const row = tab.parentElement;
  row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
}
