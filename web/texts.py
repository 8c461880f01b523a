"""The pages that only tell: the words of the pattern, and how to run Lagoon for a class."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

words_blueprint = Blueprint("words", __name__)
teach_blueprint = Blueprint("teach", __name__)


@words_blueprint.get("/words")
def index() -> ResponseReturnValue:
    """The words, one each."""
    return render_template("words.html")


@teach_blueprint.get("/teach", endpoint="index")
def teach() -> ResponseReturnValue:
    """How a teacher starts it, and what that opens."""
    return render_template("teach.html")
