"""Every text of the window is said in the language that is preferred, and every language says every text."""

import ast
import re
from functools import cache

import pytest
import texts
from PySide6.QtCore import QTranslator

from gui.look import language
from tests.helpers.repository import sources

# What is read by Qt, by fonts or in a terminal.
NOT_SAID = {
    "gui/app.py", "gui/look/icons.py", "gui/look/language.py", "gui/look/proxy_style.py",
    "gui/look/stylesheet.py", "gui/look/style.py", "gui/look/tokens.py",
}  # fmt: skip
# Keys, columns of files, names of errors and keys of the keyboard.
KEYS = {
    "gui/models": {
        "no measurable difference", "too few to tell", "Item", "DataError", "BaseModelError", "RecipeError",
        "OfflineError",
    }
    | {"DeviceError", "StorageError", "TrainingError"},
    "gui/pages/train/run_text.py": {"too few to tell"},
    "gui/pages/compare": {"no measurable difference", "too few to tell"},
    "gui/pages/playground": {"summary {1}", "score {1}", "chrf {1}", "Value", "too few to tell"},
    "gui/pages/library/library_text.py": {"too few to tell", "not tried"},
    "gui/pages/train/effect_panel.py": {"EncDecAttention"},
    "gui/graphics/block_drawing.py": {
        "before input", "keys and values", "after attention", "after feed-forward",
    },
    "gui/core/actions.py": {
        "Down", "PgDown", "PgUp", "Enter", "Del", "Backspace", "Space", "Left", "Right", "Home", "End",
    },
    "gui/forms/undo.py": {"State"},
    "gui/forms/controls.py": {"*SelfAttention.q, *.wo", "speaker = from; text = value"},
    "gui/desktop/notifications.py": {"Update"},
}  # fmt: skip
# The same in every language.
NAMES = {
    "Tunesmith", "ROUGE-1", "ROUGE-1 {1}", "ROUGE-1 {1}, {2}", "chrF", "chrF {1}", "chrF {1}.",
    "{1}, chrF {2}",
}  # fmt: skip
# Of the engine: what programs, files and terminals read, and names that stay the same in every language.
PROGRAMS_READ = {
    "{1} with {2}", " seed {1}", "{1} and {2}", "Speaker {1}", "Name {1} text", "Bearer {1}", "cat {1}",
    "value = {1}", "{1} on {2} with {3}", "{1}{2}step {3}", "    What to do: {1}", "     {1} resume {2} {3}",
    "{1}\n\nThe full text is in {2}.", "{1}, no stemmer", "{1}, Unicode words", "AMD GPU ({1})",
    "The job ended as {1}.", "{% macro strftime_now(format) %}{1}{% endmacro +%}", "column {1}", "pid {1}",
    "{1}=={2} --hash=sha256:{3}\n", "Rank {1}:\n{2}\n", "Sent to {1} ({2}) unless already there:",
    "  a model, {1}: {2}", "Pasted text{1}", "{1} and {2} more",
}  # fmt: skip
NAMES |= {"Return", "Esc", "Ctrl", "Python"}
# A count before its noun in the plural, as a text writes it: "{count} steps".
COUNT_BEFORE_NOUN = re.compile(r"\{(?:count|number|n|steps)\} [a-z]+s\b")
# The count is never one here: a limit, a size of models, or more than the one that has its own text.
NEVER_ONE = {
    "Hide the summaries of {count} parts",
    "ROUGE-1 and chrF, mean and 95 % interval, on {count} conversations with a reference.",
    "Show the summaries of {count} parts",
    "Showing the first {most} of {count} characters.",
    "The name has {count} characters.",
    "A run learns little from {count} summaries. Use them as examples in the prompt (Prompt only).",
    "best of up to {count} references",
    "context of {count} tokens",
    "of {count} parameters",
    "{count} parameters",
    "{count} values",
}
PLACEHOLDER = re.compile(r"\{\w+\}")
OTHERS = [code for code in language.LANGUAGES if code != language.ENGLISH]
all_texts = cache(texts.texts)


def bare():
    for name in sources("gui").keys() - NOT_SAID:
        for line, text in texts.bare(ast.parse(sources("gui")[name])):
            if text not in NAMES and not is_key(name, text):
                yield f"{name}:{line}: {text}"


def formatted():
    for name, source in sources("engine").items():
        if not name.startswith(texts.NOT_SHOWN) and 'f"' in source:
            for line, text in texts.formatted(ast.parse(source)):
                if text not in PROGRAMS_READ:
                    yield f"{name}:{line}: {text}"


def is_key(name, text):
    return any(name.startswith(place) and text in keys for place, keys in KEYS.items())


def test_the_window_says_nothing_past_its_language():
    assert sorted(bare()) == []


def test_the_engine_fills_in_values_by_say_so_that_they_can_be_translated():
    assert list(formatted()) == []


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_has_every_text_and_no_other(code):
    found = {(text.context, text.source) for text in all_texts()}
    kept = {(context, source): forms for context, source, forms in texts.messages(texts.source(code))}
    assert sorted(found - set(kept)) == []
    assert sorted(set(kept) - found) == []
    assert [source for (_, source), forms in sorted(kept.items()) if not all(forms)] == []
    plural = {(text.context, text.source) for text in all_texts() if text.one}
    assert len({len(kept[text]) for text in plural}) == 1


@pytest.mark.parametrize("code", OTHERS)
def test_the_compiled_file_of_a_language_is_of_its_texts(code, tmp_path):
    texts.release(texts.source(code), tmp_path / "compiled.qm")
    now, shipped = QTranslator(), QTranslator()
    assert now.load(str(tmp_path / "compiled.qm"))
    assert shipped.load(str(language.path(code)))
    stale = [
        text
        for context, text, _ in texts.messages(texts.source(code))
        for count in (-1, 1, 2)
        if now.translate(context, text, None, count) != shipped.translate(context, text, None, count)
    ]
    assert stale == [], "Run python3 packaging/dev.py texts."


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_has_the_places_of_its_text(code):
    for _, source, forms in texts.messages(texts.source(code)):
        for form in forms:
            missing = set(PLACEHOLDER.findall(source)) ^ set(PLACEHOLDER.findall(form))
            # The form for one may say "one" instead of the number.
            assert missing <= ({"{n}"} if len(forms) == 2 else set()), (source, form)


def test_a_count_of_one_has_a_text_of_its_own():
    counted = {text.source for text in all_texts() if text.one}
    plural = {text.source for text in all_texts() if text.context == language.WINDOW} - counted - NEVER_ONE
    assert sorted(text for text in plural if COUNT_BEFORE_NOUN.search(text)) == []


def test_a_text_has_at_most_160_characters():
    assert [text.source for text in all_texts() if len(text.source) > 160] == []
