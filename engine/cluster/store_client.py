"""HTTP clients of a cluster: Ray's job API, and the job store's calls in JSON and bytes.

Anyone may be answering. So answers have a size limit and the types declared here, or are refused, and no redirect or
proxy learns the token.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Annotated, Any, Literal, Self, TypeVar

import httpx2
from pydantic import Base64UrlBytes, FailFast, Field, NonNegativeInt, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from engine.errors import ComputerError
from engine.messages import say

MAX_ANSWER_BYTES = 64 << 20
TIMEOUT = httpx2.Timeout(60.0, connect=10.0)
RETRY_SECONDS = 1.0
OK, NOT_FOUND = 200, 404
CARDS_FIELD = "--cards"

Text = Annotated[str, Field(max_length=4_000)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Name = Annotated[str, Field(max_length=1_000)]
# Stop at the first wrong item: each error takes a kilobyte, and an answer may have millions.
T = TypeVar("T")
Items = Annotated[list[T], FailFast()]
Files = Items[tuple[Name, NonNegativeInt, Digest]]
EntryState = Literal["waiting", "running", "held", "ended"]


class Kept(TypedDict):
    """A base model or data that no run needs."""

    what: Literal["model", "data"]
    name: Text
    bytes: NonNegativeInt


class Told(TypedDict):
    """The state of an entry, and its events from the requested byte on."""

    state: EntryState
    returncode: int | None
    reason: Text
    event_bytes: NonNegativeInt
    events: Base64UrlBytes


class Begun(TypedDict):
    """What a task gets when it begins an entry."""

    turn: NonNegativeInt
    spec: dict[str, Any]
    files: Files


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
    cards: NonNegativeInt


class Card(TypedDict):
    """A GPU of a node."""

    name: Text
    memory_bytes: NonNegativeInt
    free_bytes: NonNegativeInt


class NodeFacts(TypedDict):
    """A node's answer of `engine.cluster.probe`."""

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
    """A node, and its facts unless it has a problem."""

    node: Text
    address: Text
    alive: bool
    processors: NonNegativeInt
    cards_for_entries: NonNegativeInt
    problem: Text
    facts: NodeFacts | None


class NodeKept(TypedDict):
    """What a node keeps that no run needs."""

    host: Text
    folder: Text
    kept: Items[Kept]
    in_use: bool
    problem: Text


def cards_of(asked: Mapping[str, Any]) -> int:
    """Return how many GPUs a request or an entry asks for, which is its world size."""
    return int((asked.get("demand") or {}).get("cards", 1))


@dataclass(frozen=True)
class Places:
    """What nodes offer to an entry: the most GPUs that one has, or the most CPU cores if none has a GPU.

    In the latter case `least` is the number of cores that an entry takes at least: those of the smallest node.
    """

    most: int
    least: int = 0

    @classmethod
    def of_nodes(cls, nodes: Iterable[Mapping[str, Any]]) -> Places:
        """Return the places on nodes as Ray lists them."""
        resources = [node["Resources"] for node in nodes if node["Alive"]]
        cards = [int(each["GPU"]) for each in resources if each.get("GPU", 0) >= 1]
        if cards:
            return cls(max(cards))
        processors = [int(each["CPU"]) for each in resources if each.get("CPU", 0) >= 1]
        return cls(max(processors, default=0), min(processors, default=1))

    def resources(self, cards: int) -> dict[str, int]:
        """Return the resources to ask Ray for."""
        need = max(self.least, cards)
        return {"num_cpus": need} if self.least else {"num_gpus": need, "num_cpus": 1}

    def require(self, cards: int, computer: str) -> None:
        """Raise ComputerError if no node has that many GPUs."""
        if cards <= max(1, self.most):
            return
        message = say("No node of {} has {:,} GPUs; the most is {:,}.", computer, cards, self.most)
        if self.least:
            message = say(
                "No node of {} has a GPU or {:,} CPUs; the most is {:,}.", computer, cards, self.most
            )
        raise ComputerError(message, "Ask for fewer GPUs.", CARDS_FIELD)


