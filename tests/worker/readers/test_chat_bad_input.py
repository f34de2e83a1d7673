"""Chats that are long, odd or damaged: read in bounded memory, or named."""

import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from engine.chats import segmentation
from engine.errors import DataError
from engine.worker.readers import Table, chat_files, mail_files, open_table, text_folder
from engine.worker.readers.table import Notes
from tests.worker.readers.exports import CASES

# One of each kind that is read line by line.
LONG = {
    case.kind: case
    for case in CASES
    if case.kind in {"whatsapp", "irc", "line", "kakaotalk", "webvtt"} and isinstance(case.content, str)
}.values()


def conversations(table: Table) -> list[str]:
    return [record.values["conversation"] for record in table]


def write(path: Path, content: str | bytes) -> Table:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_table([path])


@pytest.mark.parametrize("case", LONG, ids=lambda case: case.id)
def test_an_export_too_long_for_memory_is_read_line_by_line_with_the_same_result(case, tmp_path, monkeypatch):
    whole = write(tmp_path / case.name, case.data)
    expected, remarks = conversations(whole), whole.remarks
    monkeypatch.setattr(text_folder, "MAX_BYTES", 10)
    assert conversations(whole) == expected == case.conversations
    assert whole.remarks == remarks


def test_a_conversation_without_a_pause_that_no_row_can_hold_is_named(tmp_path, monkeypatch):
    for module in (segmentation, chat_files):
        monkeypatch.setattr(module, "MAX_CHARACTERS", 200)
    lines = [
        f"{day}.1.24, 10:{minute:02} - Ann: word\n"
        for day, last in ((1, 3), (2, 60))
        for minute in range(last)
    ]
    table = write(tmp_path / "a.txt", "".join(lines))
    assert conversations(table) == ["Ann: word\nAnn: word\nAnn: word"]
    assert [(each.position, each.reason) for each in table.broken] == [
        ("the conversation of 2024-01-02 10:00", "it has more than 200 characters without a pause")
    ]


def test_a_few_wrong_bytes_break_their_conversation_alone(tmp_path):
    good = "1.1.24, 10:00 - Ann: Grüße, wie geht es dir an diesem schönen Tag?\n"
    table = write(tmp_path / "a.txt", good.encode() + b"2.1.24, 10:00 - Ann: caf\xe9\n")
    assert conversations(table) == [good.partition(" - ")[2].strip()]
    assert [each.position for each in table.broken] == ["row 2"]


def test_an_attachment_is_never_held(tmp_path):
    def lines() -> Iterator[bytes]:
        yield from (
            b"From: Ann <a@example.org>\r\n", b'Content-Type: multipart/mixed; boundary="B"\r\n', b"\r\n",
        )  # fmt: skip
        yield from (b"--B\r\n", b"\r\n", b"Hello there\r\n", b"--B\r\n")
        yield from (
            b'Content-Type: application/zip; name="a.zip"\r\n',
            b"Content-Transfer-Encoding: base64\r\n",
            b"\r\n",
        )
        yield from (b"A" * 76 + b"\r\n" for _ in range(50_000))
        yield b"--B--\r\n"

    tracemalloc.start()
    try:
        mail = mail_files.parse_mail(lines())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (mail.sender, mail.text.strip(), mail.attachments) == ("Ann", "Hello there", ["a.zip"])
    assert peak < 1_000_000


def test_a_mailbox_is_read_thread_by_thread(tmp_path, monkeypatch):
    parsed: list[int] = []
    parse = mail_files.parse_mail

    def counted(lines: Iterable[bytes]) -> mail_files.MailText:
        parsed.append(1)
        return parse(lines)

    monkeypatch.setattr(mail_files, "parse_mail", counted)
    mail = "From a@x Mon Jan  1 10:00:00 2024\nFrom: Ann <a@x>\nMessage-ID: <{0}@x>\n\nHi {0}\n\n"
    path = tmp_path / "a.mbox"
    path.write_text("".join(map(mail.format, range(100))))
    rows = mail_files.read(path, Notes(), 0, None)
    first = next(rows)
    assert isinstance(first, dict)
    assert first["conversation"] == "Ann: Hi 0"
    assert len(parsed) <= 2
    assert (sum(1 for _ in rows), len(parsed)) == (99, 100)


def test_mails_that_quote_each_other_without_end_have_an_end(tmp_path):
    quoted = "".join(f"{'>' * depth} On 5 Jan 2024, Ann <a@example.org> wrote:\n" for depth in range(1, 300))
    table = write(tmp_path / "a.eml", f"From: Bob <b@example.org>\nMessage-ID: <1@x>\n\nHi\n{quoted}")
    assert conversations(table)[0].endswith("Bob: Hi")


@pytest.mark.parametrize("markup", ["<a ", "<!--", "<![", "</", "<a href='", "<?"])
def test_markup_that_never_ends_is_named_at_once(markup, tmp_path):
    table = write(tmp_path / "a.html", f"<html><body>Ann: Hi<br>Bob: Yo{markup * 20_000}")
    with pytest.raises(DataError, match=r"a\.html can't be read: "):
        conversations(table)


def test_a_page_with_a_table_of_conversations_is_no_conversation(tmp_path):
    head = "<tr><th>dialogue</th><th>summary</th></tr>"
    (tmp_path / "a.html").write_text(
        f"<html><table>{head}<tr><td>Ann: hi</td><td>They greet.</td></tr></table></html>"
    )
    with pytest.raises(DataError, match=r"a\.html can't be read: it is a table") as caught:
        list(open_table([tmp_path / "a.html"]))
    assert caught.value.hint == "Save it as xlsx or csv."


def test_a_mail_without_line_ends_takes_bounded_memory(tmp_path):
    path = tmp_path / "a.eml"
    with path.open("wb") as stream:
        stream.write(b"From: Ann <a@example.org>\n\nHello there, how are you?\n")
        # Written, since what is mostly empty is refused.
        for _ in range(100):
            stream.write(bytes(1 << 20))
    tracemalloc.start()
    try:
        list(mail_files.read(path, Notes(), 0, None))
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()
