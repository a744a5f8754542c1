// What the page knows, and who wants to hear of changes. It draws nothing and asks nobody.

export const state = {
  bot: { id: 0, username: "", first_name: "" },
  people: [],
  groups: [],
  links: { admin: "", flower: "" },
  can_grant_vip: false,
  has_timeline: false,
  // Who speaks, and where. A chat with the bot has the person's id.
  person: null,
  chat: null,
  pane: "people",
  // Updates that the webhook has not taken, with its last answer.
  undelivered: new Map(),
};

const messages = new Map();
const typing = new Map();
const readUpTo = new Map();
const listeners = new EventTarget();
const KEPT = "diana-sandbox-read";
const TYPING_MS = 5000;

/** Call back whenever something of this name happens. */
export const on = (name, act) => listeners.addEventListener(name, (event) => act(event.detail));

/** Tell whoever listens. */
export const emit = (name, detail) => listeners.dispatchEvent(new CustomEvent(name, { detail }));

export const person = (id) => state.people.find((one) => one.id === id);
export const group = (id) => state.groups.find((one) => one.id === id);
export const isGroup = (chat) => chat < 0;
export const nameOf = (one) => [one.first_name, one.last_name].filter(Boolean).join(" ");

/** Return the name of a chat's other side as the list shows it. */
export function chatName(chat) {
  const found = isGroup(chat) ? group(chat)?.title : person(chat) && nameOf(person(chat));
  return found ?? String(chat);
}

/** Return a chat's messages, oldest first. */
export const messagesOf = (chat) =>
  [...(messages.get(chat)?.values() ?? [])].filter(Boolean).sort((one, other) => one.message_id - other.message_id);

export const message = (chat, id) => messages.get(chat)?.get(id) ?? null;

/** Keep what news told; it wins over anything read before. A message that is null has been removed. */
export function keepMessage(chat, id, content) {
  if (!messages.has(chat)) messages.set(chat, new Map());
  messages.get(chat).set(id, content);
  noteRead(chat);
  emit("messages", { chat, id });
}

/** Keep what a reading of the chat brought, where news has told nothing yet: news is always later. */
export function keepHistory(chat, history) {
  if (!messages.has(chat)) messages.set(chat, new Map());
  const known = messages.get(chat);
  for (const one of history) if (!known.has(one.message_id)) known.set(one.message_id, one);
  if (!readUpTo.has(chat)) readUpTo.set(chat, newest(chat));
  noteRead(chat);
  emit("messages", { chat });
}

/** Forget all messages and what was read of them. */
export function forget() {
  messages.clear();
  typing.clear();
  readUpTo.clear();
  state.undelivered.clear();
  sessionStorage.removeItem(KEPT);
}

/** Choose who speaks and where; on a phone, which pane is seen then. */
export function select(personId, chat, pane = "chat") {
  Object.assign(state, { person: personId, chat, pane });
  sessionStorage.setItem("diana-sandbox-place", JSON.stringify([personId, chat]));
  noteRead(chat);
  emit("selected");
  showPane(pane);
}

/** Show a pane where there is room for one alone. */
export function showPane(pane) {
  state.pane = pane;
  document.body.dataset.pane = pane;
  noteRead(state.chat);
  emit("pane");
}

/** Say whether somebody looking at the page sees this chat. */
export const isSeen = (chat) =>
  chat === state.chat && (state.pane === "chat" || matchMedia("(min-width: 1080px)").matches ||
    (state.pane === "people" && matchMedia("(min-width: 720px)").matches));

/** Return how many messages of others came since the chat was last seen. */
export function unread(chat) {
  const from = readUpTo.get(chat) ?? 0;
  return messagesOf(chat).filter((one) => one.message_id > from && (isGroup(chat) || one.from.id !== chat)).length;
}

function noteRead(chat) {
  if (chat === null || !isSeen(chat)) return;
  readUpTo.set(chat, newest(chat));
  sessionStorage.setItem(KEPT, JSON.stringify([...readUpTo]));
  emit("read", chat);
}

/** Take up what this tab had read before it was loaded again. */
export function recallRead() {
  for (const [chat, id] of JSON.parse(sessionStorage.getItem(KEPT) ?? "[]")) readUpTo.set(chat, id);
}

/** Return who spoke where before the page was loaded again, if both are still there. */
export function recallPlace() {
  const [personId, chat] = JSON.parse(sessionStorage.getItem("diana-sandbox-place") ?? "[null, null]");
  const isThere = person(personId) && (isGroup(chat) ? group(chat) : person(chat));
  return isThere ? [personId, chat] : [null, null];
}

const newest = (chat) => Math.max(0, ...messagesOf(chat).map((one) => one.message_id));

/** Note that the bot is typing there: until it says something, five seconds at most. */
export function noteTyping(chat, action) {
  clearTimeout(typing.get(chat)?.timer);
  typing.set(chat, { action, timer: setTimeout(() => stopTyping(chat), TYPING_MS) });
  emit("typing", chat);
}

export function stopTyping(chat) {
  clearTimeout(typing.get(chat)?.timer);
  if (typing.delete(chat)) emit("typing", chat);
}

export const typingIn = (chat) => typing.get(chat)?.action ?? null;
