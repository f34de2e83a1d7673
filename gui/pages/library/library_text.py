"""What the library holds, lists and can't read, as text. Knows no widget."""

from __future__ import annotations

from collections.abc import Sequence

from engine.api import Adapter, Unreadable
from gui.look.format import bytes_text, number_text
from gui.look.language import tr, tr_count, translate


def subtitle(adapters: Sequence[Adapter]) -> str:
    """Return how many adapters the library has, for how many base models."""
    if not adapters:
        return tr("Your trained and imported adapters are saved here")
    bases = {adapter.metadata.base_model.id for adapter in adapters}
    return tr(
        "{adapters} for {base_models}",
        adapters=tr_count(len(adapters), "{n} adapter", "{n} adapters"),
        base_models=tr_count(len(bases), "{n} base model", "{n} base models"),
    )


def size_text(
    every: Sequence[Adapter], listed: Sequence[Adapter], chosen: Sequence[Adapter], size_bytes: int
) -> str:
    """Return the size of the library, or what of it is selected or listed."""
    if not every:
        return ""
    if len(chosen) > 1:
        size = bytes_text(sum(adapter.size_bytes for adapter in chosen))
        return tr("{count} selected, {size}", count=number_text(len(chosen)), size=size)
    if len(listed) < len(every):
        size = bytes_text(sum(adapter.size_bytes for adapter in listed))
        return tr(
            "{count} of {total}, {size}",
            count=number_text(len(listed)),
            total=number_text(len(every)),
            size=size,
        )
    return tr("{size} on disk", size=bytes_text(size_bytes))


def unreadable_text(unreadable: Sequence[Unreadable]) -> str:
    """Return which folder in the library is no adapter, and why."""
    reason, more = translate(unreadable[0].reason).rstrip("."), len(unreadable) - 1
    if not more:
        return tr("A folder in the library is no adapter: {reason}.", reason=reason)
    return tr_count(
        more,
        "A folder in the library is no adapter: {reason} and {n} more.",
        "A folder in the library is no adapter: {reason} and {n} more.",
        reason=reason,
    )
