"""Makes the pre-training tasks: parts of what a reader of conversations does, none of them a summary.

Owns the tasks' prompts and answers and their shares. Knows nothing of models; token ids appear only in the
tasks that copy random pieces. No task uses a reference summary, its wordings, or the prompt for summarising.
"""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from starter.conversations import Conversation, Facts, distinct
from starter.slots import SlotFinder
from starter.world import World

FINDER = SlotFinder()
KINDS = {"name": "names", "day": "days", "time": "times", "place": "places", "price": "prices"}


@dataclass(frozen=True)
class Task:
    """One exercise: the name of its kind, what is read and what is to be answered."""

    kind: str
    prompt: str
    answer: str


def _over(instruction: str, conversation: Conversation) -> str:
    return f"{instruction}\n\n{conversation.dialogue}"


def question(c: Conversation, rng: random.Random) -> Task | None:
    """Answer one question in a few words."""
    asked = rng.choice(c.questions)
    return Task("question", _over(asked.text, c), asked.answer)


def questions(c: Conversation, rng: random.Random) -> Task | None:
    """Answer several questions in a few words each."""
    asked = rng.sample(c.questions, rng.randint(2, len(c.questions)))
    prompt = "In short: " + " ".join(q.text for q in asked)
    return Task("questions", _over(prompt, c), " / ".join(q.answer for q in asked))


def sentences(c: Conversation, rng: random.Random) -> Task | None:
    """Answer several questions in whole sentences."""
    asked = rng.sample(c.questions, rng.randint(2, min(5, len(c.questions))))
    prompt = "In sentences: " + " ".join(q.text for q in asked)
    return Task("sentences", _over(prompt, c), " ".join(q.sentence for q in asked))


def report(c: Conversation, rng: random.Random) -> Task | None:
    """Report one turn in the third person."""
    turns = [turn for turn in c.turns if turn.report]
    turn = rng.choice(turns)
    return Task("report", _over(f"Report what {turn.speaker} says: {turn.text}", c), turn.report)


def report_all(c: Conversation, rng: random.Random) -> Task | None:
    """Report all turns of one speaker in the third person."""
    name = rng.choice(c.speakers)
    reports = [turn.report for turn in c.turns if turn.report and turn.speaker == name]
    return (
        Task("report_all", _over(f"Report all that {name} says.", c), " ".join(reports)) if reports else None
    )


def speakers(c: Conversation, _: random.Random) -> Task | None:
    """Name the speakers in their order."""
    return Task("speakers", _over("Name the speakers.", c), ", ".join(c.speakers))


def repeat(c: Conversation, rng: random.Random) -> Task | None:
    """Repeat a turn, asked for by its speaker and its place among that speaker's turns."""
    name = rng.choice(c.speakers)
    turns = [turn.text for turn in c.turns if turn.speaker == name]
    which, text = rng.choice([("first", turns[0]), ("last", turns[-1])])
    return Task("repeat", _over(f"Repeat the {which} turn of {name}.", c), text)


def after(c: Conversation, rng: random.Random) -> Task | None:
    """Repeat the turn that follows a quoted one, with its speaker."""
    index = rng.randrange(len(c.turns) - 1)
    following = c.turns[index + 1]
    prompt = f"What comes after this? {c.turns[index].text}"
    return Task("after", _over(prompt, c), f"{following.speaker}: {following.text}")


def who_said(c: Conversation, rng: random.Random) -> Task | None:
    """Name the speaker of a quoted turn."""
    turn = rng.choice(c.turns)
    return Task("who_said", _over(f"Who says this? {turn.text}", c), turn.speaker)


def listing(c: Conversation, rng: random.Random) -> Task | None:
    """List the values of some kinds in the order of the conversation."""
    values_by_kind = {kind: _in_order(c.dialogue, kind) for kind in KINDS}
    kinds = rng.sample(list(KINDS), rng.randint(2, 5))
    answer = "; ".join(", ".join(values_by_kind[kind]) or "none" for kind in kinds)
    return Task("listing", _over("List the " + " and ".join(KINDS[kind] for kind in kinds) + ".", c), answer)


def _in_order(text: str, kind: str) -> list[str]:
    positions = {
        value: text.lower().find(value) for match_kind, value in FINDER.find(text) if match_kind == kind
    }
    values = sorted(positions, key=positions.__getitem__)
    return [text[positions[value] : positions[value] + len(value)] for value in values]


def kind_of_talk(c: Conversation, _: random.Random) -> Task | None:
    """Sort the conversation: what it is about and how it ends."""
    return Task("kind", _over("Topic and end?", c), f"{c.scene} / {c.outcome}")


