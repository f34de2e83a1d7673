"""Writes conversations with reference summaries from a seed, in splits that share no facts.

Owns the sampling: which scene, values, wording and side remarks. Knows nothing of models or tokens.

    python packaging/starter conversations      writes resources/conversations/*.jsonl
"""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from starter.scenes import Question, Scene, Turn, read_scenes, read_small_talk
from starter.world import Value, World, follows, price

ROOT = Path(__file__).resolve().parents[2]
SPLITS = {"train": 2400, "validation": 200, "test": 200}
SEED = 20
SMALL_TALK_FIELDS = {"n": "name", "d": "day", "t": "evening", "m": "low", "c": "city"}
EMOTICONS = (" :)", " 😊", " 👍", " ;)", " 🎉")
CHOICE = re.compile(r"\[([^\[\]]*)\]")
ARTICLE = re.compile(r"\b([Aa]) (?=[aeiouAEIOU])")
INSERT = re.compile(r"\{([A-Za-z]\w*)(?:[.:](\w+))?\}")

Facts = tuple[str, ...]


@dataclass(frozen=True)
class Conversation:
    """One conversation: its lines with reports, its summary, the values behind it and questions about it."""

    scene: str
    outcome: str
    turns: tuple[Turn, ...]
    summary: str
    slots: dict[str, list[str]]
    facts: Facts
    questions: tuple[Question, ...]
    values: dict[str, Value]

    @property
    def dialogue(self) -> str:
        """The conversation as text, one "Name: words" line a turn."""
        return "\n".join(f"{turn.speaker}: {turn.text}" for turn in self.turns)

    @property
    def speakers(self) -> list[str]:
        """The speakers' names in the order they first speak."""
        return list(dict.fromkeys(turn.speaker for turn in self.turns))


class Writer:
    """Write conversations one after another from one random generator."""

    def __init__(self, rng: random.Random) -> None:
        self.rng, self.world = rng, World()
        self.scenes, self.small_talk = read_scenes(), read_small_talk()

    def write(self) -> Conversation:
        """Write the next conversation."""
        scene = self.rng.choice(self.scenes)
        outcome = self.rng.choice(scene.outcomes)
        values = self._draw_values(scene)
        templates = [self.rng.choice(b.alternatives) for b in scene.beats if outcome in b.outcomes]
        turns = self._turns(scene, [turn for exchange in templates for turn in exchange], values)
        summary = self._choose(self.rng.choice(scene.summaries[outcome]))
        return Conversation(
            scene.name, outcome, turns, self._fill(summary, values), _slots(summary, values),
            _facts(scene, outcome, values), self._questions(scene, outcome, values), values,
        )  # fmt: skip

    def _draw_values(self, scene: Scene) -> dict[str, Value]:
        letters = "ABCDE"[: scene.speakers]
        values = {
            letter: Value(name, "name")
            for letter, name in zip(letters, self.rng.sample(self.world.names, scene.speakers), strict=True)
        }
        for name, pool in scene.fields.items():
            values[name] = self._draw_distinct(pool, values)
        return values

    def _draw_distinct(self, pool: str, values: dict[str, Value]) -> Value:
        if "*" in pool:
            factor, _, base = pool.partition("*")
            return price(int(factor) * values[base].order[1])
        pool, _, base = pool.partition(">")
        taken = {value.text for value in values.values()}
        for _ in range(500):
            value = self.world.draw(pool, self.rng)
            if value.text not in taken and (not base or follows(value, values[base])):
                return value
        return self._redraw_base(pool, base, values)

    def _redraw_base(self, pool: str, base: str, values: dict[str, Value]) -> Value:
        """Draw the earlier value again where nothing can follow it (the last hour, the dearest price)."""
        values[base] = self._draw_distinct(pool, values)
        return self._draw_distinct(f"{pool}>{base}", values)

    def _turns(self, scene: Scene, templates: list[Turn], values: dict[str, Value]) -> tuple[Turn, ...]:
        small_talk_first = "{hi:" in templates[0].text and self.rng.random() < 0.35
        greeted = small_talk_first or self.rng.random() < 0.25
        turns = [
            Turn(values[t.speaker].text, self._fill(t.text, values, greeted), self._fill(t.report, values))
            for t in templates
        ]
        if small_talk_first:
            turns = self._small_talk("before", "AB", values) + turns
        if not scene.formal and self.rng.random() < 0.3:
            turns += self._small_talk("after", "ABCDE"[: scene.speakers], values)
        if not scene.formal and self.rng.random() < 0.25:
            closing = self.rng.choice(self.small_talk["close"])[0]
            turns.append(Turn(turns[-2].speaker, self._fill(closing.text, values)))
        return tuple(self._merge(turns))

    def _small_talk(self, place: str, letters: str, values: dict[str, Value]) -> list[Turn]:
        speaker, listener = self.rng.sample(letters, 2)
        local = {"X": values[speaker], "Y": values[listener]}
        taken = dict(values)
        for name, pool in SMALL_TALK_FIELDS.items():
            local[name] = taken[f"side {name}"] = self._draw_distinct(pool, taken)
        exchange = self.rng.choice(self.small_talk[place])
        return [Turn(local[t.speaker].text, self._fill(t.text, local)) for t in exchange]

    def _merge(self, turns: list[Turn]) -> Iterator[Turn]:
        """Join neighbouring turns of one speaker and add an emoticon here and there."""
        merged: list[Turn] = []
        for turn in turns:
            if merged and merged[-1].speaker == turn.speaker:
                last = merged.pop()
                report = f"{last.report} {turn.report}".strip()
                merged.append(Turn(turn.speaker, f"{last.text} {turn.text}", report))
            else:
                merged.append(turn)
        for turn in merged:
            cheerful = turn.text.endswith("!") and self.rng.random() < 0.06
            yield Turn(
                turn.speaker, turn.text + (self.rng.choice(EMOTICONS) if cheerful else ""), turn.report
            )

    def _choose(self, template: str) -> str:
        return CHOICE.sub(lambda match: self.rng.choice(match[1].split("|")), template)

    def _fill(self, template: str, values: dict[str, Value], greeted: bool = False) -> str:
        """Choose among the alternatives and insert the values."""
        text = self._choose(template)

        def insert(match: re.Match[str]) -> str:
            name, modifier = match[1], match[2] or ""
            if name == "hi":
                return (
                    "" if greeted else f"{self.rng.choice(('Hi', 'Hey', 'Hello'))} {values[modifier].text}! "
                )
            value = values[name]
            shown = INSERT.sub(insert, value.third_person) if "s" in modifier else value.text
            return shown[0].upper() + shown[1:] if "c" in modifier else shown

        filled = ARTICLE.sub(r"\1n ", INSERT.sub(insert, text).strip())
        return filled[:1].upper() + filled[1:]

    def _questions(self, scene: Scene, outcome: str, values: dict[str, Value]) -> tuple[Question, ...]:
        return tuple(
            Question(
                (outcome,),
                self._fill(q.text, values),
                _plain(q.answer, values),
                self._fill(q.sentence, values),
            )
            for q in scene.questions
            if outcome in q.outcomes
        )


