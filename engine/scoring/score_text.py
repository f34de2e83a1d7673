"""Numbers, times, scores, verdicts and verified exports as text, for the command line and reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.scoring.metrics import (
    ENOUGH_TO_LEARN,
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
RUNTIME_TITLES = {"ctranslate2": "CTranslate2"}
BASE_FORMS = {"chat": "in its own chat format", "plain": "with a plain prompt"}
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
    "same": "Same",
    "worse": "Worse, not recommended",
    "too few to tell": "Too few conversations to tell",
    "failed": "Doesn't work",
    "not tried": "Not tried",
}


def duration(seconds: float) -> str:
    """Return a duration as text: "0.4 s", "41 s", "4 min 10 s"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun: "1 step", "1,540 steps"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def too_few_to_train(count: int) -> str:
    """Return that a model learns little from so few conversations, "" for enough."""
    if count >= ENOUGH_TO_LEARN:
        return ""
    few = counted(count, "conversation")
    return f"Only {few} to train on; a model learns little from fewer than {ENOUGH_TO_LEARN}."


def too_few_to_test(count: int) -> str:
    """Return that no verdict can come of so few conversations, "" for enough."""
    if count >= MIN_EXAMPLES:
        return ""
    return f"Only {counted(count, 'conversation')} to test on; a verdict needs at least {MIN_EXAMPLES}."


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
    return counted(total, "seed") if scored == total else f"{scored} of {counted(total, 'seed')}"


def of_seeds(means: Mapping[int, float]) -> str:
    """Return the score of each seed, "" for one: "Seed 42 scores 41.8, seed 43 42.3."."""
    first, *others = means.items()
    if not others:
        return ""
    parts = [
        f"Seed {first[0]} scores {score(first[1])}",
        *(f"seed {seed} {score(mean)}" for seed, mean in others),
    ]
    return f"{', '.join(parts)}."


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
    found = (protocol.get("base_form") or {}).get("prompt_format")
    return f"against the base model {BASE_FORMS[found]}, the better of two" if found in BASE_FORMS else ""


def written_by(protocol: Mapping[str, Any]) -> str:
    """Return what wrote the scored summaries, "" for Tunesmith's own engine."""
    found = protocol.get("runtime")
    if not isinstance(found, Mapping):
        return ""
    name = str(found.get("name"))
    return f"written by {RUNTIME_TITLES.get(name, name)} in {found.get('precision')}"


def verdict_title(difference: Mapping[str, Any], examples: int) -> str:
    """Return the paired verdict in a few words: "Better, on few conversations"."""
    title = VERDICT_TEXTS[difference["verdict"]]
    return f"{title}, on few conversations" if is_on_few(examples) else title


def verdict(difference: Mapping[str, Any], protocol: Mapping[str, Any]) -> str:
    """Return the paired verdict on ROUGE-1 as sentences, with interval, number of conversations and the base's form."""
    examples, form = protocol.get("examples"), base_form(protocol)
    change = difference["mean"]
    moved = {"better": "rose", "worse": "fell"}.get(difference["verdict"], "changed")
    points = score(abs(change) if moved in ("rose", "fell") else change)
    on = f", on {counted(examples, 'conversation')}" if examples else ""
    text = f"{verdict_title(difference, int(examples or 0))}. ROUGE-1 {moved} by {points} points"
    bounds = interval_in(difference, "points")
    text = f"{text}, on {NO_INTERVAL}" if bounds == NO_INTERVAL else f"{text}, 95 % interval {bounds}{on}"
    return f"{text}, {form}." if form else f"{text}."


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
    return f"{before} to {after}, {change(difference['mean'], 'nats')}"


def interval_in(values: Mapping[str, Any], unit: Unit, *, signed: bool = False) -> str:
    """Return the interval of a metric or its difference, or why there is none."""
    low, high = values.get("low"), values.get("high")
    if low is None or high is None:
        return NO_INTERVAL
    say = change if signed else amount
    return f"{say(low, unit)} to {say(high, unit)}"


def interval(values: Mapping[str, Any], unit: Unit = "points") -> str:
    """Return a metric with its interval, or why there is none: "48.4 (47.2 to 49.6)"."""
    return f"{amount(values['mean'], unit)} ({interval_in(values, unit)})"


def language_notes(protocol: Mapping[str, Any]) -> list[str]:
    """Return in which languages words were read, and what can't be told of them; nothing for English alone."""
    counts = languages_read(protocol)
    if not counts:
        return []
    several = len(counts) > 1
    read = [
        f"{language_name(code)} ({count})" if several else language_name(code)
        for code, count in counts.items()
    ]
    unstemmed = [language_name(code) for code in protocol["metric"].get("unstemmed", ())]
    notes = [f"Words are read as {', '.join(read)}"]
    if unstemmed:
        notes.append(f"There is no stemmer for {', '.join(unstemmed)}")
    notes += [_untold(what, ", ".join(map(language_name, codes))) for what, codes in untold(protocol).items()]
    return notes


def _untold(what: Untold, languages: str) -> str:
    """Return what can't be told of summaries in some languages, and what is looked for there."""
    if what == "names":
        return f"Names can't be recognised in {languages}: only numbers, times and dates are checked"
    if what == "dates":
        return f"No day and month names for {languages}: only names and digits are checked"
    return f"Names, days and months can't be recognised in {languages}: only digits are checked"


# The verification of an export


def verification_lines(verified: Mapping[str, Any]) -> list[str]:
    """Return the verdict, and what differs in the prompts if anything does."""
    state = VERIFICATION_STATES[verified["state"]]
    if not verified["conversations"]:
        return [f"{state}. {verified['reason']}".strip()]
    count = verified["conversations"]
    found = [
        f"{state}: ROUGE-1 {_change(verified)}, {verified['identical']:,} of {count:,} summaries identical."
    ]
    if tried_in := TRIED_IN.get(verified.get("runtime", "")):
        found.append(tried_in)
    if verified["equal_prompts"] is None:
        found.append(NOT_COMPARED)
    elif other := count - verified["equal_prompts"]:
        found.append(
            f"{counted(other, 'prompt')} of {count:,} tokenize differently: the template or tokenizer "
            "differs."
        )
    return found


def _change(verified: Mapping[str, Any]) -> str:
    """Return the change of ROUGE-1 with its interval: "-0.1 (-0.4 to +0.2)"; one conversation gives no interval."""
    difference = verified["difference"]["rouge1"]
    mean = gain(difference["mean"])
    if "low" not in difference:
        return mean
    return f"{mean} ({gain(difference['low'])} to {gain(difference['high'])})"
