"""The README and DECISIONS.md cannot drift: what they say of words, lines, limits and files is compared or run."""

import json
import re
import shlex
import shutil
import subprocess
import tomllib
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from itertools import pairwise
from pathlib import Path

import pytest

from lab.composer import COMMANDS
from lab.experiments import experiments
from lab.language import VERBS, parse
from lab.limits_told import markdown
from lab.projections import BUILT_IN
from tests.serving import ROOT, running

README = (ROOT / "README.md").read_text(encoding="utf-8")
DECISIONS = (ROOT / "DECISIONS.md").read_text(encoding="utf-8")
HERE = "http://127.0.0.1:8000"


def section(title: str) -> str:
    """Return what stands under a heading of the README, up to the next of its rank."""
    return re.split(r"(?m)^## ", README.split(f"\n## {title}\n")[1])[0]


def table(text: str) -> list[list[str]]:
    """Return the cells of every table row in a text, without the heads."""
    rows = [re.split(r" \| ", line.strip("| ")) for line in text.splitlines() if line.startswith("|")]
    return [row for number, row in enumerate(rows) if not row[0].startswith("---") and not _is_head(rows, number)]


def _is_head(rows: list[list[str]], number: int) -> bool:
    return number + 1 < len(rows) and rows[number + 1][0].startswith("---")


def fenced(language: str) -> str:
    return README.split(f"```{language}\n")[1].split("```")[0]


# Words, lines, limits


def test_the_words_are_those_that_the_page_explains() -> None:
    words = tomllib.loads((ROOT / "lessons" / "words.toml").read_text(encoding="utf-8"))
    assert table(section("The words")) == [[f"**{word}**", entry["text"]] for word, entry in words.items()]


def test_every_verb_and_every_command_is_shown_with_an_example() -> None:
    rows = table(section("The action language"))
    shown = [(row[0].strip("`"), row[1].strip("`")) for row in rows]
    assert [name for name, _ in shown] == [*VERBS, *COMMANDS]
    for name, example in shown:
        assert example.split()[0 if name in VERBS else 1] == name


def test_every_action_line_in_the_readme_is_one() -> None:
    verbs = "|".join(VERBS)
    lines = re.findall(rf"`((?:{verbs})(?: [^`]*)?)`|'line=([^']*)'", README)
    assert len(lines) > 25
    for line in {written or sent for written, sent in lines} - set(VERBS):
        assert parse(line)


def test_every_read_model_is_named() -> None:
    assert all(f"`{model}`" in section("The action language") for model in BUILT_IN)


def test_the_experiments_are_those_of_the_file() -> None:
    rows = [[one.title, "<br>".join(f"`{line}`" for line in one.lines)] for one in experiments().values()]
    assert table(section("Experiments")) == rows


def test_the_limits_are_told_as_on_their_page() -> None:
    told = section("Limits")
    assert told[told.index("### ") :].strip() == markdown().strip(), "python -m lab.limits_told prints it"


# Files and pictures


@pytest.mark.parametrize("text", [README, DECISIONS], ids=["README", "DECISIONS"])
def test_every_file_that_is_named_is_there(text: str) -> None:
    named = set(re.findall(r"`((?:cqrs|lab|web|lessons|tests|docs|requirements)/[\w./-]+)`|\]\(([\w./-]+)\)", text))
    paths = {one or other for one, other in named}
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_the_reading_order_leaves_no_file_of_the_pattern_out() -> None:
    order = section("Reading the code")
    for path in [*(ROOT / "cqrs").rglob("*.py"), *(ROOT / "cqrs").rglob("schema.sql")]:
        name = path.relative_to(ROOT).as_posix()
        assert name in order or path.name in ("__init__.py", "sql.py") or name.startswith("cqrs/read/s"), name


def test_the_picture_is_whole_and_needs_nothing_from_elsewhere() -> None:
    picture = (ROOT / "docs" / "picture.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(picture)
    words = " ".join(root.itertext())
    assert all(word in words for word in ("command", "write store", "event log", "projector", "read store", "query"))
    assert not re.search(r"href|url\((?!#)|<script|<image", picture.replace("http://www.w3.org/2000/svg", ""))


def test_the_readme_names_the_two_commands_and_what_the_environment_says() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?m)(?:^ {4}|`|0\.0 )make (\w+)", README):
        assert re.search(rf"(?m)^{target}:", makefile), target
    assert all(name in README for name in ("HOST", "PORT", "LAGOON_HOME"))


# The curl lines, really run


Fetch = Callable[[str], str]


def by_curl(folder: Path) -> Fetch:
    if not shutil.which("curl"):
        pytest.skip("there is no curl on this machine")
    return lambda line: (
        subprocess.run(shlex.split(line), cwd=folder, capture_output=True, text=True, check=True, timeout=60).stdout
    )


def by_urllib(folder: Path) -> Fetch:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()), Unraising())

    def fetch(line: str) -> str:
        words = shlex.split(line)
        options = dict(pairwise(words))
        data = options.get("--data-urlencode")
        request = urllib.request.Request(
            words[-1], data=urllib.parse.urlencode(dict([data.split("=", 1)])).encode() if data else None
        )
        if "-H" in options:
            request.add_header(*options["-H"].split(": "))
        with opener.open(request, timeout=60) as response:
            text: str = response.read().decode()
            return text

    return fetch


class Unraising(urllib.request.HTTPErrorProcessor):
    """Hand an answer of 4xx back, as curl does."""

    def http_response(self, request: object, response: object) -> object:
        return response


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("readme"), module="tests.patient") as (_, address):
        yield address


@pytest.mark.parametrize("way", [by_curl, by_urllib])
def test_the_curl_lines_answer_what_the_readme_says(address: str, tmp_path: Path, way: Callable[[Path], Fetch]) -> None:
    fetch = way(tmp_path)
    *answers, state = [json.loads(fetch(line.replace(HERE, address))) for line in fenced("sh").splitlines()]
    assert list(map(_untimed, answers)) == [_untimed(json.loads(line)) for line in fenced("json").splitlines()]
    told = re.split(r"`GET /state`\sanswers", section("From a script"))[1].split("A transcript")[0]
    promised = re.findall(r"`(\w+)`", told)
    assert list(state["projections"]) == sorted(BUILT_IN)
    assert sorted([*state, *state["projections"]["sales"]]) == sorted(promised)
    assert (state["head"], state["projections"]["sales"]["status"]) == (6, "paused")


def _untimed(answer: dict[str, object]) -> dict[str, object]:
    """Leave out what depends on how fast the machine is."""
    return {name: value for name, value in answer.items() if name not in ("took_ms", "waited")}


# Decisions


def test_each_decision_is_a_short_paragraph_with_the_alternative_that_lost() -> None:
    decisions = re.split(r"(?m)^###? ", DECISIONS)[1:]
    paragraphs = [decision.split("\n", 1) for decision in decisions if decision.split("\n", 1)[1].strip()]
    assert len(paragraphs) >= 30
    for title, text in paragraphs:
        assert re.search(r"\bWhat\s+lost:\s", text), title
        assert 2 <= len(re.findall(r"[.?](?=\s)", text)) <= 6, title
        assert len(text.strip().split("\n\n")) == 1, title
