// A list above the text field: moved through with the arrow keys, chosen from with Enter or a click.

import { byId, el } from "./dom.js";

export class Popup {
  constructor() {
    this.box = byId("popup");
    this.field = byId("text");
    this.entries = [];
    this.place = -1;
  }

  get isOpen() {
    return !this.box.hidden;
  }

  // Entries are {title, description, sign, choose}; the one at `place` is preselected.
  show(entries, { place = -1, empty = "" } = {}) {
    this.entries = entries;
    const options = entries.map((entry, number) => this.#option(entry, number));
    this.box.replaceChildren(...(options.length || !empty ? options : [el("p", { class: "empty" }, empty)]));
    this.box.hidden = !this.box.childElementCount;
    this.#mark(place);
  }

  close() {
    this.entries = [];
    this.box.replaceChildren();
    this.box.hidden = true;
    this.#mark(-1);
  }

  // Whether the key was meant for the list.
  takes(event) {
    if (!this.isOpen) return false;
    if (event.key === "Escape") this.close();
    else if (event.key === "ArrowDown") this.#mark((this.place + 1) % this.entries.length);
    else if (event.key === "ArrowUp") this.#mark((this.place <= 0 ? this.entries.length : this.place) - 1);
    else if (["Enter", "Tab"].includes(event.key) && this.place >= 0) this.entries[this.place].choose();
    else return false;
    event.preventDefault();
    return true;
  }

  #option(entry, number) {
    return el(
      "div",
      { role: "option", id: `option${number}`, class: "option", onclick: () => entry.choose() },
      entry.sign ? el("span", { class: "sign", "aria-hidden": "true" }, entry.sign) : null,
      el("span", { class: "name", dir: "auto" }, entry.title),
      el("span", { class: "about", dir: "auto" }, entry.description ?? ""),
    );
  }

  #mark(place) {
    this.place = this.entries.length ? place : -1;
    [...this.box.children].forEach((option, number) => {
      option.setAttribute("aria-selected", String(number === this.place));
      if (number === this.place) option.scrollIntoView({ block: "nearest" });
    });
    if (this.place >= 0) this.field.setAttribute("aria-activedescendant", `option${this.place}`);
    else this.field.removeAttribute("aria-activedescendant");
  }
}
