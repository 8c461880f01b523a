"""The experiments: a question, what to watch for, the lines that show it, and what they came to when opened."""

from flask import Blueprint, abort, render_template, url_for
from flask.typing import ResponseReturnValue

from lab.experiments import Experiment, experiments
from lab.played import holds, played
from web import visitor

blueprint = Blueprint("experiments", __name__)


@blueprint.get("/experiments")
def index() -> ResponseReturnValue:
    """The list of experiments."""
    shown = [(experiment, link(experiment)) for experiment in experiments().values()]
    return render_template("experiments.html", experiments=shown)


@blueprint.get("/experiments/<experiment_id>")
def show(experiment_id: str) -> ResponseReturnValue:
    """One experiment: if the visitor's sandbox began with it, what each of its lines answered there."""
    experiment = experiments().get(experiment_id) or abort(404)
    with visitor.look() as sandbox:
        lines = played(experiment, sandbox)
        seen = holds(experiment, sandbox) if lines else []
    return render_template("experiment.html", experiment=experiment, lines=lines, seen=seen, link=link(experiment))


def link(experiment: Experiment) -> str:
    """Return where an experiment's lines are shown, and replayed when somebody says yes."""
    return url_for("take.open_", experiment=experiment.id, lines="\n".join(experiment.lines))
