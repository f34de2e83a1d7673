"""Asks an address of a cluster over HTTP, with the cluster's token.

Whoever holds the token may be the one who answers. So an answer is bounded in size and has the form that was asked for,
and no redirect and no proxy learns the token.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

import httpx2
from pydantic import TypeAdapter, ValidationError

from engine.errors import ComputerError

MAX_ANSWER_BYTES = 64 << 20
TIMEOUT = httpx2.Timeout(60.0, connect=10.0)
RETRY_SECONDS = 1.0
OK, NOT_FOUND = 200, 404


class ClusterHttp:
    """A connection to one address, `host:port` or the path of a socket; `computer` is what errors call it.

    One that is lost is made again for `patience` seconds.
    """

    def __init__(self, computer: str, address: str, secret: str, patience: float = 0.0) -> None:
        self.computer = computer
        self._patience = patience
        # A compressed answer could be larger than it looks.
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
        """Return the status and the body of an answer. Raises ComputerError without a field if there is none."""
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
                    message = f"The connection to {self.computer} was lost: {reason}."
                    raise ComputerError(message, "Try again.") from error
            time.sleep(RETRY_SECONDS)

    def take_if_there(self, method: str, path: str) -> bytes | None:
        """Return the body of a good answer, None if there is nothing at the path. Raises ComputerError."""
        status, answer = self.ask(method, path)
        return None if status == NOT_FOUND else self.good(status, answer)

    def take(self, method: str, path: str, **content: Any) -> bytes:
        """Return the body of an answer that has to be a good one. Raises ComputerError."""
        return self.good(*self.ask(method, path, **content))

    def good(self, status: int, answer: bytes) -> bytes:
        """Return the body of an answer with its status. Raises ComputerError for any but a good one."""
        if status != OK:
            said = answer[:300].decode(errors="replace")
            raise ComputerError(
                f"{self.computer} could not do it (status {status}). {said}".strip(), "Try again."
            )
        return answer

    def read(self, kind: TypeAdapter[Any], answer: str | bytes) -> Any:
        """Return what an answer in JSON says. Raises ComputerError for one of another form than `kind`."""
        try:
            return kind.validate_json(answer, strict=True)
        except ValidationError as error:
            raise self.strange() from error

    def strange(self) -> ComputerError:
        """Return the error of an answer that is not what was asked for."""
        return ComputerError(
            f"{self.computer} gave an answer that Tunesmith does not understand.",
            "Something else may be answering in its place. Ask who runs the cluster before you send anything.",
            "computer",
        )
