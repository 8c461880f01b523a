// Makes an editor of <textarea data-editor="sql">, which is all there is without a script. What is typed stands in the
// textarea too, so that forms, drafts and answers need to know of nothing else. Loaded when the first one is on the page.
//
//   <div class="editor" id="…"><textarea data-editor="sql" …></textarea></div>     the div holds nothing else
//   data-names   {"table": ["column", …]}: what is offered while typing
//   data-params  ["name", …], or {"EventType": ["name", …]} below each "-- on EventType": what is offered after a colon
//   data-marks   [{"line": 3, "column": 5, "length": 6, "said": "…"}]: underlined; also on an element elsewhere that
//                names the textarea by data-marks-for="its id"
//   data-numbered  its lines have numbers
//   data-asked-of="its id"  on an element elsewhere, in an .asked: what was asked, which is .other when the text is
//   data-draft   what is typed is kept under this name while the tab is open, and is there when the textarea comes again
//   data-given   a number: where it is there or new, what the page brought counts, and not the draft
import * as cm from "./vendor/editor.min.js";

const KEYWORDS = `SELECT DISTINCT FROM WHERE AND OR NOT IN BETWEEN LIKE GLOB IS NULL AS ON USING JOIN LEFT INNER CROSS
  NATURAL GROUP BY HAVING ORDER ASC DESC LIMIT OFFSET UNION ALL INTERSECT EXCEPT WITH RECURSIVE VALUES CASE WHEN THEN
  ELSE END EXISTS CAST OVER PARTITION FILTER INSERT INTO UPDATE SET DELETE CREATE TABLE INDEX PRIMARY KEY DEFAULT CHECK
  CONFLICT DO NOTHING REPLACE INTEGER TEXT REAL`.split(/\s+/);
const FUNCTIONS = `count sum avg min max total group_concat round abs coalesce ifnull nullif iif length lower upper trim
  substr instr replace printf typeof date strftime json_extract json_each json_array_length json_group_array row_number
  rank lag lead`.split(/\s+/);

const tone = cm.HighlightStyle.define([
  { tag: [cm.tags.keyword, cm.tags.null], color: "var(--command-ink)" },
  { tag: [cm.tags.string, cm.tags.special(cm.tags.string)], color: "var(--read-ink)" },
  { tag: [cm.tags.number, cm.tags.bool, cm.tags.special(cm.tags.name)], color: "var(--event-ink)" },
  { tag: cm.tags.comment, color: "var(--soft)", fontStyle: "italic" },
]);

