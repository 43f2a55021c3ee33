// Small things several modules need.
export const csrfToken = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

/** Run `prepare` on the page now and on every part that htmx puts into it later. */
export function onContent(prepare) {
  prepare(document);
  document.addEventListener("htmx:load", (event) => prepare(event.target));
}

/** All elements of `root` that match, with `root` itself. */
export function all(root, selector) {
  const found = [...root.querySelectorAll(selector)];
  return root.matches?.(selector) ? [root, ...found] : found;
}

/** Say something to a screen reader without moving the focus. */
export function announce(words) {
  const region = document.getElementById("announce");
  if (region) region.textContent = words;
}

/** A store that may be switched off by the browser: then nothing is kept, and nothing breaks. */
export const store = {
  get(key) {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      /* no room or not allowed */
    }
  },
  drop(key) {
    try {
      localStorage.removeItem(key);
    } catch {
      /* not allowed */
    }
  },
};

export function clockWords(at = new Date()) {
  return `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
}

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
