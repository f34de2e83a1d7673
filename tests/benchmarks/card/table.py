"""Shows results: lines in the terminal as they come, and card.md."""

from collections.abc import Iterable

from tests.benchmarks.card.figures import Figure
from tests.benchmarks.card.parts import Part
from tests.benchmarks.card.state import Result, State

NOT_ON_A_CARD = "Not yet measured on a card"
COLUMNS = ("figure", "goal", "reached", "verdict", "device", "date", "commit")
WIDTHS = (62, 14)


def warning(kind: str) -> str:
    """Return what has to stand above figures that are not a card's, nothing above those that are."""
    if kind == "cuda":
        return ""
    what = (
        "the pretend card of the tests, which computes on the processor"
        if kind == "pretend"
        else "the processor"
    )
    return f"{NOT_ON_A_CARD}: these are figures of {what}, on much smaller models. No goal is judged by them."


def line(figure: Figure) -> str:
    goal = f"  (goal {figure.goal}: {figure.verdict})" if figure.goal and figure.verdict else ""
    return f"  {figure.name:{WIDTHS[0]}} {figure.reached}{goal}"


def ending(result: Result) -> str:
    """Return how a part ended, as a line of the terminal."""
    reason = f": {result.reason}" if result.reason else ""
    return f"  {result.status}{reason} ({result.seconds:.0f} s)"


def summary(state: State, parts: Iterable[Part]) -> str:
    """Return what is measured and what is left, in a line."""
    parts = list(parts)
    named: dict[str, list[str]] = {}
    for part in parts:
        result = state.results.get(part.name)
        named.setdefault(result.status if result else "not measured yet", []).append(part.name)
    return "; ".join(f"{status}: {', '.join(names)}" for status, names in named.items())


def markdown(state: State, parts: Iterable[Part]) -> str:
    """Return card.md: the device, what is not a card's figure, and a table of all figures with their goals."""
    parts = list(parts)
    lines = [f"# {state.device['name']}", ""]
    told = warning(state.device["kind"])
    lines += [f"**{told}**", ""] if told else []
    lines += [f"- {figure.name}: {figure.reached}" for figure in _facts(state)]
    lines += [f"- Command: `{state.command}`", "", _row(COLUMNS), _row(["---"] * len(COLUMNS))]
    for part in parts:
        lines += _rows(part, state)
    return "\n".join([*lines, "", f"Parts {summary(state, parts)}.", ""])


def _facts(state: State) -> list[Figure]:
    return [Figure(name, str(value)) for name, value in state.device["facts"].items()]


def _rows(part: Part, state: State) -> list[str]:
    """Return a part's figures as rows, and one that says why there are no more."""
    result = state.results.get(part.name)
    if result is None:
        return [_row([part.title, "–", "not measured yet", "", state.device["name"], "", ""])]
    where = [state.device["name"], result.date, result.commit]
    rows = [
        _row([f"{part.title}: {each.name}", each.goal or "–", each.reached, each.verdict, *where])
        for each in result.figures
    ]
    if result.status != "done":
        rows.append(_row([part.title, "–", f"{result.status}: {result.reason}", "", *where]))
    return rows


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "/").split()) for cell in cells) + " |"
