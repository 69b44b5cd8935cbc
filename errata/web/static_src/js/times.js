// Relative times that tick, and their absolute form on demand.
import { $$ } from "./dom.js";

const units = [[60, "s", 1], [3600, "min", 60], [86400, "h", 3600], [604800, "d", 86400]];

export function distance(date, now = Date.now()) {
  const seconds = Math.floor((now - date) / 1000);
  if (seconds < 5) return "now";
  for (const [bound, unit, size] of units) if (seconds < bound) return `${Math.floor(seconds / size)}${unit}`;
  const { year, ...parts } = day(date);
  return year === day(new Date(now)).year ? `${parts.day} ${parts.month}` : `${parts.day} ${parts.month} ${year}`;
}

// In the viewer's zone and in the page's words, so that a date reads the same before and after the script has ticked.
function inZone(options) {
  const zone = document.body.dataset.zone;
  return new Intl.DateTimeFormat("en", zone && zone !== "browser" ? { ...options, timeZone: zone } : options);
}

function day(date) {
  const parts = inZone({ year: "numeric", month: "short", day: "numeric" }).formatToParts(date);
  return Object.fromEntries(parts.map(({ type, value }) => [type, value]));
}

// `12 Nov 14:30`
export function moment(date) {
  const { day: number, month } = day(date);
  const clock = inZone({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(date);
  return `${number} ${month} ${clock}`;
}

// How far ahead, or how late: as the server writes it.
export function due(date, now = Date.now()) {
  const seconds = Math.floor(Math.abs(date - now) / 1000);
  const [size, unit] = [[86400, "d"], [3600, "h"], [60, "min"]].find(([size]) => seconds >= (size === 60 ? 60 : 2 * size)) ?? [1, "s"];
  const words = `${Math.round(seconds / size)} ${unit}`;
  return date <= now ? `${words} late` : `Due in ${words}`;
}

export function absolute(date) {
  const options = { dateStyle: "medium", timeStyle: "medium" };
  const zone = document.body.dataset.zone;
  const local = new Intl.DateTimeFormat("en-GB", zone && zone !== "browser" ? { ...options, timeZone: zone } : options);
  const utc = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });
  return `${local.format(date)} (${local.resolvedOptions().timeZone})\n${utc.format(date)} UTC\n${date.toISOString()}`;
}

function tick() {
  // On a page of the past, distances are those of then.
  const { asOf } = document.body.dataset;
  const now = asOf ? Date.parse(asOf) : Date.now();
  for (const element of $$("time[data-ago]")) {
    const words = distance(new Date(element.dateTime), now);
    const text = element.dataset.ago === "long" ? words.replace(/^(\d+)(s|min|h|d)$/, "$1 $2 ago") : words;
    if (element.textContent !== text) element.textContent = text;
  }
  for (const element of $$("time[data-due]")) {
    const text = due(new Date(element.dateTime), now);
    if (element.textContent !== text) element.textContent = text;
  }
}

export function start() {
  tick();
  setInterval(() => document.hidden || tick(), 5000);
  document.addEventListener("visibilitychange", () => document.hidden || tick());
}
