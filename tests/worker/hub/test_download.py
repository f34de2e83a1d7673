"""One file from the hub: who waits for another process, and which hash it must have."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from filelock import FileLock

from engine.worker.hub import download
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
    ("etag", "expected"),
    [
        ("0" * 64, "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c"),
        ("0" * 40, "3ab313fff6f41bb35969cd359e9ddfb8033b3ac2"),
        ("of another kind", ""),
    ],
)
def test_hash_is_of_the_kind_that_the_hub_names_files_by(tmp_path, etag, expected):
    (tmp_path / "file").write_bytes(b"weights")
    assert download._hash(tmp_path / "file", etag) == expected
