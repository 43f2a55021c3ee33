// Ticking rows brings up the bar with what can be done to them.
import { announce, onElements } from "./page.js";

export function start() {
  onElements("[data-bulk]", refresh);
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick-all]")) tickAll(event.target);
    if (event.target.matches("[data-pick], [data-pick-all]")) {
      chooseAll(barOf(event.target), false);
      refresh();
    }
  });
  document.addEventListener("click", (event) => {
    const bar = event.target.closest("[data-bulk]");
    if (!bar) return;
    if (event.target.closest("[data-bulk-clear]")) clear(bar);
    if (event.target.closest("[data-bulk-everything]")) {
      chooseAll(bar, true);
      refresh();
    }
  });
}

const barOf = (input) => input.form?.matches("[data-bulk]") ? input.form : input.closest("[data-register]")?.querySelector("[data-bulk]");
const picksOf = (bar) => [...bar.elements].filter((input) => input.matches("[data-pick]"));

function tickAll(head) {
  for (const pick of head.closest("table").querySelectorAll("[data-pick]")) pick.checked = head.checked;
}

function clear(bar) {
  for (const pick of picksOf(bar)) pick.checked = false;
  chooseAll(bar, false);
  refresh();
}

function chooseAll(bar, on) {
  const all = bar?.querySelector("[data-bulk-all]");
  if (all) all.value = on ? "1" : "0";
}

function refresh() {
  for (const pick of document.querySelectorAll("[data-pick]")) {
    pick.closest("[data-row]")?.toggleAttribute("data-ticked", pick.checked);
  }
  for (const bar of document.querySelectorAll("[data-bulk]")) show(bar);
}

function show(bar) {
  const picks = picksOf(bar);
  const ticked = picks.filter((pick) => pick.checked).length;
  const everything = bar.querySelector("[data-bulk-everything]");
  const all = bar.querySelector("[data-bulk-all]")?.value === "1";
  const words = all ? everything.dataset.total : String(ticked);
  bar.toggleAttribute("data-shown", ticked > 0);
  for (const place of bar.querySelectorAll("[data-ticked-count]")) place.textContent = words;
  for (const place of bar.querySelectorAll("[data-ticked]")) place.textContent = ` ${words} `;
  if (everything) {
    everything.hidden = all || ticked < picks.length || everything.dataset.total === String(picks.length);
  }
  const head = bar.closest("[data-register]")?.querySelector("[data-pick-all]");
  if (head) {
    head.checked = ticked > 0 && ticked === picks.length;
    head.indeterminate = ticked > 0 && ticked < picks.length;
  }
  if (ticked) announce(`已选 ${words} 条`);
}
