import pytest

from engine.data.splits import split_in, split_named, told_apart

NAMES = {
    "train": [
        "train", "MyTrainingSet", "TRAINSET_v2", "trn", "mytrain", "traindata3", "train-00000-of-00002",
        "Trainingsdaten", "entraînement", "обучающая_выборка", "训练集",
    ],
    "test": [
        "testdata", "Corpus-TestSet-1", "corpusTESTSet", "tst2019", "holdout", "held-out", "Held_Out 2", "devtest",
        "Testdatensatz", "テストデータ",
    ],
    "validation": ["val", "valset", "dev_clean", "dev2017", "evaluation", "validación", "검증"],
    # No such word, or two of them.
    None: [
        "latest", "contest", "protest letters", "restrained", "trainees", "interval", "devices", "validity", "carnival",
        "train_test", "summaries", "",
    ],
}  # fmt: skip


def test_a_files_name_says_its_split_in_all_usual_forms():
    assert {
        split: [name for name in names if split_in(name) == split] for split, names in NAMES.items()
    } == NAMES


@pytest.mark.parametrize("name", ["Test", " dev ", "test_set", "TrainingData", "VAL", "test split 1"])
def test_a_name_may_be_a_split_and_nothing_else(name):
    assert split_named(name) == split_in(name) is not None


@pytest.mark.parametrize(
    "name", ["test results", "the train was late", 3, None, "training costs", "test " * 99]
)
def test_a_name_with_other_words_is_no_split(name):
    assert split_named(name) is None


def test_names_that_differ_in_the_word_alone_are_told_apart():
    assert told_apart(["talkstrain", "talkstest", "talksvalid", "talknotes"]) == {
        "talkstrain": "train", "talkstest": "test", "talksvalid": "validation",
    }  # fmt: skip
    assert told_apart(["nytrainx1", "nytestx2"]) == {"nytrainx1": "train", "nytestx2": "test"}
    assert told_apart(["latest", "contest", "oldest"]) == {}
