// Theme, rail and density: kept in cookies, so that the server draws the next page right the first time.
import { $$, cookie, on } from "./dom.js";

const root = document.documentElement;

export function setTheme(value) {
  root.dataset.theme = value;
  cookie("theme", value);
  for (const button of $$("[data-theme-set]")) button.setAttribute("aria-pressed", String(button.dataset.themeSet === value));
}

export function toggleRail() {
  root.dataset.rail = root.dataset.rail === "closed" ? "open" : "closed";
  cookie("rail", root.dataset.rail);
}

export function toggleDensity() {
  root.dataset.density = root.dataset.density === "compact" ? "cosy" : "compact";
  cookie("density", root.dataset.density);
}

export function start() {
  on("click", "[data-theme-set]", (_event, button) => setTheme(button.dataset.themeSet));
  on("click", "[data-action=rail]", toggleRail);
  on("click", "[data-action=density]", toggleDensity);
  on("click", "[data-action=print]", () => print());
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && document.body.dataset.zone === "browser") cookie("zone", encodeURIComponent(zone));
  if (/Mac|iPhone|iPad/.test(navigator.platform)) for (const key of $$("[data-mod]")) key.textContent = "⌘ K";
}
