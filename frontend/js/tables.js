// A register whose columns all fit lets its head stick to the top; one that does not fit scrolls sideways.
import { onElements } from "./page.js";

export function start() {
  if (!window.ResizeObserver) return;
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      target.toggleAttribute("data-fits", target.firstElementChild.offsetWidth <= target.clientWidth + 1);
    }
  });
  onElements(".table-scroll", (box) => observer.observe(box));
}
