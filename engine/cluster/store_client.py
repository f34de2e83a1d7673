"""The job store as others see it: calls over HTTP, answered in JSON and bytes.

Whoever holds the cluster's token may be the one who answers. So an answer has the form that its call declares here, or
it is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Base64Bytes, FailFast, Field, NonNegativeInt, TypeAdapter
from typing_extensions import TypedDict

from engine.cluster.cluster_http import ClusterHttp

Text = Annotated[str, Field(max_length=4_000)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Name = Annotated[str, Field(max_length=1_000)]
# One wrong item is enough: each error takes a kilobyte, and an answer may have millions.
T = TypeVar("T")
Items = Annotated[list[T], FailFast()]
Files = Items[tuple[Name, NonNegativeInt, Digest]]
EntryState = Literal["waiting", "running", "held", "ended"]


class Kept(TypedDict):
    """What is kept for no one."""

    what: Literal["model", "data"]
    name: Text
    bytes: NonNegativeInt


class Told(TypedDict):
    """What the job store tells of an entry: its state, and its events from the byte on that was asked for."""

    state: EntryState
    node: Text
    returncode: int | None
    reason: Text
    event_bytes: NonNegativeInt
    events: Base64Bytes


class Begun(TypedDict):
    """What a task is given that takes an entry up."""

    turn: NonNegativeInt
    spec: dict[str, Any]
    files: Files
    event_bytes: NonNegativeInt


class Waiting(TypedDict):
    """A command that an entry's task has not seen."""

    number: NonNegativeInt
    command: dict[str, Any]


class Entry(TypedDict):
    """An entry in the overview."""

    entry: Text
    run: Text
    name: Text
    state: EntryState
    node: Text
    priority: int
    cards: NonNegativeInt


class Card(TypedDict):
    """A GPU of a node."""

    name: Text
    memory_bytes: NonNegativeInt
    free_bytes: NonNegativeInt


class NodeFacts(TypedDict):
    """What a node tells of itself (`engine.cluster.probe`)."""

    host: Text
    system: Text
    python: Text
    packages: dict[Text, Text]
    tunesmith: Text
    memory_bytes: NonNegativeInt
    free_memory_bytes: NonNegativeInt
    free_disk_bytes: NonNegativeInt
    cards: Items[Card]
    time: float


class Node(TypedDict):
    """A node, and its facts unless a problem kept it from telling them."""

    node: Text
    address: Text
    alive: bool
    processors: NonNegativeInt
    cards_for_entries: NonNegativeInt
    problem: Text
    facts: NodeFacts | None


class NodeKept(TypedDict):
    """What a node keeps for no one."""

    host: Text
    folder: Text
    kept: Items[Kept]
    in_use: bool
    problem: Text


class Offer(TypedDict):
    """The arguments of `engine.cluster.places.Places`."""

    nodes: Items[NonNegativeInt]
    least: NonNegativeInt


_ANSWERS: dict[str, TypeAdapter[Any]] = {
    # For the computers that send.
    "missing": TypeAdapter(Items[Digest]),
    "complete": TypeAdapter(bool),
    "expect": TypeAdapter(None),
    "submit": TypeAdapter(None),
    "nudge": TypeAdapter(None),
    "known": TypeAdapter(Items[Name]),
    "poll": TypeAdapter(dict[Name, Told]),
    "command": TypeAdapter(None),
    "prioritize": TypeAdapter(None),
    "files": TypeAdapter(Files),
    "forget": TypeAdapter(None),
    "overview": TypeAdapter(Items[Entry]),
    "keep_models": TypeAdapter(None),
    "unneeded": TypeAdapter(Items[Kept]),
    "clear": TypeAdapter(Items[Kept]),
    "nodes": TypeAdapter(Items[Node]),
    "offer": TypeAdapter(Offer),
    "clear_nodes": TypeAdapter(Items[NodeKept]),
    "every_node_has": TypeAdapter(bool),
    # For the tasks that run entries.
    "begin": TypeAdapter(Begun | None),
    "append": TypeAdapter(list[Waiting] | None),
    "set_files": TypeAdapter(None),
    "finish": TypeAdapter(None),
}
CALLS = frozenset(_ANSWERS)


class JobStoreClient:
    """The job store's calls by their names: `missing(…)` asks and waits for the answer.

    Each raises ComputerError: without a field if the connection is lost, with one for an answer of another form than
    the call's.
    """

    def __init__(self, http: ClusterHttp) -> None:
        self._http = http

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in CALLS:
            raise AttributeError(name)
        return lambda *arguments: self._http.read(
            _ANSWERS[name], self._http.take("POST", f"/calls/{name}", json=arguments)
        )

    def put(self, digest: str, number: int, content: bytes) -> None:
        """Send one part of a content."""
        self._http.take("PUT", f"/parts/{digest}/{number}", content=content)

    def part(self, digest: str, number: int) -> bytes | None:
        """Return one part of a content, None behind the last."""
        return self._http.take_if_there("GET", f"/parts/{digest}/{number}")