_ANSWERS: dict[str, TypeAdapter[Any]] = {
    # For the computers that send.
    "missing": TypeAdapter(Items[Digest]),
    "complete": TypeAdapter(bool),
    "expect": TypeAdapter(None),
    "submit": TypeAdapter(None),
    "poll": TypeAdapter(dict[Name, Told]),
    "command": TypeAdapter(None),
    "files": TypeAdapter(Files),
    "forget": TypeAdapter(None),
    "overview": TypeAdapter(Items[Entry]),
    "clear": TypeAdapter(Items[Kept]),
    "nodes": TypeAdapter(Items[Node]),
    "offer": TypeAdapter(Places),
    "clear_nodes": TypeAdapter(Items[NodeKept]),
    "every_node_has": TypeAdapter(bool),
    # For the tasks that run entries.
    "begin": TypeAdapter(Begun | None),
    "append": TypeAdapter(list[Waiting] | None),
    "set_files": TypeAdapter(None),
    "finish": TypeAdapter(None),
}
CALLS = frozenset(_ANSWERS)


class ClusterHttp:
    """A connection to `host:port` or the path of a socket, retried for `patience` seconds; errors say `computer`."""

    def __init__(self, computer: str, address: str, secret: str, patience: float = 0.0) -> None:
        self.computer = computer
        self._patience = patience
        # A compressed answer could exceed the limit.
        headers = {"Accept-Encoding": "identity"}
        if secret:
            headers["Authorization"] = f"Bearer {secret}"
        near = address if address.startswith("/") else None
        self._client = httpx2.Client(
            base_url=f"http://{'localhost' if near else address}",
            transport=httpx2.HTTPTransport(uds=near, trust_env=False),
            headers=headers,
            timeout=TIMEOUT,
            trust_env=False,
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def ask(self, method: str, path: str, **content: Any) -> tuple[int, bytes]:
        """Return status and body. Raises ComputerError without a field if the connection is lost."""
        deadline = time.monotonic() + self._patience
        while True:
            found = bytearray()
            try:
                with self._client.stream(method, path, **content) as response:
                    for piece in response.iter_raw():
                        found += piece
                        if len(found) > MAX_ANSWER_BYTES:
                            raise self.strange()
                return response.status_code, bytes(found)
            except httpx2.TransportError as error:
                if time.monotonic() >= deadline:
                    reason = str(error) or type(error).__name__
                    message = say("The connection to {} was lost: {}.", self.computer, reason)
                    raise ComputerError(message, "Try again.") from error
            time.sleep(RETRY_SECONDS)

    def take_if_there(self, method: str, path: str) -> bytes | None:
        """Return the body of a good answer, None for 404. Raises ComputerError."""
        status, answer = self.ask(method, path)
        return None if status == NOT_FOUND else self.good(status, answer)

    def take(self, method: str, path: str, **content: Any) -> bytes:
        """Return the body of a good answer. Raises ComputerError."""
        return self.good(*self.ask(method, path, **content))

    def good(self, status: int, answer: bytes) -> bytes:
        """Return the body if the status is 200. Raises ComputerError."""
        if status != OK:
            said = answer[:300].decode(errors="replace")
            raise ComputerError(
                say("{} answered with status {}. {}", self.computer, status, said).strip(), "Try again."
            )
        return answer

    def read(self, kind: TypeAdapter[Any], answer: str | bytes) -> Any:
        """Return the value of an answer in JSON. Raises ComputerError if it is not a `kind`."""
        try:
            return kind.validate_json(answer, strict=True)
        except ValidationError as error:
            raise self.strange() from error

    def strange(self) -> ComputerError:
        """Return the error for an answer of the wrong form."""
        return ComputerError(
            say("{} sent an unknown answer.", self.computer),
            "Ask whoever runs the cluster before you send anything.",
            "computer",
        )


class JobStoreClient(ClusterHttp):
    """The job store's calls as methods: `missing(…)` asks and waits for the answer.

    Each raises ComputerError: without a field if the connection is lost, with one for an answer of the wrong form.
    """

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in CALLS:
            raise AttributeError(name)
        return lambda *arguments: self.read(
            _ANSWERS[name], self.take("POST", f"/calls/{name}", json=arguments)
        )

    def put(self, digest: str, number: int, content: bytes) -> None:
        """Send one part of a content."""
        self.take("PUT", f"/parts/{digest}/{number}", content=content)

    def part(self, digest: str, number: int) -> bytes | None:
        """Return one part of a content, None behind the last."""
        return self.take_if_there("GET", f"/parts/{digest}/{number}")
