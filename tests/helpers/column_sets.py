"""Tables as people have them: names of columns, what stands in them, and which hold conversation and summary.

A line of the text beside this module is `name | column=kind … | conversation > summary`, or `ask` where nobody could
tell. Names follow public data sets, exports of programs, labelling tools and spreadsheets; every text is invented.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

TOPICS = (
    ("the printer", "Ann", "Bob", "The printer on the second floor is broken, so Bob orders a new one by Friday."),
    ("the trip", "Cem", "Dee", "Cem and Dee take the early train to the coast and meet at the station at seven."),
    ("the invoice", "Eva", "Finn", "Eva was charged twice for March; Finn refunds the second invoice today."),
    ("the garden", "Gil", "Hana", "Gil waters the garden while Hana is away, and she brings him tea from Japan."),
    ("the exam", "Ivo", "Jo", "Ivo failed the exam and asks Jo to study with him every Tuesday in the library."),
)  # fmt: skip
ROWS = len(TOPICS)


def _talk(at: int) -> str:
    what, one, other, summary = TOPICS[at]
    return (
        f"{one}: Hi {other}, have you thought about {what}?\n{other}: Yes, but I am not sure what we should do.\n"
        f"{one}: Well, I talked to the others yesterday and they agree with me.\n{other}: All right then. {summary}\n"
        f"{one}: Good, thank you very much!\n{other}: See you soon."
    )


def _prose(at: int) -> str:
    what, one, other, summary = TOPICS[at]
    return " ".join(
        (
            f"For weeks people had been talking about {what}, and nobody knew how it would end.",
            f"When {one} met {other} on that rainy morning, both of them expected a long discussion.",
            summary,
            "It was not the first time that something like this had happened, and it would hardly be the last one.",
            f"In the end {other} said that everybody had learned a lot from it, whatever others might think.",
        )
    )


def _said(at: int) -> list[str]:
    return [line.partition(": ")[2] for line in _talk(at).splitlines()]


WHO = [(one, other) for _, one, other, _ in TOPICS]
KINDS: dict[str, Any] = {
    "talk": _talk,
    "prose": _prose,
    "lines": lambda at: _talk(at).replace("\n", " "),
    "short": lambda at: TOPICS[at][3],
    "short2": lambda at: f"{WHO[at][0]} and {WHO[at][1]} talk about {TOPICS[at][0]} and find a way that suits both.",
    "headline": lambda at: f"{WHO[at][0]} and {WHO[at][1]} speak of {TOPICS[at][0]}",
    "step": lambda at: ("Call again next week.", "Send an offer by mail.", "Wait.", "Ask for a date.", "None.")[at],
    "title": lambda at: f"{TOPICS[at][0].title()}",
    "question": lambda at: f"What do {WHO[at][0]} and {WHO[at][1]} decide about {TOPICS[at][0]}?",
    "instruct": lambda at: "Summarize the following conversation.",
    "id": lambda at: f"13{at}8-{at * 7919 % 1000:03d}",
    "hash": lambda at: f"{(at + 3) * 2654435761 % 2**32:08x}{(at + 5) * 40503 % 2**16:04x}",
    "uuid": lambda at: f"6f9619ff-8b86-d011-b42d-00cf4fc964f{at}",
    "number": lambda at: 17 * at + 3,
    "digits": lambda at: str(1000 + 37 * at),
    "float": lambda at: 0.5 + at / 10,
    "date": lambda at: f"2024-03-0{at + 1}",
    "stamp": lambda at: f"2024-03-0{at + 1} 10:{at}5:00",
    "iso": lambda at: f"2024-03-0{at + 1}T10:{at}5:00Z",
    "usdate": lambda at: f"3/{at + 1}/2024 {at + 1}:05 PM",
    "words_date": lambda at: f"Monday, March {at + 1}, 2024 at {at + 1}:05 PM",
    "clock": lambda at: f"00:0{at}:3{at}",
    "url": lambda at: f"https://example.org/calls/{at}?view=all",
    "class": lambda at: ("billing", "travel")[at % 2],
    "site": lambda at: ("reddit", "twitter", "reddit", "forum", "reddit")[at],
    "status": lambda at: ("closed", "open", "closed", "closed", "pending")[at],
    "state": lambda at: ("needs human review", "done by annotator", "needs human review")[at % 3],
    "word": lambda at: ("printer", "trip", "invoice", "garden", "exam")[at],
    "flag": lambda at: at % 2 == 0,
    "yes": lambda at: ("yes", "no")[at % 2],
    "file": lambda at: f"call_{at:03d}.txt",
    "path": lambda at: f"data/2024/meeting {at}.docx",
    "name": lambda at: WHO[at][0],
    "full": lambda at: f"{WHO[at][0]} Miller",
    "both": lambda at: f"{WHO[at][0]}, {WHO[at][1]}",
    "mail": lambda at: f"{WHO[at][0].lower()}@example.org",
    "model": lambda at: "gpt-4o-mini-2024-07-18",
    "same": lambda at: "Please read the guidelines before you label this one.",
    "lang": lambda at: "en",
    "empty": lambda at: "",
    "none": lambda at: None,
    "tags": lambda at: ["office", "travel"][: at % 2 + 1],
    "turns": lambda at: [{"speaker": WHO[at][turn % 2], "text": line} for turn, line in enumerate(_said(at))],
    "chat": lambda at: [
        {"role": ("user", "assistant")[turn % 2], "content": line} for turn, line in enumerate(_said(at))
    ],
    "texts": _said,
    "utterances": lambda at: [
        {"turn": turn, "speaker": "QA"[turn % 2], "utterance": line} for turn, line in enumerate(_said(at))
    ],
    "entries": lambda at: [
        {"start_timestamp_usec": turn, "text": line, "role": ("AGENT", "CUSTOMER")[turn % 2], "user_id": turn % 2}
        for turn, line in enumerate(_said(at))
    ],
    "pairs": lambda at: [
        {"turn id": turn, "user utterance": one, "system response": other, "dialog history": ""}
        for turn, (one, other) in enumerate(zip(_said(at)[::2], _said(at)[1::2], strict=False))
    ],
    "said_by": lambda at: [[turn, WHO[at][turn % 2], line] for turn, line in enumerate(_said(at))],
    "tokens": lambda at: _prose(at).split(),
    "summary_tokens": lambda at: TOPICS[at][3].split(),
    "sentences": lambda at: TOPICS[at][3].replace(", ", ".|").replace("; ", ".|").split("|"),
    "speakers": lambda at: [WHO[at][turn % 2] for turn in range(len(_said(at)))],
    "refs": lambda at: [TOPICS[at][3], KINDS["short2"](at)],
    "zh": lambda at: f"小王：你好，第{at}次会议怎么样？\n小李：我觉得应该再讨论。\n小王：好的，明天下午三点见面吧。",
    "zhsum": lambda at: f"小王和小李讨论第{at}次会议，决定明天下午三点见面。",
    "de": lambda at: f"Anna: Hast du an Punkt {at} gedacht?\nBernd: Ja, mir fehlte die Zeit.\nAnna: Dann bis morgen.",
    "desum": lambda at: f"Anna erinnert Bernd an Punkt {at}, er hatte noch keine Zeit.",
}  # fmt: skip


class ColumnSet(NamedTuple):
    """A table with the right answer: the columns of conversation and summary, or None where a person has to say."""

    name: str
    rows: list[dict[str, Any]]
    right: tuple[str, str] | None


def column_sets() -> Iterator[ColumnSet]:
    for line in Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines():
        name, columns, answer = (part.strip() for part in line.split(" | "))
        kinds = _kinds(columns)
        rows = [{column: KINDS[kind](at) for column, kind in kinds} for at in range(ROWS)]
        right = tuple(part.strip() for part in answer.split(" > "))
        yield ColumnSet(name, rows, None if answer == "ask" else (right[0], right[1]))


def _kinds(columns: str) -> list[tuple[str, str]]:
    """Return names and kinds; a name may hold spaces: `Agent Name=full Full Transcript=talk`."""
    found, name = [], ""
    for word in columns.split(" "):
        first, equals, kind = word.rpartition("=")
        if not equals:
            name += f"{word} "
            continue
        found.append((name + first, kind))
        name = ""
    return found
