// Tells the person at the page something: short notes in a corner, and alerts that wait for an OK.

import { button, element, icon } from "./dom.js";
import { ask } from "./dialogs.js";

const SHOWN_MS = 5000;
const ERROR_MS = 15000;

/** Show a note for a few seconds; its text is the bot's where `lang` says so. */
export function toast(text, { lang = null, from = "", kind = "note" } = {}) {
  const words = element("span", { class: "toast-text", dir: "auto", lang }, text);
  const source = from ? element("span", { class: "toast-from" }, from) : null;
  const node = element("div", { class: `toast ${kind}` }, element("p", {}, source, words), closer(() => node.remove()));
  const shelf = document.getElementById("toasts");
  // What is shown last lies on top, above an open dialog too.
  shelf.hidePopover();
  shelf.showPopover();
  shelf.append(node);
  setTimeout(() => node.remove(), kind === "error" ? ERROR_MS : SHOWN_MS);
}

function closer(act) {
  return button(icon("close"), act, { class: "plain", "aria-label": "Dismiss" });
}

/** Show the bot's alert; it stays until it is confirmed. */
export function alertOf(text, { lang = null, from }) {
  const words = element("p", { class: "alert-text", dir: "auto", lang }, text);
  return ask({ title: from, body: [words], role: "alertdialog", confirm: "OK", cancel: null });
}

/** Carry out what may be refused; a refusal is shown with its cure. Returns undefined then. */
export async function attempt(act) {
  try {
    return await act();
  } catch (error) {
    toast(error.message, { kind: "error" });
    return undefined;
  }
}