const look = cm.EditorView.theme({
  "&": {
    font: "13px/1.5 var(--mono)", color: "var(--ink)", background: "var(--card)", border: "1px solid var(--edge)",
    borderRadius: "8px",
  },
  "&.cm-focused": { outline: "2px solid var(--command)", outlineOffset: "1px" },
  ".cm-scroller": {
    font: "inherit", maxHeight: "var(--editor-most,24em)", overflow: "auto",
  },
  // All of the box is text, so that wherever it is clicked one can type.
  ".cm-content": { padding: "9px 0 var(--editor-after,9px)", caretColor: "var(--ink)", minHeight: "var(--editor-least,7.5em)" },
  ".cm-line": { padding: "0 11px" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { background: "none", border: 0, color: "var(--soft)" },
  ".cm-placeholder": { color: "var(--soft)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb,var(--command) 24%,transparent)",
  },
  "&.cm-focused .cm-matchingBracket": { background: "var(--event-wash)", color: "inherit" },
  "&.cm-focused .cm-nonmatchingBracket": { background: "var(--hot-wash)", color: "var(--hot-ink)" },
  ".cm-tooltip": {
    background: "var(--card)", color: "var(--ink)", border: "1px solid var(--line)", borderRadius: "8px",
    boxShadow: "0 8px 24px var(--shade)", overflow: "hidden", maxWidth: "min(44ch,86vw)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { font: "12.5px/1.5 var(--mono)", maxHeight: "12em" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--command-wash)", color: "var(--ink)" },
  ".cm-completionMatchedText": { color: "var(--command-ink)", textDecoration: "none", fontWeight: "700" },
  ".cm-completionDetail": { color: "var(--soft)", fontStyle: "normal" },
  ".cm-completionIcon": { display: "none" },
  ".cm-tooltip-autocomplete ul:not(:has([aria-selected])) li:first-child::after": {
    content: "'Tab'", font: "10.5px var(--mono)", color: "var(--soft)", border: "1px solid var(--edge)",
    borderRadius: "4px", padding: "0 4px", marginLeft: "8px",
  },
  ".cm-diagnostic": { padding: "5px 10px", fontFamily: "system-ui,sans-serif" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--hot)" },
  ".cm-lintRange-error, .cm-lintPoint-error": {
    background: "none", textDecoration: "underline wavy var(--hot)", textDecorationSkipInk: "none",
    textUnderlineOffset: "3px",
  },
});

const editors = new Map();
const read = (text, otherwise) => { try { return JSON.parse(text); } catch { return otherwise; } };

// What can be meant at a place, beside the columns behind a dot, which CodeMirror knows of by itself.
function offered(area) {
  const naming = (context) => context.matchBefore(/\bAS\s+\w*/i);
  const from = (context) => context.matchBefore(/\b(?:FROM|JOIN|INTO|UPDATE)\s+\w*/i);
  const tables = (context) => {
    const found = from(context);
    if (!found) return null;
    const start = found.from + found.text.search(/\w*$/);
    return { from: start, options: named(Object.keys(read(area.dataset.names, {})), "table"), validFor: /^\w*$/ };
  };
  const dotted = (context) => naming(context) || from(context) ? null : cm.schemaCompletionSource({ dialect: cm.SQLite, schema: read(area.dataset.names, {}) })(context);
  const words = (context) => {
    const param = context.matchBefore(/:\w*/);
    if (param) return { from: param.from + 1, options: named(paramsAt(area, context), "parameter"), validFor: /^\w*$/ };
    const word = context.matchBefore(/\w+/);
    if (naming(context) || from(context)) return null;
    if (!word && !context.explicit) return null;
    const start = word ? word.from : context.pos;
    if (context.state.sliceDoc(start - 1, start) === ".") return null;
    const columns = new Map();
    for (const [table, its] of Object.entries(read(area.dataset.names, {}))) {
      for (const column of its) columns.set(column, [...(columns.get(column) ?? []), table]);
    }
    const options = [
      ...[...columns].map(([label, tables]) => ({ label, detail: tables.slice(0, 2).join(", ") + (tables.length > 2 ? " …" : ""), boost: 1 })),
      ...named(KEYWORDS, "", -1),
      ...FUNCTIONS.map((label) => ({ label, apply: label + "(", detail: "function", boost: -2 })),
    ];
    return { from: start, options, validFor: /^\w*$/ };
  };
  return [tables, dotted, words];
}

const named = (labels, detail, boost = 0) => labels.map((label) => ({ label, detail, boost }));

function paramsAt(area, context) {
  const params = read(area.dataset.params, []);
  if (Array.isArray(params)) return params;
  const above = context.state.sliceDoc(0, context.pos).match(/^--\s*on\s+\w+/gm) ?? [];
  return params[above.at(-1)?.match(/\w+$/)[0]] ?? [];
}

// What was asked, where an answer stands; and whether the text is another one by now.
const askedOf = (area) => document.querySelector(`[data-asked-of="${CSS.escape(area.id)}"]`);
const plain = (text) => text.replace(/\r/g, "").trim();
const other = (area) => askedOf(area) && plain(askedOf(area).textContent) !== plain(area.value);

// The marks as CodeMirror has them; a place that is no longer there is left out, and all in another text than was asked.
function marks(area, doc) {
  const elsewhere = document.querySelector(`[data-marks-for="${CSS.escape(area.id)}"]`);
  const all = other(area) ? [] : [...read(area.dataset.marks, []), ...read(elsewhere?.dataset.marks, [])];
  return all.filter(({ line }) => line >= 1 && line <= doc.lines).map(({ line, column, length, said }) => {
    const from = Math.min(doc.line(line).from + column - 1, doc.line(line).to);
    return { from, to: Math.min(from + Math.max(length, 1), doc.length), severity: "error", message: said };
  });
}

const draftOf = (area) => area.dataset.draft && "draft:" + area.dataset.draft;

// An answer says so when the text is no longer what was asked.
const answered = (area) => askedOf(area)?.closest(".asked").classList.toggle("other", other(area));

// What a textarea came with: where that changes, the page has brought another text.
const came = (area) => [area.dataset.draft, area.dataset.given].join();

function arrive(area) {
  const draft = "given" in area.dataset || !area.dataset.draft ? null : sessionStorage.getItem(draftOf(area));
  area.value = draft ?? area.defaultValue;
}

function make(area) {
  // Who began to type before the editor came goes on in it.
  const typing = document.activeElement === area;
  const at = area.selectionEnd;
  if (area.value === area.defaultValue) arrive(area);
  area.hidden = true;
  const shadow = area.parentElement.attachShadow({ mode: "open" });
  let mirroring = false;
  const mirror = cm.EditorView.updateListener.of((update) => {
    if (!update.docChanged || mirroring) return;
    mirroring = true;
    area.value = update.state.doc.toString();
    area.dispatchEvent(new Event("input", { bubbles: true }));
    mirroring = false;
  });
  const keys = [
    { key: "Mod-Enter", run: (view) => (cm.closeCompletion(view), area.form?.requestSubmit(), true) },
    { key: "Tab", run: complete },
    { key: "Escape", run: (view) => leave(area, view) },
  ];
  const view = new cm.EditorView({
    doc: area.value,
    selection: { anchor: typing ? Math.min(at, area.value.length) : 0 },
    root: shadow,
    parent: shadow,
    extensions: [
      cm.Prec.highest(cm.keymap.of(keys)),
      cm.keymap.of([...cm.closeBracketsKeymap, ...cm.completionKeymap, ...cm.lintKeymap]),
      cm.minimalSetup,
      cm.bracketMatching(),
      cm.closeBrackets(),
      cm.SQLite.language,
      cm.autocompletion({ override: offered(area), icons: false, selectOnOpen: false }),
      cm.syntaxHighlighting(tone),
      look,
      cm.EditorView.lineWrapping,
      cm.EditorView.domEventHandlers({ beforeinput: replace }),
      cm.EditorView.contentAttributes.of(() => ({ "aria-label": area.labels[0]?.textContent.trim() ?? "SQL", tabindex: "0" })),
      cm.placeholder(area.placeholder),
      mirror,
      // In a long text what is offered has room inside, and covers nothing below.
      "numbered" in area.dataset ? [cm.lineNumbers(), cm.EditorView.scrollMargins.of(() => ({ bottom: 80 }))] : [],
    ],
  });
  area.labels[0]?.addEventListener("click", () => view.focus());
  const mark = () => view.dispatch(cm.setDiagnostics(view.state, marks(area, view.state.doc)));
  const follow = () => {
    // What the page began with is no draft: it would hide what the page begins with next time.
    const begun = area.value === area.defaultValue && !("given" in area.dataset);
    if (draftOf(area)) begun ? sessionStorage.removeItem(draftOf(area)) : sessionStorage.setItem(draftOf(area), area.value);
    answered(area);
    if (area.value === view.state.doc.toString()) return;
    mirroring = true;
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: area.value }, selection: { anchor: area.value.length } });
    mirroring = false;
  };
  area.addEventListener("input", follow);
  new MutationObserver(mark).observe(area, { attributeFilter: ["data-marks"] });
  editors.set(area, { follow, mark, view, came: came(area) });
  mark();
  if (typing || area.autofocus) view.focus();
  // What the page began with gives way to the first that is typed.
  if (area.autofocus && area.value === area.defaultValue) view.dispatch({ selection: { anchor: 0, head: area.value.length } });
}

