"""Names in an address that try to lead elsewhere lead nowhere, and no file outside the house is opened for them."""

import re
import sys
import sysconfig
import tempfile
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.serving import ROOT
from tests.web.routes import ROWS

NAMES = (
    "..",
    ".",
    "%2e%2e",
    "%2e",
    "..%2f",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%252e%252e%252fetc%252fpasswd",
    "%2fetc%2fpasswd",
    "..%5c..%5cwindows",
    "%5c",
    "....%2f%2f",
    "..;",
    "..%00",
    "%00",
    "L00%00.toml",
    "L00.toml",
    "..%2fL00",
    "%c0%ae%c0%ae",
    "%ff%fe",
    "%ed%a0%80",
    "%e2%80%ae00L",
    "~root",
    "secret.key",
    "write.db%2f..%2f..%2fsecret.key",
    "file:%2f%2f%2fetc%2fpasswd",
    "CON",
    "%20",
    "x" * 300,
    "%2e" * 100,
)

opened: list[str] = []
_listening: list[bool] = []


def _hear(event, arguments):
    if _listening and event in ("open", "sqlite3.connect") and isinstance(arguments[0], str | bytes):
        path = arguments[0]
        opened.append(path.decode("utf-8", "replace") if isinstance(path, bytes) else path)


sys.addaudithook(_hear)


@pytest.fixture
def files_opened():
    """Every file that is opened meanwhile, by whatever means Python has."""
    opened.clear()
    _listening.append(True)
    yield opened
    _listening.clear()


def test_thirty_names_lead_nowhere_on_any_route(learner, parts, files_opened):
    assert len(set(NAMES)) == 30
    house = [ROOT, parts.shelf._home, tempfile.gettempdir(), *sysconfig.get_paths().values(), sys.base_prefix, "/dev"]
    roots = tuple({str(Path(root).resolve()) for root in house} | {sys.prefix})
    rules = [(method, rule) for method, rule in map(str.split, ROWS) if "<" in rule]
    assert len(rules) > 10
    for method, rule in rules:
        for name in NAMES:
            address = re.sub("<[^>]*>", name.replace("\\", ""), rule)
            with learner.open(address, method=method, buffered=False) as response:
                there = (method, address, response.status_code, response.location)
                assert response.status_code in (204, 400, 404) or response.location in ("/", "/models"), there
                assert b"root:" not in response.get_data()
    outside = [path for path in files_opened if not path.startswith((*roots, "file:///tmp", ":memory:", "file:/tmp"))]
    assert outside == []
    assert not any("passwd" in unquote(path) or "secret.key" in path for path in files_opened)


def test_the_search_would_hear_of_a_file(files_opened):
    Path("/etc/hostname").exists()
    with open("/etc/os-release", "rb"):
        pass
    assert files_opened == ["/etc/os-release"]
