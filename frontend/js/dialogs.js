// {% confirm %} is a <details> without a script and a modal dialog with one.
import { element } from "./page.js";

export function start() {
  document.addEventListener("click", (event) => {
    const summary = event.target.closest("details[data-confirm] > summary");
    if (summary) {
      event.preventDefault();
      ask(summary.parentElement);
    }
    if (event.target.closest("[data-confirm-cancel]")) event.target.closest("dialog")?.close();
    const opener = event.target.closest("[data-dialog]");
    if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
    if (event.target.matches?.("dialog") && isOutside(event)) event.target.close();
  });
}

/** The dialog stands beside the <details>, so that its inputs stay in the form they belong to. */
function ask(details) {
  let dialog = details.nextElementSibling;
  if (!dialog?.matches("dialog[data-asked]")) {
    const body = details.querySelector("[data-confirm-body]");
    dialog = element("dialog", { class: "dialog", "data-asked": "", "aria-labelledby": `${body.id}-title` }, body);
    details.after(dialog);
    dialog.addEventListener("close", () => details.querySelector("summary").focus());
  }
  dialog.showModal();
  dialog.querySelector("input:not([type=hidden]), textarea, select")?.focus();
}

function isOutside(event) {
  const box = event.target.getBoundingClientRect();
  const { clientX: x, clientY: y } = event;
  return (x || y) && (x < box.left || x > box.right || y < box.top || y > box.bottom);
}
