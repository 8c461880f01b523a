"""The pages: Flask blueprints over the laboratory."""

from pathlib import Path

from flask import Flask


def register(app: Flask, home: Path) -> None:
    """Give `app` its pages, over the sandboxes kept under `home`."""
