// The messages of the chat that is open.

import { byId, el } from "./dom.js";
import { renderMessage } from "./message.js";

const NEAR_PX = 120;

export class Conversation {
  // `actions`: those of renderMessage, and older(), suggest(text).
  constructor(actions) {
    this.list = byId("messages");
    this.actions = actions;
    this.chat = null;
    this.role = "";
    this.sticks = true;
    this.list.addEventListener("scroll", () => this.#look());
    this.list.addEventListener("grown", () => this.#stick());
    new ResizeObserver(() => this.#stick()).observe(this.list);
  }

  // The same chat shown again, because it was loaded again, stays where it was scrolled to.
  show(chat, role, suggestions) {
    const stays = this.role === role && this.chat?.id === chat.id && !this.sticks;
    const below = this.list.scrollHeight - this.list.scrollTop;
    [this.chat, this.role] = [chat, role];
    this.list.replaceChildren();
    if (chat.older) this.list.append(this.#olderButton());
    for (const message of chat.messages.values()) this.#place(message);
    if (!chat.messages.size) this.list.append(this.#welcome(suggestions));
    this.sticks = !stays;
    if (stays) this.list.scrollTop = this.list.scrollHeight - below;
    this.#stick();
  }

  add(message) {
    this.list.querySelector(".welcome")?.remove();
    this.sticks = this.sticks || message.out;
    this.#place(message);
    this.#stick();
  }

  // Whoever turns pages with the keyboard goes on where they were.
  change(message) {
    const old = this.#find(message.id);
    if (!old) return;
    const held = old.contains(document.activeElement) ? document.activeElement : null;
    const alike = (within) => (held ? [...within.getElementsByClassName(held.className)] : []);
    const place = alike(old).indexOf(held);
    const article = renderMessage(message, this.chat, this.actions);
    old.replaceWith(article);
    const keys = alike(article);
    (keys[place] ?? keys.at(-1))?.focus();
    this.#stick();
  }

  remove(messageId) {
    const article = this.#find(messageId);
    const item = article?.parentElement;
    article?.remove();
    if (item && !item.querySelector("article")) item.remove();
  }

  // Earlier messages come above; what is read stays where it is.
  prepend() {
    this.sticks = false;
    this.show(this.chat, this.role, []);
    this.list.focus({ preventScroll: true });
    this.#look();
  }

  #find(messageId) {
    return this.list.querySelector(`article[data-id="${messageId}"]`);
  }

  // Messages of one album that follow each other share an item.
  #place(message) {
    const article = renderMessage(message, this.chat, this.actions);
    const last = this.list.lastElementChild;
    if (message.album && last?.dataset.album === message.album) {
      last.append(article);
      return;
    }
    this.list.append(el("li", { class: message.album ? "album" : "single", "data-album": message.album }, article));
  }

  #olderButton() {
    const older = el("button", { type: "button", class: "older", onclick: () => this.actions.older() }, "Earlier messages");
    return el("li", { class: "middle" }, older);
  }

  #welcome(suggestions) {
    const buttons = suggestions.map((words) =>
      el("button", { type: "button", class: "suggestion", onclick: () => this.actions.suggest(words) }, words),
    );
    const sentence = suggestions.length ? "Nothing was said here yet. Begin with" : "Nothing was said here yet.";
    return el("li", { class: "middle welcome" }, el("p", {}, sentence), ...buttons);
  }

  #look() {
    this.sticks = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_PX;
  }

  #stick() {
    if (this.sticks) this.list.scrollTop = this.list.scrollHeight;
  }
}
