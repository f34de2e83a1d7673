import bz2
import gzip
import lzma
import os
import stat
import time
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from engine.errors import DataError
from engine.system.paths import cache_folder
from engine.worker.readers import archives

CSV = b"dialogue,summary\na,b\n"


def zipped(path: Path, **contents: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def unpacked(path: Path) -> Path:
    return archives.unpack(path, (".csv", ".txt"), lambda done, total: None)


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        unpacked(path)
    assert caught.value.field == "data.source"
    return caught.value.message


def test_zip_gives_its_data_files_and_nothing_else(tmp_path):
    names = {
        "data/train.csv": CSV, "README.md": b"x", "__MACOSX/data/train.csv": b"y", "data/._train.csv": b"z",
    }  # fmt: skip
    folder = unpacked(zipped(tmp_path / "a.zip", **names))
    assert [path.relative_to(folder) for path in folder.rglob("*.*")] == [Path("data/train.csv")]
    assert (folder / "data/train.csv").read_bytes() == CSV
    assert folder.is_relative_to(cache_folder())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def zst(content: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(content, asbytes=True))


COMPRESS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zst}


@pytest.mark.parametrize("ending", COMPRESS)
def test_a_compressed_file_gives_its_file(tmp_path, ending):
    path = tmp_path / f"train.csv.{ending}"
    path.write_bytes(COMPRESS[ending](CSV))
    assert (unpacked(path) / "train.csv").read_bytes() == CSV


@pytest.mark.parametrize("ending", COMPRESS)
def test_zeros_after_the_end_take_no_time(tmp_path, ending, monkeypatch):
    monkeypatch.setattr(archives, "require_written", lambda _path: None)
    path = tmp_path / f"train.csv.{ending}"
    path.write_bytes(COMPRESS[ending](CSV))
    os.truncate(path, 1 << 32)
    if ending in ("gz", "zst"):
        assert f"train.csv.{ending} can't be read" in refusal(path)
    else:
        assert (unpacked(path) / "train.csv").read_bytes() == CSV


def test_archive_is_unpacked_anew_only_when_it_changed(tmp_path):
    first = unpacked(zipped(tmp_path / "a.zip", **{"a.csv": CSV}))
    (first / "mark").touch()
    assert (unpacked(tmp_path / "a.zip") / "mark").exists()
    again = unpacked(zipped(tmp_path / "a.zip", **{"a.csv": CSV + b"c,d\n"}))
    assert again != first
    assert (again / "a.csv").read_bytes() == CSV + b"c,d\n"


def test_what_nobody_used_for_long_is_removed(tmp_path):
    old = unpacked(zipped(tmp_path / "a.zip", **{"a.csv": CSV}))
    long_ago = time.time() - archives.CACHE_SECONDS - 60
    os.utime(old, (long_ago, long_ago))
    unpacked(zipped(tmp_path / "b.zip", **{"a.csv": CSV}))
    assert not old.exists()


@pytest.mark.parametrize("name", ["../out.csv", "a/../../out.csv", "/out.csv", "C:/out.csv", "..\\out.csv"])
def test_path_out_of_the_folder_is_refused(tmp_path, name):
    message = refusal(zipped(tmp_path / "a.zip", **{"fine.csv": CSV, name: CSV}))
    assert message == f'a.zip contains "{name}", a path outside its folder.'
    assert not list(cache_folder().rglob("*.csv"))


def test_link_is_refused(tmp_path):
    link = zipfile.ZipInfo("link.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert refusal(tmp_path / "a.zip") == 'a.zip contains "link.csv", a link.'


@pytest.mark.parametrize("name", ["inner.zip", "inner.csv.gz", "inner.csv.zst"])
def test_archive_within_an_archive_is_refused(tmp_path, name):
    assert refusal(zipped(tmp_path / "a.zip", **{name: CSV})) == f'a.zip contains another archive, "{name}".'


def test_a_member_behind_a_password_is_named(tmp_path):
    path = zipped(tmp_path / "a.zip", **{"train.csv": CSV})
    content = bytearray(path.read_bytes())
    for header, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(header) + at] |= 1
    path.write_bytes(content)
    assert refusal(path) == 'a.zip contains "train.csv", which has a password.'


def test_bombs_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "SAFE_BYTES", 1 << 20)
    bomb = bytes(8 << 20)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(bomb))
    assert "unpacks to far more than plausible" in refusal(tmp_path / "a.csv.gz")
    assert "unpacks to far more than plausible" in refusal(zipped(tmp_path / "b.zip", **{"a.csv": bomb}))
    assert not list(cache_folder().rglob("*.csv"))


def test_too_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    path = zipped(tmp_path / "a.zip", **{f"{number}.csv": CSV for number in range(3)})
    assert refusal(path) == "a.zip contains 3 files; the limit is 2."


@pytest.mark.parametrize("ending", ["zip", *COMPRESS])
def test_damaged_archive_is_said_and_leaves_nothing(tmp_path, ending):
    path, content = tmp_path / f"a.csv.{ending}", os.urandom(3_000)
    if ending == "zip":
        zipped(path, **{"a.csv": content})
    else:
        path.write_bytes(COMPRESS[ending](content))
    for broken in (path.read_bytes()[:1_500], b"no archive"):
        path.write_bytes(broken)
        assert f"a.csv.{ending} can't be read" in refusal(path)
    assert not list((cache_folder() / "unpacked").iterdir())


def test_unpacking_can_be_ended(tmp_path):
    class EndedError(Exception):
        pass

    def end(done: int, total: int) -> None:
        raise EndedError

    path = zipped(tmp_path / "a.zip", **{"a.csv": CSV})
    with pytest.raises(EndedError):
        archives.unpack(path, (".csv",), end)
    assert not list((cache_folder() / "unpacked").iterdir())
