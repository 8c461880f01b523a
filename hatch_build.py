"""Brings htmx and the editor, by npm, into static/vendor whenever the package is built or installed."""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BROUGHT = ("dist/htmx.min.js", "dist/ext/hx-sse.min.js")
ASIDE = ("package.json", "package-lock.json", ".npmrc", "requirements/editor.mjs")


class VendorHook(BuildHookInterface):
    """Copies the locked npm files that the pages load, and bundles those of the editor into one."""

    def dependencies(self) -> list[str]:
        """Ask for a Node of our own where the machine has no npm."""
        return [] if shutil.which("npm") else Path(self.root, "requirements/node.in").read_text().split()

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Install the locked packages aside, and bring what the browser needs."""
        root = Path(self.root)
        vendor = root / "static" / "vendor"
        vendor.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory() as aside:
            for name in ASIDE:
                Path(aside, name).parent.mkdir(exist_ok=True)
                shutil.copy(root / name, Path(aside, name))
            # Where the wheel brought npm, its command stands on the path of the isolated build.
            npm = shutil.which("npm") or "npm"
            subprocess.run([npm, "ci", "--omit=dev", "--no-audit", "--no-fund"], cwd=aside, check=True)
            subprocess.run([npm, "run", "--silent", "bundle"], cwd=aside, check=True)
            brought = [Path("node_modules/htmx.org", name) for name in BROUGHT]
            for file in (*brought, Path("static/vendor/editor.min.js")):
                shutil.copyfile(Path(aside, file), vendor / file.name)
