// One tooltip for everything that has data-tip, a time, or a sparkline.
import { make } from "./dom.js";
import { absolute } from "./times.js";

const tip = make("div", { className: "tip", hidden: true });
let owner;

function words(element, event) {
  if (element.matches("time")) return absolute(new Date(element.dateTime));
  if (element.dataset.spark) return spark(element, event);
  if (element.dataset.tipRail && document.documentElement.dataset.rail !== "closed") return "";
  return element.dataset.tip ?? element.dataset.tipRail ?? "";
}

function spark(element, event) {
  const counts = element.dataset.spark.split(",");
  const box = element.getBoundingClientRect();
  const index = Math.min(counts.length - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * counts.length)));
  const back = counts.length - 1 - index;
  const [unit, when] = counts.length > 14 ? ["h", "hour"] : ["d", "day"];
  return `${Number(counts[index]).toLocaleString()} events\n${back === 0 ? `this ${when}` : `${back} ${unit} ago`}`;
}

export function show(element, text, x) {
  if (!text) return hide();
  tip.textContent = text;
  tip.hidden = false;
  const box = element.getBoundingClientRect();
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.max(8, Math.min(innerWidth - width - 8, (x ?? box.left + box.width / 2) - width / 2));
  const above = box.top - height - 6;
  const top = above > 8 ? above : box.bottom + 6;
  tip.style.transform = `translate(${Math.round(left + scrollX)}px, ${Math.round(top + scrollY)}px)`;
}

export function hide() {
  tip.hidden = true;
  owner = undefined;
}

export function start() {
  tip.setAttribute("role", "tooltip");
  document.body.append(tip);
  const selector = "[data-tip], [data-tip-rail], time[datetime], [data-spark]";
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const element = event.target.closest?.(selector);
    if (!element) return hide();
    owner = element;
    show(element, words(element, event), element.dataset.spark ? event.clientX : undefined);
  });
  document.addEventListener("pointermove", (event) => {
    if (owner?.dataset.spark) show(owner, words(owner, event), event.clientX);
  });
  document.addEventListener("focusin", (event) => {
    const element = event.target.closest?.(selector);
    if (element && event.target.matches(":focus-visible")) show(element, words(element, event));
    else hide();
  });
  for (const type of ["scroll", "click", "keydown"]) document.addEventListener(type, hide, { passive: true, capture: true });
}
