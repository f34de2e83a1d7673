import json
import shutil
from pathlib import Path

import pytest

from engine.config.data_options import DataOptions
from engine.errors import DataError
from engine.worker.ingestion.sources import locate
from tests.helpers.read_sources import all_examples

ROWS = [{"id": str(n), "dialogue": f"Ann: Hi {n}\nBob: Yo", "summary": f"They, {n}"} for n in range(12)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)
HEADS = ",".join(ROWS[0])
TABLE = HEADS + "\n" + "".join(",".join(f'"{each}"' for each in row.values()) + "\n" for row in ROWS)
SAID = "Ann: Is the {n} train late today? Bob: Yes, by {n} minutes.\tThey wait {n} minutes longer.\n"
SIDE_BY_SIDE = "".join(SAID.format(n=n) for n in range(12))
TABBED = "dialogue\tsummary\n" + "".join(f"Ann: Hi, Bob: Yo {n}\tThey {n}\n" for n in range(12))


@pytest.mark.parametrize("name", ["talks.txt", "talks", "talks.log", "talks.data", "TALKS.TXT"])
@pytest.mark.parametrize(
    "text",
    [
        LINES, json.dumps(ROWS), json.dumps({"data": ROWS}), TABLE, TABLE.replace(",", ";"), TABBED,
        SIDE_BY_SIDE,
    ],
)  # fmt: skip
def test_tables_and_json_are_read_under_any_name(name, text, tmp_path, channel):
    (tmp_path / name).write_text(text)
    examples = all_examples(tmp_path / name, channel)
    assert len(examples) == 12
    assert all(each.summary.startswith("They") for each in examples)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "[12:30] Ann: Hi, Bob\n[12:31] Bob: Hi, Ann\n"),
        ("a.txt", "Hello, Bob\nHello, Ann\nSee you, then\n"),
        ("a.txt", "[Ann] Hi\n[Bob] Yo\n"),
        ("a.txt", "Ann\tHow are you today, my dear?\nBob\tWell, and you?\n" * 4),
        ("a", "Ann: Hi | Yo\nBob: So | so\n"),
        ("a.chat", "Ann: Hi\nBob: Yo\nAnn: Bye\n"),
    ],
)
def test_talk_stays_one_conversation(name, text, tmp_path, channel):
    (tmp_path / name).write_text(text)
    assert len(all_examples(tmp_path / name, channel)) == 1


def test_prose_with_another_ending_is_refused(tmp_path, channel):
    (tmp_path / "main.c").write_text("int main(void)\n{\n  return 0;\n}\n")
    with pytest.raises(DataError, match=r"Files like .* can't be read"):
        locate(DataOptions(source=str(tmp_path / "main.c")), channel)


def test_text_files_with_tables_tell_their_splits_by_their_names(tmp_path, channel):
    (tmp_path / "train.txt").write_text(LINES)
    (tmp_path / "test.txt").write_text(LINES)
    (tmp_path / "note.txt").write_text("About the data.\n")
    files = locate(DataOptions(source=str(tmp_path)), channel).files
    assert {split: [path.name for path in paths] for split, paths in files.items()} == {
        "train": ["train.txt"],
        "test": ["test.txt"],
    }


