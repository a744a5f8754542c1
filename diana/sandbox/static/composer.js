// Where somebody writes: the box, the menu of commands, replies and edits, and in groups the choice of who speaks.

import * as actions from "./actions.js";
import { button, element, icon } from "./dom.js";
import { senderName, summary } from "./message.js";
import { attempt } from "./notices.js";
import { group, isGroup, messagesOf, nameOf, on, person, select, state } from "./state.js";

const box = element("textarea", {
  id: "box", rows: "1", placeholder: "Message", "aria-label": "Message", "aria-autocomplete": "list", "aria-controls": "commands",
  autocomplete: "off", enterkeyhint: "send",
});
const list = element("div", { id: "commands", class: "commands", role: "listbox", tabindex: "0", "aria-label": "Commands", hidden: true });
const counted = element("p", { class: "unseen", role: "status" });
const banner = element("div", { class: "banner", hidden: true });
const form = element("form", { class: "writing" });
const speaker = element("select", { "aria-label": "Who speaks" });
const speaking = element("label", { class: "speaking", hidden: true }, "Speak as ", speaker);
const closed = element("div", { class: "closed", hidden: true });
const sendButton = element("button", { type: "submit", class: "round primary", "aria-label": "Send" }, icon("send"));
const menuButton = button("/", toggleCommands, { class: "round quiet", "aria-label": "Commands", "aria-expanded": "false", "aria-controls": "commands" });

let commands = [];
let offered = [];
let active = -1;
// A message that is replied to or edited: {kind, message}.
let about = null;
const drafts = new Map();
let draftOf = null;

/** Return the pane's part in which one writes. */
export function composer() {
  form.append(menuButton, box, sendButton);
  form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  box.addEventListener("input", () => { fit(); offer(); });
  box.addEventListener("keydown", onKey);
  list.addEventListener("keydown", onListKey);
  box.addEventListener("blur", () => setTimeout(() => ![box, ...list.children, list].includes(document.activeElement) && closeCommands(), 150));
  speaker.addEventListener("change", () => select(Number(speaker.value), state.chat));
  on("selected", change);
  on("people", refresh);
  on("commands", loadCommands);
  on("reply", (message) => begin("reply", message));
  on("edit", (message) => begin("edit", message));
  return element("div", { class: "composer" }, list, counted, banner, speaking, form, closed);
}

function change() {
  if (draftOf !== null) drafts.set(draftOf, box.value);
  draftOf = `${state.person} ${state.chat}`;
  end();
  box.value = drafts.get(draftOf) ?? "";
  fit();
  closeCommands();
  refresh();
  loadCommands();
  // On a phone the keyboard would cover half of the chat.
  if (matchMedia("(pointer: fine)").matches && !form.hidden) focusBox();
}

/** Put the cursor into the box; a dialog that is open gives the focus back first. */
function focusBox() {
  const dialog = document.querySelector("dialog[open]");
  if (dialog) dialog.addEventListener("close", () => setTimeout(focusBox), { once: true });
  else box.focus({ preventScroll: true });
}

function refresh() {
  if (state.chat === null) return;
  const members = isGroup(state.chat) ? state.people.filter((one) => group(state.chat)?.members.includes(one.id)) : [];
  const others = members.some((one) => one.id === state.person) || !person(state.person) ? members : [person(state.person), ...members];
  speaking.hidden = !isGroup(state.chat);
  speaker.replaceChildren(...others.map((one) => element("option", { value: one.id, selected: one.id === state.person }, nameOf(one))));
  form.hidden = !actions.mayWrite();
  closed.hidden = !form.hidden;
  if (form.hidden) closed.replaceChildren(...closedParts());
}

function closedParts() {
  const name = nameOf(person(state.person) ?? { first_name: "This person" });
  if (!isGroup(state.chat)) {
    return [element("p", {}, `${name} has blocked the bot.`), button("Unblock the bot", () => actions.block(state.person, false), { class: "primary" })];
  }
  const join = () => attempt(() => actions.setMember(state.chat, state.person, true));
  return [element("p", {}, `${name} is not in this group.`), button(`Join as ${name}`, join, { class: "primary" })];
}

