"""A learner before a lesson's page: does what an action line says with the controls that the page offers."""

import html
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, expect

from lab.composer import COMMANDS
from lab.lesson_files import Choice, Lesson
from lab.lesson_text import render
from web.asking import QUERIES

BREAKING = ("crash", "mode", "redeliver", "reorder", "handler", "retry")
"""What is done in the dialog of a read model's break link."""


def plain(text: str) -> str:
    """Return Markdown as it reads on the page."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", render(text))).split())


class Learner:
    """Acts by clicks and keys. What no control offers is typed, and noted in ``typed``."""

    def __init__(self, page: Page, lesson: Lesson) -> None:
        self.page, self.lesson = page, lesson
        self.typed: list[str] = []
        self.presses = 0
        self.failed = False
        page.goto(f"/lessons/{lesson.id}")

    # Action lines

    def do(self, line: str) -> None:
        """Do what a line says, in as many presses as the page wants for it."""
        verb, *rest = shlex.split(line)
        words = [word for word in rest if "=" not in word]
        fields = dict(word.split("=", 1) for word in rest if "=" in word)
        if verb == "cmd" and "order" in fields and words[0] == "place_order":
            self._type(line)
        elif verb == "cmd" and self._is_there(form := self._form(COMMANDS[words[0]].label)):
            self._command(form, fields)
        elif verb == "query" and self._is_there(form := self._form(QUERIES[words[0]]["label"])):
            self._query(form, [*words[1:], ""][0], fields.get("via", "read"))
        elif verb == "step" and len(words) == 2:
            for _ in range(int(words[1])):
                self.do(f"step {words[0]}")
        elif verb in BREAKING and self._is_there(link := self.page.get_by_role("link", name=f"Break {words[0]}")):
            self._break(link, verb, words, fields)
        elif verb == "run" and self.failed:
            # What stopped has a button of its own, which comes with the news that it stopped.
            self._press(self._buttons(line))
        elif self._is_there(buttons := self._buttons(line)) or self._is_there(buttons := self._buttons(verb)):
            self._press(buttons)
        else:
            self._type(line)

    def _type(self, line: str) -> None:
        self.typed.append(line)
        self.page.get_by_role("textbox", name="Action line").fill(line)
        self._press(self.page.get_by_role("button", name="Do it"))

    def undo(self, presses: int) -> None:
        """Take back what the last presses did."""
        for _ in range(presses):
            self._press(self.page.locator("#rail").get_by_role("button", name="Undo"))

    @staticmethod
    def _is_there(control: Locator) -> bool:
        return control.count() > 0

    def _form(self, label: str) -> Locator:
        """Return a composer's form, though another tab may hide it."""
        return self.page.locator(f"form.one[aria-label={label!r}]")

    def _buttons(self, line: str) -> Locator:
        return self.page.locator(f":is(main, #rail) button[name=line][value={line!r}]")

    def _command(self, form: Locator, fields: dict[str, str]) -> None:
        self._show(form, "#composer")
        lines = fields.pop("lines", "")
        if lines:
            (fields["product"], fields["qty"]), second = (pair.split(":") for pair in lines.split(","))
            self._unfold(form, "+ second product")
            form.locator("[name=product]").nth(1).select_option(second[0])
            form.locator("[name=qty]").nth(1).fill(second[1])
        for name in ("id", "expect"):
            if name in fields:
                self._unfold(form, "id and version")
                form.locator(f"[name={name}]").fill(fields.pop(name))
            elif form.locator(f"[name={name}]").is_visible():
                form.locator(f"[name={name}]").fill("")
        for name, value in fields.items():
            control = form.locator(f"[name={name}]").first
            if control.evaluate("control => control.tagName") == "SELECT":
                control.select_option(value)
            else:
                control.fill(f"{int(value) / 100:.2f}" if name == "price" else value)
        with self.answered():
            form.locator("button.go").click()
        self.presses += 1

    def _query(self, form: Locator, key: str, via: str) -> None:
        self._show(form, "#asker")
        control = form.locator("[name=key]")
        if control.evaluate("control => control.tagName") == "SELECT":
            control.select_option(key)
        else:
            control.fill(key)
        form.locator("[name=via]").select_option(via)
        with self.answered():
            form.locator("button.go").click()
        self.presses += 1

    def _break(self, link: Locator, verb: str, words: list[str], fields: dict[str, str]) -> None:
        link.click()
        sheet = self.page.locator("dialog[open]")
        if verb == "redeliver":
            sheet.locator("[name=position]").fill(words[1])
            self._press(sheet.get_by_role("button", name="Deliver it twice"))
        for line in [f"{verb} {words[0]} {name}={value}" for name, value in fields.items()]:
            self._press(sheet.locator(f"button[value={line!r}]"))
        if not fields and verb != "redeliver":
            self._press(sheet.locator(f"button[value={' '.join((verb, *words))!r}]"))
        self.page.keyboard.press("Escape")
        expect(sheet).to_have_count(0)

    def _show(self, form: Locator, within: str) -> None:
        """Choose the tab of a form, if it is not the one that is shown."""
        if not form.is_visible():
            name = form.get_attribute("aria-label")
            tab = self.page.locator(within).get_by_role("radio", name=name, exact=True, include_hidden=True)
            if not tab.is_visible():
                self.page.locator(f"{within} .menu summary").click()
            tab.check()

    def _unfold(self, form: Locator, summary: str) -> None:
        details = form.locator("details", has_text=summary)
        if details.get_attribute("open") is None:
            details.locator("summary").click()

    def _press(self, buttons: Locator) -> None:
        """Press the first of these that can be seen, or that a menu holds, by its key, and wait for the answer.

        A click could miss it: what an action changes may move it just then.
        """
        buttons.first.wait_for(state="attached")
        if buttons.filter(visible=True).count() == 0:
            self.page.locator("details.menu", has=buttons).first.locator("summary").press("Enter")
        with self.answered():
            buttons.filter(visible=True).first.press("Enter")
        self.presses += 1

    @contextmanager
    def answered(self) -> Iterator[None]:
        """Wait until what is pressed within has its answer."""
        with self.page.expect_response(lambda response: response.request.method == "POST") as answer:
            yield
        assert answer.value.status in (200, 204, 409, 422), answer.value.status
        self.failed = not answer.value.ok

    # The rail

    def bet(self, step: int, choice: int) -> str:
        """Place the bet of a step by its key, and return what was bet."""
        predict = self.lesson.step[step].predict
        assert predict is not None
        expect(self.page.locator(f"#bet-{step + 1}")).to_be_visible()
        self.key(choice + 1)
        expect(self.page.locator(f"#step-{step + 1} .locked")).to_contain_text(
            f"You said: {predict.options[choice].key}"
        )
        return predict.options[choice].key

    def key(self, number: int) -> None:
        with self.answered():
            self.page.keyboard.press(str(number))

    def expect_step(self, step: int, ok: set[str]) -> None:
        """Expect the page to be at a step, counted from 0, with these checks lit as far as their steps are reached."""
        steps, checks = self.lesson.step, [check.id for check in self.lesson.check if not check.invariant]
        here = f"#step-{step + 1}.now" if step < len(steps) else f"#step-{step}.done"
        lit = ok & {check for reached in steps[: step + 1] for check in reached.passes}
        shown = [f":has(#check-{check}{'.ok' if check in lit else ':not(.ok)'})" for check in checks]
        expect(self.page.locator(f"#rail:has({here}){''.join(shown)}")).to_be_visible()

    def expect_reveal(self, step: int, said: str) -> None:
        """Expect a step to tell what was bet, and what it really was."""
        predict = self.lesson.step[step].predict
        assert predict is not None
        was = next(option.key for option in predict.options if option.says(predict.expect))
        reveal = self.page.locator(f"#step-{step + 1} .reveal")
        expect(reveal).to_contain_text(f"You said: {said}. It was: {was}. {plain(predict.explain)}")

    def look_back(self) -> None:
        """Answer the question that opens the lesson, by its key: who has played the lesson it is from is asked."""
        question = self.lesson.retrieval
        if question is None:
            return
        self.page.request.post(f"/actions?lesson={question.from_}", form={"line": "wait 1"})
        self.page.reload()
        self.page.locator(".look-back > summary").click()
        right = next(number for number, option in enumerate(question.options) if option.correct)
        self.key(right + 1)
        self._expect_reply("retrieval", right, question.options[right])
        self.page.locator(".look-back > summary").click()

    def conclude(self, *, wrong_first: bool) -> None:
        """Answer the question that ends the lesson by its keys, and read what to take away."""
        question = self.lesson.concept
        assert question is not None
        right = next(number for number, option in enumerate(question.options) if option.correct)
        wrong = (right + 1) % len(question.options)
        for number in [wrong, right] if wrong_first else [right]:
            expect(self.page.locator(f"button#{self.lesson.id}-concept-{number}")).to_be_visible()
            self.key(number + 1)
            self._expect_reply("concept", number, question.options[number])
        for title, text in (("Take away", self.lesson.take_away), ("In the real world", self.lesson.real_world)):
            expect(self.page.get_by_role("region", name=title)).to_contain_text(plain(text))

    def _expect_reply(self, kind: str, number: int, option: Choice) -> None:
        reply = self.page.locator(f"#{self.lesson.id}-{kind}-{number}")
        expect(reply).to_contain_text(f"{'right' if option.correct else 'no'}, your answer")
        expect(reply).to_contain_text(plain(option.why))

    def ask_for_hints(self, hint_id: str) -> None:
        """Ask until the hint is at its third level; each level says what the lesson file says."""
        hint = next(hint for hint in self.lesson.hint if hint.id == hint_id)
        for level, text in enumerate(hint.levels, start=1):
            with self.answered():
                self.page.locator("#rail").get_by_role("button", name=re.compile("hint")).press("Enter")
            shown = self.page.locator("#hint .prose")
            expect(shown).to_have_count(level)
            expect(shown.nth(level - 1)).to_contain_text(plain(text))
        expect(self.page.locator("#rail").get_by_role("button", name=re.compile("hint"))).to_have_count(0)
