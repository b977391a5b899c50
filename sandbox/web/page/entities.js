// A text with its styles and links, as elements. Links are buttons: no address ever becomes an href.

import { el, visible } from "./dom.js";

const TAGS = {
  bold: "strong",
  italic: "em",
  underline: "u",
  strike: "s",
  code: "code",
  pre: "pre",
  quote: "blockquote",
};

// `actions` are open(url), command(text) and mention(text).
export function renderText(text, entities, actions) {
  const sorted = entities
    .map((entity) => ({ ...entity, end: entity.offset + entity.length }))
    .sort((one, other) => one.offset - other.offset || other.end - one.end);
  const whole = el("div", { class: "text", dir: "auto" });
  fill(whole, text, 0, text.length, sorted, actions);
  return whole;
}

function fill(parent, text, start, end, entities, actions) {
  let place = start;
  let rest = entities;
  while (rest.length) {
    const [first, ...others] = rest;
    const stop = Math.min(first.end, end);
    if (first.offset < place || stop <= first.offset) {
      rest = others;
      continue;
    }
    parent.append(visible(text.slice(place, first.offset)));
    const inner = wrap(first, text.slice(first.offset, stop), actions);
    fill(inner, text, first.offset, stop, others.filter((entity) => entity.offset < stop), actions);
    parent.append(inner);
    place = stop;
    rest = others.filter((entity) => entity.offset >= stop);
  }
  parent.append(visible(text.slice(place, end)));
}

function wrap(entity, words, actions) {
  const link = (action, title) => el("button", { type: "button", class: "link", title, onclick: action });
  switch (entity.kind) {
    case "link":
      return link(() => actions.open(entity.url), entity.url);
    case "url":
      return link(() => actions.open(words), words);
    case "command":
      return link(() => actions.command(words), "Send");
    case "mention":
      return link(() => actions.mention(words), "Open");
    case "spoiler":
      return el("span", { class: "spoiler", tabindex: "0", onclick: show, onkeydown: show });
    default:
      return el(TAGS[entity.kind] ?? "span");
  }
}

function show(event) {
  if (event.type === "click" || event.key === "Enter") event.currentTarget.classList.add("shown");
}
