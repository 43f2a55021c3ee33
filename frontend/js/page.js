// Small things several modules need.
export const csrfToken = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

/** Prepare each element that matches once: those on the page now, and those htmx puts into it later. */
export function onElements(selector, prepare) {
  const done = new WeakSet();
  const look = (root) => {
    const found = [...root.querySelectorAll(selector)];
    if (root.matches?.(selector)) found.unshift(root);
    for (const element of found) {
      if (done.has(element)) continue;
      done.add(element);
      prepare(element);
    }
  };
  look(document);
  document.addEventListener("htmx:load", (event) => look(event.target));
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
  keys(prefix) {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
    } catch {
      return [];
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
