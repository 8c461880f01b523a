"""The promises of the set-up: locks without addresses, a key of one's own, a server that ends well."""

import json
import os
import re
import signal
import socket
import stat
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from app import main
from tests.serving import ROOT, free_port, running, start
from web.home import secret_key

LOCKS = [*sorted((ROOT / "requirements").glob("*.txt")), ROOT / "package-lock.json", ROOT / ".npmrc"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_no_address(lock: Path) -> None:
    assert not re.search(r"\w+://|@file:|--(extra-)?index-url", lock.read_text())


def test_every_npm_package_is_locked_by_its_hash() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert all(package.get("integrity") for name, package in packages.items() if name)


def test_every_python_package_is_locked_by_its_hash() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"(?m)^\s*#.*\n", "", lock.read_text()))
        assert all("--hash=sha256:" in entry for entry in entries)


def test_the_run_lock_is_part_of_the_test_lock() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"(?m)^[a-z0-9][\w.-]*==\S+", (ROOT / "requirements" / name).read_text()))

    assert pins("run.txt") < pins("test.txt") < pins("bench.txt")


@pytest.mark.parametrize("_", range(20))
def test_the_secret_key_is_made_once_though_many_start_at_once(tmp_path: Path, _: int) -> None:
    together = Barrier(8)

    def start_up(_: int) -> bytes:
        together.wait(timeout=60)
        return secret_key(tmp_path)

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(start_up, range(8)))
    assert len(keys) == 1
    assert len(keys.pop()) == 32
    assert [file.name for file in tmp_path.iterdir()] == ["secret.key"]


def test_the_secret_key_can_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    secret_key(tmp_path)
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_the_server_prints_its_address_once_it_answers_there(tmp_path: Path) -> None:
    with running(tmp_path) as (_, address), urllib.request.urlopen(address + "/static/vendor/htmx.min.js") as htmx:
        assert htmx.status == 200


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_server_with_status_0_and_no_word(tmp_path: Path, ending: signal.Signals) -> None:
    with running(tmp_path) as (process, _):
        os.killpg(process.pid, ending)
        said, _ = process.communicate(timeout=60)
        assert (process.returncode, said) == (0, "")


def test_a_killed_server_leaves_neither_its_port_nor_its_folder_taken(tmp_path: Path) -> None:
    port = free_port()
    for _ in range(3):
        with running(tmp_path, port) as (process, _):
            process.kill()
            process.communicate(timeout=60)
    with running(tmp_path, port) as (_, address):
        assert address.endswith(f":{port}")


def test_a_second_server_on_the_same_port_is_told_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "Address already in use" in refusal(tmp_path, taken.getsockname()[1])


def test_a_second_server_in_the_same_folder_is_told_so(tmp_path: Path) -> None:
    with running(tmp_path):
        assert f"another one is at work in {tmp_path}" in refusal(tmp_path, free_port())


def test_a_port_that_is_none_is_told_so(tmp_path: Path) -> None:
    assert "PORT=none is not a number from 1 to 65535" in refusal(tmp_path, 1, PORT="none")


@pytest.mark.parametrize("port", ["0", "65536", "-1", "٣"])
def test_a_number_that_is_no_port_is_refused_in_the_same_words(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(SystemExit, match=f"cannot start: PORT={port} is not a number from 1 to 65535"):
        main()


def test_a_host_that_is_none_is_told_so(tmp_path: Path) -> None:
    assert "names no address" in refusal(tmp_path, free_port(), HOST="nowhere.invalid")


def refusal(home: Path, port: int, **environment: str) -> str:
    """What a server says that leaves at once: one line, and status 1."""
    process = start(home, port, **environment)
    try:
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 1
    assert len(said.splitlines()) == 1
    return said
