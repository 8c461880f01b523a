"""Brings htmx, by npm, into static/vendor whenever the package is built or installed."""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BROUGHT = ("dist/htmx.min.js", "dist/ext/hx-sse.min.js")


class VendorHook(BuildHookInterface):
    """Copies the locked npm files that the pages load."""

    def dependencies(self) -> list[str]:
        """Ask for a Node of our own where the machine has no npm."""
        return [] if shutil.which("npm") else Path(self.root, "requirements/node.in").read_text().split()

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Install the locked packages aside and copy what the browser needs."""
        root = Path(self.root)
        vendor = root / "static" / "vendor"
        vendor.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory() as aside:
            for name in ("package.json", "package-lock.json", ".npmrc"):
                shutil.copy(root / name, aside)
            # Where the wheel brought npm, its command stands on the path of the isolated build.
            npm = shutil.which("npm") or "npm"
            subprocess.run([npm, "ci", "--omit=dev", "--no-audit", "--no-fund"], cwd=aside, check=True)
            for name in BROUGHT:
                shutil.copyfile(Path(aside, "node_modules/htmx.org", name), vendor / Path(name).name)
