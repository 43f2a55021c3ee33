// Parts of a page fetched in place: the register's filters, order and pages.
import htmx from "htmx.org";
import { announce, csrfToken } from "./page.js";
import { showToast } from "./toast.js";

export function start() {
  window.htmx = htmx;
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = csrfToken();
    if (event.target.matches("[data-filters]")) dropEmpty(event.detail.parameters);
  });
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, () => showToast("网络不通，页面还是原来的内容。请检查网络后再试一次。", { stay: true }));
  }
  document.addEventListener("htmx:responseError", (event) => answerTo(event.detail.xhr.status));
  document.addEventListener("htmx:afterSettle", (event) => {
    const words = event.target.querySelector?.("[data-announce]")?.textContent;
    if (words) announce(words.trim());
  });
  document.addEventListener("change", filterAtOnce);
}

/** Fields left empty are no conditions: the address stays short enough to be read and sent on. */
function dropEmpty(parameters) {
  for (const name of Object.keys(parameters)) {
    if (parameters[name] === "") delete parameters[name];
  }
}

function answerTo(status) {
  if (status === 401 || status === 403) {
    showToast("登录可能已经过期。请刷新页面重新登录，再做一次。", { stay: true });
  } else {
    showToast("这一步没有完成，页面还是原来的内容。请稍后再试。", { stay: true });
  }
}

/** A changed filter applies at once; typing waits for Enter, and several ticks of one list wait for its closing. */
function filterAtOnce(event) {
  const form = event.target.closest("form[data-filters]");
  if (!form || event.target.type === "search") return;
  const list = event.target.closest("details.menu");
  if (!list) form.requestSubmit();
  else if (!list.dataset.waiting) waitForClosing(list, form);
}

function waitForClosing(list, form) {
  list.dataset.waiting = "1";
  list.addEventListener("toggle", () => {
    delete list.dataset.waiting;
    form.requestSubmit();
  }, { once: true });
}
