// The right: what the last thing said has set off, read again and again until it is at rest.

import { read } from "./api.js";
import { button, element, icon } from "./dom.js";
import { emit, messagesOf, nameOf, on, person, showPane, state } from "./state.js";

const FIRST_MS = 150;
const EACH_MS = 400;
const SLOW_MS = 1500;
// Reading so often is for what happens now.
const HASTE_MS = 15_000;

// Fields have it whole.
const LONG_ID = /\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gu;
// Words that leave room beside them.
const SHORT = 28;
const KINDS = { update: "update", event: "event", visit: "visit", entry: "ledger entry", fact: "fact", call: "call" };
const MEANINGS = {
  update: "What Telegram sent: a message, a press of a button.",
  event: "What has happened by it. Kept for good, in one log.",
  visit: "A process takes waiting events of one kind of work, and does it.",
  entry: "Points given or taken, with the reason. Never changed afterwards.",
  fact: "What else was noted.",
  call: "A request to Telegram, such as the answer.",
};
const subject = element("p", { class: "subject", dir: "auto" });
const status = element("p", { class: "state", role: "status" });
const list = element("ol", { class: "items", hidden: true });
const links = element("footer");
const opened = new Set();

let followed = null;
let timer = null;

/** Fill the pane. */
export function showTimeline(pane) {
  pane.append(
    element("header", { class: "bar" },
      button(icon("back"), () => showPane("chat"), { class: "plain to-chat", "aria-label": "To the chat" }),
      element("div", { class: "names" }, element("h2", { id: "timeline-title" }, "What it set off"), subject)),
    element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Timeline" }, status, list, legend()),
    links);
  on("follow", follow);
  on("selected", () => followed ?? followNewest());
  on("people", drawLinks);
  on("delivered", ({ update_id: update }) => update === followed?.updateId && drawStatus());
  on("forgotten", () => { stop(); followed = null; drawEmpty(); });
  drawEmpty();
}

/** Return the words of the timeline explained, folded. */
function legend() {
  const words = Object.entries(MEANINGS).flatMap(([kind, meaning]) => {
    const name = element("dt", {}, KINDS[kind]);
    name.style.setProperty("--kind", `var(--${kind})`);
    return [name, element("dd", {}, meaning)];
  });
  const rest = [element("dt", {}, "at rest"), element("dd", {}, "Nothing that it set off waits or runs any more.")];
  return element("details", { class: "legend" }, element("summary", {}, "What these words mean"), element("dl", {}, words, rest));
}

/** After the page was loaded again: show what the newest message of the chat set off. */
function followNewest() {
  const said = messagesOf(state.chat).filter((one) => one.update_id).at(-1);
  if (said) follow({ updateId: said.update_id, words: said.text ?? "a message", person: said.from.id });
}

function drawEmpty() {
  subject.textContent = "";
  list.replaceChildren();
  list.hidden = true;
  status.className = "state blank";
  status.textContent = "Say something: here you see what it sets off, from the update to the answer.";
}

function drawLinks() {
  const outside = (name, url) => url && element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, name);
  links.replaceChildren(...[outside("Admin ↗", state.links.admin), outside("Flower ↗", state.links.flower)].filter(Boolean));
  links.hidden = !links.children.length;
}

function follow({ updateId, words, person: who, show = false }) {
  stop();
  opened.clear();
  followed = { updateId, since: performance.now(), trace: null };
  const speaker = person(who);
  subject.textContent = `${speaker ? nameOf(speaker) : "Somebody"}: ${words}`;
  list.replaceChildren();
  list.hidden = true;
  drawStatus();
  emit("working", true);
  if (state.has_timeline) timer = setTimeout(() => look(followed), FIRST_MS);
  if (show) showPane("timeline");
}

function stop() {
  clearTimeout(timer);
  emit("working", false);
}

/** Read the trace of an update once, and later again while anything is to come. */
async function look(asked) {
  let trace = null;
  try {
    trace = await read(`/chat/timeline?update=${asked.updateId}`);
    asked.error = null;
  } catch (error) {
    asked.error = error.message;
  }
  // Somebody has said something else meanwhile: an answer that comes late belongs to the past.
  if (asked !== followed) return;
  if (trace) asked.trace = trace;
  drawItems(asked.trace?.items ?? []);
  drawStatus();
  if (isOver(asked.trace)) return emit("working", false);
  const age = performance.now() - asked.since;
  timer = setTimeout(() => look(asked), age > HASTE_MS || asked.error ? SLOW_MS : EACH_MS);
}

