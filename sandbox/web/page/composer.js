// The line where one writes: text, replies, commands, inline queries.

import { byId, el, visible } from "./dom.js";
import { InlineSearch } from "./inline.js";
import { attempt } from "./notices.js";
import { Popup } from "./popup.js";

const TALLEST_PX = 160;

export class Composer {
  // `host`: bot, api(), chat(), openChat(id).
  constructor(host) {
    this.host = host;
    this.field = byId("text");
    this.popup = new Popup();
    this.answered = null;
    this.inline = new InlineSearch({
      bot: host.bot,
      popup: this.popup,
      api: host.api,
      chatId: () => host.chat().id,
      start: (param) => this.#start(param),
      chosen: (chat, queryId, result) => this.#choose(chat, queryId, result),
    });
    this.field.addEventListener("input", () => this.#typed());
    this.field.addEventListener("keydown", (event) => this.#key(event));
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    byId("menu").addEventListener("click", () => this.#toggleMenu());
  }

  get replyTo() {
    return this.answered?.id ?? null;
  }

  // Prepares for another chat, or for another person.
  show(chat) {
    this.clear();
    byId("composer").hidden = !chat.writes;
    byId("closed").hidden = chat.writes;
    byId("closed").textContent = chat.joined ? "Only admins write here." : "Join to write here.";
    this.field.placeholder = chat.kind === "bot" ? "Write a few words of a title" : `Message, or @${this.host.bot.username} words`;
  }

  clear() {
    this.fill("");
    this.reply(null);
    this.inline.cancel();
    this.popup.close();
  }

  fill(text) {
    this.field.value = text;
    this.#grow();
  }

  write(text) {
    this.fill(text);
    this.field.focus();
    this.#typed();
  }

  say(text) {
    const body = { chat: this.host.chat().id, text, reply: this.replyTo };
    this.reply(null);
    return attempt(() => this.host.api().act("say", body));
  }

  reply(message) {
    this.answered = message;
    const bar = byId("replying");
    bar.hidden = !message;
    if (!message) return;
    const words = message.text || message.file?.name || "";
    bar.replaceChildren(
      el("span", { dir: "auto" }, visible(`↩ ${message.sender.name}: ${words.split("\n")[0]}`)),
      el("button", { type: "button", class: "icon", "aria-label": "Do not reply", onclick: () => this.reply(null) }, "✕"),
    );
    this.field.focus();
  }

  #key(event) {
    if (event.isComposing || this.popup.takes(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#send();
    } else if (event.key === "Escape") {
      this.reply(null);
    }
  }

  #typed() {
    this.#grow();
    const text = this.field.value;
    if (this.inline.typed(text)) return;
    if (/^\/\w*$/.test(text)) this.#showCommands(text.slice(1).toLowerCase());
    else this.popup.close();
  }

  #grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, TALLEST_PX)}px`;
  }

  #toggleMenu() {
    if (this.popup.isOpen) this.popup.close();
    else this.#showCommands("", true);
    this.field.focus();
  }

  // Asked anew each time: the bot gives its admins a menu of their own when it gets to know them.
  async #showCommands(begun, all = false) {
    if (!all && this.host.chat().kind !== "bot") return;
    const typed = this.field.value;
    const menu = await attempt(() => this.host.api().commands());
    if (!menu || this.field.value !== typed) return;
    const entries = menu
      .filter(({ command }) => command.startsWith(begun))
      .map(({ command, description }) => ({
        title: `/${command}`,
        description,
        choose: () => this.#take(`/${command}`),
      }));
    this.popup.show(entries, { preselect: begun !== "" });
  }

  #take(command) {
    this.popup.close();
    this.fill("");
    this.say(command);
    this.field.focus();
  }

  async #send() {
    const text = this.field.value;
    if (!text.trim()) return;
    this.inline.cancel();
    this.popup.close();
    this.fill("");
    const sent = await this.say(text);
    if (sent === undefined && !this.field.value) this.fill(text);
  }

  async #choose(chat, queryId, result) {
    const body = { chat, query_id: queryId, result, reply: this.replyTo };
    this.clear();
    await attempt(() => this.host.api().act("choose", body));
  }

  async #start(param) {
    this.clear();
    const sent = await attempt(() => this.host.api().act("start", { param }));
    if (sent) this.host.openChat(sent.chat);
  }
}
