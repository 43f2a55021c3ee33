// Nothing typed is lost: a local copy at every pause, the server two seconds later, an offer to restore.
import { clockWords, csrfToken, element, onElements, store } from "./page.js";

const PAUSE = 2000;
const RETRY = 15000;
const PREFIX = "draft:";
const SKIPPED = new Set(["csrfmiddlewaretoken", "_once"]);

export function start() {
  forgetWhatArrived();
  onElements("form[data-autosave]", watch);
}

function watch(form) {
  const draft = { form, url: form.dataset.autosave, key: keyOf(form), timer: 0, mark: markOf(form) };
  draft.sent = draft.initial = text(form);
  offerToRestore(draft);
  form.addEventListener("input", () => changed(draft));
  form.addEventListener("change", () => changed(draft));
  form.addEventListener("submit", () => submitted(draft));
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && draft.url && text(form) !== draft.sent) save(draft, { keepalive: true });
  });
}

const keyOf = (form) => PREFIX + (form.dataset.autosaveKey ?? form.dataset.autosave);

/** Where "已自动保存 10:32" is shown: the page's own place, or a line below the form. */
function markOf(form) {
  const own = form.querySelector("[data-autosave-state]") ?? document.querySelector("[data-autosave-state]");
  const mark = own ?? element("p", { "data-autosave-state": "" });
  mark.setAttribute("role", "status");
  if (!own) form.append(mark);
  return mark;
}

function fieldsOf(form) {
  return [...new FormData(form)].filter(([name, value]) => !SKIPPED.has(name) && typeof value === "string");
}

const text = (form) => JSON.stringify(fieldsOf(form));

function say(draft, state, words) {
  draft.mark.dataset.state = state;
  draft.mark.textContent = words;
}

// ── Saving ──────────────────────────────────────────────────────────────────

function changed(draft) {
  clearTimeout(draft.timer);
  store.set(draft.key, { at: Date.now(), fields: fieldsOf(draft.form) });
  draft.timer = setTimeout(() => save(draft), PAUSE);
}

async function save(draft, { keepalive = false } = {}) {
  const now = text(draft.form);
  if (now === draft.sent) return;
  if (!draft.url) {
    draft.sent = now;
    say(draft, "saved", `已保存在这台电脑上 ${clockWords()}`);
    return;
  }
  if (!keepalive) say(draft, "saving", "正在保存…");
  const body = new URLSearchParams(fieldsOf(draft.form));
  const headers = { "X-CSRFToken": csrfToken(), "X-Autosave": "1" };
  try {
    const answer = await fetch(draft.url, { method: "POST", body, headers, keepalive, redirect: "manual" });
    if (answer.ok || answer.status === 422) saved(draft, now);
    else notSaved(draft, answer);
  } catch {
    notSaved(draft, null);
  }
}

function saved(draft, sent) {
  draft.sent = sent;
  say(draft, "saved", `已自动保存 ${clockWords()}`);
  // Typed on while the answer was under way: that part is not on the server yet.
  if (text(draft.form) === sent) store.drop(draft.key);
}

function notSaved(draft, answer) {
  const expired = answer && (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403);
  if (expired) {
    say(draft, "unsaved", "登录已过期，内容保存在这台电脑上。请重新登录后回到这一页。");
    return;
  }
  say(draft, "unsaved", `还没有保存到服务器，内容留在这台电脑上（${clockWords()}），稍后自动再试。`);
  clearTimeout(draft.timer);
  draft.timer = setTimeout(() => save(draft), RETRY);
}

// ── Sending the form itself ─────────────────────────────────────────────────

/** The copy stays until the next page shows that the form has arrived. */
function submitted(draft) {
  clearTimeout(draft.timer);
  if (text(draft.form) !== draft.initial) {
    store.set(draft.key, { at: Date.now(), fields: fieldsOf(draft.form), submitted: true });
  }
}

/** Sent forms are forgotten, unless this is a sign-in page, an error page or the same form again. */
function forgetWhatArrived() {
  if (document.querySelector("[data-keep-drafts], input[type=password]")) return;
  const here = new Set([...document.querySelectorAll("form[data-autosave]")].map(keyOf));
  for (const key of store.keys(PREFIX)) {
    if (store.get(key)?.submitted && !here.has(key)) store.drop(key);
  }
}

// ── Restoring ───────────────────────────────────────────────────────────────

/** Offered, never put over what the server knows by itself: first the copy here, else the one on the server. */
async function offerToRestore(draft) {
  const copy = store.get(draft.key);
  if (copy?.fields && JSON.stringify(copy.fields) !== draft.initial) {
    offer(draft, "这台电脑上有一份没来得及提交的内容", new Date(copy.at), copy.fields);
    return;
  }
  store.drop(draft.key);
  const kept = draft.url && (await keptOnServer(draft));
  if (kept) offer(draft, "上次写到一半的内容还在", new Date(kept.saved_at), Object.entries(kept.values));
}

/** GET on the same address may answer {values: {name: value}, saved_at}; anything else means there is none. */
async function keptOnServer(draft) {
  try {
    const answer = await fetch(draft.url, { headers: { Accept: "application/json" }, redirect: "error" });
    const kept = answer.ok ? await answer.json() : null;
    const shown = new Map(fieldsOf(draft.form));
    const differs = Object.entries(kept?.values ?? {}).some(([name, value]) => value && shown.get(name) !== value);
    return differs ? kept : null;
  } catch {
    return null;
  }
}

function offer(draft, found, at, fields) {
  const day = at.toDateString() === new Date().toDateString() ? "今天" : `${at.getMonth() + 1}月${at.getDate()}日`;
  const yes = element("button", { type: "button", class: "button small" }, "恢复");
  const no = element("button", { type: "button", class: "button quiet small" }, "不用了");
  const words = element("p", {}, `${found}（${day} ${clockWords(at)}），要恢复吗？`);
  const notice = element("div", { class: "notice notice-warning", role: "status" },
    element("div", { class: "notice-body stack" }, words, element("div", { class: "row" }, yes, no)));
  draft.form.before(notice);
  yes.addEventListener("click", () => {
    fill(draft.form, fields);
    notice.remove();
    changed(draft);
  });
  no.addEventListener("click", () => {
    store.drop(draft.key);
    notice.remove();
  });
}

function fill(form, fields) {
  const values = new Map();
  for (const [name, value] of fields) values.set(name, [...(values.get(name) ?? []), value]);
  for (const input of form.elements) {
    if (!input.name || SKIPPED.has(input.name) || input.type === "file" || input.type === "submit") continue;
    const kept = values.get(input.name) ?? [];
    if (input.type === "checkbox" || input.type === "radio") input.checked = kept.includes(input.value);
    else if (input.multiple) for (const option of input.options) option.selected = kept.includes(option.value);
    else if (kept.length) input.value = kept[0];
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
