// The left: everybody and every group, what was said there last, how much of it nobody has seen.

import { avatar, button, element, icon } from "./dom.js";
import { askForGroup, askForPerson, askToReset, askWhoOpens } from "./forms.js";
import { isService, senderName, summary } from "./message.js";
import { chatName, group, isGroup, messagesOf, on, person, select, state, typingIn, unread } from "./state.js";
import { clockTime } from "./times.js";

const people = element("ul", { class: "chats" });
const groups = element("ul", { class: "chats" });
const rows = new Map();

/** Fill the pane. */
export function showPeople(pane) {
  const plus = (label, act) => button(icon("plus"), act, { class: "plain", "aria-label": label, title: label });
  pane.append(
    element("header", { class: "bar" }, element("h2", {}, "Sandbox"), element("p", { class: "subtitle" }, "You are everybody here.")),
    element("div", { class: "scroll" },
      element("div", { class: "heading" }, element("h3", {}, "People"), plus("Add a person", askForPerson)), people,
      element("div", { class: "heading" }, element("h3", {}, "Groups"), plus("Add a group", askForGroup)), groups),
    element("footer", {},
      button([icon("link"), "Open a link"], () => askWhoOpens(), { class: "quiet" }),
      button([icon("reset"), "Reset"], askToReset, { class: "quiet", "aria-label": "Reset everything" })));
  for (const news of ["people", "selected", "messages", "read", "typing"]) on(news, draw);
  draw();
}

function draw() {
  fill(people, state.people.map((one) => one.id));
  fill(groups, state.groups.map((one) => one.id));
  const waiting = [...state.people, ...state.groups].reduce((sum, one) => sum + unread(one.id), 0);
  document.title = `${waiting ? `(${waiting}) ` : ""}Talk to ${state.bot.first_name || "the bot"}`;
}

function fill(list, ids) {
  const wanted = ids.map(row);
  for (const old of [...list.children]) if (!wanted.includes(old)) old.remove();
  wanted.forEach((one, place) => list.children[place] !== one && list.insertBefore(one, list.children[place] ?? null));
}

/** Return the row of a chat; its button stays the same, so that it keeps the focus. */
function row(chat) {
  if (!rows.has(chat)) {
    const open = element("button", { type: "button", class: "chat-row", onclick: () => select(speakerIn(chat), chat) });
    rows.set(chat, { node: element("li", {}, open), open, content: "" });
  }
  const { node, open, content } = rows.get(chat);
  const shown = describe(chat);
  const now = JSON.stringify(shown);
  if (now !== content) {
    rows.get(chat).content = now;
    open.replaceChildren(...parts(chat, shown));
    open.toggleAttribute("aria-current", shown.isOpen);
    if (shown.isOpen) open.setAttribute("aria-current", "true");
  }
  return node;
}

/** Return who speaks in a chat: in a group whoever spoke last on this page, if they are in it. */
function speakerIn(chat) {
  const members = isGroup(chat) ? group(chat).members : [chat];
  return members.includes(state.person) ? state.person : (members[0] ?? state.person ?? state.people[0]?.id);
}

function describe(chat) {
  const last = messagesOf(chat).at(-1);
  const who = person(chat);
  const isNamed = last && !isService(last) && (isGroup(chat) || last.from.id === chat);
  const said = last && `${isNamed ? `${senderName(last)}: ` : ""}${summary(last)}`;
  return {
    name: chatName(chat), isOpen: chat === state.chat, waiting: unread(chat), vip: Boolean(who?.vip), blocked: Boolean(who?.blocked),
    said: typingIn(chat) ? "typing…" : (said ?? "Nothing said yet").slice(0, 90), lang: who?.language_code,
    time: last ? clockTime(last.date, who?.time_zone ?? person(state.person)?.time_zone ?? "UTC") : "",
  };
}

function parts(chat, shown) {
  const count = shown.waiting ? element("span", { class: "unread" }, String(shown.waiting), element("span", { class: "unseen" }, " unread")) : null;
  return [
    avatar(chat, shown.name),
    element("span", { class: "about" },
      element("span", { class: "line" }, element("strong", { dir: "auto" }, shown.name),
        shown.vip && element("span", { class: "vip" }, "VIP"), shown.blocked && element("span", { class: "blocked" }, "blocked the bot"),
        element("time", {}, shown.time)),
      element("span", { class: "line" }, element("span", { class: "said", dir: "auto" }, shown.said), count)),
  ];
}
