// The line where one writes: text, replies, commands, inline queries.

import { byId, el, visible } from "./dom.js";
import { InlineSearch } from "./inline.js";
import { attempt } from "./notices.js";
import { Popup } from "./popup.js";

const TALLEST_PX = 160;
const COMMAND = /^\/\w*$/;

function closedWhy(chat) {
  if (chat.joined) return "Only admins write here.";
  return chat.kind === "channel" ? "Join to see new posts as they come." : "Join to write here.";
}

export class Composer {
  // `host`: bot, api(), chat(), openChat(id).
  constructor(host) {
    this.host = host;
    this.field = byId("text");
    this.popup = new Popup();
    this.answered = null;
    this.changed = null;
    this.menu = [];
    this.place = "";
    this.drafts = new Map();
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

  // Prepares for another chat, or for another person; what was typed in the chat before waits there.
  show(chat, role) {
    const place = `${role}/${chat.id}`;
    const draft = place === this.place ? null : this.#leave(place);
    byId("composer").hidden = !chat.writes;
    byId("closed").hidden = chat.writes;
    byId("closed").textContent = closedWhy(chat);
    this.field.placeholder = chat.kind === "bot" ? "Write a few words of a title" : `Message, or @${this.host.bot.username} words`;
    if (draft !== null) this.fill(draft);
  }

  // The draft of the place that is gone to.
  #leave(place) {
    if (this.changed) this.#about(null);
    this.drafts.set(this.place, this.field.value);
    this.clear();
    this.menu = [];
    this.place = place;
    return this.drafts.get(place) ?? "";
  }

  clear() {
    this.fill("");
    this.#about(null);
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
    this.#about(null);
    return attempt(() => this.host.api().act("say", body));
  }

  reply(message) {
    this.#about(message, "↩");
    this.answered = message;
  }

  change(message) {
    this.#about(message, "✎");
    this.changed = message;
    this.fill(message.text);
  }

  // Says above the field which message is answered or changed.
  #about(message, sign = "") {
    if (this.changed) this.fill("");
    [this.answered, this.changed] = [null, null];
    const bar = byId("replying");
    bar.hidden = !message;
    if (!message) return;
    const words = message.text || message.file?.name || "";
    bar.replaceChildren(
      el("span", { dir: "auto" }, visible(`${sign} ${message.sender.name}: ${words.split("\n")[0]}`)),
      el("button", { type: "button", class: "icon", "aria-label": "Do not", onclick: () => this.#about(null) }, "✕"),
    );
    this.field.focus();
  }

  #key(event) {
    if (event.isComposing || this.popup.takes(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#send();
    } else if (event.key === "Escape") {
      this.#about(null);
    }
  }

  #typed() {
    this.#grow();
    const text = this.field.value;
    if (this.inline.typed(text)) return;
    if (COMMAND.test(text)) this.#showCommands();
    else this.popup.close();
  }

  #grow() {
    this.field.style.height = "auto";
    if (!this.field.scrollHeight) return; // not to be seen, and so without a height
    this.field.style.height = `${Math.min(this.field.scrollHeight, TALLEST_PX)}px`;
  }

  #toggleMenu() {
    if (this.popup.isOpen) this.popup.close();
    else this.#showCommands(true);
    this.field.focus();
  }

  // What is known is shown at once, and asked anew: the bot gives its admins a menu of their own when it meets them.
  #showCommands(all = false) {
    if (!all && this.host.chat().kind !== "bot") return;
    this.#listCommands(all);
    this.#learnCommands(all);
  }

  async #learnCommands(all) {
    const api = this.host.api();
    const known = JSON.stringify(this.menu);
    const menu = await attempt(() => api.commands());
    if (!menu || api !== this.host.api() || JSON.stringify(menu) === known) return;
    this.menu = menu;
    if (all || COMMAND.test(this.field.value)) this.#listCommands(all);
  }

  #listCommands(all) {
    const begun = all ? "" : this.field.value.slice(1).toLowerCase();
    const fitting = this.menu.filter(({ command }) => command.startsWith(begun));
    const entries = fitting.map(({ command, description }) => ({
      title: `/${command}`,
      description,
      choose: () => this.#take(`/${command}`),
    }));
    this.popup.show(entries, { place: begun ? 0 : -1 });
  }

  #take(command) {
    this.popup.close();
    this.fill("");
    this.say(command);
    this.field.focus();
  }

  async #send() {
    const text = this.field.value;
    if (this.changed) {
      await this.#change(text);
      return;
    }
    if (!text.trim()) return;
    this.inline.cancel();
    this.popup.close();
    this.fill("");
    const sent = await this.say(text);
    if (sent === undefined && !this.field.value) this.fill(text);
  }

  async #change(text) {
    const { chat, id } = this.changed;
    const done = await attempt(() => this.host.api().act("edit", { chat, message: id, text }).then(() => true));
    if (done && this.changed?.id === id) this.#about(null);
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
