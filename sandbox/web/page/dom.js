// Builds elements. Every text goes in as a text node; no markup is ever parsed from data.

export const byId = (id) => document.getElementById(id);

export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// Replaces what a list holds; the focus stays at the child that has the same value of an attribute.
export function renew(list, attribute, children) {
  const kept = list.contains(document.activeElement) ? document.activeElement.getAttribute(attribute) : null;
  list.replaceChildren(...children);
  if (kept !== null) list.querySelector(`[${attribute}="${kept}"]`)?.focus();
}

// Characters that override the direction of what follows are shown by their number: a name must not look like another.
const TURNING = /[\u202a-\u202e]/g;
export const visible = (text) => text.replace(TURNING, (mark) => `‹U+${mark.codePointAt(0).toString(16).toUpperCase()}›`);

const UNITS = ["B", "kB", "MB", "GB"];
export function sizeOf(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit && value < 100 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

export function timeOf(unixSeconds) {
  return new Date(unixSeconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

export function durationOf(seconds) {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, place) => (place ? String(part).padStart(2, "0") : String(part))).join(":");
}

const COLOURS = 7;
export function avatar(id, name) {
  const letter = [...visible(name)].find((sign) => /[\p{L}\p{N}]/u.test(sign)) ?? "?";
  return el("span", { class: `avatar colour${Math.abs(id) % COLOURS}`, "aria-hidden": "true" }, letter);
}
