// The dialogs in which people, groups and links are added, opened and changed.

import * as actions from "./actions.js";
import { choice, ask, field } from "./dialogs.js";
import { element } from "./dom.js";
import { attempt } from "./notices.js";
import { group, nameOf, person, state } from "./state.js";
import { isZone, ownZone, zones } from "./times.js";

const LANGUAGES = {
  en: "English", es: "Español", ru: "Русский", de: "Deutsch", fr: "Français", "pt-br": "Português (Brasil)",
  uk: "Українська", ar: "العربية",
};

/** Return the name of a language, in that language. */
export const languageName = (code) => LANGUAGES[code] ?? code;

/** Ask for a new person. */
export function askForPerson() {
  const first = element("input", { name: "first_name", required: true, maxlength: 64, autofocus: true, autocomplete: "off" });
  const last = element("input", { name: "last_name", maxlength: 64, autocomplete: "off" });
  const username = element("input", { name: "username", pattern: "[A-Za-z][A-Za-z0-9_]{4,31}", autocomplete: "off", spellcheck: "false" });
  const language = element("select", { name: "language_code" },
    Object.entries(LANGUAGES).map(([code, name]) => element("option", { value: code, lang: code }, name)));
  const zone = element("input", { name: "time_zone", required: true, list: "zones", value: ownZone(), autocomplete: "off", spellcheck: "false" });
  zone.addEventListener("input", () => zone.setCustomValidity(isZone(zone.value) ? "" : "Name a zone as in Europe/Madrid."));
  return ask({
    title: "Add a person",
    body: [
      field("First name", first), field("Last name (may be empty)", last),
      field("User name (may be empty)", username, "Five letters, digits or _ at least, beginning with a letter."),
      field("Language of their Telegram", language, "The bot speaks English, Spanish and Russian; to others it speaks English."),
      field("Time zone", zone), element("datalist", { id: "zones" }, zones().map((name) => element("option", { value: name }))),
    ],
    confirm: "Add",
    confirmed: (form) => actions.addPerson(Object.fromEntries([...form].map(([key, value]) => [key, value.trim() || null]))),
  });
}

/** Ask for a new group and its members. */
export function askForGroup() {
  const title = element("input", { name: "title", required: true, maxlength: 128, autofocus: true, autocomplete: "off" });
  const members = state.people.map((one) => choice("checkbox", "member", one.id, nameOf(one), { checked: true }));
  return ask({
    title: "Add a group",
    body: [
      field("Title", title),
      element("fieldset", { class: "choices" }, element("legend", {}, "Members, beside the bot"), members),
    ],
    confirm: "Add",
    confirmed: (form) => {
      const chosen = form.getAll("member").map(Number);
      if (!chosen.length) throw new Error("Choose one member at least.");
      return actions.addGroup(form.get("title").trim(), chosen);
    },
  });
}

/** Show who is in a group; each box joins or leaves at once. */
export function showMembers(id) {
  const box = (who, name, checked) =>
    choice("checkbox", "member", who, name, { checked, onchange: (event) => change(event.target) });
  const boxes = state.people.map((one) => box(one.id, nameOf(one), group(id).members.includes(one.id)));
  boxes.push(box(state.bot.id, `${state.bot.first_name}, the bot`, group(id).bot_is_member));
  async function change(changed) {
    const done = await attempt(async () => {
      await actions.setMember(id, Number(changed.value), changed.checked);
      return true;
    });
    if (!done) changed.checked = !changed.checked;
  }
  return ask({
    title: `Members of ${group(id).title}`,
    body: [element("p", {}, "A change is a person who joins or leaves: the bot is told at once."),
      element("fieldset", { class: "choices" }, element("legend", {}, "Members"), boxes)],
    confirm: "Done",
    cancel: null,
  });
}

/** Ask who opens a link to the bot. */
export function askWhoOpens(link = "") {
  const shared = sharedLink(link);
  const address = element("input", {
    name: "link", required: true, value: shared, autofocus: !shared, autocomplete: "off", spellcheck: "false", type: "text",
  });
  const people = element("fieldset", { class: "choices" }, element("legend", {}, "Who opens it"));
  const list = () => state.people.map((one, place) =>
    choice("radio", "person", one.id, nameOf(one), { checked: one.id === suggested(), autofocus: Boolean(shared) && place === 0 }));
  people.append(...list());
  return ask({
    title: "Open a link to the bot",
    body: [field("Link", address, `t.me/${state.bot.username}?start=… or an invoice link, t.me/$…`), people],
    confirm: "Open",
    confirmed: (form) => actions.openLink(Number(form.get("person")), form.get("link").trim()),
  });
}

/** Return who is likeliest to open a link that the person who speaks was given: somebody else. */
function suggested() {
  return (state.people.find((one) => one.id !== state.person) ?? state.people[0])?.id;
}

function sharedLink(link) {
  if (!/^https?:\/\/(t|telegram)\.me\/share\//u.test(link)) return link;
  return new URL(link).searchParams.get("url") ?? link;
}

/** Say whether a link leads to this bot, so that it is opened here and not by Telegram. */
export function opensHere(address) {
  const url = new URL(address);
  if (url.protocol === "tg:") return url.searchParams.get("domain") === state.bot.username;
  if (!["t.me", "telegram.me"].includes(url.hostname)) return false;
  if (url.pathname.startsWith("/share/")) return true;
  return url.pathname.startsWith("/$") || url.pathname.slice(1).toLowerCase() === state.bot.username.toLowerCase();
}

/** Ask whether to pay a bill; a refusal is told to the sandbox too. */
export async function askToPay(message) {
  const { invoice } = message;
  const isPaid = await ask({
    title: `Pay ⭐ ${invoice.total_amount}?`,
    body: [element("p", { dir: "auto" }, `${invoice.title} · ${invoice.description}`),
      element("p", { class: "hint" }, `These Stars exist in the sandbox alone. ${nameOf(person(state.person))} pays with them.`)],
    confirm: `Pay ⭐ ${invoice.total_amount}`,
  });
  await actions.pay(message.message_id, Boolean(isPaid));
}

/** Ask before everything is forgotten. */
export function askToReset() {
  return ask({
    title: "Reset everything?",
    body: [element("p", {}, "All messages and everybody who was added here will be gone, and the people of the beginning are back."),
      element("p", { class: "hint" }, "Diana's database keeps what it knows of people. “make clean” empties it too.")],
    confirm: "Reset everything",
    danger: true,
    confirmed: actions.reset,
  });
}
