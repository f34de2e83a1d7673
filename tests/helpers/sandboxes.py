"""The sandbox of a test ends with it: what the one changed there is none of the next one's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.system import sandbox


@pytest.fixture(autouse=True)
def _sandbox_ends() -> Iterator[None]:
    yield
    sandbox.end()
