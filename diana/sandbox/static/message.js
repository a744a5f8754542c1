// Draws one message as Telegram shows it. What its buttons do is decided by whoever asks for it.

import { button, element, icon } from "./dom.js";
import { renderText } from "./entities.js";
import { message as find, nameOf, person, state } from "./state.js";
import { clockTime } from "./times.js";

const SPOKEN = ["en", "es", "ru"];

/**
 * Return the node of a message.
 *
 * `view`: own (said by who looks), first (of several in a row by the same sender), zone, lang, taps: what to do when
 * something in it is pressed.
 */
export function renderMessage(message, view) {
  const service = serviceText(message);
  const node = element("article", {
    class: `message ${service ? "service" : view.own ? "own" : "other"} ${view.first ? "first" : ""}`,
    "data-id": message.message_id,
    tabindex: "-1",
    "aria-label": `${senderName(message)}, ${clockTime(message.date, view.zone)}`,
  });
  if (service) node.append(renderService(message, service, view));
  else node.append(bubble(message, view), keyboard(message, view), actionsButton(message, view));
  return node;
}

/** Return the language that a message is most likely in. */
export function languageOf(message, viewer) {
  const code = (viewer?.language_code ?? "").split("-")[0];
  if (!message.from.is_bot) return code || null;
  return SPOKEN.includes(code) ? code : "en";
}

/** Return who wrote it. */
export function senderName(message) {
  if (message.from.is_bot) return state.bot.first_name;
  const known = person(message.from.id);
  return known ? nameOf(known) : message.from.first_name;
}

/** Return a line that stands for a message elsewhere: in a reply, in the list of chats. */
export function summary(message) {
  if (message.text) return message.text.replace(/\s+/gu, " ");
  if (message.document) return message.caption || message.document.file_name;
  if (message.invoice) return `⭐ ${message.invoice.total_amount} · ${message.invoice.title}`;
  return serviceText(message) ?? message.caption ?? "";
}

/** Say whether it is a line about the chat, not something said in it. */
export const isService = (message) => serviceText(message) !== null;

function serviceText(message) {
  const name = senderName(message);
  if (message.service === "joined") return `${name} joined the group`;
  if (message.service === "left") return `${name} left the group`;
  if (message.successful_payment) return `${name} paid ⭐ ${message.successful_payment.total_amount}`;
  if (message.refunded_payment) return `⭐ ${message.refunded_payment.total_amount} were given back to ${name}`;
  return null;
}

function renderService(message, text, { taps, own }) {
  const charge = own && message.successful_payment?.telegram_payment_charge_id;
  return element("p", { class: "pill" }, text,
    charge && button("Refund", () => taps.refund(charge), { class: "tap", "aria-label": `Refund ⭐ ${message.successful_payment.total_amount}` }),
    ...subscriptionButtons(message, charge, taps));
}

/** What the owner of a subscription can do with it, at the payment that began it. */
function subscriptionButtons(message, charge, taps) {
  if (!charge || !message.successful_payment.is_first_recurring) return [];
  return [["Cancel", "canceled"], ["Resume", "active"], ["Fail", "failed"]].map(([label, change]) =>
    button(label, () => taps.changeSubscription(charge, change), { class: "tap", "aria-label": `${label} the subscription` }));
}

function bubble(message, view) {
  const { text = message.caption ?? "", entities = message.caption_entities } = message;
  return element("div", { class: "bubble" },
    view.names && view.first && !view.own && element("p", { class: "sender" }, senderName(message)),
    reply(message, view),
    message.document && documentCard(message.document, view),
    message.invoice && invoiceCard(message, view),
    text && element("div", { class: "text", dir: "auto", lang: view.lang }, renderText(text, entities, view.taps)),
    element("div", { class: "foot" }, reactions(message, view), stamp(message, view)));
}

function stamp(message, { zone }) {
  const iso = new Date(message.date * 1000).toISOString();
  return element("span", { class: "stamp" }, message.edit_date && "edited ",
    element("time", { datetime: iso }, clockTime(message.date, zone)));
}

function reply(message, { taps }) {
  if (!message.reply_to_message_id) return null;
  const replied = find(message.chat.id ?? message.chat, message.reply_to_message_id);
  const name = replied ? senderName(replied) : "A message";
  return element("button", { type: "button", class: "replied", onclick: () => taps.show(message.reply_to_message_id) },
    element("span", { class: "sender" }, name),
    element("span", { class: "words", dir: "auto" }, replied ? summary(replied) : "that is no longer here"));
}

function documentCard(document_, { taps }) {
  const size = document_.file_size ? `${Math.max(1, Math.round(document_.file_size / 1024))} KB` : "";
  return element("button", { type: "button", class: "document", onclick: () => taps.save(document_) },
    element("span", { class: "disc" }, icon("file")),
    element("span", {}, element("strong", {}, document_.file_name ?? "document"), element("small", {}, `Save${size && ` · ${size}`}`)));
}

function invoiceCard(message, { lang }) {
  const { invoice } = message;
  return element("div", { class: "invoice", lang, dir: "auto" },
    element("strong", {}, invoice.title), element("p", {}, invoice.description),
    element("p", { class: "price" }, `⭐ ${invoice.total_amount}`, invoice.paid && element("span", { class: "paid", lang: "en" }, "paid")));
}

function reactions(message, { taps }) {
  const counted = new Map();
  for (const { person: who, emoji } of message.reactions ?? []) counted.set(emoji, [...(counted.get(emoji) ?? []), who]);
  return [...counted].map(([emoji, people]) => {
    const mine = people.includes(state.person);
    const names = people.map((who) => (who === null ? state.bot.first_name : nameOf(person(who) ?? { first_name: who })));
    return button(`${emoji} ${people.length > 1 ? people.length : ""}`.trim(), () => taps.react(message.message_id, mine ? null : emoji),
      { class: "reaction", "aria-pressed": String(mine), "aria-label": `${emoji} by ${names.join(", ")}` });
  });
}

function keyboard(message, view) {
  const rows = message.reply_markup?.inline_keyboard ?? [];
  const { invoice } = message;
  const shown = invoice && !invoice.paid && !rows.length ? [[{ text: `Pay ⭐ ${invoice.total_amount}`, pay: true }]] : rows;
  if (!shown.length || (invoice?.paid && shown.flat().every((one) => one.pay))) return "";
  return element("div", { class: "keyboard", role: "group", "aria-label": "Buttons" },
    shown.map((row, rowNumber) => element("div", { class: "row" }, row.map((one, column) => keyOf(message, one, rowNumber, column, view)))));
}

function keyOf(message, one, row, column, { taps, lang }) {
  const attributes = { class: "key", lang, dir: "auto", "data-place": `${row} ${column}` };
  const marked = one.url ? `${one.text} ↗` : one.text;
  return button(marked, (event) => taps.key(message, one, row, column, event.currentTarget), attributes);
}

function actionsButton(message, { taps }) {
  return button(icon("more"), (event) => taps.menu(message, event.currentTarget),
    { class: "plain more", "aria-haspopup": "menu", "aria-label": `What to do with the message of ${senderName(message)}` });
}
