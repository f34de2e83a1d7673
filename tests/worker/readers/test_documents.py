from collections.abc import Sequence
from pathlib import Path

import docx
import pypdf
import pytest

from engine.errors import DataError
from engine.worker.readers import open_table
from tests.helpers import bombs
from tests.helpers.office_files import write_pdf


def write_docx(path: Path, lines: Sequence[str], rows: Sequence[Sequence[str]] = ()) -> Path:
    document = docx.Document()
    for line in lines:
        document.add_paragraph(line)
    if rows:
        table = document.add_table(len(rows), len(rows[0]))
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                table.cell(number, column).text = cell
    document.save(str(path))
    return path


def conversations(path: Path) -> list[str]:
    return [record.values["conversation"] for record in open_table([path])]


def failure(path: Path) -> DataError:
    with pytest.raises(DataError) as caught:
        list(open_table([path]))
    return caught.value


def test_paragraphs_of_a_document_are_lines(tmp_path):
    path = write_docx(tmp_path / "a.docx", ["Ann Lee   0:03", "Hello there.", "", "Bob Moss   0:10", "Yo."])
    assert conversations(path) == ["Ann Lee: Hello there.\nBob Moss: Yo."]


def test_rows_of_a_documents_table_are_turns(tmp_path):
    rows = [("00:01", "Ann", "Hello there."), ("00:05", "Bob:", "Yo.")]
    path = write_docx(tmp_path / "a.docx", ["Interview"], rows)
    assert conversations(path) == ["Ann: Hello there.\nBob: Yo."]


SAID = b"<w:p><w:r><w:t>Ann: one%stwo</w:t></w:r></w:p><w:p><w:r><w:t>Bob: three</w:t></w:r></w:p>"


@pytest.mark.parametrize(
    ("between", "read"),
    [
        (b" &amp; &#228; ", " & ä "),
        (b"<![CDATA[ <x> ]]>", " <x> "),
        (b" <!-- a remark -->", " "),
        (b" <?a program?>", " "),
        (b" <w:x>or </w:x>", " or "),
    ],
)
def test_nothing_behind_markup_in_a_text_is_lost(tmp_path, between, read):
    (tmp_path / "a.docx").write_bytes(bombs.document(SAID % between))
    assert conversations(tmp_path / "a.docx") == [f"Ann: one{read}two\nBob: three"]


@pytest.mark.parametrize(
    "wrapper", ["ins", "moveTo", "sdt", "sdtContent", "smartTag", "customXml", "fldSimple", "bdo", "dir"]
)
def test_what_is_inserted_marked_or_filled_in_is_read(tmp_path, wrapper):
    said = (SAID % b" ").replace(b"<w:r>", f"<w:{wrapper}><w:r>".encode())
    said = said.replace(b"</w:r>", f"</w:r></w:{wrapper}>".encode())
    (tmp_path / "a.docx").write_bytes(bombs.document(said))
    assert conversations(tmp_path / "a.docx") == ["Ann: one two\nBob: three"]


@pytest.mark.parametrize("entity", [b'"more"', b'SYSTEM "file:///etc/passwd"'])
def test_a_document_with_entities_of_its_own_is_refused(tmp_path, entity):
    own = b"<!DOCTYPE x [<!ENTITY e %s>]>" % entity
    (tmp_path / "a.docx").write_bytes(bombs.document(SAID % b" &e; ", own))
    error = failure(tmp_path / "a.docx")
    assert error.message == "a.docx can't be read: it defines its own XML entities."
    assert error.hint == "Save it again."


def test_text_of_a_pdf_is_read_without_page_numbers_and_running_heads(tmp_path):
    said = [
        ["Ann: Hello there.", "Bob: Yo."],
        ["Ann: Shall we go on?", "Bob: Yes, gladly."],
        ["Ann: Good.", "Bob: So."],
    ]
    pages = [["Interview 7", *lines, f"Page {number}"] for number, lines in enumerate(said, start=1)]
    path = write_pdf(tmp_path / "a.pdf", pages)
    assert conversations(path) == ["\n".join(line for lines in said for line in lines)]


def test_a_summary_lies_beside_a_document(tmp_path):
    write_docx(tmp_path / "a.docx", ["Ann: Hi", "Bob: Yo"])
    write_pdf(tmp_path / "b.pdf", [["Ann: Hi, how are you today?", "Bob: Yo"]])
    for name in ("a", "b"):
        (tmp_path / f"{name}.summary.txt").write_text("They greet.")
    table = open_table(sorted(tmp_path.iterdir()))
    assert [record.values["summary"] for record in table] == ["They greet."] * 2
    assert table.broken == []


def test_a_pdf_of_pictures_is_told_from_an_empty_one(tmp_path):
    error = failure(write_pdf(tmp_path / "scan.pdf", [[], [], ["3"]]))
    assert error.message == "scan.pdf has no text; its pages are images."
    assert "OCR" in error.hint


def test_a_pdf_with_a_password_is_named(tmp_path):
    writer = pypdf.PdfWriter(clone_from=write_pdf(tmp_path / "a.pdf", [["Ann: Hi"]]))
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "locked.pdf")
    assert failure(tmp_path / "locked.pdf").message == "locked.pdf is protected by a password."
