"""Reads the scene files: what can be talked about, in which words, with which outcome.

Owns the format of `scenes/*.scene`. Knows nothing of drawing values or of writing conversations.

A scene: `# name`, then `speakers:`, `fields: name=pool ...` (`b=pool>a` comes after `a`, `b=3*a` is three times `a`)
and `outcomes:`. `* outcomes` opens a beat (none named: every outcome); `--` parts its alternatives; a turn is
`A: text => the same reported by somebody else.` `= outcome` opens the reference summaries, one a line, and
`? outcomes | question | answer | answer as a sentence` is a question. `[a|b]` chooses, `{field}` inserts.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from starter.world import SCENES


@dataclass(frozen=True)
class Turn:
    """One turn of a scene: the speaker's letter, what is said, and how somebody else would report it."""

    speaker: str
    text: str
    report: str = ""


@dataclass(frozen=True)
class Question:
    """A question about a conversation with its short answer and its answer as a sentence."""

    outcomes: tuple[str, ...]
    text: str
    answer: str
    sentence: str


@dataclass
class Beat:
    """A stage of a scene: alternatives of a few turns each, for some outcomes or for all."""

    outcomes: tuple[str, ...]
    alternatives: list[list[Turn]] = field(default_factory=lambda: [[]])


@dataclass
class Scene:
    """Everything one kind of conversation is written from."""

    name: str
    speakers: int = 2
    formal: bool = False
    fields: dict[str, str] = field(default_factory=dict)
    outcomes: tuple[str, ...] = ()
    beats: list[Beat] = field(default_factory=list)
    summaries: dict[str, list[str]] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)


@cache
def read_scenes(folder: Path = SCENES) -> list[Scene]:
    """Read every scene file but the small talk, in a fixed order."""
    paths = sorted(path for path in folder.glob("*.scene") if path.stem != "small_talk")
    return [scene for path in paths for scene in _read_file(path)]


@cache
def read_small_talk(folder: Path = SCENES) -> dict[str, list[list[Turn]]]:
    """Read the side remarks: "before", "after" and "close", each a list of exchanges between X and Y."""
    blocks: dict[str, list[list[Turn]]] = {}
    current: list[list[Turn]] = []
    for line in (folder / "small_talk.scene").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            current = blocks.setdefault(line[2:].strip(), [[]])
        elif line.strip() == "--":
            current.append([])
        elif line.strip():
            current[-1].append(_turn(line))
    return blocks


def _turn(line: str) -> Turn:
    speaker, _, rest = line.partition(": ")
    text, _, report = rest.partition(" => ")
    return Turn(speaker, text.strip(), report.strip())


def _read_file(path: Path) -> list[Scene]:
    scenes: list[Scene] = []
    summaries: list[str] | None = None
    for line in map(str.strip, path.read_text(encoding="utf-8").splitlines()):
        if line.startswith("# "):
            scenes.append(Scene(line[2:]))
            summaries = None
        elif line.startswith("= "):
            summaries = scenes[-1].summaries.setdefault(line[2:], [])
        elif line.startswith("?"):
            scenes[-1].questions.append(_question(line[1:], scenes[-1]))
        elif summaries is not None and line:
            summaries.append(line)
        elif line:
            _read_body(line, scenes[-1])
    return scenes


def _question(line: str, scene: Scene) -> Question:
    outcomes, text, answer, sentence = _split_outside_choices(line)
    return Question(tuple(outcomes.split()) or scene.outcomes, text, answer, sentence)


def _split_outside_choices(line: str) -> list[str]:
    """Split at " | ", which choices ("a|b", no blanks around) never contain."""
    return [part.strip() for part in (" " + line.strip()).split(" | ")]


def _read_body(line: str, scene: Scene) -> None:
    key, _, rest = line.partition(": ")
    if line.startswith("*"):
        scene.beats.append(Beat(tuple(line[1:].split()) or scene.outcomes))
    elif line == "--":
        scene.beats[-1].alternatives.append([])
    elif key == "speakers":
        scene.speakers = int(rest)
    elif key == "formal":
        scene.formal = rest == "yes"
    elif key == "fields":
        scene.fields = dict(item.split("=", 1) for item in rest.split())
    elif key == "outcomes":
        scene.outcomes = tuple(rest.split())
    else:
        scene.beats[-1].alternatives[-1].append(_turn(line))