async function loadCommands() {
  if (state.chat === null) return;
  const place = draftOf;
  const loaded = await actions.readCommands().catch(() => []);
  if (place === draftOf) commands = loaded;
  menuButton.hidden = !commands.length;
  if (document.activeElement === box && box.value.startsWith("/")) offer();
}

/** Offer the commands that begin as what was typed does. */
function offer() {
  const typed = /^\/(\w*)$/u.exec(box.value)?.[1];
  if (typed === undefined) return closeCommands();
  return showCommands(commands.filter((one) => one.command.startsWith(typed.toLowerCase())), typed);
}

function showCommands(found, typed = "") {
  offered = found;
  if (!found.length) return closeCommands();
  const lang = person(state.person)?.language_code;
  list.replaceChildren(...found.map((one, place) =>
    element("div", { id: `command-${place}`, role: "option", class: "command", onmousedown: (event) => event.preventDefault(), onclick: () => choose(place) },
      element("strong", {}, `/${one.command}`), element("span", { lang, dir: "auto" }, one.description))));
  list.hidden = false;
  menuButton.setAttribute("aria-expanded", "true");
  counted.textContent = `${found.length} ${found.length === 1 ? "command" : "commands"}, arrow keys choose`;
  return activate(Math.max(0, found.findIndex((one) => one.command === typed)));
}

function closeCommands() {
  list.hidden = true;
  offered = [];
  active = -1;
  counted.textContent = "";
  menuButton.setAttribute("aria-expanded", "false");
  box.removeAttribute("aria-activedescendant");
}

function activate(place) {
  active = (place + offered.length) % offered.length;
  [...list.children].forEach((one, at) => one.setAttribute("aria-selected", String(at === active)));
  list.children[active].scrollIntoView({ block: "nearest" });
  box.setAttribute("aria-activedescendant", `command-${active}`);
}

function toggleCommands() {
  if (list.hidden) {
    box.focus();
    showCommands(commands);
  } else closeCommands();
}

function choose(place) {
  box.value = `/${offered[place].command}`;
  submit();
}

function onKey(event) {
  if (event.isComposing) return;
  if (!list.hidden && onListKey(event)) return;
  if (event.key === "Enter" && !event.shiftKey) submit(event.preventDefault());
  else if (event.key === "Escape" && about) end();
  else if (event.key === "ArrowUp" && !box.value) editLast(event);
}

function onListKey(event) {
  const acts = {
    ArrowDown: () => activate(active + 1),
    ArrowUp: () => activate(active - 1),
    Enter: () => choose(active),
    Tab: () => { box.value = `/${offered[active].command} `; closeCommands(); },
    Escape: closeCommands,
  };
  if (!acts[event.key] || event.shiftKey) return false;
  event.preventDefault();
  acts[event.key]();
  return true;
}

function editLast(event) {
  const last = messagesOf(state.chat).filter((one) => one.from.id === state.person && one.text).at(-1);
  if (last) begin("edit", last, event.preventDefault());
}

async function submit() {
  const text = box.value.trim();
  if (!text) return;
  const doing = about;
  closeCommands();
  end();
  box.value = "";
  fit();
  const taken = doing?.kind === "edit"
    ? await actions.edit(doing.message.message_id, text)
    : await actions.say(text, doing?.message.message_id);
  // What was refused can be corrected, unless something else was begun meanwhile.
  if (taken || box.value || about) return;
  if (doing) begin(doing.kind, doing.message);
  box.value = text;
  fit();
}

function begin(kind, message) {
  about = { kind, message };
  const title = kind === "edit" ? "Edit your message" : `Reply to ${senderName(message)}`;
  banner.replaceChildren(element("p", {}, element("strong", {}, title), element("span", { dir: "auto" }, summary(message))),
    button(icon("close"), end, { class: "plain", "aria-label": kind === "edit" ? "Do not edit" : "Do not reply" }));
  banner.hidden = false;
  if (kind === "edit") box.value = message.text;
  fit();
  box.focus();
}

function end() {
  if (about?.kind === "edit") box.value = "";
  about = null;
  banner.hidden = true;
  fit();
}

function fit() {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 160)}px`;
}

