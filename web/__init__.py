"""The pages: Flask blueprints over the laboratory."""

from pathlib import Path
from typing import Any

from flask import Flask, render_template, request

from lab import limits
from lab.lesson_files import lessons
from lab.lesson_progress import ProgressShelf
from lab.sandbox import Sandbox
from lab.shelf import Shelf
from lab.values import sentence
from lab.worker import Workers
from web import (
    actions,
    cells,
    damaged,
    doors,
    errors,
    experiments,
    lesson_map,
    lesson_pages,
    links,
    live,
    markdown,
    models,
    offer,
    page,
    progress,
    race,
    security,
    sheets,
    shutdown,
    sql,
    strategies,
    take,
    texts,
    travel,
    trust,
    view,
    visitor,
)
from web.hub import Hub
from web.parts import Parts
from web.words import words

BLUEPRINTS = (
    page.blueprint,
    actions.blueprint,
    live.blueprint,
    sheets.blueprint,
    take.blueprint,
    damaged.blueprint,
    experiments.blueprint,
    lesson_map.blueprint,
    lesson_pages.blueprint,
    models.blueprint,
    race.blueprint,
    strategies.blueprint,
    sql.blueprint,
    travel.blueprint,
    texts.words_blueprint,
    texts.teach_blueprint,
    texts.limits_blueprint,
)


def register(app: Flask, home: Path) -> None:
    """Give `app` its pages, over the sandboxes kept under `home`."""
    security.protect(app)
    doors.watch(app)
    errors.handle_errors(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.context_processor(common)
    app.add_template_global(links.url_for)
    app.add_template_global(cells.kind)
    app.add_template_global(cells.may_name_somebody)
    app.add_template_global(progress.way_back)
    app.add_template_global(trust.why_not, "sql_off")
    app.add_template_filter(cells.short_day)
    app.add_template_filter(sentence)
    app.add_template_filter(markdown.md)
    app.add_template_filter(markdown.md_line)
    parts = app.extensions["lagoon"] = _parts(Shelf(home), ProgressShelf(home / "progress"))
    parts.worker.start()
    shutdown.on_stop(parts.close)


def _parts(shelf: Shelf, progress_shelf: ProgressShelf) -> Parts:
    """Tie the long-lived parts together: what changes on the shelf wakes the worker and those who watch."""
    worker, hub = Workers(shelf), Hub(shelf, look=view.panels, render=_render)

    def changed(sandbox_id: str, sandbox: Sandbox) -> None:
        worker.look(sandbox_id, sandbox)
        hub.stir(sandbox_id)

    shelf.on_open, shelf.on_change = worker.look, changed
    return Parts(shelf, worker, hub, progress_shelf)


def _render(name: str, context: Any) -> str:
    return render_template(f"_{name}.html", panel=context)


def common() -> dict[str, Any]:
    """Return what every template may need."""
    here = visitor.lesson_named()
    return {
        "here": {"lesson": here} if here in lessons() else {},
        "offered": offer.here(),
        "presenter": request.args.get("presenter") == "1",
        "words": words(),
        "poll_seconds": round(limits.POLL_SECONDS),
    }
