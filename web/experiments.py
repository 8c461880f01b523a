"""The experiments: a question, what to watch for, and the lines that show it, to be opened in a fresh sandbox."""

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from lab.experiments import Experiment, experiments

blueprint = Blueprint("experiments", __name__)


@blueprint.get("/experiments")
def index() -> ResponseReturnValue:
    """The list of experiments."""
    shown = [(experiment, link(experiment)) for experiment in experiments().values()]
    return render_template("experiments.html", experiments=shown)


def link(experiment: Experiment) -> str:
    """Return where an experiment's lines are shown, and replayed when somebody says yes."""
    return url_for("take.open_", experiment=experiment.id, lines="\n".join(experiment.lines))
