// A pressed button rests until the answer comes. The real guard against doing twice is the server's `_once`.
const LONGEST = 20000;
const resting = new WeakMap();

export function start() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.matches("[data-preferences]") || event.defaultPrevented) return;
    if (form.dataset.sending) {
      event.preventDefault();
      return;
    }
    const button = event.submitter ?? form.querySelector("button:not([type=button])");
    form.dataset.sending = "1";
    // Disabling at once would keep the button's own name and value out of the form.
    setTimeout(() => rest(form, button));
  });
  // Back from the next page: the browser shows this one as it was, waiting.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) for (const form of document.querySelectorAll("form[data-sending]")) wake(form);
  });
}

function rest(form, button) {
  if (button) {
    resting.set(button, [...button.childNodes]);
    button.setAttribute("aria-busy", "true");
    button.setAttribute("aria-disabled", "true");
    if (button.dataset.busy) button.textContent = button.dataset.busy;
  }
  setTimeout(() => wake(form), LONGEST);
}

function wake(form) {
  delete form.dataset.sending;
  for (const button of form.querySelectorAll("[aria-busy]")) {
    button.replaceChildren(...(resting.get(button) ?? button.childNodes));
    button.removeAttribute("aria-busy");
    button.removeAttribute("aria-disabled");
  }
}
