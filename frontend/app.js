// Everything here only improves pages that already work without it.
import "./app.css";
import { start as htmx } from "./js/htmx.js";
import { start as autosave } from "./js/autosave.js";
import { start as bulk } from "./js/bulk.js";
import { start as copy } from "./js/copy.js";
import { start as dialogs } from "./js/dialogs.js";
import { start as fields } from "./js/fields.js";
import { start as keyboard } from "./js/keyboard.js";
import { start as menus } from "./js/menus.js";
import { start as preferences } from "./js/preferences.js";
import { start as submit } from "./js/submit.js";
import { start as suggest } from "./js/suggest.js";
import { start as tables } from "./js/tables.js";
import { start as toast } from "./js/toast.js";
import { start as when } from "./js/when.js";

document.documentElement.classList.add("js");
// dialogs before submit: a form inside a dialog must be where it will be sent from.
for (const start of [htmx, preferences, menus, dialogs, fields, autosave, submit, bulk, keyboard, suggest, tables, copy, toast, when]) {
  start(document);
}
