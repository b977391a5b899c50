// The panel: breaks what the bot stands on, and shows how it is and what it logs.

import { get, post } from "./api.js";
import { byId, el, visible } from "./dom.js";
import { attempt } from "./notices.js";

const EVERY_MS = 1000;
const LINES = 300;

const store = (part) => [
  [`${part}_stop`, "Stop", "It refuses whatever it is asked"],
  [`${part}_stall`, "Stall", "It takes requests and never answers"],
  [`${part}_restore`, "Restore", "It works again, with all that it held"],
];
const TROUBLES = [
  ["database", "Database", store("database")],
  ["redis", "Redis", store("redis")],
  ["telegram", "Telegram", [
    ["flood_wait", "FloodWait once", "The bot's next message has to wait for three seconds"],
    ["flood_control", "Flood control", "Messages are limited as strictly as by the real Telegram, or no more"],
    ["cut", "Cut connection", "Every connection to the local Telegram breaks"],
  ]],
  ["time", "Time", [["midnight", "Jump to midnight", "The next day begins: daily limits start anew"]]],
  ["bot", "Bot", [["restart", "Restart", "The bot ends and starts again; Telegram and the stores stay"]]],
];

function press(act, isOn) {
  document.querySelector(`[data-act="${act}"]`).setAttribute("aria-pressed", String(isOn));
}

export class Panel {
  constructor() {
    this.after = 0;
    this.run = "";
    this.timer = 0;
    this.floodControl = false;
    byId("troubles").replaceChildren(...TROUBLES.map(([part, title, acts]) => this.#row(part, title, acts)));
    byId("panel-toggle").addEventListener("click", () => this.toggle());
    byId("panel-close").addEventListener("click", () => this.toggle(false));
  }

  toggle(open = byId("panel").hidden) {
    byId("panel").hidden = !open;
    byId("app").classList.toggle("with-panel", open);
    byId("panel-toggle").setAttribute("aria-expanded", String(open));
    clearTimeout(this.timer);
    if (open) this.#look();
  }

  #row(part, title, acts) {
    const buttons = acts.map(([act, label, hint]) =>
      el("button", { type: "button", "data-act": act, title: hint, onclick: (event) => this.#act(act, event.currentTarget) }, label),
    );
    const state = el("span", { class: "state", id: `state-${part}`, role: "status" }, "…");
    return el("section", { class: "trouble", "aria-label": title }, el("h3", {}, title, " ", state), ...buttons);
  }

  async #act(act, button) {
    const name = act === "flood_control" ? `flood_control_${this.floodControl ? "off" : "on"}` : act;
    button.disabled = true;
    const state = await attempt(() => post(`/api/panel/${name}?after=${this.after}`));
    button.disabled = false;
    if (state) this.#show(state);
  }

  async #look() {
    clearTimeout(this.timer);
    const [state] = await Promise.all([this.#state(), this.#health()]);
    if (state) this.#show(state);
    else byId("state-bot").textContent = "no answer";
    if (!byId("panel").hidden) this.timer = setTimeout(() => this.#look(), EVERY_MS);
  }

  async #state() {
    try {
      return await get(`/api/panel?after=${this.after}`);
    } catch {
      return null;
    }
  }

  async #health() {
    const shown = byId("health");
    try {
      const response = await fetch("/health");
      const { status, degraded } = await response.json();
      shown.textContent = `${response.status} ${status}${degraded.length ? `: ${degraded.join(", ")}` : ""}`;
      shown.className = response.ok ? (degraded.length ? "degraded" : "good") : "bad";
    } catch {
      shown.textContent = "no answer";
      shown.className = "bad";
    }
  }

  #show(state) {
    this.floodControl = state.flood_control;
    for (const part of ["database", "redis"]) {
      const shown = byId(`state-${part}`);
      shown.textContent = state[part];
      shown.className = `state ${state[part] === "up" ? "good" : "bad"}`;
      press(`${part}_stop`, state[part] === "stopped");
      press(`${part}_stall`, state[part] === "stalled");
    }
    const strict = [state.flood_wait && "the next message waits", state.flood_control && "flood control on"].filter(Boolean);
    byId("state-telegram").textContent = strict.join(", ") || "patient";
    press("flood_wait", state.flood_wait);
    byId("state-time").textContent = `${state.time} UTC`;
    byId("state-bot").textContent = state.connected ? "connected" : "not connected";
    press("flood_control", state.flood_control);
    if (this.run === state.run || !this.after) this.#log(state.log);
    else this.#forgetLog(); // another demo's than the one that answers now
    this.run = state.run;
  }

  // The next look brings all lines.
  #forgetLog() {
    this.after = 0;
    byId("log").replaceChildren();
  }

  #log(entries) {
    const log = byId("log");
    const follows = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    for (const entry of entries) {
      if (entry.number <= this.after) continue;
      this.after = entry.number;
      const head = el("b", {}, entry.event);
      log.append(el("li", { class: entry.level }, `${entry.time} `, head, visible(` ${entry.fields}`)));
    }
    while (log.childElementCount > LINES) log.firstElementChild.remove();
    if (follows && entries.length) log.scrollTop = log.scrollHeight;
  }
}