const isOver = (trace) => Boolean(trace?.at_rest);

function drawStatus() {
  const [kind, text] = describe(followed);
  status.className = `state ${kind}`;
  if (status.textContent !== text) status.textContent = text;
}

function describe({ trace, error, updateId }) {
  if (!state.has_timeline) return ["trouble", "There is no timeline here: the sandbox runs without Diana's database. “make run” gives it one."];
  if (error) return ["trouble", error];
  const answer = state.undelivered.get(updateId);
  if (answer) return ["trouble", `The webhook ${answer === "unreachable" ? "does not answer" : `answers ${answer}`}: look whether web runs. It is tried again.`];
  if (isOver(trace)) return ["rest", summary(trace.items)];
  if (!trace?.correlation_id) return ["working", "On its way to the bot…"];
  if (!trace.worker_running) return ["trouble", "No answer yet: the worker is not running. “make run” starts it; what was said waits."];
  return ["working", "Still working…"];
}

function summary(items) {
  const count = (kind, one, many) => {
    const number = items.filter((item) => item.kind === kind).length;
    return number ? `${number} ${number === 1 ? one : many}` : null;
  };
  const parts = [count("event", "event", "events"), count("entry", "ledger entry", "ledger entries"), count("call", "call", "calls")];
  const last = Math.max(0, ...items.map((item) => item.at_ms));
  return `At rest after ${milliseconds(last)}: ${parts.filter(Boolean).join(", ") || "nothing came of it"}.`;
}

const milliseconds = (value) => (value > 0 && value < 10 ? `${value.toFixed(1)} ms` : value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`);

/** Draw the items anew where anything has changed; what was opened stays open. */
function drawItems(items) {
  const content = JSON.stringify(items);
  if (list.dataset.drawn !== content || !list.children.length) {
    const focused = list.contains(document.activeElement) ? document.activeElement.closest("li")?.dataset.key : null;
    list.replaceChildren(...items.map(drawItem));
    if (focused) list.querySelector(`[data-key="${CSS.escape(focused)}"] :is(summary, a)`)?.focus();
    list.dataset.drawn = content;
  }
  list.hidden = !items.length;
}

function drawItem(item) {
  const key = `${item.kind} ${item.title} ${item.at_ms}`;
  const words = (item.text ?? "").replace(LONG_ID, "$1…");
  const isShort = words.length < SHORT && Object.keys(item.fields ?? {}).length > 0;
  // A long name may break after its dots.
  const title = item.title.split(/(?<=\.)/u).flatMap((part, place) => (place ? [element("wbr"), part] : [part]));
  const node = element("li", { class: `item ${item.kind}`, "data-key": key },
    element("p", { class: "head" }, element("span", { class: "kind" }, KINDS[item.kind] ?? item.kind), " ",
      element("span", { class: "title" }, item.link ? element("a", { href: item.link, target: "_blank", rel: "noopener noreferrer" }, title) : title), " ",
      element("span", { class: "at" }, `+${milliseconds(item.at_ms)}`)),
    words && !isShort && element("p", { class: "words", dir: "auto" }, words),
    fields(item.fields, key, isShort ? words : ""));
  node.style.setProperty("--depth", Math.min(item.depth, 6));
  return node;
}

function fields(given, key, words) {
  const pairs = Object.entries(given ?? {});
  if (!pairs.length) return null;
  const show = (value) => (typeof value === "string" ? value : JSON.stringify(value));
  const ontoggle = (event) => opened[event.target.open ? "add" : "delete"](key);
  const count = `${pairs.length} ${pairs.length === 1 ? "field" : "fields"}`;
  return element("details", { open: opened.has(key), ontoggle }, element("summary", {}, words ? `${words} · ${count}` : count),
    element("dl", {}, pairs.map(([name, value]) => [element("dt", {}, name), element("dd", { dir: "auto" }, show(value))])));
}
