// J/K move, Enter opens, X ticks, / searches, ? explains. Never while someone types.
const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const LAST = "last-opened";

export function start() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.matches(TYPING) || document.querySelector("dialog[open]")) return;
    const act = { j: () => move(1), k: () => move(-1), x: tick, "/": search, "?": help, Enter: () => open(event) }[event.key];
    if (act && act() !== false) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const row = event.target.closest("[data-open]")?.closest("[data-row][id]");
    if (row) remember(row.id);
  });
  markLast();
}

const rows = () => [...document.querySelectorAll("[data-row]")];
const here = () => document.querySelector("[data-row][data-here]");

function move(step) {
  const list = rows();
  if (!list.length) return false;
  const place = list.indexOf(here());
  const next = list[Math.min(list.length - 1, Math.max(0, place < 0 ? (step > 0 ? 0 : list.length - 1) : place + step))];
  here()?.removeAttribute("data-here");
  next.setAttribute("data-here", "");
  next.querySelector("[data-open]")?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function open(event) {
  if (event.target !== document.body || !here()) return false;
  here().querySelector("[data-open]")?.click();
}

function tick() {
  const box = here()?.querySelector("[data-pick]");
  if (!box) return false;
  box.click();
}

function search() {
  const field = document.querySelector("[data-search], .filter-text input");
  if (!field) return false;
  field.focus();
  field.select();
}

function help() {
  document.getElementById("keys")?.showModal();
}

/** Coming back from a record: the row it was is marked, so that the eye finds its place. */
function remember(id) {
  try {
    sessionStorage.setItem(LAST, JSON.stringify([location.pathname, id]));
  } catch {
    /* not allowed */
  }
}

function markLast() {
  try {
    const [path, id] = JSON.parse(sessionStorage.getItem(LAST)) ?? [];
    if (path === location.pathname) document.getElementById(id)?.setAttribute("data-last", "");
  } catch {
    /* not allowed */
  }
}