def _plain(template: str, values: dict[str, Value]) -> str:
    """Insert the values and leave the case of the first letter alone."""

    def insert(match: re.Match[str]) -> str:
        value = values[match[1]]
        return INSERT.sub(insert, value.third_person) if match[2] == "s" else value.text

    return ARTICLE.sub(r"\1n ", INSERT.sub(insert, template))


def _used(template: str) -> list[str]:
    return list(dict.fromkeys(match[1] for match in INSERT.finditer(template)))


def _slots(template: str, values: dict[str, Value]) -> dict[str, list[str]]:
    """List the names, days, times, places and prices a summary template uses, by kind."""
    slots: dict[str, list[str]] = {}
    for name in _used(template):
        if values[name].kind:
            slots.setdefault(values[name].kind, []).append(values[name].text)
    return slots


def _facts(scene: Scene, outcome: str, values: dict[str, Value]) -> Facts:
    """Return what makes two stories the same: scene, outcome and all values summarised, but no names."""
    used = {name for template in scene.summaries[outcome] for name in _used(template)}
    return (
        scene.name,
        outcome,
        *(values[n].text for n in scene.fields if n in used and values[n].kind != "name"),
    )


def distinct(rng: random.Random, taken: set[Facts]) -> Iterator[Conversation]:
    """Yield conversations whose facts are not taken yet; the caller adds those it keeps."""
    writer = Writer(rng)
    while True:
        conversation = writer.write()
        if conversation.facts not in taken:
            yield conversation


def split_conversations(seed: int = SEED) -> dict[str, list[Conversation]]:
    """Write all splits; no two conversations share their facts, within a split or across."""
    taken: set[Facts] = set()
    splits: dict[str, list[Conversation]] = {}
    stream = distinct(random.Random(seed), taken)
    for name, count in SPLITS.items():
        splits[name] = []
        while len(splits[name]) < count:
            splits[name].append(next(stream))
            taken.add(splits[name][-1].facts)
    return splits


def reserved_facts(seed: int = SEED) -> set[Facts]:
    """Return the facts of every sample conversation: nothing else may be written with them."""
    return {c.facts for split in split_conversations(seed).values() for c in split}


def row(identifier: str, conversation: Conversation) -> dict[str, object]:
    """Return one line of a split file."""
    return {
        "id": identifier, "dialogue": conversation.dialogue, "summary": conversation.summary,
        "slots": conversation.slots,
    }  # fmt: skip


def main() -> None:
    """Write the split files."""
    folder = ROOT / "resources" / "conversations"
    folder.mkdir(parents=True, exist_ok=True)
    for name, conversations in split_conversations().items():
        lines = [
            json.dumps(row(f"{name}-{i:04d}", c), ensure_ascii=False) for i, c in enumerate(conversations)
        ]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
