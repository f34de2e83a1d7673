"""One file from the hub: who waits for another process, and which hash it must have."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from itertools import count

import pytest
from filelock import FileLock

from engine.worker.hub import download
from engine.worker.hub.hub_errors import DamagedError
from engine.worker.runtime.channel import Stopped


def test_waiting_for_another_download_of_the_file_can_be_cancelled(tmp_path):
    target, asked = tmp_path / "blob", count()
    lock = FileLock(f"{target}.lock", thread_local=False)
    with ThreadPoolExecutor(1) as other:
        other.submit(lock.acquire).result()
        with pytest.raises(Stopped):
            download.fetch("http://hub.invalid/file", target, 1, "", print, lambda: next(asked) >= 3)
        other.submit(lock.release).result()
    assert next(asked) == 4
    assert not target.exists()


@pytest.mark.parametrize(
    ("etag", "is_whole"),
    [
        ("9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c", True),
        ("3ab313fff6f41bb35969cd359e9ddfb8033b3ac2", True),
        ("of another kind", True),
        ("0" * 64, False),
        ("0" * 40, False),
    ],
)
def test_a_file_that_has_arrived_is_checked_by_the_hash_that_the_hub_names_it_by(tmp_path, etag, is_whole):
    (tmp_path / "file.incomplete").write_bytes(b"weights")
    with nullcontext() if is_whole else pytest.raises(DamagedError):
        download.fetch("", tmp_path / "file", len(b"weights"), etag, lambda _: None, lambda: False)
    assert (tmp_path / "file").exists() == is_whole
    assert not (tmp_path / "file.incomplete").exists()
