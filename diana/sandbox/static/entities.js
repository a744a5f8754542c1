// Turns a text and its MessageEntity objects into DOM nodes. Offsets count UTF-16 units, as JavaScript's strings do.

import { button, element } from "./dom.js";

/** Return the nodes of a formatted text. `taps` says what to do with links and commands. */
export function renderText(text, entities, taps) {
  const sorted = [...(entities ?? [])].sort((one, other) => one.offset - other.offset || other.length - one.length);
  return build(text, 0, text.length, sorted, taps);
}

function build(text, start, end, entities, taps) {
  const nodes = [];
  const waiting = [...entities];
  let position = start;
  while (waiting.length) {
    const entity = waiting.shift();
    const from = Math.max(entity.offset, position);
    const to = Math.min(entity.offset + entity.length, end);
    if (from >= to) continue;
    if (from > position) nodes.push(text.slice(position, from));
    const [inside, after] = split(waiting, to);
    nodes.push(wrap(entity, text.slice(from, to), () => build(text, from, to, inside, taps), taps));
    waiting.splice(0, waiting.length, ...after);
    position = BLOCKS.has(entity.type) && text[to] === "\n" ? Math.min(to + 1, end) : to;
  }
  if (position < end) nodes.push(text.slice(position, end));
  return nodes;
}

/** Part entities at a boundary; one that lies across it is cut in two. */
function split(entities, boundary) {
  const inside = [];
  const after = [];
  for (const entity of entities) {
    if (entity.offset >= boundary) {
      after.push(entity);
      continue;
    }
    inside.push(entity);
    const rest = entity.offset + entity.length - boundary;
    if (rest > 0) after.push({ ...entity, offset: boundary, length: rest });
  }
  return [inside, after];
}

const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code" };
// They end their line themselves.
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);
const MARKED = new Set(["hashtag", "cashtag", "mention", "text_mention", "phone_number", "email", "date_time"]);

function wrap(entity, plain, children, taps) {
  const { type } = entity;
  if (TAGS[type]) return element(TAGS[type], {}, children());
  if (type === "pre") return element("pre", { tabindex: "0", "aria-label": "Code" }, element("code", {}, children()));
  if (type === "spoiler") return spoiler(plain, children);
  if (type === "blockquote") return element("blockquote", {}, children());
  if (type === "expandable_blockquote") return expandable(children());
  if (type === "custom_emoji") return element("span", { class: "custom-emoji", title: "Custom emoji" }, children());
  if (type === "url" || type === "text_link") return link(entity.url ?? plain, children(), taps);
  if (type === "bot_command") return button(plain, () => taps.command(plain), { class: "tap" });
  if (MARKED.has(type)) return element("span", { class: "marked" }, children());
  return element("span", {}, children());
}

function spoiler(plain, children) {
  const cover = button(element("span", { "aria-hidden": "true" }, plain), reveal, {
    class: "spoiler",
    "aria-label": "Spoiler: show the hidden text",
  });
  function reveal() {
    const shown = element("span", { class: "spoiler-shown", tabindex: "-1" }, children());
    cover.replaceWith(shown);
    shown.focus();
  }
  return cover;
}

function expandable(children) {
  const quote = element("blockquote", { class: "folded" }, children);
  const toggle = button("Show more", flip, { class: "tap fold", "aria-expanded": "false", lang: "en" });
  function flip() {
    const folded = quote.classList.toggle("folded");
    toggle.textContent = folded ? "Show more" : "Show less";
    toggle.setAttribute("aria-expanded", String(!folded));
  }
  return element("span", { class: "quote" }, quote, toggle);
}

function link(address, children, taps) {
  const url = webAddress(address);
  if (!url) return element("span", { class: "marked" }, children);
  if (taps.opensHere(url)) return element("button", { type: "button", class: "tap", onclick: () => taps.link(url) }, children);
  return element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, children);
}

/** Return the address if a browser may follow it: web and Telegram addresses, nothing that runs a script. */
export function webAddress(address) {
  const whole = /^[a-z][a-z0-9+.-]*:/iu.test(address) ? address : `http://${address}`;
  try {
    const url = new URL(whole);
    return ["http:", "https:", "tg:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}
