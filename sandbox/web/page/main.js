// Puts the parts together: one person at a time, one chat open. The address keeps both: #role/chat.

import { get } from "./api.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { byId } from "./dom.js";
import { alertBox, attempt, toast } from "./notices.js";
import { Panel } from "./panel.js";
import { Posting } from "./posting.js";
import { Session } from "./session.js";
import { showChats, showHead, showPeople } from "./sidebar.js";
import { startTheme } from "./theme.js";

const WIDE_PX = 1180;
const AGAIN_MS = 1000;

class App {
  constructor(about) {
    this.about = about;
    this.session = null;
    this.chatId = 0;
    this.composer = new Composer({
      bot: about.bot,
      api: () => this.session.api,
      chat: () => this.chat,
      openChat: (id) => this.go(this.session.role, id),
    });
    this.conversation = new Conversation(this.#actions());
    this.posting = new Posting({
      api: () => this.session.api,
      chat: () => this.chat,
      replyTo: () => this.composer.replyTo,
      done: () => this.composer.reply(null),
    });
    byId("back").addEventListener("click", () => this.#view("side"));
    window.addEventListener("hashchange", () => this.#followAddress());
  }

  get chat() {
    return this.session.chats.get(this.chatId);
  }

  go(role, chatId) {
    const address = `#${role}/${chatId}`;
    this.#view("chat");
    if (location.hash === address) return this.#followAddress();
    location.hash = address;
    return undefined;
  }

  begin() {
    return this.#followAddress();
  }

  async #followAddress() {
    const [wanted, chatId] = location.hash.slice(1).split("/");
    const roles = this.about.people.map((person) => person.role);
    const role = roles.includes(wanted) ? wanted : roles[0];
    this.chatId = Number(chatId) || this.about.bot.id;
    if (this.session?.role !== role) await this.#become(role);
    else if (this.session.chats.has(this.chatId)) this.#openChat();
    else await attempt(() => this.session.load());
  }

  async #become(role) {
    this.session?.close();
    const session = new Session(role, {
      loaded: () => this.session === session && this.#loaded(),
      added: (message) => this.session === session && this.#added(message),
      changed: (message) => this.session === session && message.chat === this.chatId && this.conversation.change(message),
      removed: (chatId, id) => this.session === session && this.#removed(chatId, id),
      online: (isOnline) => this.session === session && (byId("offline").hidden = isOnline),
    });
    this.session = session;
    showPeople(this.about.people, role, (chosen) => this.go(chosen, this.chatId));
    byId("conversation").inert = true; // what stands there is another person's
    await session.begin();
  }

  #loaded() {
    byId("conversation").inert = false;
    if (!this.session.chats.has(this.chatId)) this.chatId = this.about.bot.id;
    this.#openChat();
  }

  #openChat() {
    const { chat } = this;
    chat.unread = 0;
    document.title = `${chat.title}, the demo`;
    this.conversation.show(chat, this.session.role, this.#suggestions(chat));
    this.composer.show(chat, this.session.role);
    this.#showLists();
  }

  #suggestions(chat) {
    if (chat.kind === "bot") return ["/start", "nosferatu", "sherlock holmes"];
    return chat.kind === "group" && chat.joined ? [`@${this.about.bot.username} nosferatu`, "/search chaplin"] : [];
  }

  #showLists() {
    const { chat } = this;
    showChats(this.session.chats, this.chatId, (id) => this.go(this.session.role, id));
    showHead(chat, {
      owns: this.session.role === "admin",
      join: () => this.#membership("join"),
      leave: () => this.#membership("leave"),
    });
  }

  async #membership(act) {
    await attempt(async () => {
      await this.session.api.act(act, { chat: this.chatId });
      await this.session.load();
    });
  }

  #added(message) {
    if (message.chat === this.chatId) this.conversation.add(message);
    else if (!message.out) this.session.chats.get(message.chat).unread += 1;
    this.#showLists();
  }

  #removed(chatId, id) {
    if (chatId === this.chatId) this.conversation.remove(id);
    this.#showLists();
  }

  #actions() {
    return {
      open: (url) => this.#openLink(url),
      command: (words) => this.composer.say(words),
      mention: (words) => this.#mention(words),
      suggest: (words) => this.composer.say(words),
      reply: (message) => this.composer.reply(message),
      edit: (message) => this.composer.change(message),
      remove: (message) => attempt(() => this.session.api.act("delete", { chat: message.chat, message: message.id })),
      press: (button, message, key) => this.#press(button, message, key),
      older: () => attempt(() => this.session.loadOlder(this.chatId).then(() => this.conversation.prepend())),
      fileUrl: (message) => this.session.api.fileUrl(message),
    };
  }

  // The bot's own name begins a question to it, another one leads to its chat.
  #mention(name) {
    if (name.toLowerCase() === `@${this.about.bot.username}`.toLowerCase()) return this.composer.write(`${name} `);
    return this.#openLink(`https://t.me/${name.slice(1)}`);
  }

  async #press(button, message, key) {
    if (button.kind === "url") return this.#openLink(button.url);
    if (button.kind === "text") return this.composer.say(button.text);
    if (button.kind === "inline") return this.composer.write(`@${this.about.bot.username} ${button.query}`);
    if (key.getAttribute("aria-busy")) return undefined;
    key.setAttribute("aria-busy", "true");
    const body = { chat: message.chat, message: message.id, data: button.data };
    const answer = await attempt(() => this.session.api.act("press", body));
    key.removeAttribute("aria-busy");
    return answer && this.#showAnswer(answer);
  }

  async #showAnswer(answer) {
    if (answer.text && answer.alert) await alertBox(answer.text);
    else if (answer.text) toast(answer.text);
    if (answer.url) await this.#openLink(answer.url);
  }

  async #openLink(url) {
    const found = await attempt(() => this.session.api.act("open", { url }));
    if (!found) return;
    if (found.chat) {
      if (!this.session.chats.has(found.chat)) await attempt(() => this.session.load());
      if (!this.session.chats.has(found.chat)) return toast("This chat is not part of the demo.");
      this.go(this.session.role, found.chat);
      return;
    }
    const leads = /^https?:\/\//i.test(url) ? url : "";
    const wants = await alertBox(leads ? `Leave the demo for ${url}` : `This link leads elsewhere: ${url}`, leads && "Open");
    if (wants) window.open(leads, "_blank", "noopener,noreferrer");
  }

  #view(name) {
    byId("app").dataset.view = name;
  }
}

// The demo may be starting: it is asked until it answers.
async function learnAbout() {
  for (;;) {
    try {
      return await get("/api/about");
    } catch {
      byId("offline").hidden = false;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

async function begin() {
  startTheme(byId("theme"));
  const panel = new Panel();
  await new App(await learnAbout()).begin();
  if (window.innerWidth >= WIDE_PX) panel.toggle(true);
}

begin();
