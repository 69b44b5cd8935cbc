// Onboarding: wait for the first event, and turn green.
import { $, announce, at } from "./dom.js";

export function start() {
  const box = $("[data-wait]");
  if (!box || box.dataset.state === "here") return;
  let stopped = false;
  const look = async () => {
    if (stopped || document.hidden) return;
    const response = await fetch(at(box.dataset.wait)).catch(() => null);
    if (!response?.ok || response.status === 204) return;
    stopped = true;
    box.outerHTML = await response.text();
    announce("The first event has arrived.");
  };
  document.addEventListener("errata:changes", look);
  const timer = setInterval(() => (stopped ? clearInterval(timer) : look()), 900);
}
