// One person's chats, kept as the server tells: a snapshot first, then events after its cursor.
// A window that nobody sees holds no stream: browsers give all windows of a site six connections together.

import { personApi } from "./api.js";

const AGAIN_MS = 1000;

export class Session {
  // `listener`: loaded(), added(message), changed(message), removed(chatId, messageId), online(isOnline).
  constructor(role, listener) {
    this.role = role;
    this.api = personApi(role);
    this.chats = new Map();
    this.listener = listener;
    this.source = null;
    this.cursor = "";
    this.closed = false;
    this.seen = () => this.#seen();
    document.addEventListener("visibilitychange", this.seen);
  }

  // Loads, again and again until it succeeds.
  begin() {
    return this.#again();
  }

  async load() {
    const { cursor, chats } = await this.api.chats();
    if (this.closed) return;
    const unread = new Map([...this.chats].map(([id, chat]) => [id, chat.unread]));
    this.chats = new Map(chats.map((chat) => [chat.id, this.#chat(chat, unread)]));
    this.cursor = cursor;
    this.#follow();
    this.listener.loaded();
  }

  close() {
    this.closed = true;
    this.#rest();
    document.removeEventListener("visibilitychange", this.seen);
  }

  async loadOlder(chatId) {
    const chat = this.chats.get(chatId);
    const first = chat.messages.keys().next().value ?? 0;
    const { messages, older } = await this.api.history(chatId, first);
    chat.messages = new Map([...messages.map((message) => [message.id, message]), ...chat.messages]);
    chat.older = older;
    return messages;
  }

  #chat(chat, unread) {
    const messages = new Map(chat.messages.map((message) => [message.id, message]));
    return { ...chat, messages, unread: unread.get(chat.id) ?? 0 };
  }

  #follow() {
    this.#rest();
    if (document.hidden) return;
    this.source = new EventSource(`${this.api.base}/events?after=${encodeURIComponent(this.cursor)}`);
    this.source.onopen = () => this.listener.online(true);
    this.source.onmessage = ({ data, lastEventId }) => {
      this.cursor = lastEventId;
      this.#happened(JSON.parse(data));
    };
    this.source.onerror = () => this.#lost();
  }

  #rest() {
    this.source?.close();
    this.source = null;
  }

  #seen() {
    if (document.hidden) this.#rest();
    else if (this.cursor && !this.source) this.#follow();
  }

  // The browser comes back by itself, with the last cursor, unless it has given up.
  #lost() {
    this.listener.online(false);
    if (this.source.readyState === EventSource.CLOSED) setTimeout(() => this.#again(), AGAIN_MS);
  }

  async #again() {
    if (this.closed) return;
    try {
      await this.load();
    } catch {
      this.listener.online(false);
      setTimeout(() => this.#again(), AGAIN_MS);
    }
  }

  #happened(event) {
    if (event.kind === "reset") this.#again();
    else if (event.kind === "delete") this.#deleted(event);
    else this.#wrote(event.message, event.kind === "new");
  }

  #wrote(message, isNew) {
    const chat = this.chats.get(message.chat);
    if (!chat) {
      this.#again();
      return;
    }
    const known = chat.messages.has(message.id);
    if (!isNew && !known) return;
    chat.messages.set(message.id, message);
    if (known) this.listener.changed(message);
    else this.listener.added(message);
  }

  #deleted(event) {
    const chats = [...this.chats.values()].filter((chat) => (event.chat ? chat.id === event.chat : isPrivate(chat)));
    for (const chat of chats) {
      for (const id of event.ids) if (chat.messages.delete(id)) this.listener.removed(chat.id, id);
    }
  }
}

const FIRST_CHANNEL = -1000000000000;
const isPrivate = (chat) => chat.id > FIRST_CHANNEL;
