// A small menu beside the button that opened it: arrow keys move, Escape and a click elsewhere close it.

import { button, element } from "./dom.js";

/** Show a menu; `items` are [label, act] or, in a row of their own, lists of them. */
export function openMenu(anchor, items) {
  document.querySelector(".menu")?.remove();
  const menu = element("div", { class: "menu", role: "menu", popover: "auto" });
  const item = ([label, act, name = null]) => button(label, () => { menu.hidePopover(); act(); },
    { role: "menuitem", tabindex: "-1", "aria-label": name });
  menu.append(...items.map((one) => (Array.isArray(one[0]) ? element("div", { class: "menu-row", role: "none" }, one.map(item)) : item(one))));
  menu.addEventListener("keydown", (event) => move(event, menu));
  menu.addEventListener("toggle", (event) => event.newState === "closed" && menu.remove());
  document.body.append(menu);
  menu.showPopover();
  place(menu, anchor.getBoundingClientRect());
  menu.querySelector("button").focus();
}

const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

function move(event, menu) {
  const all = [...menu.querySelectorAll("button")];
  const at = all.indexOf(document.activeElement);
  if (event.key === "Tab") menu.hidePopover();
  if (event.key === "Home") all[0].focus();
  if (event.key === "End") all.at(-1).focus();
  if (STEPS[event.key]) all[(at + STEPS[event.key] + all.length) % all.length].focus();
  if (STEPS[event.key] || ["Home", "End"].includes(event.key)) event.preventDefault();
}

function place(menu, box) {
  const { width, height } = menu.getBoundingClientRect();
  const below = box.bottom + height + 8 < innerHeight;
  menu.style.left = `${Math.max(8, Math.min(box.right - width, innerWidth - width - 8))}px`;
  menu.style.top = `${Math.max(8, below ? box.bottom + 4 : box.top - height - 4)}px`;
}
