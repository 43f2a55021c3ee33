// Theme and 长者模式: the same cookies the server writes, so that both ways agree.
import { announce } from "./page.js";

const YEAR = 365 * 24 * 3600;

function remember(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
}

const chosenTheme = () => document.documentElement.dataset.theme ?? "auto";
const elder = () => "elder" in document.documentElement.dataset;

function setTheme(theme) {
  remember("theme", theme);
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  document.dispatchEvent(new CustomEvent("zq:theme"));
}

function setElder(on) {
  remember("elder", on ? "on" : "off");
  document.documentElement.toggleAttribute("data-elder", on);
  announce(on ? "已切换到长者模式" : "已退出长者模式");
  document.dispatchEvent(new CustomEvent("zq:theme"));
}

function show() {
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.value === chosenTheme()));
  }
  for (const button of document.querySelectorAll("[data-elder-switch]")) {
    button.value = elder() ? "off" : "on";
    button.querySelector("span:not(.icon)").textContent = elder() ? "标准模式" : "长者模式";
  }
}

export function start() {
  show();
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-preferences]") || !event.submitter) return;
    event.preventDefault();
    const { name, value } = event.submitter;
    if (name === "theme") setTheme(value);
    else setElder(value === "on");
    event.submitter.closest("details")?.removeAttribute("open");
    show();
  }, true);
}
