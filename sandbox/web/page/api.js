// Asks the demo's server.

export class Refusal extends Error {}

const SENTENCES = {
  BOT_RESPONSE_TIMEOUT: "The bot did not answer in time.",
  CHANNEL_PRIVATE: "This chat is private.",
  CHAT_WRITE_FORBIDDEN: "You may not write here.",
  FILENAME_TOO_LONG: "The file's name is longer than 255 bytes.",
  FILE_PARTS_INVALID: "The file is empty.",
  INLINE_RESULT_EXPIRED: "This result is too old; search again.",
  INVITE_HASH_EXPIRED: "This invite link does not work any more.",
  INVITE_REQUEST_SENT: "Asked to be let in; an admin has to agree.",
  MEDIA_CAPTION_TOO_LONG: "A caption has at most 1,024 characters.",
  MEDIA_INVALID: "These files make no album; send them one by one.",
  MESSAGE_AUTHOR_REQUIRED: "You may change your own messages only.",
  MESSAGE_DELETE_FORBIDDEN: "You may delete your own messages only.",
  MESSAGE_ID_INVALID: "This message is gone.",
  MESSAGE_TOO_LONG: "A message has at most 4,096 characters.",
  URL_INVALID: "This is no address.",
  USERNAME_NOT_OCCUPIED: "Nobody has this name in the demo.",
  USER_ALREADY_PARTICIPANT: "You are in already.",
  USER_CREATOR: "The founder stays.",
};

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Refusal("The demo does not answer; it may be restarting.");
  }
  if (response.status === 409) {
    const { error } = await response.json();
    throw new Refusal(SENTENCES[error] ?? `Telegram refuses: ${error}`);
  }
  if (!response.ok) throw new Refusal(`The demo answers ${response.status}: ${await response.text()}`);
  return response.json();
}

export const get = (path) => ask(path);

export const post = (path, body = {}) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export function personApi(role) {
  const base = `/api/people/${role}`;
  return {
    base,
    chats: () => get(`${base}/chats`),
    commands: () => get(`${base}/commands`),
    history: (chat, before) => get(`${base}/history?chat=${chat}&before=${before}`),
    act: (name, body) => post(`${base}/${name}`, body),
    fileUrl: (message) => `${base}/file?chat=${message.chat}&message=${message.id}`,
    upload(file, asPicture) {
      const facts = new URLSearchParams({ name: file.name, mime: file.type, picture: asPicture ? "1" : "0" });
      return ask(`${base}/upload?${facts}`, { method: "POST", body: file });
    },
  };
}
