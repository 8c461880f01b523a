"""The prose of lessons: Markdown comes out as meant, and nothing that an author writes becomes HTML of his own."""

import pytest
from bs4 import BeautifulSoup

from lab.lesson_files import lessons
from lab.lesson_text import prose, render, render_line, spoiled

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">go</a>',
    "a <b onclick=alert(1)>bold</b> word",
    "<svg/onload=alert(1)>",
    "<!-- a comment -->",
    "<style>body{display:none}</style>",
    "<?php echo 1 ?>",
    "<![CDATA[ x ]]>",
    "<div\nclass=x>",
    "[go](javascript:alert(1))",
    "[go](JaVaScRiPt:alert(1))",
    "[go](java&#115;cript:alert(1))",
    "[go](&#x6A;avascript:alert(1))",
    "[go](<javascript:alert(1)>)",
    "[go](\tjavascript:alert(1))",
    "[go](data:text/html;base64,PHNjcmlwdD4=)",
    "[go](vbscript:msgbox)",
    "[go](file:///etc/passwd)",
    "[go](//elsewhere.example)",
    "[go][1]\n\n[1]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "![](x)",
    "![picture](javascript:alert(1))",
    "![picture](https://elsewhere.example/pixel.png)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(1)&#62;",
    "`<script>alert(1)</script>`",
    "    <script>alert(1)</script>",
    "```html\n<script>alert(1)</script>\n```",
    '# [title](/lessons "" onmouseover=alert(1) x="")',
)
ALLOWED = {"p", "em", "strong", "code", "pre", "ul", "ol", "li", "h1", "a", "br"}
ATTRIBUTES = {"a": {"href", "title"}, "code": {"class"}}


@pytest.mark.parametrize("shown", [render, render_line])
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_makes_no_element_and_no_attribute_of_its_own(shown, text):
    elements = BeautifulSoup(shown(text), "html5lib").body.find_all(True)
    assert {element.name for element in elements} <= ALLOWED
    for element in elements:
        assert set(element.attrs) <= ATTRIBUTES.get(element.name, set())
        assert element.get("href", "/").startswith(("/", "#", "http://", "https://"))
        assert not element.get("href", "/").startswith("//")


def test_a_link_leads_to_the_web_or_to_a_page_of_this_site():
    for address in ("https://example.test/a", "http://example.test", "/words", "#checks"):
        assert BeautifulSoup(render_line(f"[go]({address})"), "html5lib").a["href"] == address


def test_paragraphs_emphasis_lists_and_code_come_out_as_meant():
    assert render("One *two* **three** `four`.\n\n- five") == (
        "<p>One <em>two</em> <strong>three</strong> <code>four</code>.</p>\n<ul>\n<li>five</li>\n</ul>\n"
    )
    assert render_line("the `run` of it") == "the <code>run</code> of it"


def test_an_author_is_told_what_would_not_come_out_as_meant():
    assert "HTML" in spoiled("a <b>word</b>")
    assert "pictures" in spoiled("![a cat](/cat.png)")
    assert "javascript:alert" in spoiled("[go](javascript:alert(1))")
    assert "//elsewhere" in spoiled("[go](//elsewhere.example)")
    assert spoiled("less < more, `<b>`, [words](/words)") is None


@pytest.mark.parametrize("lesson", lessons().values(), ids=lambda lesson: lesson.id)
def test_every_text_of_a_lesson_comes_out_as_meant(lesson):
    assert [(place, told) for place, text in prose(lesson) if (told := spoiled(text))] == []
