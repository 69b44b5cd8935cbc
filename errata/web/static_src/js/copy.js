// Copy buttons: data-copy holds the text, data-copy-from the id of what holds it.
import { $, get, icon, on } from "./dom.js";
import { toast } from "./toasts.js";

export async function copy(text, what = "Copied") {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast(what);
}

export function start() {
  on("click", "[data-copy], [data-copy-from]", async (event, button) => {
    event.preventDefault();
    const source = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
    const text = source ? (source.value ?? source.content?.textContent ?? source.textContent) : button.dataset.copy;
    await copy(text.trim(), button.dataset.copied ?? "Copied");
    const old = $("svg", button);
    if (!old) return;
    const done = icon("check");
    old.replaceWith(done);
    setTimeout(() => done.replaceWith(old), 1400);
  });
  on("click", "[data-copy-url]", async (event, button) => {
    event.preventDefault();
    const text = await get(button.dataset.copyUrl);
    if (text !== null) await copy(text, button.dataset.copied ?? "Copied");
    else toast("That could not be fetched; try again.", { kind: "bad" });
  });
}
