// What changes on the server shows here in under two seconds, by server-sent events; by polling where those don't pass.
import htmx from "htmx.org";
import { $, $$, get } from "./dom.js";
import { held, renewBoard } from "./board.js";
import { showUnread } from "./inbox.js";
import { busy, offer, renew } from "./stream.js";

const changed = new Set();
let seq = 0;
let source;
let failures = 0;
let poller;
let working = false;

function status(state, words) {
  const box = $("#live-status");
  if (!box) return;
  box.dataset.state = state;
  $(".dot", box).className = `dot ${{ live: "dot-good", wait: "dot-wait", off: "dot-bad" }[state] ?? ""}`;
  $("span", box).textContent = words;
}

function take(message) {
  seq = Math.max(seq, message.seq ?? 0);
  for (const key of message.changed ?? []) changed.add(key);
  document.dispatchEvent(new CustomEvent("errata:changes", { detail: message }));
  work();
}

// One renewal at a time, none while somebody selects or has a menu open: what came meanwhile waits here.
async function work() {
  if (working || document.hidden || busy() || held()) return;
  if (!changed.size) return;
  working = true;
  const now = [...changed];
  changed.clear();
  try {
    const page = document.body.dataset.page;
    if (page === "stream") { await renew(now); await offer(now); }
    if (page === "board") await renewBoard(now);
    if (page === "agenda") await renewAgenda(now);
    if (page === "issue" && now.includes($("[data-issue]").dataset.issue)) await refreshIssue();
  } finally {
    working = false;
  }
}

// An issue that isn't shown may have come to me: worth a look, but not at every event of a busy day.
const LOOK_MS = 10_000;
let looked = 0;

async function renewAgenda(keys) {
  if (!keys.some((key) => $(`[data-row="${CSS.escape(key)}"]`)) && Date.now() - looked < LOOK_MS) return;
  looked = Date.now();
  await refreshAgenda();
}

async function refreshAgenda() {
  const text = await get(location.href);
  if (text === null) return;
  const next = $("#agenda", new DOMParser().parseFromString(text, "text/html"));
  const target = $("#agenda");
  if (next && next.innerHTML !== target.innerHTML) await htmx.swap({ text: next.outerHTML, swap: "outerMorph", target, sourceElement: target });
}

// Somebody is typing there.
const isBusy = (part) => "editing" in part.dataset || part.contains(document.activeElement) && document.activeElement.matches("input, textarea");

export async function refreshIssue() {
  const parts = $$("[data-refresh]").map((part) => `#${part.id}`);
  const text = await get(location.href);
  if (text === null) return;
  const page = new DOMParser().parseFromString(text, "text/html");
  const fresh = $("#event-fresh");
  if (fresh && $("#event", page)?.dataset.event !== $("#event").dataset.event) fresh.hidden = false;
  for (const selector of parts) {
    const next = $(selector, page);
    const target = $(selector);
    if (!next || !target || isBusy(target)) continue;
    await htmx.swap({ text: next.outerHTML, swap: "outerMorph", target, sourceElement: target });
  }
}

function connect() {
  source?.close();
  source = new EventSource(`${document.body.dataset.live}?after=${seq}`);
  source.addEventListener("open", () => { failures = 0; clearInterval(poller); poller = undefined; status("live", "Live"); });
  source.addEventListener("changes", (event) => take(JSON.parse(event.data)));
  source.addEventListener("inbox", (event) => showUnread(Number(event.data)));
  source.addEventListener("error", () => {
    failures += 1;
    status("wait", "Reconnecting");
    // A proxy that holds answers back, or a server without the stream: ask instead of listening, and try again later.
    if (source.readyState === EventSource.CLOSED || failures >= 3) { source.close(); poll(); setTimeout(connect, 30_000); }
  });
}

function poll() {
  if (poller) return;
  poller = setInterval(async () => {
    if (document.hidden) return;
    const message = await get(`${document.body.dataset.livePoll}?after=${seq}`, "json");
    if (message === null) return status("off", "No connection");
    status("live", "Live");
    if (message.unread !== undefined) showUnread(message.unread);
    take(message);
  }, 3000);
}

export function start() {
  const { live, seq: from } = document.body.dataset;
  if (live === undefined) return;
  seq = Number(from) || 0;
  connect();
  document.addEventListener("errata:changed", () => {
    if (document.body.dataset.page === "issue") refreshIssue();
    if (document.body.dataset.page === "agenda") refreshAgenda();
  });
  setInterval(work, 700);
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => event.persisted && connect());
}
