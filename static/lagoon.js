// What HTML alone cannot do yet: everything here makes a page better that works without it.
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  root.classList.add("js");

  // Presenter view survives a reload and needs no round trip.
  const presenter = document.getElementById("presenter");
  function present(on) {
    root.classList.toggle("presenter", on);
    presenter?.setAttribute("aria-label", on ? "Leave presenter view" : "Presenter view: larger type, no names");
    offer();
  }
  presenter?.addEventListener("click", (event) => {
    event.preventDefault();
    const on = !root.classList.contains("presenter");
    on ? localStorage.setItem("presenter", "1") : localStorage.removeItem("presenter");
    if (!on) history.replaceState(null, "", location.pathname);
    present(on);
  });

  // The composers offer what the stores hold, and keep what is chosen or typed.
  function offer() {
    const hidden = root.classList.contains("presenter");
    for (const select of all("select[data-choices]")) {
      const list = document.getElementById("choice-" + select.dataset.choices);
      if (!list) continue;
      const chosen = select.value;
      const usual = [...select.options].find((option) => option.defaultSelected)?.value;
      const first = select.options[0]?.value === "" ? [select.options[0]] : [];
      const wanted = all("option", list).map((option) => {
        const text = hidden ? option.dataset.unnamed : option.textContent;
        return new Option(text, option.value, option.value === usual);
      });
      const same = wanted.map((o) => o.value + o.text).join() === [...select.options].slice(first.length).map((o) => o.value + o.text).join();
      if (same) continue;
      select.replaceChildren(...first, ...wanted);
      // Of the orders the newest is meant, unless one was chosen, or somebody is about to send the form.
      const free = select.name === "order" && !select.dataset.touched && !select.form.matches(":hover, :focus-within");
      if (!free && [...select.options].some((option) => option.value === chosen)) select.value = chosen;
      else delete select.dataset.touched;
    }
    const next = document.getElementById("choice-next")?.value;
    for (const input of all("input[data-next]")) {
      if (next && input.value === input.defaultValue) input.value = input.defaultValue = next;
    }
  }

  // Who begins again finds the composers as they were at first.
  document.addEventListener("lagoon:reset", () => all(".composer form").forEach((form) => form.reset()));

  // The age of the oldest waiting event ticks between two messages.
  const stage = document.querySelector("[data-now]");
  const ahead = stage ? Date.now() - stage.dataset.now : 0;
  const shown = (seconds) => (seconds < 100 ? seconds.toFixed(1) : Math.round(seconds).toLocaleString("en")) + " s";
  function tick() {
    for (const age of all(".age[data-since]")) {
      age.textContent = shown(Math.max(0, (Date.now() - ahead - age.dataset.since) / 1000));
    }
  }
  setInterval(tick, 200);

  // Sheets: what a link brings is shown in the dialog.
  const sheet = document.getElementById("sheet");
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.target?.id === "sheet-body" || event.detail?.ctx?.target?.id === "sheet-body") {
      // The bar of the page goes, and its room stays, so that nothing moves aside.
      if (!sheet.open) root.classList.toggle("barred", innerWidth > root.clientWidth);
      if (!sheet.open) sheet.showModal();
      sheet.scrollTop = 0;
      const part = event.detail?.ctx?.sourceElement?.hash;
      if (part) sheet.querySelector(part)?.scrollIntoView();
    }
    offer();
    all(".composer").forEach((each) => belong(each));
    tell();
    edit();
    const swapped = event.detail?.ctx?.target?.id ?? event.target?.id;
    if (/^answer-(write|read)$/.test(swapped)) echo(document.getElementById(swapped));
    if (swapped === "answer-break") repeat(document.getElementById(swapped));
    if (/^sql/.test(swapped)) {
      reveal(document.getElementById("sql-answer"));
      // Where the button that was pressed is gone, one goes on from Ask.
      if (document.activeElement === document.body) document.querySelector("#sql .go")?.focus({ preventScroll: true });
    }
  });
  // The action line shows what the last button wrote; its answer stands, and is said, at the button.
  function echo(answer) {
    const wrote = answer?.querySelector(".wrote code")?.textContent;
    const line = document.getElementById("answer-line");
    if (!wrote || !line) return;
    const code = Object.assign(document.createElement("code"), { textContent: wrote, title: wrote });
    const said = Object.assign(document.createElement("p"), { className: "hint" });
    said.append(code, " stands with its answer at its button.");
    line.ariaLive = "off";
    line.replaceChildren(said);
  }
  // What a sheet did last is what the action line tells once the sheet is closed.
  function repeat(answer) {
    const line = document.getElementById("answer-line");
    if (!line) return;
    line.ariaLive = "off";
    line.replaceChildren(...answer.cloneNode(true).childNodes);
  }
  // An answer stands under the form that it answers, and under no other.
  function belong(composer, sent = true) {
    const answer = composer?.querySelector(".said[data-of]");
    const tab = answer && composer.querySelector(`.tabs [value="${CSS.escape(answer.dataset.of)}"]`);
    if (tab) answer.hidden = !(sent && tab.checked);
  }
  // What the browser does not let go has no answer.
  document.addEventListener("invalid", ({ target }) => belong(target.closest(".composer"), false), true);
  // An answer is brought into sight where it begins outside.
  function reveal(answer) {
    const top = answer?.getBoundingClientRect().top ?? 0;
    if (top < 0 || top > innerHeight * 0.7) answer?.scrollIntoView({ block: "start" });
  }
  sheet?.addEventListener("click", (event) => {
    if (event.target === sheet) sheet.close();
  });
  // What nobody looks at asks for nothing any more.
  sheet?.addEventListener("close", () => document.getElementById("sheet-body").replaceChildren());

  // Where SQL is typed the editor is brought, and nowhere else.
  function edit() {
    const area = document.querySelector("textarea[data-editor]");
    if (!area) return;
    // Who types before it is there takes the place of the example too.
    if (area.autofocus && area === document.activeElement && area.value === area.defaultValue) area.select();
    import("./editor.js").then(({ upgrade }) => upgrade());
  }
  edit();

  // What is new in a lesson is said aloud, once, and nothing of it when the page comes. Who pressed a button in the rail
  // that is gone now goes on where the lesson goes on.
  const aloud = document.getElementById("said-aloud");
  let told = all("[data-say]").map((each) => each.dataset.say);
  let wasInRail = false;
  addEventListener("submit", ({ target }) => {
    wasInRail = !!target.closest("#rail") && document.activeElement !== document.body;
  }, true);
  function tell() {
    if (!aloud) return;
    const now = all("[data-say]");
    const fresh = now.filter((each) => !told.includes(each.dataset.say));
    if (fresh.length) aloud.textContent = fresh.map((each) => each.textContent.replace(/\s+/g, " ").trim()).join(" ");
    if (wasInRail) fresh.find((each) => each.closest("#hint"))?.closest("#hint").scrollIntoView({ block: "nearest" });
    told = now.map((each) => each.dataset.say);
    follow();
    if (wasInRail && document.activeElement === document.body) {
      document.querySelector("#rail [aria-current], #concept button")?.focus({ preventScroll: true });
    }
  }

  // Where the rail scrolls by itself, it goes on to what the lesson asks next.
  const asks = () => document.querySelector("#concept, #rail [aria-current]");
  let asked = asks()?.id;
  function follow() {
    const next = asks();
    if (!next || next.id === asked) return;
    asked = next.id;
    if (matchMedia("(min-width:1200px)").matches) next.scrollIntoView({ block: "nearest" });
  }

  // What takes a while says so: a bar on the button that was pressed, and words, which the style sheet shows after 0.3 s.
  const doing = document.getElementById("doing");
  let pressed, saying;
  function begin(button) {
    if (!button?.matches?.("button, a.button")) return;
    pressed = button;
    button.setAttribute("aria-busy", "true");
    clearTimeout(saying);
    saying = setTimeout(() => {
      (sheet?.open ? sheet : document.body).append(doing);
      doing.textContent = button.dataset.doing ?? "Under way: " + (button.getAttribute("aria-label") ?? button.textContent).trim();
    }, 300);
  }
  function over() {
    all("[aria-busy=true]").forEach((button) => button.removeAttribute("aria-busy"));
    clearTimeout(saying);
    doing.textContent = "";
  }
  // A dialog that closes and a file that comes leave the page as it is.
  document.addEventListener("submit", ({ target, submitter }) => {
    if (target.method !== "dialog" && !target.matches("[data-file]")) begin(submitter);
  });
  document.addEventListener("htmx:before:request", ({ detail }) => begin(detail.ctx.sourceElement));
  document.addEventListener("htmx:finally:request", ({ detail }) => {
    const asked = detail.ctx.sourceElement;
    // An answer may have taken the place of what asked for it.
    if (asked.matches("form, button, a") || !pressed?.isConnected) over();
  });
  addEventListener("pageshow", over);

  // What asked first has its answer, so it goes.
  document.addEventListener("submit", ({ target }) => target.closest("[popover]")?.hidePopover());

  // Sliders say their value while they are dragged.
  document.addEventListener("input", ({ target }) => {
    const output = target.type === "range" && document.querySelector(`output[for="${target.id}"]`);
    if (!output) return;
    const value = target.step === "0.1" ? Number(target.value).toFixed(1) : target.value;
    output.textContent = output.dataset.zero && target.value === "0" ? output.dataset.zero : value + output.dataset.unit;
  });

  // A link is copied where there is a clipboard.
  root.classList.toggle("clip", !!navigator.clipboard);
  document.addEventListener("click", ({ target }) => {
    if (!target.matches("[data-copy]")) return;
    navigator.clipboard.writeText(document.querySelector(target.dataset.copy).value).then(() => (target.textContent = "Copied"));
  });

  // Menus close when something in them is chosen, or elsewhere is clicked, or on Escape.
  document.addEventListener("click", ({ target }) => {
    for (const menu of all("details.menu[open]")) {
      if (!menu.contains(target) || target.closest(".drop button")) menu.open = false;
    }
  });
  document.addEventListener("change", ({ target }) => {
    if (target.matches?.("select[data-choices]")) target.dataset.touched = "1";
    if (target.matches?.("[data-tab]")) belong(target.closest(".composer"));
    const menu = target.closest?.("details.menu");
    if (menu) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") all("details.menu[open]").forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
    // A bet can be placed with its number, and “?” tells which keys there are.
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || sheet?.open) return;
    if (/INPUT|SELECT|TEXTAREA/.test(event.target.tagName)) return;
    all(`[data-key="${CSS.escape(event.key)}"]`).find((choice) => choice.checkVisibility())?.click();
  });

  // Who leaves the past lets go of the copies that were made for it.
  const leave = document.querySelector("[data-leave]")?.dataset.leave;
  if (leave) addEventListener("pagehide", () => navigator.sendBeacon(leave));

  present(root.classList.contains("presenter") || localStorage.getItem("presenter") === "1");
})();
