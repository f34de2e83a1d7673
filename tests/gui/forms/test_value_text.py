from engine.api import TrainingOptions, describe
from gui.forms.value_text import bounds_text


def test_a_bound_of_0_is_not_told_where_0_has_a_word():
    infos = {info.name: info for info in describe(TrainingOptions)}
    assert bounds_text(infos["max_steps"]) == ""
    assert bounds_text(infos["max_minutes"]) == "At most 100000."
    assert bounds_text(infos["epochs"]) == "At most 1000."
    assert bounds_text(infos["log_every"]) == "At least 1."
    assert bounds_text(infos["warmup"]) == "At least 0, below 1."
