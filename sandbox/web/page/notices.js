// Toasts, alerts, and what to do with an error.

import { byId, el, visible } from "./dom.js";

const TOAST_MS = 5000;

export function toast(text, kind = "note") {
  const shown = el("p", { class: `toast ${kind}`, dir: "auto" }, visible(text));
  const toasts = byId("toasts");
  toasts.append(shown);
  if (toasts.matches(":popover-open")) toasts.hidePopover(); // shown anew it stands above a dialog opened meanwhile
  toasts.showPopover();
  setTimeout(() => shown.remove(), TOAST_MS);
}

let shownBefore = Promise.resolve();

// Resolves to true when the further button was pressed. One stands at a time, the next one waits.
export function alertBox(text, more = "") {
  const answer = shownBefore.then(() => ask(text, more));
  shownBefore = answer;
  return answer;
}

function ask(text, more) {
  const box = byId("alert");
  const further = byId("alert-more");
  byId("alert-text").textContent = visible(text);
  further.hidden = !more;
  further.textContent = more;
  box.returnValue = "";
  further.onclick = () => box.close("more");
  byId("alert-close").textContent = more ? "Cancel" : "OK";
  byId("alert-close").onclick = () => box.close();
  return new Promise((resolve) => {
    box.onclose = () => resolve(box.returnValue === "more");
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
