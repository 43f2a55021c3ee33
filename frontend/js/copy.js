// The URL is the state: copying it copies the list as it stands.
import { onElements } from "./page.js";
import { showToast } from "./toast.js";

export function start() {
  if (!navigator.clipboard) return;
  onElements("[data-copy-link]", (button) => {
    button.hidden = false;
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy-link], [data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy || location.href);
      showToast("已复制。");
    } catch {
      showToast("浏览器不允许复制，请从地址栏复制。");
    }
  });
}
