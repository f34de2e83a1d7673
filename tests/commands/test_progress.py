"""What a command tells people of a run's events."""

from engine.commands.follow_job import ProgressPrinter
from engine.commands.output import Output

STARTED = {
    "event": "run_started", "time": 1.0, "total_steps": 40, "trainable_parameters": 1_000,
    "all_parameters": 100_000, "device": "cpu", "threads": 2, "precision": "float32", "precision_reason": "",
    "examples": {"train": 80, "validation": 8, "test": 8},
}  # fmt: skip


def test_the_precision_is_told_with_its_reason_and_the_kernels_with_their_version(capsys):
    progress = ProgressPrinter(Output(as_json=False))
    progress.show(STARTED | {"precision_reason": "bfloat16 is not faster here"})
    progress.show(STARTED | {"liger": "0.8.5"})
    progress.show(STARTED)
    captured = capsys.readouterr()
    text = captured.out + captured.err
    assert "in float32 (bfloat16 is not faster here). Trains" in text
    assert "in float32 by Liger 0.8.5. Trains" in text
    assert "in float32. Trains" in text


def test_interim_scores_are_printed_with_their_examples(capsys):
    progress = ProgressPrinter(Output(as_json=False))
    common = {"event": "evaluated", "time": 2.0, "step": 20, "split": "validation", "of": "a", "loss": 1.25}
    scores = {"rouge1": {"mean": 0.441, "low": 0.4, "high": 0.5}}
    progress.show(common | {"protocol": {"examples": 4}, "scores": scores})
    with_chrf = {"measures": {"chrf": {"mean": 0.302, "low": 0.3, "high": 0.31}}}
    progress.show(common | {"protocol": {"examples": 4}, "scores": scores, "step": 30} | with_chrf)
    progress.show(common | {"step": 40, "protocol": None, "scores": None})
    captured = capsys.readouterr()
    lines = [line for line in (captured.out + captured.err).splitlines() if line.startswith("Validation")]
    assert lines == [
        "Validation loss at step 20: 1.250, ROUGE-1 on 4 conversations of that split: 44.1",
        "Validation loss at step 30: 1.250, ROUGE-1 on 4 conversations of that split: 44.1, chrF 30.2",
        "Validation loss at step 40: 1.250",
    ]
    assert progress.state.tuned_scores is None


def test_what_the_recipe_excluded_is_told_with_the_result(capsys):
    progress = ProgressPrinter(Output(as_json=False))
    progress.show(STARTED | {"excluded": {"train": 120, "test": 7}})
    progress.show_result()
    assert "The recipe excludes 127 conversations." in capsys.readouterr().out
