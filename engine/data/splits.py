"""Splits by name, for files, folders, lists and cells. Knows nothing of files or tables."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Literal, get_args

from engine.text.normalization import normalized

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
# Words in the languages that file names are written in.
_NAMES: Mapping[Split, tuple[str, ...]] = {
    "train": (
        "train", "training", "trn", "trg", "trainingsdaten", "entrenamiento", "entrainement",
        "apprentissage", "addestramento", "treino", "treinamento", "treinamiento", "egitim", "trening",
        "обучение", "обучающая", "обучающий", "тренировка", "тренировочная", "训练", "訓練", "学習", "학습", "훈련",
    ),
    "validation": (
        "validation", "valid", "validate", "validating", "val", "vld", "dev", "devel", "development",
        "eval", "evaluation", "valset", "validierung", "validacion", "validacao", "validazione",
        "dogrulama", "walidacja", "валидация", "валидационная", "проверка", "验证", "驗證", "検証", "开发", "검증",
    ),
    "test": (
        "test", "testing", "tests", "tst", "devtest", "holdout", "heldout", "unseen", "prueba", "pruebas",
        "teste", "testes", "prova", "тест", "тестовая", "тестирование", "测试", "測試", "テスト", "테스트", "시험",
    ),
}  # fmt: skip


def _plain(text: str) -> str:
    """Return a text in small letters without accents."""
    parts = normalized("NFKD", text.lower())
    bare = "".join(each for each in parts if not ("\u0300" <= each <= "\u036f"))
    return normalized("NFC", bare)


_SPLITS_BY_WORD: dict[str, Split] = {_plain(word): split for split, words in _NAMES.items() for word in words}
# These are found at the beginning or the end of a longer word, if what is left is one of the fillings.
_JOINED = (
    "train", "training", "trn", "test", "testing", "tst", "dev", "val", "valid", "validation", "eval", "evaluation",
    "holdout", "heldout", "devtest", *(word for word in _SPLITS_BY_WORD if not word.isascii()),
)  # fmt: skip
_FILLINGS = frozenset((
    "all", "big", "clean", "corpora", "corpus", "csv", "data", "dataset", "datasets", "daten",
    "datensatz", "en", "examples", "file", "files", "final", "full", "json", "large", "list", "lists",
    "mini", "my", "new", "noisy", "part", "raw", "rows", "sample", "samples", "sdaten", "set", "sets",
    "sh", "shard", "small", "split", "splits", "subset", "talks", "the", "tiny", "tsv", "txt", "v", "x",
    "y", "dialog", "dialogs", "dialogue", "dialogues", "chat", "chats", "conversation", "conversations",
    "summary", "summaries", "sum", "text", "texts", "集", "集合", "数据", "数据集", "データ", "セット", "用", "데이터",
    "세트",
))  # fmt: skip
_HELD_OUT = re.compile(r"h[eo]ld[^a-z]?out")
_WORD = re.compile(r"[^\W\d_]+")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
MAX_NAME_CHARACTERS = 200


def split_named(name: object) -> Split | None:
    """Return the split that a name is, such as "dev" or "TestSet"; None if anything else stands in it."""
    if not isinstance(name, str) or len(name) > MAX_NAME_CHARACTERS:
        return None
    words = list(_words(name))
    found = {split for word in words if (split := _split_of_word(word))}
    rest = [word for word in words if _split_of_word(word) is None and word not in _FILLINGS]
    return found.pop() if len(found) == 1 and not rest else None


def split_in(name: str) -> Split | None:
    """Return the one split that a file's or a folder's name says, None for none or several."""
    found = {split for word in _words(name[:MAX_NAME_CHARACTERS]) if (split := _split_of_word(word))}
    return found.pop() if len(found) == 1 else None


def told_apart(names: Collection[str]) -> dict[str, Split]:
    """Return the splits of names that differ in nothing but the word of a split: "talkstrain1" and "talkstest1"."""
    by_rest: dict[tuple[str, str], dict[str, Split]] = {}
    for name in names:
        for rest, split in _cuts(_plain(name)):
            by_rest.setdefault(rest, {})[name] = split
    return {
        name: split
        for splits in by_rest.values()
        if len(set(splits.values())) > 1
        for name, split in splits.items()
    }


def _cuts(name: str) -> Iterator[tuple[tuple[str, str], Split]]:
    """Yield what stands around each word of a split in a name, digits aside, with the split."""
    plain = re.sub(r"\d+", "", name)
    for word in _JOINED:
        at = plain.find(word)
        if at >= 0:
            yield (plain[:at], plain[at + len(word) :]), _SPLITS_BY_WORD[word]


def _words(name: str) -> Iterator[str]:
    """Yield the words of a name in small letters without accents: "MyTrainingSet2" has "my", "training" and "set"."""
    yield from _WORD.findall(_HELD_OUT.sub("holdout", _plain(_CAPITAL.sub(" ", name))))


def _split_of_word(word: str) -> Split | None:
    if word in _SPLITS_BY_WORD:
        return _SPLITS_BY_WORD[word]
    joined = (name for name in _JOINED if word.startswith(name) or word.endswith(name))
    fitting = (
        name
        for name in joined
        if word.removeprefix(name) in _FILLINGS or word.removesuffix(name) in _FILLINGS
    )
    longest = max(fitting, key=len, default="")
    return _SPLITS_BY_WORD[longest] if longest else None
