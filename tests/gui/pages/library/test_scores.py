"""The scores of an adapter in its metadata: every score of the card, with its interval or why there is none."""

from gui.pages.library.scores_view import ScoresView
from tests.helpers.homes import score_card


def test_every_score_of_the_card_is_shown_with_its_interval_or_why_there_is_none(qtbot):
    view = ScoresView()
    qtbot.addWidget(view)
    view.show_card(score_card(0.484))

    rows = view.accessibleDescription().split("; ")
    assert [row.split()[0] for row in rows] == ["ROUGE-1", "ROUGE-2", "ROUGE-L", "ROUGE-Lsum"]
    assert rows[0] == "ROUGE-1 48.4, interval 47.1 to 49.7, better than base"

    card = score_card(0.484)
    found = {"chrf": {"mean": 0.5, "low": 0.49, "high": 0.51}}
    between = {"chrf": {"mean": 0.1, "low": 0.09, "high": 0.11, "verdict": "better"}}
    measured = {"measures": found, "base_measures": found, "measure_difference": between}
    view.show_card(card.model_copy(update=measured))
    assert not view.grab().isNull()

    assert view.accessibleDescription().endswith("chrF 50.0, interval 49.0 to 51.0, better than base")

    view.show_card(score_card(0.484, half_width=None, examples=1))
    view.resize(view.sizeHint())
    assert not view.grab().isNull()

    assert "ROUGE-1 48.4, one conversation, so no interval" in view.accessibleDescription()
