"""What a person asks for when an adapter is sent to the Hugging Face Hub. Knows no widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gui.look.language import tr


@dataclass(frozen=True)
class PushRequest:
    """The repository `target`, who may see it, and what goes there: the adapter, or the plain model in a folder."""

    target: str
    public: bool = False
    with_conversations: bool = False
    model: str = ""

    def arguments(self, adapter_id: str, *, dry_run: bool) -> dict[str, Any]:
        """Return the arguments of the job `push`."""
        return {
            "adapter": adapter_id,
            "target": self.target,
            "public": self.public,
            "with_conversations": self.with_conversations,
            "model": self.model,
            "dry_run": dry_run,
        }


def visibility_text(*, public: bool) -> str:
    """Return who can see a repository."""
    if public:
        return tr("Public: everybody can see and use it.")
    return tr("Private: only its owner, and those whom the owner lets in.")