def cloze(c: Conversation, rng: random.Random) -> Task | None:
    """Fill the blanks in sentences about the conversation."""
    asked = rng.sample(c.questions, rng.randint(2, min(4, len(c.questions))))
    whole = " ".join(q.sentence for q in asked)
    values = sorted((value.text for value in c.values.values() if value.text in whole), key=len, reverse=True)
    if not values:
        return None
    pattern = "|".join(re.escape(value) for value in values)
    return Task("cloze", _over("Fill in: " + re.sub(pattern, "___", whole), c), whole)


def masked_turn(c: Conversation, rng: random.Random) -> Task | None:
    """Guess what was said in a turn left out."""
    index = rng.randrange(1, len(c.turns))
    lines = [f"{t.speaker}: {'___' if i == index else t.text}" for i, t in enumerate(c.turns)]
    return Task("masked", "Fill in the missing turn.\n\n" + "\n".join(lines), c.turns[index].text)


SHARES: dict[Callable[[Conversation, random.Random], Task | None], float] = {
    question: 0.6, questions: 2.5, sentences: 3.0, report: 1.0, report_all: 2.0, speakers: 0.3, repeat: 0.7,
    after: 0.7, who_said: 0.4, listing: 1.2, kind_of_talk: 0.4, cloze: 1.5, masked_turn: 0.1,
}  # fmt: skip


def conversation_tasks(rng: random.Random, taken: set[Facts], per_conversation: int = 3) -> Iterator[Task]:
    """Yield tasks over ever new conversations, some tasks of different kinds for each."""
    makers, weights = list(SHARES), list(SHARES.values())
    for conversation in distinct(rng, taken):
        for maker in dict.fromkeys(rng.choices(makers, weights, k=per_conversation)):
            task = maker(conversation, rng)
            if task:
                yield task


@dataclass(frozen=True)
class PieceTask:
    """A copying exercise over random pieces: token ids in, token ids out (no end marker)."""

    kind: str
    prompt: list[int]
    answer: list[int]


class PieceTasks:
    """Make copying tasks over the whole vocabulary, so that copying does not depend on known words."""

    def __init__(self, encode: Callable[[str], list[int]], first_id: int, vocabulary: int) -> None:
        self.encode, self.first_id, self.vocabulary = encode, first_id, vocabulary
        self.names = World().names

    def make(self, rng: random.Random, length: int) -> PieceTask:
        """Make one task over about `length` random pieces."""
        return rng.choice((self.repeat_after, self.look_up, self.turn_of))(rng, length)

    def _pieces(self, rng: random.Random, count: int) -> list[int]:
        return [rng.randrange(self.first_id, self.vocabulary) for _ in range(count)]

    def repeat_after(self, rng: random.Random, length: int) -> PieceTask:
        """Repeat the pieces that follow a given one."""
        pieces = self._pieces(rng, length)
        index = rng.randrange(length - 2)
        answer = pieces[index + 1 : index + 1 + rng.randint(4, 14)]
        prompt = [*self.encode(f"Repeat {len(answer)} after"), pieces[index], *self.encode(":"), *pieces]
        return PieceTask("repeat_after", prompt, answer)

    def look_up(self, rng: random.Random, length: int) -> PieceTask:
        """Give the pieces that belong to a key."""
        pairs = [
            (self._pieces(rng, 1), self._pieces(rng, rng.randint(1, 4))) for _ in range(max(2, length // 5))
        ]
        key, value = rng.choice(pairs)
        listed = [piece for k, v in pairs for piece in (*k, *self.encode("is"), *v, *self.encode("."))]
        return PieceTask("look_up", [*self.encode("What is"), *key, *self.encode("?"), *listed], value)

    def turn_of(self, rng: random.Random, length: int) -> PieceTask:
        """Repeat a turn made of random pieces, asked for by its speaker (a known name or random pieces)."""
        known = [self.encode(name) for name in rng.sample(self.names, 4)]
        names = [n if rng.random() < 0.5 else self._pieces(rng, rng.randint(1, 3)) for n in known]
        turns = [
            (name, self._pieces(rng, rng.randint(2, 8))) for name in names[: max(2, min(4, length // 7))]
        ]
        name, answer = rng.choice(turns)
        listed = [p for n, t in turns for p in (*self.encode("\n"), *n, *self.encode(":")[-1:], *t)]
        return PieceTask(
            "turn_of", [*self.encode("Repeat the first turn of"), *name, *self.encode("."), *listed], answer
        )
