// Textareas grow with their text and say how much room is left; the error summary gets the focus.
import { element, onElements } from "./page.js";

export function start() {
  onElements("textarea[data-grow]", grow);
  onElements("textarea[maxlength]", count);
  onElements("[data-focus]", (summary) => summary.focus());
  // A link of the summary lands in the field, not above it.
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".error-summary a");
    const field = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!field) return;
    event.preventDefault();
    field.focus({ preventScroll: true });
    (field.closest(".field") ?? field).scrollIntoView({ block: "start" });
  });
}

function grow(area) {
  const least = area.rows;
  const fit = () => {
    area.rows = least;
    while (area.scrollHeight > area.clientHeight + 2 && area.rows < 30) area.rows += 1;
  };
  area.addEventListener("input", fit);
  fit();
}

/** The browser's own limit would swallow the end of a pasted text: count instead, and let the server judge. */
function count(field) {
  const most = Number(field.getAttribute("maxlength"));
  field.removeAttribute("maxlength");
  const words = element("p", { class: "counted" });
  field.after(words);
  const show = () => {
    const length = [...field.value].length;
    const over = length - most;
    words.classList.toggle("counted-over", over > 0);
    words.textContent = over > 0 ? `超出 ${over} 字，请删减到 ${most} 字以内` : `已写 ${length} / ${most} 字`;
  };
  field.addEventListener("input", show);
  show();
}
