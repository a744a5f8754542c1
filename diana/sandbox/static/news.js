// Keeps what the page knows up to date: reads the stream of news, connects again when it ends.

import * as actions from "./actions.js";
import { read, readNews } from "./api.js";
import { opensHere } from "./forms.js";
import { languageOf } from "./message.js";
import { alertOf, attempt, toast } from "./notices.js";
import { emit, forget, keepHistory, keepMessage, message, nameOf, noteTyping, person, recallPlace, select, state, stopTyping } from "./state.js";

const AGAIN_MS = [300, 1000, 2000, 3000];
const line = document.getElementById("connection");
const loaded = new Set();

/** Read everything, then follow the news until the page is closed. */
export async function keepUpToDate() {
  let last = null;
  for (let failures = 0; ; failures += 1) {
    try {
      last ??= await begin();
      for await (const news of readNews(last, null)) {
        failures = 0;
        showConnection("");
        if (news.event === "reset") {
          last = await beginAgain();
          break;
        }
        last = news.id;
        await take(news);
      }
    } catch (error) {
      if ([401, 403].includes(error.status)) return showConnection("This address is of an earlier run, or lacks its key. Open the one that “make run” prints now.");
      showConnection("The connection to the sandbox is lost. Look whether “make run” still runs. Trying again…");
    }
    await new Promise((go) => setTimeout(go, AGAIN_MS[Math.min(failures, AGAIN_MS.length - 1)]));
  }
}

function showConnection(text) {
  line.hidden = !text;
  if (line.textContent !== text) line.textContent = text;
}

async function begin() {
  const last = await actions.readState();
  await loadChats();
  chooseSomebody();
  return last;
}

async function beginAgain() {
  forget();
  loaded.clear();
  emit("forgotten");
  return begin();
}

function chooseSomebody() {
  const [who, chat] = state.chat === null ? recallPlace() : [state.person, state.chat];
  const isThere = person(who) && (person(chat) || state.groups.some((one) => one.id === chat));
  if (isThere && state.chat !== null) emit("selected");
  else if (isThere) select(who, chat);
  else if (state.people.length) select(state.people[0].id, state.people[0].id, "people");
}

/** Read the messages of chats that were not read yet. */
async function loadChats() {
  const chats = [...state.people, ...state.groups].map((one) => one.id).filter((id) => !loaded.has(id));
  await Promise.all(chats.map(async (chat) => {
    loaded.add(chat);
    const { messages } = await read(`/chat/messages?chat=${chat}`);
    keepHistory(chat, messages);
  }));
}

async function reread() {
  await actions.readState();
  await loadChats();
}

async function take({ event, data }) {
  await TAKERS[event]?.(data);
}

const TAKERS = {
  message({ chat, message: one }) {
    stopTyping(chat);
    keepMessage(chat, one.message_id, { ...message(chat, one.message_id), ...one });
  },
  edited({ chat, message: one }) {
    keepMessage(chat, one.message_id, { update_id: message(chat, one.message_id)?.update_id, ...one });
  },
  removed: ({ chat, message_id: id }) => keepMessage(chat, id, null),
  typing: ({ chat, action }) => noteTyping(chat, action),
  notice: showNotice,
  people: reread,
  groups: reread,
  commands: () => emit("commands"),
  payment: showPayment,
  delivered({ update_id: update, status }) {
    if (status === 200) state.undelivered.delete(update);
    else state.undelivered.set(update, status);
    emit("delivered", { update_id: update });
  },
};

function showNotice(notice) {
  emit("answered", notice);
  const who = person(notice.person);
  // Telegram opens it for who pressed.
  if (notice.url && opensHere(notice.url)) attempt(() => actions.openLink(notice.person, notice.url));
  else if (notice.url) window.open(notice.url, "_blank", "noopener,noreferrer");
  if (!notice.text) return;
  const from = who && who.id !== state.person ? `${state.bot.first_name} to ${nameOf(who)}` : state.bot.first_name;
  const lang = languageOf({ from: { is_bot: true } }, who);
  if (notice.alert) alertOf(notice.text, { lang, from });
  else toast(notice.text, { lang, from });
}

const OUTCOMES = {
  paid: ["Paid.", "note"],
  refused: ["The bot refused the payment.", "error"],
  timeout: ["The bot did not answer within 10 seconds, so Telegram took nothing.", "error"],
};

function showPayment({ outcome, text, person: who }) {
  const [words, kind] = OUTCOMES[outcome] ?? [outcome, "note"];
  toast(text || words, { kind, from: text ? words : nameOf(person(who) ?? { first_name: "" }) });
}
