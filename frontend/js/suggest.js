// Typing suggests. A field with data-suggest works as a plain form without this; with it, it becomes a
// combobox: arrows choose, Enter takes, Esc closes, and a choice either opens a record or completes the words.
import { announce, element, onElements } from "./page.js";

const WAIT = 160;
const SHORTEST = 2;
let lists = 0;

export function start() {
  onElements("[data-suggest]", prepare);
}

function prepare(field) {
  const list = element("div", { class: "suggest", id: `suggest-${++lists}`, role: "listbox", "aria-label": "建议", hidden: "" });
  field.parentElement.append(list);
  for (const [name, value] of Object.entries({
    role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id,
  })) field.setAttribute(name, value);
  const box = { field, list, chosen: -1, asked: null, timer: 0 };
  field.addEventListener("input", () => later(box));
  field.addEventListener("keydown", (event) => press(event, box));
  field.addEventListener("blur", () => setTimeout(() => close(box), 120));
  field.addEventListener("search", () => close(box));
  field.form?.addEventListener("submit", () => close(box));
  // A press takes the option under the finger; the field keeps the focus meanwhile.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(option, box);
  });
}

function later(box) {
  clearTimeout(box.timer);
  box.timer = setTimeout(() => ask(box), WAIT);
}

async function ask(box) {
  const words = box.field.value.trim();
  box.asked?.abort();
  if ([...words].length < SHORTEST) return close(box);
  box.asked = new AbortController();
  const address = new URL(box.field.dataset.suggest, location.href);
  address.searchParams.set("q", words);
  try {
    const answer = await fetch(address, { signal: box.asked.signal, headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok || answer.redirected || words !== box.field.value.trim()) return close(box);
    show(await answer.text(), box);
  } catch {
    close(box); // a newer question is on its way, or the net is down: the form still works
  }
}

function show(html, box) {
  if (document.activeElement !== box.field) return;
  box.list.innerHTML = html;
  options(box).forEach((option, place) => (option.id = `${box.list.id}-${place}`));
  const count = options(box).length;
  if (!count) return close(box);
  box.chosen = -1;
  box.list.hidden = false;
  box.field.setAttribute("aria-expanded", "true");
  box.field.removeAttribute("aria-activedescendant");
  announce(`${count} 条建议，按上下键选择`);
}

function press(event, box) {
  if (event.isComposing) return;
  if (box.list.hidden) {
    if (event.key === "ArrowDown" && box.field.value.trim()) {
      event.preventDefault();
      ask(box);
    }
    return;
  }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") move(event.key === "ArrowDown" ? 1 : -1, box);
  else if (event.key === "Escape") close(box);
  else if (event.key === "Enter" && box.chosen >= 0) take(options(box)[box.chosen], box);
  else return;
  event.preventDefault();
}

/** Beyond either end lies the field itself, so that going round comes back to what was typed. */
function move(step, box) {
  const all = options(box);
  all[box.chosen]?.setAttribute("aria-selected", "false");
  box.chosen = ((box.chosen + step + 1 + all.length + 1) % (all.length + 1)) - 1;
  const now = all[box.chosen];
  if (!now) return box.field.removeAttribute("aria-activedescendant");
  now.setAttribute("aria-selected", "true");
  now.scrollIntoView({ block: "nearest" });
  box.field.setAttribute("aria-activedescendant", now.id);
}

function take(option, box) {
  close(box);
  if (option.dataset.href) {
    location.assign(option.dataset.href);
    return;
  }
  box.field.value = option.dataset.value;
  box.field.form?.requestSubmit();
}

function close(box) {
  clearTimeout(box.timer);
  box.asked?.abort();
  box.chosen = -1;
  box.list.hidden = true;
  box.field.setAttribute("aria-expanded", "false");
  box.field.removeAttribute("aria-activedescendant");
}

const options = (box) => [...box.list.querySelectorAll("[role=option]")];
