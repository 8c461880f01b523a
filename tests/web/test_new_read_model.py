"""A read model is a .sql file: put there, it is added, filled, shown and asked for, without a line of Python."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

PRICE_LIST = """\
-- title: Price list
-- key: product_id

CREATE TABLE price_list (product_id TEXT PRIMARY KEY, price_cents INTEGER NOT NULL, from_event INTEGER NOT NULL);

-- on ProductAdded
INSERT INTO price_list VALUES (:product_id, :price_cents, :position);
"""

VISIT = """\
import pathlib, app
client = app.create_app(pathlib.Path("home")).test_client()
line = client.post("/actions", data={"line": "query price_list mug"}, headers={"Accept": "application/json"})
print(line.json["result"])
print(client.get("/state").json["projections"]["price_list"]["position"])
page = client.get("/").text
print("Price list" in page, 'id="model-price_list"' in page)
"""


def test_a_new_read_model_needs_its_file_and_nothing_else(tmp_path: Path) -> None:
    for folder in ("cqrs", "lab", "web", "templates", "static", "lessons"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", tmp_path)
    (tmp_path / "cqrs/read/projections/price_list.sql").write_text(PRICE_LIST, encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", VISIT], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [
        "[{'from_event': 4, 'price_cents': 800, 'product_id': 'mug'}]",
        "5",
        "True True",
    ], done.stderr