// Where typing replaces a selection, Chromium keeps the colour of what was there by an inline style, which the CSP
// forbids and reports. So it is replaced here, by way of the same handlers.
function replace(event, view) {
  const { from, to, empty } = view.state.selection.main;
  if (event.inputType !== "insertText" || event.data === null || empty || view.composing) return false;
  const insert = () => view.state.update(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
  const handled = view.state.facet(cm.EditorView.inputHandler).some((handler) => handler(view, from, to, event.data, insert));
  if (!handled) view.dispatch(insert());
  event.preventDefault();
  return true;
}

// Tab takes the entry that was chosen by the arrows, else the first. Enter takes only one that was chosen.
function complete(view) {
  if (cm.completionStatus(view.state) !== "active") return false;
  if (cm.selectedCompletionIndex(view.state) === null) cm.moveCompletionSelection(true)(view);
  return cm.acceptCompletion(view), true;
}

// Escape closes what is offered, or leads out of the editor; the next one leads out of a dialog.
function leave(area, view) {
  const offering = cm.completionStatus(view.state) === "active";
  cm.closeCompletion(view);
  if (offering) return true;
  const behind = (each) => area.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING;
  const next = [...(area.form?.elements ?? [])].find((each) => each.type === "submit" && !each.disabled && behind(each));
  next ? next.focus() : view.contentDOM.blur();
  return true;
}

// A name that is pressed in a list is put where the typing is, apart from the name or the word before it.
document.addEventListener("click", ({ target }) => {
  const put = target.closest?.("[data-put]");
  const view = put && editors.get(document.getElementById(put.dataset.into))?.view;
  if (!view) return;
  const { main } = view.state.selection;
  if (!main.empty && main.to - main.from === view.state.doc.length) view.dispatch({ selection: { anchor: main.to } });
  const last = view.state.sliceDoc(0, view.state.selection.main.from).match(/[\w)*]+$/)?.[0];
  const apart = !last ? "" : KEYWORDS.includes(last.toUpperCase()) ? " " : ", ";
  view.dispatch(view.state.replaceSelection(apart + put.dataset.put));
  view.focus();
});

// Ctrl + Enter means the same beside the editor as in it.
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const area = event.target.closest?.("form")?.querySelector("textarea[data-editor]");
  if (!area) return;
  event.preventDefault();
  area.form.requestSubmit();
});

/** Make an editor of every textarea that wants one and has none, and let the others take over what came anew. */
export function upgrade() {
  for (const [area, { view }] of editors) {
    if (!area.isConnected) editors.delete(area) && view.destroy();
  }
  for (const area of document.querySelectorAll('textarea[data-editor="sql"]')) {
    const editor = editors.get(area);
    if (!editor) {
      make(area);
      continue;
    }
    area.hidden = true;
    if (editor.came !== came(area)) {
      editor.came = came(area);
      arrive(area);
    }
    editor.follow();
    editor.mark();
  }
}
