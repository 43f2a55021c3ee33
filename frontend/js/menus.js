// <details> menus close when something else is pressed; the small-screen menu behaves like a dialog.
export function start() {
  document.addEventListener("click", (event) => closeMenus(event.target));
  document.addEventListener("focusin", (event) => closeMenus(event.target));
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = event.target.closest?.("details.menu[open], details.confirm[open]");
    if (open) {
      open.removeAttribute("open");
      open.querySelector("summary").focus();
    } else if (sheet()?.hasAttribute("data-open")) closeSheet();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-menu-open]")) {
      event.preventDefault();
      openSheet();
    } else if (event.target.closest("[data-menu-close]")) {
      event.preventDefault();
      closeSheet();
    }
  });
}

function closeMenus(target) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(target)) menu.removeAttribute("open");
  }
}

const sheet = () => document.getElementById("menu");

function openSheet() {
  sheet().setAttribute("data-open", "");
  sheet().querySelector("[data-menu-close]").focus();
}

function closeSheet() {
  sheet().removeAttribute("data-open");
  if (location.hash === "#menu") history.replaceState(null, "", location.pathname + location.search);
  document.querySelector("[data-menu-open]")?.focus();
}
