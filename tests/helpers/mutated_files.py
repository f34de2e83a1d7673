"""Valid files of every readable kind, and random mutations of them, for fuzzing the readers."""

import bz2
import csv
import gzip
import io
import json
import lzma
import random
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Literal

import docx
import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook
from pyarrow import feather

from engine.config.data_options import DataOptions
from engine.errors import DataError
from engine.worker.dataset import dataset
from engine.worker.ingestion.loading import open_tables, show_first_rows
from engine.worker.ingestion.sources import locate
from engine.worker.runtime.channel import Channel
from tests.helpers.office_files import write_ods, write_pdf
from tests.worker.readers.exports import CASES

ROWS = [
    {
        "id": f"{number}",
        "dialogue": f"Ann: {number}\nBob: é ☕, \"so\" = 'x'",
        "summary": f"S{number}; {'y' * number}",
    }
    for number in range(12)
]
NAMES = tuple(ROWS[0])
# Tokens of the file formats, so that mutations hit more than noise.
WORDS = (
    b'"', b"'", b",", b";", b"\t", b"\n", b"\r\n", b"\r", b"\0", b"{", b"}", b"[", b"]", b"\\", b"\\u", b"null",
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xc3", b"\xed\xa0\x80", b"NaN", b"1e999", b"-", b"=1+1",
    b"PK\x03\x04", b"PK\x05\x06", b"PAR1", b"ARROW1", b"\x1f\x8b\x08", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff",
    b"<row>", b"</c>", b"</div>", b"<script>", b"&#", b"From ", b"--=_B", b"-->", b"[", b'r="XFD1048576"', b"../",
)  # fmt: skip

# One of each kind of reader of chats.
EXPORTS = {
    "irc-irssi.log", "irc-nicks.txt", "line-[LINE] Chat with Bob.txt", "kakaotalk-KakaoTalk_pc.txt", "signal-signal.md",
    "imessage-+447700900123.txt", "webvtt-webex.vtt", "transcript-dashes.txt", "messenger-message_1.json",
    "matrix-element.json", "chatgpt-conversations.json", "speech-aws-speakers.json", "turns-messages.json",
    "mail-quoted.eml", "mail-attached.eml", "mail-all.mbox", "mail-outlook.txt", "telegram-messages.html",
    "discord-discord.html", "text-interview.html", "transcript-table.html", "transcript-deposition.txt",
    "table-chat.csv",
}  # fmt: skip


def _csv(encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, NAMES, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(ROWS)
    return text.getvalue().encode(encoding, "replace")


def _parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), sink)
    return sink.getvalue()


def _arrow(stream: bool) -> bytes:
    sink = io.BytesIO()
    table = pa.Table.from_pylist([{**row, "turns": [{"role": "a", "content": row["id"]}]} for row in ROWS])
    make = pa.ipc.new_stream if stream else pa.ipc.new_file
    with make(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=5)
    return sink.getvalue()


def _feather() -> bytes:
    sink = io.BytesIO()
    feather.write_feather(pa.Table.from_pylist(ROWS), sink, compression="uncompressed")
    return sink.getvalue()


def _database() -> bytes:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE talks (id, dialogue, summary)")
        database.executemany("INSERT INTO talks VALUES (?, ?, ?)", [tuple(row.values()) for row in ROWS])
        database.commit()
        return database.serialize()


def _workbook() -> bytes:
    book, sink = Workbook(), io.BytesIO()
    book.active.append(NAMES)
    for row in ROWS:
        book.active.append([row[name] for name in NAMES])
    book.active.append(["x", "=A1", "y"])
    book.active.merge_cells("A2:A4")
    book.save(sink)
    return sink.getvalue()


def _ods() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.ods")
        write_ods(path, {"Talks": [NAMES, *([row[name] for name in NAMES] for row in ROWS)]})
        return path.read_bytes()


def _pdf() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        lines = [f"{'AB'[number % 2]}nn: Hi {number}" for number in range(12)]
        return write_pdf(Path(folder, "a.pdf"), [lines]).read_bytes()


