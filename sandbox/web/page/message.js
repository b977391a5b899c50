// One message as an element.

import { el, durationOf, sizeOf, timeOf, visible } from "./dom.js";
import { renderText } from "./entities.js";
import { alertBox } from "./notices.js";

const LARGE_BYTES = 200 * 1024 * 1024;

const SIGNS = { video: "🎬", audio: "🎧", document: "📄", photo: "🖼", animation: "🎞", voice: "🎤" };

// `actions`: those of renderText, and press(button, message, element), reply(message), edit(message), remove(message),
// fileUrl(message).
export function renderMessage(message, chat, actions) {
  const article = el("article", { class: `message${message.out ? " own" : ""}`, "data-id": message.id });
  const bubble = el("div", { class: "bubble" });
  if (message.service) {
    bubble.append(el("em", { class: "service" }, message.service));
  } else {
    bubble.append(...content(message, chat, actions));
  }
  article.append(bubble, tools(message, chat, actions));
  if (message.rows.length) article.append(keyboard(message, actions));
  return article;
}

function content(message, chat, actions) {
  const named = chat.kind === "group" && !message.out;
  const parts = [
    named && el("strong", { class: "sender", dir: "auto" }, visible(message.sender.name)),
    message.forward !== null && el("div", { class: "from", dir: "auto" }, `Forwarded from ${visible(message.forward)}`),
    message.via && el("div", { class: "from" }, `via @${message.via}`),
    message.reply && el("blockquote", { class: "reply", dir: "auto" }, replyText(message.reply)),
    message.file && fileBubble(message, actions),
    message.text && renderText(message.text, message.entities, actions),
    el("footer", {}, message.protected ? "🔒 " : "", message.edited ? "edited " : "", timeOf(message.date)),
  ];
  return parts.filter(Boolean);
}

const replyText = (reply) => visible(`${reply.name}: ${reply.text}`);

function fileBubble(message, actions) {
  const { file } = message;
  const url = actions.fileUrl(message);
  if (file.kind !== "photo") return download(file, url);
  const picture = el("img", { class: "photo", src: url, alt: message.text || "Photo", loading: "lazy" });
  const link = el("a", { class: "picture", href: url, target: "_blank", title: "Open" }, picture);
  picture.addEventListener("error", () => link.replaceWith(download(file, url)), { once: true });
  picture.addEventListener("load", () => picture.dispatchEvent(new CustomEvent("grown", { bubbles: true })));
  return link;
}

function download(file, url) {
  const name = file.name || "photo";
  const facts = [sizeOf(file.size), file.duration !== null && durationOf(file.duration)].filter(Boolean).join(" · ");
  return el(
    "a",
    { class: "file", href: url, download: name, title: "Download", onclick: (event) => warn(event, file) },
    el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[file.kind] ?? "📄"),
    el("span", { class: "name", dir: "auto" }, visible(name)),
    el("span", { class: "facts" }, facts),
  );
}

// Gigabytes are not downloaded by a curious click.
async function warn(event, file) {
  const link = event.currentTarget;
  if (file.size < LARGE_BYTES || link.dataset.sure) return;
  event.preventDefault();
  const size = sizeOf(file.size);
  if (!(await alertBox(`This file is ${size} large, and the demo makes up every byte of it.`, `Download ${size}`))) return;
  link.dataset.sure = "yes";
  link.click();
}

// Only what would not be refused.
function tools(message, chat, actions) {
  const own = message.out || (chat.kind === "channel" && chat.writes);
  const tool = (sign, label, action) =>
    el("button", { type: "button", class: "tool", title: label, "aria-label": label, onclick: () => action(message) }, sign);
  return el(
    "div",
    { class: "tools" },
    chat.writes && tool("↩", "Reply", actions.reply),
    own && message.forward === null && !message.service && tool("✎", "Change", actions.edit),
    (own || chat.deletes) && tool("🗑", "Delete", actions.remove),
  );
}

function keyboard(message, actions) {
  const rows = message.rows.map((row) => el("div", { class: "row" }, ...row.map((button) => key(button, message, actions))));
  return el("div", { class: "keyboard", role: "group", "aria-label": "Buttons" }, ...rows);
}

function key(button, message, actions) {
  const element = el("button", { type: "button", class: "key", dir: "auto" }, visible(button.text));
  if (button.kind === "url") element.append(el("span", { class: "mark", "aria-hidden": "true" }, " ↗"));
  element.addEventListener("click", () => actions.press(button, message, element));
  return element;
}
