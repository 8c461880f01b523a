"""Every page can be used by everyone: axe-core finds nothing on it, it never scrolls sideways, and no text is cut."""

import pytest
from playwright.sync_api import expect

from tests.browser.pages import STOPS, guided
from tests.browser.visits import DESK, LAPTOP, PHONE, enter, overflow, place_order

pytestmark = pytest.mark.browser

JUDGE = """async (options) => {
    const top = document.querySelector("dialog[open], .meaning:popover-open") ?? document;
    // What would be fetched before is the sound of films, and no page has any.
    const {violations} = await axe.run(top, {resultTypes: ["violations"], preload: false, ...options});
    return violations.map(({id, nodes}) => id + ": " + nodes.map((node) => node.html.slice(0, 200)).join(" | "));
}"""

CUT = """() => {
    const top = document.querySelector("dialog[open]") ?? document.body;
    const texts = document.createTreeWalker(top, NodeFilter.SHOW_TEXT), cut = [], range = document.createRange();
    while (texts.nextNode()) {
        const text = texts.currentNode, parent = text.parentElement;
        if (!text.data.trim() || parent.closest("[title], .sr, .skip, .cm-editor, option, textarea, svg")) continue;
        if (parent.closest(".strip .tape") || !parent.checkVisibility()) continue;
        range.selectNodeContents(text);
        const right = range.getBoundingClientRect().right;
        for (let box = parent; box; box = box.parentElement) {
            const {overflowX, clipPath} = getComputedStyle(box);
            if (clipPath !== "none" || /auto|scroll/.test(overflowX)) break;
            if (overflowX !== "visible" && right > box.getBoundingClientRect().right + 1.5) cut.push(text.data.trim());
        }
    }
    return cut;
}"""
"""Texts that are cut off where no title says them whole. The log of the first sixty seconds is."""

BY_THUMB = {"rules": {"target-size": {"enabled": True}}}
"""On a phone what can be tapped has to be large enough, or to stand alone."""

MOVING = "document.getAnimations().filter((a) => a.effect.getComputedTiming().duration > 1).map((a) => a.animationName)"


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
def test_nothing_is_cut_or_scrolls_sideways_and_axe_finds_nothing_light_or_dark_wide_or_narrow(
    visitor, complaints, axe, stop
):
    complaints.provoke("status of 4")
    page = stop.come(visitor())
    page.evaluate(axe)
    for size in (LAPTOP, DESK, PHONE):
        page.set_viewport_size(size)
        assert overflow(page) <= 0, size
        assert page.evaluate(CUT) == [], size
        # Contrast alone depends on the scheme, and is the same at every width: once light, once dark is enough.
        page.emulate_media(color_scheme="dark" if size == PHONE else "light")
        assert size == LAPTOP or page.evaluate(JUDGE, BY_THUMB if size == PHONE else None) == []


def test_who_asked_for_less_motion_gets_none(visitor):
    page = enter(visitor(), "pause")
    place_order(page)
    page.locator("#w-stock-lamp.fresh").wait_for()
    assert page.evaluate(MOVING) == []


def test_others_see_what_changed_flash(visitor):
    page = enter(visitor(reduced_motion="no-preference"), "pause")
    motion = page.context.new_cdp_session(page)
    motion.send("Animation.enable")
    motion.send("Animation.setPlaybackRate", {"playbackRate": 0})
    place_order(page)
    page.locator("#w-stock-lamp.fresh").wait_for()
    assert page.evaluate(MOVING)


def test_the_way_back_to_the_step_covers_nothing_of_the_lesson_on_a_phone(visitor):
    page = guided("L05")(visitor(viewport=PHONE))
    back = page.locator(".where")
    expect(back).to_be_hidden()
    page.locator("#h-log").scroll_into_view_if_needed()
    expect(back).to_be_visible()
