// A short word in the corner, with a way back where there is one. Failures stay until they are closed.
import { element } from "./page.js";

const SECONDS = 6;
const SECONDS_WITH_UNDO = 30;

/** undo: a form to submit, or a function to call. */
export function showToast(words, { undo = null, stay = false } = {}) {
  const toast = element("div", { class: "toast", role: "status" }, element("p", {}, words));
  if (undo) toast.append(button("撤销", () => (typeof undo === "function" ? undo() : undo.requestSubmit())));
  toast.append(button("关闭", () => toast.remove()));
  document.getElementById("toasts")?.append(toast);
  if (!stay) setTimeout(() => toast.remove(), 1000 * (undo ? SECONDS_WITH_UNDO : SECONDS));
  return toast;
}

function button(words, act) {
  const made = element("button", { type: "button", class: "button quiet small" }, words);
  made.addEventListener("click", act);
  return made;
}

/** Messages of the server marked as toasts; a form inside one is its undo. */
export function start(root) {
  for (const message of root.querySelectorAll("[data-toast]")) {
    const undo = message.querySelector("form");
    if (undo) {
      undo.hidden = true;
      document.body.append(undo);
    }
    showToast(message.textContent.trim(), { undo });
    message.remove();
  }
}
