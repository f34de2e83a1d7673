"""Small files that stand for far more than they hold: each made in milliseconds, by the kind of file."""

import bz2
import gzip
import io
import lzma
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.helpers.hostile_mails import MAILS
from tests.helpers.office_files import ods, pdf, zipped

MIB = 1 << 20
HEAD = b'<row r="1"><c t="inlineStr"><is><t>dialogue</t></is></c><c t="inlineStr"><is><t>summary</t></is></c></row>'
ROW = b'<row><c t="inlineStr"><is><t>Ann: hi</t></is></c><c t="inlineStr"><is><t>s</t></is></c></row>'
FAR = b'<row><c t="inlineStr"><is><t>Ann: hi</t></is></c><c r="XFD2"/></row>'
TYPES = "application/vnd.openxmlformats-officedocument"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def dictionary_table(rows: int, text: str) -> pa.Table:
    """Return a table in which all rows refer to one text."""
    indices = pa.array(np.zeros(rows, dtype="int32"))
    column = pa.DictionaryArray.from_arrays(indices, pa.array([text]))
    return pa.table({"dialogue": column, "summary": column})


def parquet(rows: int, text: str) -> bytes:
    """Return a file in which all rows refer to one text."""
    sink = io.BytesIO()
    pq.write_table(dictionary_table(rows, text), sink, row_group_size=rows)
    return sink.getvalue()


def _cell() -> bytes:
    """Return a parquet file with a cell that takes 600 MB, compressed to a few kilobytes."""
    page = pa.table({"dialogue": pa.array(["y" * (600 * MIB)], pa.large_string()), "summary": ["s"]})
    sink = io.BytesIO()
    pq.write_table(page, sink, compression="zstd", use_dictionary=False, write_statistics=False)
    return sink.getvalue()


