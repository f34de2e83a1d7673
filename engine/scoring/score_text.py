"""Numbers, scores, verdicts and verified exports as text, for the command line and reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.messages import counted, joined, say
from engine.scoring.metrics import (
    ENOUGH_TO_LEARN,
    HEADLINE_TITLES,
    MIN_EXAMPLES,
    Unit,
    Untold,
    is_on_few,
    languages_read,
    untold,
)
from engine.text.languages import name as language_name

VERDICT_TEXTS = {
    "better": "Better",
    "no measurable difference": "No measurable difference",
    "worse": "Worse",
    "higher": "Higher",
    "lower": "Lower",
    "too few to tell": "Too few conversations to tell",
}
AGAINST_BASE = {"better": "Better than the base model", "worse": "Worse than the base model"}
AGAINST_PROMPT = {"better": "Better than the plain prompt", "worse": "Worse than the plain prompt"}
RUNTIME_TITLES = {"ctranslate2": "CTranslate2"}
BASE_FORMS = {
    "chat": "The base model was scored in its chat format, the better one",
    "plain": "The base model was scored with a plain prompt, the better one",
}
SPLITS = {"train": say("train"), "validation": say("validation"), "test": say("test")}
CHANGES = {"better": "ROUGE-1 rose by {}", "worse": "ROUGE-1 fell by {}"}
MINUS = "−"
NO_INTERVAL = "one conversation, so no interval"
# In which other program an export was tried, by its name as a runtime; older adapters name llama-cli.
TRIED_IN = {
    "llama-server": "Tried in llama.cpp's own server.",
    "llama-cli": "Tried in llama.cpp's own llama-cli.",
    "ollama": "Tried in Ollama.",
}
NOT_COMPARED = "It doesn't report its prompt tokens."
VERIFICATION_STATES = {
    "same": "Same as the adapter",
    "worse": "Worse than the adapter, not recommended",
    "too few to tell": "Too few conversations to tell",
    "failed": "Doesn't work",
    "not tried": "Not tried",
}


def too_few_to_train(count: int) -> str:
    """Return that a model learns little from so few conversations, "" for enough."""
    if count >= ENOUGH_TO_LEARN:
        return ""
    few = counted(count, "conversation")
    return say("Only {} to train on; a model needs at least {}.", few, ENOUGH_TO_LEARN)


def too_few_to_test(count: int) -> str:
    """Return that no verdict can come of so few conversations, "" for enough."""
    if count >= MIN_EXAMPLES:
        return ""
    return say("Only {} to test on; a verdict needs {}.", counted(count, "conversation"), MIN_EXAMPLES)


def too_few(examples: Mapping[str, int]) -> list[str]:
    """Return of which splits there are too few examples; a split that is missing is held out by runs."""
    found = (
        too_few_to_train(examples["train"]) if "train" in examples else "",
        too_few_to_test(examples["test"]) if "test" in examples else "",
    )
    return list(filter(None, found))


def seeds(counts: tuple[int, int]) -> str:
    """Return how many seeds are scored of how many: "3 seeds", "2 of 3 seeds"."""
    scored, total = counts
    return counted(total, "seed") if scored == total else say("{} of {}", scored, counted(total, "seed"))


def of_seeds(means: Mapping[int, float]) -> str:
    """Return the score of each seed, "" for one: "Seed 42 scores 41.8, seed 43 42.3."."""
    first, *others = means.items()
    if not others:
        return ""
    parts = [
        say("Seed {} scores {}", first[0], score(first[1])),
        *(say("seed {} {}", seed, score(mean)) for seed, mean in others),
    ]
    return say("{}.", joined(", ", parts))


def score(fraction: float) -> str:
    """Return a score times 100 with one decimal."""
    return f"{fraction * 100:.1f}".replace("-", MINUS)


def gain(fraction: float) -> str:
    """Return a difference of scores times 100, always signed."""
    return score(fraction) if fraction < 0 else f"+{score(fraction)}"


def measure(scored: Mapping[str, Any] | None, name: str) -> Mapping[str, float] | None:
    """Return a metric of an event with scores, with its interval; None if the event has none, like older ones."""
    found: Mapping[str, float] | None = ((scored or {}).get("measures") or {}).get(name)
    return found


def base_form(protocol: Mapping[str, Any]) -> str:
    """Return in which format the base model was scored, "" if there was no choice."""
    return BASE_FORMS.get(str((protocol.get("base_form") or {}).get("prompt_format")), "")


def written_by(protocol: Mapping[str, Any]) -> str:
    """Return what wrote the scored summaries, "" for Tunesmith's own engine."""
    found = protocol.get("runtime")
    if not isinstance(found, Mapping):
        return ""
    name = str(found.get("name"))
    return say("written by {} in {}", RUNTIME_TITLES.get(name, name), found.get("precision"))


def headline(difference: Mapping[str, Any], examples: int, *, trains: bool = True) -> str:
    """Return the paired verdict against the base model, or the plain prompt: "Better than the base model"."""
    titles = AGAINST_BASE if trains else AGAINST_PROMPT
    return _of_few(titles.get(difference["verdict"], VERDICT_TEXTS[difference["verdict"]]), examples)


def _of_few(title: str, examples: int) -> str:
    return say("{}, on few conversations", title) if is_on_few(examples) else title


def verdict(difference: Mapping[str, Any], protocol: Mapping[str, Any]) -> str:
    """Return the paired verdict on ROUGE-1 as sentences: "Better. ROUGE-1 rose by 1.5 points …"."""
    title = _of_few(VERDICT_TEXTS[difference["verdict"]], int(protocol.get("examples") or 0))
    form = base_form(protocol)
    sentences = (say("{}.", title), change_sentence(difference, protocol), say("{}.", form) if form else "")
    return joined(" ", sentences)


