"""What every report is made of: the page around it, sections, tables of facts, verdicts, the words for a protocol.

Knows numbers and texts; neither runs nor arenas.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from engine.report import style
from engine.report.markup import Html, element, join
from engine.scoring import score_text

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
TONES = {"better": "better", "worse": "worse"}


def document(title: str, parts: Iterable[Html]) -> str:
    """Return a whole page; it needs nothing beside it and runs no script."""
    head = join(
        (
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=POLICY),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("title", title),
            Html(f"<style>{style.css()}</style>"),
        )
    )
    body = element("body", element("main", *parts))
    return f"<!DOCTYPE html>\n{element('html', element('head', head), body, lang='en')}\n"


def section(title: str, *parts: Html) -> Html:
    """Return a section, nothing where it has no part."""
    shown = [part for part in parts if part]
    return element("section", element("h2", title), *shown) if shown else Html()


def facts(pairs: Sequence[tuple[str, str]]) -> Html:
    """Return names and values as a table; those without a value are left out."""
    rows = [element("tr", element("td", name), element("td", value)) for name, value in pairs if value]
    return element("table", *rows, class_="facts") if rows else Html()


def legend(entries: Iterable[tuple[str, str]], remark: str = "") -> Html:
    """Return what the colours of a plot mean."""
    items = [
        element("span", element("span", class_=f"key {kind}"), name.capitalize(), class_="item")
        for kind, name in entries
    ]
    return element("p", *items, remark, class_="small legend")


def tone(verdict: str) -> str:
    """Return the class that colours a verdict."""
    return TONES.get(verdict, "even")


def said(verdict: str) -> Html:
    """Return the cell of a verdict."""
    return element("td", score_text.SAYINGS.get(verdict, verdict), class_=f"said-of {tone(verdict)}")


def ends(found: Mapping[str, float]) -> tuple[float, float | None, float | None]:
    """Return a mean with the ends of its interval, None where it has none."""
    return found["mean"], found.get("low"), found.get("high")


def moment(seconds: float | None) -> str:
    """Return a moment as this computer's clock shows it, nothing if it is not known."""
    if seconds is None:
        return ""
    return f"{datetime.fromtimestamp(seconds, UTC).astimezone():%Y-%m-%d %H:%M}"


def scored_under(protocol: Mapping[str, Any]) -> str:
    """Return under what scores were taken, in a sentence: unlike ones may not be compared."""
    count = int(protocol.get("examples") or 0)
    data = protocol.get("data") or {}
    metric = protocol.get("metric") or {}
    beams = int(protocol.get("beams") or 1)
    several = protocol.get("references") or {}
    scored = score_text.counted(count, f"{protocol.get('split', 'test')} conversation")
    parts = [f"Scored on {scored}", f"of {data['source']}" if data.get("source") else ""]
    decoding = "greedily" if beams == 1 else f"with {beams} beams"
    sentences = [
        " ".join(filter(None, parts)),
        f"Written {decoding}, at most {protocol.get('max_new_tokens', '?')} tokens",
        f"Measured by {metric['name']}" if isinstance(metric, dict) and metric.get("name") else "",
        f"Up to {several['most']} reference summaries a conversation, the best of them counts"
        if several
        else "",
        "Differences are paired, conversation by conversation",
    ]
    return ". ".join(filter(None, sentences)) + "."


def foot() -> Html:
    """Return the last line of a report."""
    text = "Made by Tunesmith. Scores are ROUGE F-measures times 100; intervals are bootstrapped over conversations."
    return element("footer", element("p", text, class_="small"))
