"""The rule for tests that need a browser: they run, or their number is told; LAGOON_BROWSER=required makes them."""

import atexit
import gc
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

from lab.guard import hardening, looking
from tests.lab.guard.unhurried import COMPUTED
from tests.lab.guard.unhurried_keeper import unhurry

# No test is timed, and the suite tries the same examples on every machine; the soak tries others.
settings.register_profile("suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

MEMORY = Path("/dev/shm")
ROOM = 2**31


def pytest_configure() -> None:
    """Keep what tests write in memory where a machine has room there, until the run ends: no test cuts the power.

    The programs that a test starts do the same. Where TMPDIR is set, all stays there.
    """
    roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    if roomy and "TMPDIR" not in os.environ and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = tempfile.tempdir = tempfile.mkdtemp(prefix="lagoon-tests-", dir=MEMORY)
        atexit.register(shutil.rmtree, tempfile.tempdir, ignore_errors=True)


NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
LEFT_OUT = "left out: "
AXE = Path(__file__).parent.parent / "node_modules" / "axe-core" / "axe.min.js"


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors, since a test with a browser waits for its page most of the time."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage among what is collected, now or later: it stays to the end, and there is much of it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that at the end no worker is left alone with it."""
    items.sort(key=lambda item: (not item.get_closest_marker("long"), not item.get_closest_marker("browser")))


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def leave_out(why: str) -> NoReturn:
    if os.environ.get("LAGOON_BROWSER") == "required":
        pytest.fail(why, pytrace=False)
    pytest.skip(LEFT_OUT + why)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and not find_chromium():
        leave_out("there is no Chromium on this machine")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    left_out = [reason.split(LEFT_OUT)[1].rstrip("')") for reason in reasons if LEFT_OUT in reason]
    for why in sorted(set(left_out)):
        count = left_out.count(why)
        terminalreporter.write_line(f"{count} browser test{'s' * (count > 1)} left out: {why}")


@pytest.fixture(scope="session", autouse=True)
def unhurried() -> Iterator[None]:
    """Let the guard's deadlines be of the processor's time, so that a machine with too much to do makes nobody late."""
    with pytest.MonkeyPatch.context() as patch:
        unhurry(patch.setattr)
        for module in (hardening, looking):
            patch.setattr(module, "time", COMPUTED)
        # The system ends a worker that computes for too long; here that would be the process of the tests.
        patch.setattr(hardening, "_live_for", lambda seconds: None)
        yield


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporary folders of this process are on the disk, where writing and syncing take their time."""
    if MEMORY in Path(tempfile.gettempdir()).parents:
        monkeypatch.delenv("TMPDIR")
        monkeypatch.setattr(tempfile, "tempdir", None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the machine's Chromium."""
    return find_chromium() or leave_out("there is no Chromium on this machine")


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which judges whether a page can be used by everyone."""
    if not AXE.exists():
        leave_out("axe-core is not installed; make test brings it")
    return AXE.read_text(encoding="utf-8")
