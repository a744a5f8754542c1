// The middle: whose chat it is, what can be done there, the messages, the box.

import * as actions from "./actions.js";
import { composer } from "./composer.js";
import { conversation } from "./conversation.js";
import { avatar, button, element, icon } from "./dom.js";
import { askWhoOpens, languageName, showMembers } from "./forms.js";
import { openMenu } from "./menu.js";
import { chatName, group, isGroup, on, person, showPane, state, typingIn } from "./state.js";
import { clockTime } from "./times.js";

const header = element("header", { class: "bar" });
const subtitle = element("p", { class: "subtitle" });
const trace = button("", () => showPane("timeline"), { class: "quiet to-timeline", "aria-label": "Trace: what it set off" });
trace.append(icon("trace"), element("span", { class: "long" }, "What it set off"), element("span", { class: "short" }, "Trace"));

/** Fill the pane. */
export function showChat(pane) {
  pane.append(header, conversation(), composer());
  on("selected", drawHeader);
  on("people", drawHeader);
  on("typing", (chat) => chat === state.chat && drawSubtitle());
  on("working", (isWorking) => trace.classList.toggle("working", isWorking));
  setInterval(drawSubtitle, 20_000);
  drawHeader();
}

function drawHeader() {
  const known = state.chat !== null && (isGroup(state.chat) ? group(state.chat) : person(state.chat));
  document.body.classList.toggle("nobody", !known);
  if (!known) return;
  const name = chatName(state.chat);
  drawSubtitle();
  header.replaceChildren(
    button(icon("back"), () => showPane("people"), { class: "plain to-people", "aria-label": "To people and groups" }),
    avatar(state.chat, name),
    element("div", { class: "names" }, element("h1", { id: "chat-title", dir: "auto" }, name), subtitle),
    vipButton(), trace,
    button(icon("more"), (event) => openMenu(event.currentTarget, menuItems()), { class: "plain more-here", "aria-haspopup": "menu", "aria-label": `What to do with ${name}` }));
}

function vipButton() {
  const who = person(state.chat);
  if (!who || !state.can_grant_vip) return "";
  if (who.vip) return element("span", { class: "vip" }, "VIP");
  return button("Make VIP", () => actions.grantVip(who.id), { class: "quiet make-vip", title: "By the ordinary act, with the reason “sandbox”" });
}

function menuItems() {
  const link = ["Open a link to the bot…", () => askWhoOpens()];
  if (isGroup(state.chat)) return [["Members…", () => showMembers(state.chat)], link];
  const { blocked, vip } = person(state.chat);
  const items = [[blocked ? "Unblock the bot" : "Block the bot", () => actions.block(state.chat, !blocked)], link];
  return state.can_grant_vip && !vip ? [["Make VIP", () => actions.grantVip(state.chat)], ...items] : items;
}

function drawSubtitle() {
  if (state.chat === null) return;
  const isTyping = typingIn(state.chat) !== null;
  subtitle.classList.toggle("typing", isTyping);
  const text = isTyping ? `${state.bot.first_name} is typing…` : isGroup(state.chat) ? groupLine() : personLine();
  if (subtitle.textContent !== text) subtitle.textContent = text;
}

function groupLine() {
  const known = group(state.chat);
  if (!known) return "";
  const names = known.members.map((id) => person(id)?.first_name).filter(Boolean);
  return [...names, known.bot_is_member ? state.bot.first_name : null].filter(Boolean).join(", ");
}

function personLine() {
  const who = person(state.chat);
  if (!who) return "";
  const time = clockTime(Date.now() / 1000, who.time_zone);
  return [who.username && `@${who.username}`, languageName(who.language_code), `${who.time_zone} ${time}`].filter(Boolean).join(" · ");
}
