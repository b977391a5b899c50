// Toasts, alerts, and what to do with an error.

import { byId, el } from "./dom.js";

const TOAST_MS = 5000;

export function toast(text, kind = "note") {
  const shown = el("p", { class: `toast ${kind}`, dir: "auto" }, text);
  byId("toasts").append(shown);
  setTimeout(() => shown.remove(), TOAST_MS);
}

// Resolves to true when the further button was pressed.
export function alertBox(text, more = "") {
  const box = byId("alert");
  const further = byId("alert-more");
  byId("alert-text").textContent = text;
  further.hidden = !more;
  further.textContent = more;
  return new Promise((resolve) => {
    const end = (value) => () => {
      box.close();
      resolve(value);
    };
    further.onclick = end(true);
    byId("alert-close").onclick = end(false);
    box.oncancel = () => resolve(false);
    box.showModal();
  });
}

// Runs an action; what goes wrong is shown, and `undefined` returned.
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    toast(error.message, "error");
    return undefined;
  }
}
