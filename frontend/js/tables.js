// A register whose columns all fit lets its head stick to the top; one that does not fit scrolls sideways.
import { onContent } from "./page.js";

export function start() {
  if (!window.ResizeObserver) return;
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      target.toggleAttribute("data-fits", target.firstElementChild.offsetWidth <= target.clientWidth + 1);
    }
  });
  onContent((root) => {
    for (const box of root.querySelectorAll(".table-scroll")) observer.observe(box);
  });
}
