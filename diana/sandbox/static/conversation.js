// The messages of the open chat: drawn once, redrawn one by one when they change, with focus and place kept.

import * as actions from "./actions.js";
import { button, element, icon } from "./dom.js";
import { askToPay, askWhoOpens, opensHere } from "./forms.js";
import { openMenu } from "./menu.js";
import { languageOf, renderMessage } from "./message.js";
import { toast } from "./notices.js";
import { emit, isGroup, messagesOf, on, person, state } from "./state.js";
import { day } from "./times.js";

const EMOJI = ["👍", "❤️", "🔥", "🎉", "😁", "👎"];
const NEAR_END_PIXELS = 90;
// Telegram shows a pressed button as waiting for about that long.
const WAITING_MS = 15_000;

const log = element("div", { class: "log", role: "log", "aria-label": "Messages", tabindex: "0" });
const more = button(icon("down"), () => toEnd(), { class: "to-end", "aria-label": "To the newest message", hidden: true });
const drawn = new Map();
const waiting = new Map();
let shown = null;

/** Return the pane's part with the messages; it keeps itself up to date. */
export function conversation() {
  on("selected", draw);
  on("people", draw);
  on("messages", ({ chat }) => chat === state.chat && draw());
  on("answered", ({ query_id: query }) => stopWaiting(query));
  log.addEventListener("scroll", () => { more.hidden = isAtEnd(); });
  // A box that grows or shrinks must not hide what was being read.
  new ResizeObserver(() => wasAtEnd && toEnd()).observe(log);
  return element("div", { class: "conversation" }, log, more);
}

let wasAtEnd = true;
const isAtEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PIXELS;

function toEnd() {
  log.scrollTop = log.scrollHeight;
  more.hidden = true;
  wasAtEnd = true;
}

function draw() {
  const place = `${state.person} ${state.chat}`;
  const isNew = shown !== place;
  if (isNew) {
    drawn.clear();
    log.replaceChildren();
    shown = place;
  }
  if (state.chat === null) return;
  const atEnd = isNew || isAtEnd();
  const focus = focusedPlace();
  log.setAttribute("aria-busy", String(isNew));
  const grew = arrange(wanted());
  log.setAttribute("aria-busy", "false");
  restoreFocus(focus);
  wasAtEnd = atEnd || grew;
  if (wasAtEnd) toEnd();
  else more.hidden = isAtEnd();
}

/** Return the nodes that the chat consists of, those that have not changed as they are. */
function wanted() {
  const viewer = person(state.person);
  const zone = viewer?.time_zone ?? "UTC";
  const nodes = [];
  let previous = null;
  for (const message of messagesOf(state.chat)) {
    const today = day(message.date, zone);
    const isNewDay = !previous || today !== day(previous.date, zone);
    if (isNewDay) nodes.push(node(`day ${today}`, today, () => element("h3", { class: "day" }, today)));
    const first = isNewDay || previous.from.id !== message.from.id || Boolean(previous.service);
    const view = { own: message.from.id === state.person, first, zone, names: isGroup(state.chat), lang: languageOf(message, viewer), taps };
    nodes.push(node(message.message_id, JSON.stringify([message, { ...view, taps: null }]), () => renderMessage(message, view)));
    previous = message;
  }
  return nodes.length ? nodes : [emptyChat()];
}

function node(key, content, make) {
  const known = drawn.get(key);
  if (known?.content === content) return known.node;
  const made = make();
  drawn.set(key, { content, node: made });
  return made;
}

/** Put the nodes in their order, touching only those that are new or gone; say whether one's own message came last. */
function arrange(nodes) {
  const before = log.lastElementChild;
  const kept = new Set(nodes);
  for (const old of [...log.children]) if (!kept.has(old)) old.remove();
  nodes.forEach((one, place) => log.children[place] !== one && log.insertBefore(one, log.children[place] ?? null));
  const last = log.lastElementChild;
  return last !== before && last.classList.contains("own");
}

