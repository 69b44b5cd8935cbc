export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** A path of ours, wherever the installation lives. */
export const at = (path) => (document.body.dataset.root ?? "") + path;

export const csrf = () => $('meta[name="csrf-token"]').content;

/** One listener for every present and future element that matches. */
export function on(type, selector, handler, options) {
  document.addEventListener(type, (event) => {
    const target = event.target instanceof Element && event.target.closest(selector);
    if (target) handler(event, target);
  }, options);
}

export function icon(name, classes = "icon") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", classes);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${document.body.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** What the server answers, as "text" or "json"; null when it refuses, is away, or the page is being left meanwhile. */
export async function get(url, read = "text") {
  try {
    const response = await fetch(url, { headers: { "HX-Request": "true" } });
    return response.ok ? await response[read]() : null;
  } catch {
    return null;
  }
}

export async function post(url, values) {
  const body = new URLSearchParams();
  for (const [key, value] of values) body.append(key, value);
  return fetch(url, { method: "POST", body, headers: { "X-CSRFToken": csrf(), "HX-Request": "true" } });
}

export function announce(text) {
  $("#announce").textContent = text;
}

export const typing = (target) => target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

export function cookie(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`;
}

export const stored = {
  read(key, fallback) {
    try { return JSON.parse(localStorage.getItem(key)) ?? fallback; } catch { return fallback; }
  },
  write(key, value) {
    try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* Private windows may refuse; nothing depends on it. */ }
  },
  drop(key) {
    try { localStorage.removeItem(key); } catch { /* As above. */ }
  },
};
