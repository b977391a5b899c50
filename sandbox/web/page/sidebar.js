// Who one is, and the list of chats.

import { avatar, byId, el, renew, visible } from "./dom.js";

const SIGNS = { bot: "🤖", channel: "📢", group: "👥", person: "👤" };

export function showPeople(people, role, choose) {
  const buttons = people.map((person) =>
    el(
      "button",
      {
        type: "button",
        class: "person",
        "data-role": person.role,
        "aria-pressed": String(person.role === role),
        onclick: () => choose(person.role),
      },
      avatar(person.id, person.name),
      el("span", { class: "name", dir: "auto" }, visible(person.name)),
      el("span", { class: "about" }, person.about),
    ),
  );
  renew(byId("people"), "data-role", buttons);
}

export function showChats(chats, currentId, choose) {
  const items = [...chats.values()].map((chat) => el("li", {}, entry(chat, chat.id === currentId, () => choose(chat.id))));
  renew(byId("chats"), "data-chat", items);
}

function entry(chat, isCurrent, open) {
  const last = [...chat.messages.values()].at(-1);
  return el(
    "button",
    { type: "button", class: "chat", "data-chat": chat.id, "aria-current": isCurrent ? "true" : false, onclick: open },
    avatar(chat.id, chat.title),
    el("span", { class: "name", dir: "auto" }, `${SIGNS[chat.kind]} ${visible(chat.title)}`),
    el("span", { class: "last", dir: "auto" }, last ? preview(last) : "No messages yet"),
    chat.unread ? el("span", { class: "unread", title: "Unread" }, String(chat.unread)) : null,
  );
}

function preview(message) {
  const words = message.text || message.file?.name || message.file?.kind || message.service || "";
  return visible(words.split("\n")[0]);
}

export function showHead(chat, actions) {
  const people = chat.members === 1 ? "1 person" : `${chat.members} people`;
  const about = { bot: `@${chat.username}`, person: "", channel: `channel, ${people}`, group: `group, ${people}` };
  byId("head").replaceChildren(
    avatar(chat.id, chat.title),
    el("h2", { dir: "auto" }, visible(chat.title)),
    el("p", { class: "about" }, about[chat.kind]),
  );
  const membership = byId("membership");
  membership.hidden = !["channel", "group"].includes(chat.kind) || (chat.joined && actions.owns);
  membership.textContent = chat.joined ? "Leave" : "Join";
  membership.onclick = chat.joined ? actions.leave : actions.join;
}
