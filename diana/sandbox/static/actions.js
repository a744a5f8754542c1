// What somebody does at the page, in one person's name: each is one request, and what it set off is followed.

import * as api from "./api.js";
import { attempt, toast } from "./notices.js";
import { emit, isGroup, keepMessage, message, nameOf, person, select, state } from "./state.js";

/** Follow what an update sets off. */
function follow(updateId, words) {
  if (updateId !== null && updateId !== undefined) emit("follow", { updateId, words, person: state.person });
}

/** Say something as the person who speaks; returns whether it was taken. */
export async function say(text, replyTo = null) {
  const { person: who, chat } = state;
  const body = { person: who, chat, text, ...(replyTo && { reply_to: replyTo }) };
  const said = await attempt(() => api.send("/chat/say", body));
  if (!said) return false;
  // News may have brought it already, but not which update it was.
  const { message_id: id } = said.message;
  keepMessage(chat, id, { ...(message(chat, id) ?? said.message), update_id: said.update_id });
  follow(said.update_id, text);
  return true;
}

/** Change one's own message; returns whether it was taken. */
export async function edit(id, text) {
  const edited = await attempt(() => api.send("/chat/edit", { person: state.person, chat: state.chat, message_id: id, text }));
  if (edited) follow(edited.update_id, `edited: ${text}`);
  return Boolean(edited);
}

/** Press a callback button; returns the id of the query, undefined where it was refused. */
export async function press(id, row, column, label) {
  const body = { person: state.person, chat: state.chat, message_id: id, row, column };
  const pressed = await attempt(() => api.send("/chat/press", body));
  if (pressed) follow(pressed.update_id, `[${label}]`);
  return pressed?.query_id;
}

/** Set one's reaction to a message, or take it back with null. */
export async function react(id, emoji) {
  const body = { person: state.person, chat: state.chat, message_id: id, emoji };
  const reacted = await attempt(() => api.send("/chat/react", body));
  if (reacted) follow(reacted.update_id, emoji ? `reacted ${emoji}` : "took a reaction back");
}

/** Open a link as somebody: the page goes where the link leads. Throws where the sandbox refuses. */
export async function openLink(who, link) {
  const opened = await api.send("/chat/link", { person: who, link });
  select(opened.person, opened.chat);
  follow(opened.update_id, link);
}

/** Block the bot as somebody, or unblock it. */
export async function block(who, blocked) {
  await attempt(async () => {
    replacePerson(await api.send("/chat/block", { person: who, blocked }));
    toast(`${nameOf(person(who))} has ${blocked ? "blocked" : "unblocked"} the bot.`);
  });
}

/** Pay a bill or cancel; what came of it is news. */
export async function pay(id, isPaid) {
  const body = { person: state.person, chat: state.chat, message_id: id, pay: isPaid };
  const asked = await attempt(() => api.send("/chat/pay", body));
  if (!asked) return;
  if (asked.outcome === "cancelled") toast("Not paid.");
  follow(asked.update_id, "pays");
}

/** Have Telegram's support give Stars back. */
export async function refund(charge) {
  const refunded = await attempt(() => api.send("/chat/refund", { person: state.person, charge }));
  if (refunded) follow(refunded.update_id, "gets Stars back");
}

/** Cancel a subscription, take it up again, or be without the Stars for it. */
export async function changeSubscription(charge, change) {
  const changed = await attempt(() => api.send("/chat/subscription", { user: state.person, charge, state: change }));
  if (changed) follow(changed.update_id, SUBSCRIPTION_WORDS[change]);
}

const SUBSCRIPTION_WORDS = {
  canceled: "cancels the subscription",
  active: "takes the subscription up again",
  failed: "cannot pay for the subscription",
};

/** Make somebody VIP by the ordinary act. */
export async function grantVip(who) {
  await attempt(async () => {
    await api.send("/chat/vip", { person: who });
    toast(`VIP was granted to ${nameOf(person(who))}, with the reason “sandbox”.`);
    await readState();
  });
}

/** Add somebody and show their chat. Throws where the sandbox refuses. */
export async function addPerson(fields) {
  const added = await api.send("/chat/people", fields);
  replacePerson(added);
  select(added.id, added.id);
}

/** Add a group and show it as its first member. Throws where the sandbox refuses. */
export async function addGroup(title, members) {
  const added = await api.send("/chat/groups", { title, members });
  replaceGroup(added);
  select(members[0], added.id);
}

/** Have somebody join a group or leave it. Throws where the sandbox refuses. */
export async function setMember(groupId, who, member) {
  replaceGroup(await api.send(`/chat/groups/${groupId}/members`, { person: who, member }));
}

/** Begin again with the people there were in the beginning. Throws where the sandbox refuses. */
export const reset = () => api.send("/chat/reset");

/** Read people, groups and links again; returns the newest sequence number. */
export async function readState() {
  const read = await api.read("/chat/state");
  const { last, ...known } = read;
  Object.assign(state, known);
  emit("people");
  return last;
}

/** Return the commands that the person who speaks is shown here. */
export async function readCommands() {
  const answer = await api.read(`/chat/commands?person=${state.person}&chat=${state.chat}`);
  return answer.commands;
}

/** Save a document. */
export async function save(document_) {
  await attempt(async () => {
    const address = URL.createObjectURL(await api.readFile(document_.file_id));
    const link = document.createElement("a");
    Object.assign(link, { href: address, download: document_.file_name ?? "document" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  });
}

function replacePerson(changed) {
  state.people = [...state.people.filter((one) => one.id !== changed.id), changed].sort(byKnown(state.people));
  emit("people");
}

function replaceGroup(changed) {
  state.groups = [...state.groups.filter((one) => one.id !== changed.id), changed].sort(byKnown(state.groups));
  emit("people");
}

/** Keep the order of what was known; what is new comes last. */
function byKnown(known) {
  const places = new Map(known.map((one, place) => [one.id, place]));
  return (one, other) => (places.get(one.id) ?? places.size) - (places.get(other.id) ?? places.size);
}

/** Say whether the person who speaks may write in the chat. */
export const mayWrite = () =>
  isGroup(state.chat)
    ? Boolean(state.groups.find((one) => one.id === state.chat)?.members.includes(state.person))
    : !person(state.person)?.blocked;