def _zstandard(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


def _places() -> bytes:
    rows = [
        {"input": {"dialogue": row["dialogue"]}, "answers": [{"summary": row["summary"]}]} for row in ROWS
    ]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _unpressed(content: bytes) -> bytes:
    """Return a zip with stored members, so that mutations reach their content."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(sink, "w") as archive:
        for name in given.namelist():
            archive.writestr(name, given.read(name))
    return sink.getvalue()


def _zip() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for split in ("train", "test"):
            archive.writestr(f"talks/{split}.csv", _csv())
    return sink.getvalue()


def _jsonl() -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


def _chat() -> bytes:
    said = [
        f"[{number // 4 + 1:02}.11.24, 10:{number:02}:00] Ann: Wie geht's? {number}" for number in range(48)
    ]
    return "\n".join([*said, "[12.11.24, 11:00:00] Bob: \u200e<Anhang: 1.jpg>", "und dann"]).encode()


def _subtitles() -> bytes:
    cues = [
        f"{number}\n00:00:{number:02},000 --> 00:00:{number:02},900\nAnn: Hi {number}\n"
        for number in range(1, 30)
    ]
    return "\n".join(cues).encode()


def _messages() -> bytes:
    messages = [
        {
            "type": "message",
            "user": f"U{n % 2}",
            "ts": f"{1_704_103_200 + n * 7200}.0",
            "text": f"Hi <@U1> {n}",
        }
        for n in range(12)
    ]
    return json.dumps(messages).encode()


def _account() -> bytes:
    messages = [
        {
            "type": "message",
            "from": "Ann",
            "date": f"2024-01-{n + 1:02}T10:00:00",
            "text": ["Hi ", {"text": "é"}],
        }
        for n in range(12)
    ]
    chat = {"name": "Trip", "type": "personal_chat", "messages": messages}
    return json.dumps({"about": "…", "chats": {"about": "…", "list": [chat, chat]}}, indent=1).encode()


def _document() -> bytes:
    document, sink = docx.Document(), io.BytesIO()
    for number in range(12):
        document.add_paragraph(f"{'AB'[number % 2]}nn: Hi é {number}")
    document.save(sink)
    return sink.getvalue()


def seeds() -> dict[str, bytes]:
    """Return a valid file of every kind, by name."""
    turns = [
        {"messages": [{"role": "a", "content": row["dialogue"]}], "summary": row["summary"]} for row in ROWS
    ]
    return {
        "comma.csv": _csv(),
        "semicolon.csv": _csv(delimiter=";"),
        "utf16.csv": _csv("utf-16"),
        "cp1252.csv": _csv("cp1252"),
        "tab.tsv": _csv(delimiter="\t"),
        "list.json": json.dumps(ROWS, indent=1).encode(),
        "columns.json": json.dumps({name: [row[name] for row in ROWS] for name in NAMES}).encode(),
        "nested.json": json.dumps({"version": 1, "data": turns}).encode(),
        "lines.jsonl": _jsonl(),
        "splits.json": json.dumps({"train": ROWS[:8], "test": ROWS[8:]}).encode(),
        "slack.json": _messages(),
        "telegram.json": _account(),
        "chat.txt": _chat(),
        "talk.srt": _subtitles(),
        "talk.sbv": b"0:00:01.000,0:00:02.000\nAnn: Is it late?\n\n0:00:03.000,0:00:04.500\nBob: Yes, by far.\n",
        "talk.vtt": b"WEBVTT\n\n" + _subtitles().replace(b",", b"."),
        "table.parquet": _parquet(),
        "file.arrow": _arrow(stream=False),
        "stream.arrow": _arrow(stream=True),
        "one.feather": _feather(),
        "one.sqlite": _database(),
        "python.txt": "".join(f"{row}\n" for row in ROWS).encode(),
        "packed.xlsx": _workbook(),
        "plain.xlsx": _unpressed(_workbook()),
        "old.ods": _ods(),
        "talks.zip": _zip(),
        "plain.zip": _unpressed(_zip()),
        **{case.name: case.data for case in CASES if case.id in EXPORTS},
        "talk.docx": _document(),
        "plain.docx": _unpressed(_document()),
        "talk.pdf": _pdf(),
        "places.jsonl": _places(),
        "flat.src": "".join(f"Ann: {number}? Bob: é. Ann: So.\n" for number in range(12)).encode(),
        "lines.jsonl.gz": gzip.compress(_jsonl(), mtime=0),
        "lines.jsonl.bz2": bz2.compress(_jsonl()),
        "lines.jsonl.xz": lzma.compress(_jsonl()),
        "lines.jsonl.zst": _zstandard(_jsonl()),
    }


def mutated(content: bytes, draw: random.Random) -> bytes:
    """Return a file after one to six mutations."""
    for _ in range(draw.randint(1, 6)):
        content = draw.choice(_MUTATIONS)(content, draw)
    return content


def _cut(content: bytes, draw: random.Random) -> bytes:
    return content[: draw.randrange(len(content) + 1)]


def _flip(content: bytes, draw: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(draw.randint(1, 8) if changed else 0):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def _insert(content: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(len(content) + 1)
    return content[:place] + draw.choice(WORDS) * draw.choice((1, 1, 1, 50)) + content[place:]


def _replace(content: bytes, draw: random.Random) -> bytes:
    place, word = draw.randrange(len(content) + 1), draw.choice(WORDS)
    return content[:place] + word + content[place + len(word) :]


def _remove(content: bytes, draw: random.Random) -> bytes:
    start = draw.randrange(len(content) + 1)
    return content[:start] + content[start + draw.randint(1, 200) :]


def _repeat(content: bytes, draw: random.Random) -> bytes:
    start = draw.randrange(len(content) + 1)
    piece = content[start : start + draw.randint(1, 400)]
    return content[:start] + piece * draw.randint(2, 5) + content[start:]


_MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _cut, _flip, _flip, _insert, _insert, _replace, _remove, _repeat,
)  # fmt: skip


def preview_and_read(
    path: Path, channel: Channel, broken_rows: Literal["refuse", "leave_out"]
) -> int | DataError:
    """Preview a file as the data check does, then read it; return the number of rows or the error."""
    options = DataOptions(source=str(path), broken_rows=broken_rows)
    try:
        show_first_rows(source := locate(options, channel), open_tables(source, options), options, channel)
        rows = dataset.select(options, channel, needs=()).rows
    except DataError as error:
        return error
    return sum(map(len, rows.values()))
