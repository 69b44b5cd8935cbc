// Tooltips of the event histogram, and a range taken by dragging over it.
import { $, on } from "./dom.js";
import { moment } from "./times.js";
import { hide, show } from "./tips.js";

function words(hit) {
  const start = new Date(hit.dataset.start);
  const count = Number(hit.dataset.count);
  return `${count.toLocaleString()} ${count === 1 ? "event" : "events"}\nfrom ${moment(start)}`;
}

let from;

function brush(svg, a, b) {
  const [left, right] = [a, b].sort((one, two) => Number(one.getAttribute("x")) - Number(two.getAttribute("x")));
  const rect = $(".brush", svg);
  const x = Number(left.getAttribute("x"));
  rect.setAttribute("x", x);
  rect.setAttribute("width", Number(right.getAttribute("x")) + Number(right.getAttribute("width")) - x);
  return [left, right];
}

export function start() {
  on("pointerover", ".histogram .hit", (_event, hit) => {
    show(hit, words(hit));
    if (from) brush(hit.closest("svg"), from, hit);
  });
  on("pointerout", ".histogram .hit", hide);
  on("pointerdown", ".histogram[data-range] .hit", (event, hit) => { from = hit; event.preventDefault(); });
  on("pointerup", ".histogram[data-range] .hit", (_event, hit) => {
    if (!from) return;
    const [left, right] = brush(hit.closest("svg"), from, hit);
    from = undefined;
    if (left === right) return $(".brush", hit.closest("svg")).setAttribute("width", 0);
    const url = new URL(location.href);
    url.searchParams.set("since", left.dataset.start);
    url.searchParams.set("until", right.dataset.end);
    location.assign(url);
  });
  document.addEventListener("pointerup", () => { from = undefined; });
}
