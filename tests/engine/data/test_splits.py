"""Splits told by names: whole words, words joined to other letters, and names that differ in such a word only."""

import pytest

from engine.data.splits import split_in, split_named, told_apart


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("MyTrainingSet", "train"),
        ("TRAINSET_v2", "train"),
        ("trn", "train"),
        ("mytrain", "train"),
        ("traindata3", "train"),
        ("train-00000-of-00002", "train"),
        ("Trainingsdaten", "train"),
        ("entraînement", "train"),
        ("обучающая_выборка", "train"),
        ("训练集", "train"),
        ("testdata", "test"),
        ("Corpus-TestSet-1", "test"),
        ("corpusTESTSet", "test"),
        ("tst2019", "test"),
        ("holdout", "test"),
        ("held-out", "test"),
        ("Held_Out 2", "test"),
        ("devtest", "test"),
        ("Testdatensatz", "test"),
        ("テストデータ", "test"),
        ("val", "validation"),
        ("valset", "validation"),
        ("dev_clean", "validation"),
        ("dev2017", "validation"),
        ("evaluation", "validation"),
        ("validación", "validation"),
        ("검증", "validation"),
        # No such word, or two of them.
        ("latest", None),
        ("contest", None),
        ("protest letters", None),
        ("restrained", None),
        ("trainees", None),
        ("interval", None),
        ("devices", None),
        ("validity", None),
        ("carnival", None),
        ("train_test", None),
        ("summaries", None),
        ("", None),
    ],
)
def test_a_files_name_says_its_split_in_all_usual_forms(name: str, split: str | None) -> None:
    assert split_in(name) == split


@pytest.mark.parametrize("name", ["Test", " dev ", "test_set", "TrainingData", "VAL", "test split 1"])
def test_a_name_may_be_a_split_and_nothing_else(name: str) -> None:
    assert split_named(name) == split_in(name) is not None


@pytest.mark.parametrize(
    "name", ["test results", "the train was late", 3, None, "training costs", "test " * 99]
)
def test_a_name_with_other_words_is_no_split(name: object) -> None:
    assert split_named(name) is None


def test_names_that_differ_in_the_word_alone_are_told_apart() -> None:
    assert told_apart(["talkstrain", "talkstest", "talksvalid", "talknotes"]) == {
        "talkstrain": "train",
        "talkstest": "test",
        "talksvalid": "validation",
    }
    assert told_apart(["nytrainx1", "nytestx2"]) == {"nytrainx1": "train", "nytestx2": "test"}
    assert told_apart(["latest", "contest", "oldest"]) == {}
