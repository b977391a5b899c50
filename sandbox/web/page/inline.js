// Inline mode: "@bot words" in any chat lists what the bot finds.

import { durationOf, sizeOf, visible } from "./dom.js";
import { toast } from "./notices.js";

const PAUSE_MS = 250;
const SIGNS = { article: "🔎", video: "🎬", audio: "🎧", file: "📄", photo: "🖼", gif: "🎞", voice: "🎤" };

export class InlineSearch {
  // `host`: bot {username}, api(), chatId(), start(param), chosen(), popup.
  constructor(host) {
    this.host = host;
    this.timer = 0;
    this.asked = 0;
  }

  // Looks at what is typed; whether it is an inline query.
  typed(text) {
    clearTimeout(this.timer);
    this.asked += 1;
    const head = `@${this.host.bot.username.toLowerCase()} `;
    if (!text.toLowerCase().startsWith(head)) return false;
    const query = text.slice(head.length);
    this.timer = setTimeout(() => this.#ask(query, "", []), PAUSE_MS);
    return true;
  }

  cancel() {
    clearTimeout(this.timer);
    this.asked += 1;
  }

  async #ask(query, offset, before) {
    const number = (this.asked += 1);
    const chat = this.host.chatId();
    try {
      const page = await this.host.api().act("inline", { chat, query, offset });
      if (number === this.asked) this.#show(chat, query, page, before);
    } catch (error) {
      if (number === this.asked) {
        this.host.popup.close();
        toast(error.message, "error");
      }
    }
  }

  #show(chat, query, page, before) {
    const found = page.results.map((result) => ({
      sign: SIGNS[result.kind] ?? "📄",
      title: visible(result.title),
      description: visible(about(result)),
      choose: () => this.host.chosen(chat, page.query_id, result.id),
    }));
    const results = [...before, ...found];
    const entries = [...results];
    if (page.switch && !before.length) {
      entries.unshift({ sign: "➜", title: page.switch.text, choose: () => this.host.start(page.switch.param) });
    }
    if (page.next_offset) {
      entries.push({ sign: "…", title: "More", choose: () => this.#ask(query, page.next_offset, entries.slice(0, -1)) });
    }
    const place = before.length ? before.length : -1; // whoever asked for more goes on there
    this.host.popup.show(entries, { place, empty: "Nothing found" });
  }
}

// The bot's own words, or what the file tells of itself.
function about({ description, file }) {
  const facts = file ? [sizeOf(file.size), file.duration !== null && durationOf(file.duration)] : [];
  return description || facts.filter(Boolean).join(" · ");
}