def points(difference: Mapping[str, Any]) -> str:
    """Return a change of ROUGE-1: "1.5 points", with a sign only where the verdict says no direction."""
    mean = difference["mean"]
    return say("{} points", score(abs(mean) if difference["verdict"] in CHANGES else mean))


def change_sentence(difference: Mapping[str, Any], protocol: Mapping[str, Any]) -> str:
    """Return the change of ROUGE-1 with its interval and the conversations behind it.

    "ROUGE-1 rose by 1.5 points (95 % interval 0.6 to 2.4) on 819 test conversations."
    """
    count, name = int(protocol.get("examples") or 0), str(protocol.get("split") or "test")
    split = SPLITS.get(name, name)
    change = say(CHANGES.get(difference["verdict"], "ROUGE-1 changed by {}"), points(difference))
    low, high = difference.get("low"), difference.get("high")
    if low is None or high is None:
        return say("{} on one {} conversation, so no interval.", change, split)
    bounds = (-high, -low) if difference["verdict"] == "worse" else (low, high)
    bounds_text = say("{} to {}", *map(score, bounds))
    if not count:
        return say("{} (95 % interval {}) on the {} conversations.", change, bounds_text, split)
    return say("{} (95 % interval {}) on {:,} {} conversations.", change, bounds_text, count, split)


def amount(value: float, unit: Unit) -> str:
    """Return the value of a metric: points times 100, fractions as percent, words with one decimal, nats with two."""
    if unit == "points":
        return score(value)
    text = f"{value * 100:.1f} %" if unit == "fraction" else f"{value:,.{2 if unit == 'nats' else 1}f}"
    return text.replace("-", MINUS)


def change(value: float, unit: Unit) -> str:
    """Return a difference of a metric, always signed; fractions in percentage points."""
    text = amount(value, "points" if unit == "fraction" else unit)
    return text if value <= 0 else f"+{text}"


def forgetting(
    base: Mapping[str, Any] | None, own: Mapping[str, Any] | None, difference: Mapping[str, Any] | None
) -> str:
    """Return the loss on general text before and after training, and its rise; "" if it was not measured."""
    if not (base and own and difference):
        return ""
    before, after = (amount(each["mean"], "nats") for each in (base, own))
    return say("{} to {}, {}", before, after, change(difference["mean"], "nats"))


def interval_in(values: Mapping[str, Any], unit: Unit, *, signed: bool = False) -> str:
    """Return the interval of a metric or its difference, or why there is none."""
    low, high = values.get("low"), values.get("high")
    if low is None or high is None:
        return NO_INTERVAL
    told = change if signed else amount
    return say("{} to {}", told(low, unit), told(high, unit))


def interval(values: Mapping[str, Any], unit: Unit = "points") -> str:
    """Return a metric with its interval, or why there is none: "48.4 (47.2 to 49.6)"."""
    return say("{} ({})", amount(values["mean"], unit), interval_in(values, unit))


def headline_rows(base: Mapping[str, Any], own: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the title and both intervals of each headline metric that base model and adapter have."""
    return [
        (title, interval(base[name]), interval(own[name]))
        for name, title in HEADLINE_TITLES.items()
        if name in own and name in base
    ]


def language_notes(protocol: Mapping[str, Any]) -> list[str]:
    """Return in which languages words were read, and what can't be told of them; nothing for English alone."""
    counts = languages_read(protocol)
    if not counts:
        return []
    several = len(counts) > 1
    read = [
        say("{} ({})", language_name(code), count) if several else language_name(code)
        for code, count in counts.items()
    ]
    unstemmed = [language_name(code) for code in protocol["metric"].get("unstemmed", ())]
    notes = [say("Words are read as {}", joined(", ", read))]
    if unstemmed:
        notes.append(say("There is no stemmer for {}", joined(", ", unstemmed)))
    return notes + untold_notes(untold(protocol))


def untold_notes(untold: Mapping[Untold, Sequence[str]]) -> list[str]:
    """Return what can't be told in which languages, and what is looked for there."""
    return [_untold(what, joined(", ", map(language_name, codes))) for what, codes in untold.items()]


def _untold(what: Untold, languages: str) -> str:
    if what == "names":
        return say("In {}, only numbers, times and dates are checked", languages)
    if what == "dates":
        return say("In {}, only names and digits are checked", languages)
    return say("In {}, only digits are checked", languages)


# The verification of an export


def verification_lines(verified: Mapping[str, Any]) -> list[str]:
    """Return the verdict, and what differs in the prompts if anything does."""
    state = VERIFICATION_STATES[verified["state"]]
    if not verified["conversations"]:
        return [joined(" ", (say("{}.", state), verified["reason"]))]
    count = verified["conversations"]
    found = [
        say(
            "{}: ROUGE-1 {}, {:,} of {:,} summaries identical.",
            state,
            _change(verified),
            verified["identical"],
            count,
        )
    ]
    if tried_in := TRIED_IN.get(verified.get("runtime", "")):
        found.append(tried_in)
    if verified["equal_prompts"] is None:
        found.append(NOT_COMPARED)
    elif other := count - verified["equal_prompts"]:
        found.append(say("{} of {:,} tokenize differently.", counted(other, "prompt"), count))
    return found


def _change(verified: Mapping[str, Any]) -> str:
    """Return the change of ROUGE-1 with its interval: "-0.1 (-0.4 to +0.2)"; one conversation gives no interval."""
    difference = verified["difference"]["rouge1"]
    mean = gain(difference["mean"])
    if "low" not in difference:
        return mean
    return say("{} ({} to {})", mean, gain(difference["low"]), gain(difference["high"]))
