"""Endless questions beside normal commands, for a moment. ``make load`` goes on longer, and tells the times."""

from tests.load import load


def test_endless_questions_and_projections_lose_no_command_and_every_answer_is_one() -> None:
    found = load(askers=12, buyers=4, seconds=2.0, patient=False, projecting=2)
    assert found.lost == 0
    assert found.accepted == found.to_commands[200] == found.to_commands.total() > 0
    assert set(found.to_questions) <= {422, 503}
    assert found.to_questions[422] > 0
    assert found.lags