@pytest.mark.parametrize(
    ("name", "content", "what", "step"),
    [
        ("a.doc", b"\xd0\xcf\x11\xe0", "an old Word document", "docx"),
        ("a.rtf", b"{\\rtf1}", "a document", "docx"),
        ("call.m4a", b"\0\0\0 ftypM4A ", "a recording", "Whisper"),
        ("call", b"ID3\x04\0\0\0", "a recording", "Whisper"),
        ("clip", b"\0\0\0 ftypisom", "a recording", "Whisper"),
        ("scan.png", b"\x89PNG\r\n\x1a\n", "a picture", "OCR"),
        ("scan", b"\xff\xd8\xff\xe0\0\0", "a picture", "OCR"),
        ("mail.msg", b"\xd0\xcf\x11\xe0", "an Outlook mail", "eml"),
        ("mail.pst", b"!BDN", "an Outlook mailbox", "mbox"),
        ("msgstore.db.crypt15", b"\x01\x02", "an encrypted backup", "Export chat"),
        ("a.yaml", b"- dialogue: Ann\n  summary: They meet.\n", "a file in another format", "csv"),
        ("a.sql", b"INSERT INTO t VALUES ('Ann: hi');\n", "a file in another format", "csv"),
        ("b.rtf", b"{\\rtf1 Ann: hi\\par\nBob: yo\\par\n}", "a document", "docx"),
        (
            "film.ass", b"[Script Info]\n\nDialogue: 0,0:00:01.00,,Ann,Hi\nDialogue: 0,Yo\n",
            "unsupported subtitles", "srt",
        ),
        (
            "film.sami", b"<SAMI>\n<P Class=EN>Ann: hi\n<P Class=EN>Bob: yo\n", "unsupported subtitles",
            "srt",
        ),
        ("film.ttml", b'<?xml version="1.0"?>\n<tt><p>Ann: hi</p>\n', "unsupported subtitles", "srt"),
        (
            "a.TextGrid", b'File type = "ooTextFile"\nObject class = "TextGrid"\n', "an annotated transcript",
            "ELAN",
        ),
        ("a.eaf", b"<?xml version='1.0'?>\n<ANNOTATION_DOCUMENT>\n", "an annotated transcript", "ELAN"),
        ("a.cha", b"@UTF8\n@Begin\n*CHI:\thi\n*MOT:\tyo\n*CHI:\tso\n", "an annotated transcript", "CLAN"),
        ("a.data", b"BEGIN:VCARD\nN:Lee\nEND:VCARD\nBEGIN:VCARD\nN:Moss\nEND:VCARD\n", "contacts", "Choose"),
        ("a", b"BEGIN:VCALENDAR\nN: Lee\nEND:VCALENDAR\n", "contacts or a calendar", "Choose"),
        ("a.dat", b"<?xml version='1.0'?>\nAnn: hi\nBob: yo\nAnn: so\n", "a file in another format", "csv"),
        (
            "a.txt", b"<?xml version='1.0'?>\n<chat><m by='Ann'>hi</m></chat>\n", "a file in another format",
            "csv",
        ),
        ("film.txt", b"\n[Script Info]\n\nDialogue: 0,Yo\n", "unsupported subtitles", "srt"),
        ("a.log", b"@UTF8\n@Begin\n*CHI:\thi\n*MOT:\tyo\n*CHI:\tso\n", "an annotated transcript", "CLAN"),
        ("grid.txt", 'File type = "ooTextFile"\n'.encode("utf-16"), "an annotated transcript", "ELAN"),
        ("grid", 'File type = "ooTextFile"\n'.encode("utf-16"), "an annotated transcript", "ELAN"),
        ("b.txt", b"BEGIN:VCALENDAR\nSUMMARY:Lunch\nEND:VCALENDAR\n", "contacts or a calendar", "Choose"),
        ("all.7z", b"7z\xbc\xaf", "an unsupported archive", "Unpack"),
    ],
)  # fmt: skip
def test_the_nearest_step_is_said(name, content, what, step, tmp_path, channel):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        locate(DataOptions(source=str(tmp_path / name)), channel)
    assert caught.value.message.startswith(f"{name} is {what}")
    assert caught.value.message.endswith("which can't be read.")
    assert step in caught.value.hint


def test_texts_of_another_form_are_named_beside_others(tmp_path, channel):
    (tmp_path / "a.txt").write_text("Ann: hi\nBob: yo\n")
    (tmp_path / "b.txt").write_text("<?xml version='1.0'?>\n<chat/>\n")
    source = locate(DataOptions(source=str(tmp_path)), channel)
    assert source.files == {None: (tmp_path / "a.txt",)}
    assert [message for message, _ in source.remarks] == ["Skipped, can't be read: 1 .txt (b.txt)."]
    (tmp_path / "a.txt").unlink()
    with pytest.raises(DataError, match=r"b\.txt is a file in another format, which can't be read"):
        locate(DataOptions(source=str(tmp_path)), channel)


@pytest.mark.parametrize("is_zip", [False, True])
def test_files_that_no_reader_knows_are_named_and_counted_beside_others(is_zip, tmp_path, channel):
    folder = tmp_path / "talks"
    (folder / "more").mkdir(parents=True)
    for name in (
        *(f"more/S{n:02}" for n in range(12)),
        "a.TextGrid",
        "a.csv",
        "README",
        ".hidden",
        "LICENSE",
    ):
        (folder / name).write_text("Ann: hi\nBob: yo\n")
    source = Path(shutil.make_archive(str(folder), "zip", folder)) if is_zip else folder
    remarks = [message for message, _ in locate(DataOptions(source=str(source)), channel).remarks]
    listed = "a.TextGrid, S00, S01, S02, S03"
    assert remarks == [f"Skipped, can't be read: 12 without an ending, 1 .textgrid ({listed} and 8 more)."]
