// Onboarding: wait for the first event, and turn green.
import { $, announce, at, get } from "./dom.js";

export function start() {
  const box = $("[data-wait]");
  if (!box || box.dataset.state === "here") return;
  let stopped = false;
  const look = async () => {
    if (stopped || document.hidden) return;
    const arrived = await get(at(box.dataset.wait));
    if (!arrived || stopped) return;
    stopped = true;
    box.outerHTML = arrived;
    announce("The first event has arrived.");
  };
  document.addEventListener("errata:changes", look);
  const timer = setInterval(() => (stopped ? clearInterval(timer) : look()), 900);
}