def _arrow(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _nulls() -> bytes:
    """Return a file with two billion rows, of which none takes a byte."""
    sink = io.BytesIO()
    batch = pa.RecordBatch.from_arrays(
        [pa.nulls(2_000_000_000), pa.nulls(2_000_000_000)], ["dialogue", "summary"]
    )
    with pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def _views() -> bytes:
    """Return a file whose cells all show the same long list."""
    inner = pa.array(["a"] * 100_000)
    column = pa.ListViewArray.from_arrays(
        pa.array([0] * 20_000, pa.int32()), pa.array([100_000] * 20_000, pa.int32()), inner
    )
    return _arrow(pa.table({"dialogue": column, "summary": ["s"] * 20_000}))


def _database() -> bytes:
    """Return a database whose page with two children has the same child in each place, again and again."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("PRAGMA page_size = 512")
        database.execute("CREATE TABLE talks (dialogue, summary)")
        database.executemany("INSERT INTO talks VALUES (?, ?)", [("Ann: hi", "s")] * 400)
        database.commit()
        whole = bytearray(database.serialize())
    root = 512
    # An interior page's cells begin with the number of their child.
    assert whole[root] == 5
    cells = int.from_bytes(whole[root + 3 : root + 5], "big")
    for index in range(cells):
        at = root + int.from_bytes(whole[root + 12 + 2 * index : root + 14 + 2 * index], "big")
        whole[at : at + 4] = (2).to_bytes(4, "big")
    return bytes(whole)


def workbook(sheet: bytes, after: bytes = b"", styles: bytes = b"", strings: bytes = b"") -> bytes:
    """Return a workbook with the XML of a sheet's rows, of what follows them, and of its formats and texts."""
    parts = {
        "worksheet": "worksheets/sheet1.xml", "styles": "styles.xml", "sharedStrings": "sharedStrings.xml",
    }  # fmt: skip
    kinds = {"workbook.xml": "sheet.main", **{path: kind for kind, path in parts.items()}}
    types = "".join(
        f'<Override PartName="/xl/{path}" ContentType="{TYPES}.spreadsheetml.{kind}+xml"/>'
        for path, kind in kinds.items()
    )
    related = "".join(
        f'<Relationship Id="r{kind}" Type="{LINKS}/{kind}" Target="{path}"/>' for kind, path in parts.items()
    )
    spaces = f'xmlns="{MAIN}"'.encode()
    return zipped(
        {
            "[Content_Types].xml": _types(types),
            "_rels/.rels": _root("xl/workbook.xml"),
            "xl/workbook.xml": (
                f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets>'
                '<sheet name="S" sheetId="1" r:id="rworksheet"/></sheets></workbook>'
            ).encode(),
            "xl/_rels/workbook.xml.rels": (
                f'<Relationships xmlns="{PACKAGE}/relationships">{related}</Relationships>'
            ).encode(),
            "xl/worksheets/sheet1.xml": b'<worksheet %s><dimension ref="A1:B2"/><sheetData>%s</sheetData>%s</worksheet>'
            % (spaces, HEAD + sheet, after),
            "xl/styles.xml": b"<styleSheet %s>%s</styleSheet>" % (spaces, styles),
            "xl/sharedStrings.xml": b"<sst %s>%s</sst>" % (spaces, strings),
        }
    )


def _types(overrides: str) -> bytes:
    return (
        f'<Types xmlns="{PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    ).encode()


def _root(target: str) -> bytes:
    return (
        f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{LINKS}/officeDocument" Target="{target}"/></Relationships>'
    ).encode()


def document(body: bytes, before: bytes = b"") -> bytes:
    """Return a Word document with the XML of a body, and of what stands before its root."""
    main = (
        f'<Override PartName="/word/document.xml" ContentType="{TYPES}.wordprocessingml.document.main+xml"/>'
    )
    return zipped(
        {
            "[Content_Types].xml": _types(main),
            "_rels/.rels": _root("word/document.xml"),
            "word/document.xml": b'%s<w:document xmlns:w="%s"><w:body>%s</w:body></w:document>'
            % (before, WORD.encode(), body),
        }
    )


PARAGRAPH = b"<w:p><w:r><w:t>Ann: hi</w:t></w:r></w:p>"
TABLE = b"<w:tbl><w:tr><w:tc>%s" + PARAGRAPH + b"</w:tc></w:tr></w:tbl>"


def _laughs() -> bytes:
    entities = b"".join(
        b'<!ENTITY a%d "%s">' % (level, b"&a%d;" % (level - 1) * 10 if level else b"ha")
        for level in range(10)
    )
    return document(b"<w:p><w:r><w:t>&a9;</w:t></w:r></w:p>", b"<!DOCTYPE x [%s]>" % entities)


def _repeated(rows: int, columns: int) -> bytes:
    cell = f'<table:table-cell office:value-type="string" table:number-columns-repeated="{columns}">'
    row = f"{cell}<text:p>Ann: hi</text:p></table:table-cell></table:table-row>"
    return ods(
        f'<table:table table:name="S"><table:table-row table:number-rows-repeated="{rows}">{row}</table:table>'
    )


def page(content: bytes, *forms: bytes, pages: bytes = b"<</Type/Pages/Kids[3 0 R]/Count 1>>") -> bytes:
    """Return a PDF of one page with a content stream, and with forms that it may draw as X0, X1 and so on."""
    drawn = b"".join(b"/X%d %d 0 R" % (number, 6 + number) for number in range(len(forms)))
    resources = b"/Resources<</Font<</F1 5 0 R>>/XObject<<%s>>>>" % drawn
    shown = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R%s>>" % resources
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    drawings = [_stream(form, b"/Type/XObject/Subtype/Form/BBox[0 0 1 1]" + resources) for form in forms]
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", pages, shown, _stream(content), font, *drawings])


def _stream(data: bytes, entries: bytes = b"") -> bytes:
    packed = zlib.compress(data, 9)
    return b"<</Length %d/Filter/FlateDecode%s>>stream\n%s\nendstream" % (len(packed), entries, packed)


def _forms() -> bytes:
    """Return a page that draws a form ten times, which draws another ten times, and so on."""
    drawn = [b"/X%d Do " % (number + 1) * 10 for number in range(12)]
    return page(b"/X0 Do " * 10, *drawn, b"BT /F1 12 Tf (Ann: hi) Tj ET")


def _compressed(compress: Callable[[bytes], bytes]) -> bytes:
    # All of these formats allow several streams one after another.
    return compress(b"a,b\n" * MIB) * 20


# Makers by the file's name: each ending is that of a kind of data.
BOMBS: dict[str, Callable[[], bytes]] = {
    "repeated text.parquet": lambda: parquet(1000, "x" * MIB),
    "repeated rows.parquet": lambda: parquet(20_000_000, "Ann: hi"),
    "one cell.parquet": _cell,
    "repeated text.feather": lambda: _arrow(dictionary_table(2000, "x" * MIB)),
    "rows of nothing.arrow": _nulls,
    "overlapping views.arrow": _views,
    "one child again and again.sqlite": _database,
    "wide rows.xlsx": lambda: workbook(FAR * 200_000),
    "a million formats.xlsx": lambda: workbook(
        ROW, styles=b"<cellXfs>" + b'<xf numFmtId="0" fontId="0"/>' * 1_000_000 + b"</cellXfs>"
    ),
    "many fonts.xlsx": lambda: workbook(
        ROW, styles=b"<fonts>" + b'<font><sz val="11"/></font>' * 500_000 + b"</fonts>"
    ),
    "many texts.xlsx": lambda: workbook(ROW, strings=b"<si><t>a</t></si>" * 2_000_000),
    "equal rows.xlsx": lambda: workbook(ROW * 500_000),
    "a row far below.xlsx": lambda: workbook(ROW.replace(b"<row>", b'<row r="2000000000">')),
    "merged.xlsx": lambda: workbook(ROW * 10_000, b'<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'),
    "repeated cells.ods": lambda: _repeated(1_048_576, 16_384),
    "repeated rows.ods": lambda: _repeated(4_000_000_000, 1),
    "repeated columns.ods": lambda: _repeated(1, 4_000_000_000),
    "many paragraphs.docx": lambda: document(PARAGRAPH * 1_000_000),
    "a wide cell.docx": lambda: document(TABLE % b'<w:tcPr><w:gridSpan w:val="2000000000"/></w:tcPr>'),
    "entities.docx": _laughs,
    "operators.pdf": lambda: page(b"BT /F1 12 Tf " + b"(Ann: hi) Tj " * 2_000_000 + b"ET"),
    "a page of nothing.pdf": lambda: page(b" " * (80 * MIB)),
    "forms in forms.pdf": _forms,
    "pages in a circle.pdf": lambda: page(b"BT ET", pages=b"<</Type/Pages/Kids[2 0 R 2 0 R 3 0 R]/Count 3>>"),
    "a zip in a zip.zip": lambda: zipped({"inner.zip": zipped({"a.csv": b"a" * 1000})}),
    "a large file.zip": lambda: zipped({"a.csv": b"a" * (80 * MIB)}),
    "many files.zip": lambda: zipped(dict.fromkeys((f"{n}.csv" for n in range(100_001)), b"")),
    "a bomb inside.zip": lambda: zipped({"a.parquet": parquet(20_000_000, "Ann: hi")}),
    "a large file.csv.gz": lambda: _compressed(gzip.compress),
    "a large file.csv.bz2": lambda: _compressed(bz2.compress),
    "a large file.csv.xz": lambda: _compressed(lzma.compress),
    **MAILS,
}  # fmt: skip
