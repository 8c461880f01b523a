// The page on which a read model is written: what only a script can add to it.
(() => {
  const form = document.getElementById("model-form");
  const area = document.getElementById("model-source");
  const name = form.elements.name;
  const afresh = document.getElementById("model-afresh");
  const button = (value) => form.querySelector(`[value=${value}]`);
  const typed = (field) => field.dispatchEvent(new Event("input", { bubbles: true }));

  // Nothing is added while there is something to mend, or nothing new; the list says what. The editor offers the table's
  // columns.
  let moved = false;
  function follow() {
    const checked = document.getElementById("model-checked");
    button("add").disabled = "toMend" in checked.dataset || "same" in checked.dataset;
    const table = name?.value || form.elements.was.value;
    area.dataset.names = JSON.stringify({ [table]: JSON.parse(checked.dataset.columns) });
    // Once the read store has come to rest, it is known whether the text passed on events.
    const moves = document.getElementById("model-standing")?.hasAttribute("hx-get") ?? false;
    if (moved && !moves) area.dispatchEvent(new Event("look-again"));
    moved = moves;
  }
  document.addEventListener("htmx:after:swap", follow);
  follow();

  // On a narrow page what can be used, and how, is folded up.
  if (matchMedia("(max-width:1099px)").matches) document.querySelectorAll(".whole, .how").forEach((each) => { each.open = false; });

  // What a button asked for is brought into view, its verdict above all. After new orders, what was tried before is of
  // another log. The answer may have taken the place of the button.
  let asked;
  document.addEventListener("htmx:before:request", ({ detail }) => {
    if (detail.ctx.sourceElement.name === "do") asked = detail.ctx.sourceElement;
  });
  document.addEventListener("htmx:after:swap", ({ detail }) => {
    if (!asked || `#${detail?.ctx?.target?.id}` !== asked.getAttribute("hx-target")) return;
    if (asked.value === "orders") outdate("model-truth");
    if (asked.value.startsWith("make-")) outdate("model-dry");
    const answer = document.querySelector(asked.getAttribute("hx-target"));
    const verdict = answer.querySelector(".take-away, .tried li, .poisoned, p[role=status]");
    for (const each of [answer, verdict]) each?.scrollIntoView({ block: "nearest" });
    asked = undefined;
  });

  // What was said before is about a text that is another one now, and which can be saved.
  function outdate(...ids) {
    for (const id of ids) document.getElementById(id)?.setAttribute("data-outdated", "");
  }
  form.addEventListener("input", () => {
    outdate("model-dry", "model-truth", "model-task");
    delete document.getElementById("model-checked").dataset.same;
    follow();
  });

  // Enter in the name looks over what is there already; in the text, with Ctrl, it is a dry run.
  form.addEventListener("submit", (event) => {
    if (event.submitter?.value === "add") sessionStorage.setItem("sent", area.dataset.draft);
    if (event.submitter && event.submitter.value !== "check") return;
    event.preventDefault();
    if (!event.submitter) button("try").click();
  });

  // The draft is kept by the editor; its name is kept here. It goes when what was sent has been taken, or on demand.
  const draft = (key = area.dataset.draft) => "draft:" + key;
  const given = "given" in area.dataset;
  function drop(key) {
    sessionStorage.removeItem(draft(key));
    sessionStorage.removeItem(draft(key) + " name");
  }
  const sent = sessionStorage.getItem("sent");
  if (sent !== null && !given) drop(sent);
  sessionStorage.removeItem("sent");
  name?.addEventListener("input", () => sessionStorage.setItem(draft() + " name", name.value));
  addEventListener("DOMContentLoaded", () => {
    const kept = sessionStorage.getItem(draft());
    if (given || kept === null || kept === area.value) return;
    area.value = kept;
    if (name) name.value = sessionStorage.getItem(draft() + " name") ?? name.value;
    afresh.hidden = false;
    typed(area);
  });
  afresh.querySelector("button").addEventListener("click", () => {
    area.value = area.defaultValue;
    if (name) name.value = name.defaultValue;
    typed(area);
    drop(area.dataset.draft);
    afresh.hidden = true;
  });
})();
