"""The pages that only tell: the words of the pattern, how to run Lagoon for a class, what is bounded."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from lab.limits_told import functions, groups, in_short

words_blueprint = Blueprint("words", __name__)
teach_blueprint = Blueprint("teach", __name__)
limits_blueprint = Blueprint("limits", __name__)


@words_blueprint.get("/words")
def index() -> ResponseReturnValue:
    """The words, one each."""
    return render_template("words.html")


@teach_blueprint.get("/teach", endpoint="index")
def teach() -> ResponseReturnValue:
    """How a teacher starts it, and what that opens."""
    return render_template("teach.html")


@limits_blueprint.get("/limits", endpoint="index")
def limits() -> ResponseReturnValue:
    """Every limit, with its value and what happens there."""
    return render_template("limits.html", short=in_short(), functions=functions(), groups=groups())
