// Modal dialogs: a title, some content, a button that confirms. The browser keeps the focus inside and gives it back.

import { button, element } from "./dom.js";

let count = 0;

/**
 * Show a dialog; resolve with what `confirmed` returns once it is confirmed, with null otherwise.
 *
 * `confirmed` may throw: its message is shown in the dialog, which stays. `cancel: null` leaves that button out.
 */
export function ask({ title, body, confirm, cancel = "Cancel", role = null, danger = false, confirmed = () => true }) {
  const id = `dialog-${(count += 1)}`;
  const problem = element("p", { class: "problem", role: "alert" });
  const yes = element("button", { type: "submit", class: danger ? "danger" : "primary" }, confirm);
  const no = cancel && button(cancel, () => dialog.close(), { class: "quiet" });
  const form = element("form", { method: "dialog", novalidate: true },
    element("h2", { id }, title), body, problem, element("p", { class: "dialog-buttons" }, no, yes));
  const dialog = element("dialog", { "aria-labelledby": id, role }, form);
  document.body.append(dialog);
  return new Promise((resolve) => {
    let answer = null;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (yes.disabled || !isValid(form, problem)) return;
      yes.disabled = true;
      try {
        answer = await confirmed(new FormData(form));
        dialog.close();
      } catch (error) {
        problem.textContent = error.message;
      }
      yes.disabled = false;
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    dialog.showModal();
    if (!form.querySelector("[autofocus]")) yes.focus();
  });
}

function isValid(form, problem) {
  problem.textContent = "";
  const wrong = [...form.elements].find((control) => !control.checkValidity());
  for (const control of form.elements) control.removeAttribute("aria-invalid");
  if (!wrong) return true;
  wrong.setAttribute("aria-invalid", "true");
  wrong.focus();
  const label = form.querySelector(`label[for="${wrong.id}"]`)?.firstChild?.textContent ?? "This field";
  problem.textContent = `${label}: ${wrong.validationMessage}`;
  return false;
}

/** Return a labelled control. */
export function field(label, control, hint = "") {
  count += 1;
  control.id = `field-${count}`;
  const note = hint && element("small", { id: `${control.id}-hint` }, hint);
  if (note) control.setAttribute("aria-describedby", note.id);
  return element("p", { class: "field" }, element("label", { for: control.id }, label), control, note);
}

/** Return a labelled check box or radio button of a list. */
export function choice(kind, name, value, label, attributes = {}) {
  return element("label", { class: "choice" }, element("input", { type: kind, name, value, ...attributes }),
    element("span", { dir: "auto" }, label));
}