function emptyChat() {
  const hints = {
    group: "Say something here, as somebody who is in the group. The bot answers commands, such as /top, and counts the rest.",
    chat: "Nothing has been said here yet. Say /start, as everybody does first.",
  };
  const hint = isGroup(state.chat) ? hints.group : hints.chat;
  const start = !isGroup(state.chat) && button("Start", () => actions.say("/start"), { class: "primary" });
  return element("div", { class: "blank" }, element("p", {}, hint), start);
}

const taps = {
  command: (text) => actions.say(text),
  link: (url) => askWhoOpens(url),
  opensHere,
  save: actions.save,
  refund: actions.refund,
  changeSubscription: actions.changeSubscription,
  react: actions.react,
  show: (id) => showMessage(id),
  menu: (message, anchor) => openMenu(anchor, menuOf(message)),
  key: pressKey,
};

function menuOf(message) {
  const id = message.message_id;
  const items = [EMOJI.map((emoji) => [emoji, () => toggleReaction(message, emoji), `React with ${emoji}`])];
  items.push(["Reply", () => emit("reply", message)]);
  if (message.from.id === state.person && message.text) items.push(["Edit", () => emit("edit", message)]);
  if (message.update_id) {
    const words = message.text ?? "this";
    items.push(["What it set off", () => emit("follow", { updateId: message.update_id, words, person: message.from.id, show: true })]);
  }
  if (message.text) items.push(["Copy the text", () => navigator.clipboard.writeText(message.text)]);
  return items;
}

function toggleReaction(message, emoji) {
  const mine = (message.reactions ?? []).some((one) => one.person === state.person && one.emoji === emoji);
  return actions.react(message.message_id, mine ? null : emoji);
}

function showMessage(id) {
  const found = drawn.get(id)?.node;
  found?.scrollIntoView({ block: "center" });
  found?.focus();
}

async function pressKey(message, key, row, column, pressed) {
  if (key.pay || (message.invoice && key.pay !== undefined)) return askToPay(message);
  if (key.url) return openAddress(key.url);
  if (key.copy_text) return navigator.clipboard.writeText(key.copy_text.text).then(() => toast("Copied."));
  if (!key.callback_data) return toast("This kind of button works in Telegram alone.");
  if (pressed.getAttribute("aria-busy")) return undefined;
  pressed.setAttribute("aria-busy", "true");
  const query = await actions.press(message.message_id, row, column, key.text);
  if (!query || answeredAlready.has(query)) return pressed.removeAttribute("aria-busy");
  const timer = setTimeout(() => stopWaiting(query), WAITING_MS);
  return waiting.set(query, { pressed, timer });
}

// The bot may answer before the sandbox's answer to the press is read.
const answeredAlready = new Set();

function stopWaiting(query) {
  answeredAlready.add(query);
  clearTimeout(waiting.get(query)?.timer);
  waiting.get(query)?.pressed.removeAttribute("aria-busy");
  waiting.delete(query);
}

function openAddress(url) {
  if (opensHere(url)) return askWhoOpens(url);
  return open(url, "_blank", "noopener,noreferrer");
}

/** Return which message has the focus, and which of its buttons. */
function focusedPlace() {
  const holder = document.activeElement?.closest(".log .message");
  if (!holder) return null;
  const all = [...holder.querySelectorAll("button, a")];
  return { id: Number(holder.dataset.id), place: document.activeElement.dataset.place, at: all.indexOf(document.activeElement), holder };
}

/** Give the focus back to the same place of a message that was drawn anew. */
function restoreFocus(focus) {
  if (!focus || focus.holder.isConnected) return;
  const holder = drawn.get(focus.id)?.node;
  if (!holder?.isConnected) return log.focus();
  const same = focus.place && holder.querySelector(`[data-place="${focus.place}"]`);
  const next = same || (focus.place && holder.querySelector(".key")) || holder;
  return next.focus({ preventScroll: true });
}
