"""Mails of about a megabyte that a reader may take minutes for: each is made in milliseconds."""

from collections.abc import Callable

HEAD = b"From: Ann <a@example.org>\r\nSubject: x\r\nDate: Mon, 1 Jan 2024 10:00:00 +0000\r\n"
TEXT = b"\r\nAnn is here.\r\n"


def _headed(*lines: bytes) -> bytes:
    return HEAD + b"".join(lines) + TEXT


def _field(name: bytes, value: bytes) -> bytes:
    return name + b": " + value + b"\r\n" + TEXT


def _numbered(line: bytes, count: int) -> bytes:
    return b"".join(line % (number, number) for number in range(count))


def _nested(depth: int) -> bytes:
    parts = _numbered(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", depth)
    return HEAD + parts + TEXT


def _encoded(encoding: bytes, line: bytes, count: int) -> bytes:
    return HEAD + b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" + line * count


# Makers by the file's name.
MAILS: dict[str, Callable[[], bytes]] = {
    "many boundaries.eml": lambda: (
        HEAD + _numbered(b"X-%d: a; boundary=b%d\r\n", 30_000) + TEXT + b"--no boundary\r\n" * 40_000
    ),
    "many types.eml": lambda: (
        HEAD
        + _numbered(b"Content-Type: multipart/mixed; a=%d; boundary=b%d\r\n", 10_000)
        + TEXT
        + b"--no boundary\r\n" * 40_000
    ),
    "parts nested 10,000 deep.eml": lambda: _nested(10_000),
    "parts nested 100 deep, then lines.eml": lambda: _nested(100) + b"--no boundary\r\n" * 60_000,
    "mails in mails.eml": lambda: HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 10_000 + HEAD + TEXT,
    "mails in mails, then lines.eml": lambda: (
        HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 300 + HEAD + TEXT + b"a\r\n" * 200_000
    ),
    "many parts.eml": lambda: (
        HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nhi\r\n" * 50_000
    ),
    "200,000 header lines.eml": lambda: _headed(_numbered(b"X-%d: %d\r\n", 200_000)),
    "a folded header.eml": lambda: _headed(b"X: a\r\n", b" a\r\n" * 200_000),
    "a folded sender.eml": lambda: _field(b"From", b"a" + b"\r\n a" * 200_000),
    "encoded words.eml": lambda: _field(b"From", b"=?utf-8?q?a?= " * 60_000),
    "encoded words without an end.eml": lambda: _field(b"From", b"=?u?q?" * 160_000),
    "a sender of commas.eml": lambda: _field(b"From", b'\\"a,' * 300_000),
    "a sender in brackets.eml": lambda: _field(b"From", b"(" * 900_000),
    "a date of colons.eml": lambda: _field(b"Date", b"1:" * 400_000),
    "a type of parameters.eml": lambda: _field(b"Content-Type", b"text/plain" + b";a=b" * 200_000),
    "a type of quotes.eml": lambda: _field(b"Content-Type", b"text/plain" + b';a="\\' * 200_000),
    "a parameter in pieces.eml": lambda: _field(b"Content-Type", b"text/plain" + _numbered(b";a*%d=%d", 60_000)),
    "parameters in many parts.eml": lambda: (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + (b"--b\r\nContent-Type: text/plain" + b";a=b" * 1_000 + b"\r\n\r\nhi\r\n") * 250
    ),
    "reports.eml": lambda: HEAD + b"Content-Type: message/delivery-status\r\n\r\n" + b"a: b\r\n\r\n" * 100_000,
    "uuencoded.eml": lambda: _encoded(b"x-uuencode", b"begin 644 a\r\n" + b"M" + b"a" * 60 + b"\r\n", 15_000),
    "base64.eml": lambda: _encoded(b"base64", b"a" * 75 + b"\r\n", 13_000),
    "soft line ends.eml": lambda: _encoded(b"quoted-printable", b"=\r\n", 300_000),
    "a page of tags.eml": lambda: HEAD + b"Content-Type: text/html\r\n\r\n" + b"<a " * 300_000,
    "a mail a line.mbox": lambda: b"From a\r\nFrom: b\r\n\r\n" * 20_000,
    "a mail that answers many.mbox": lambda: (
        b"From a\r\nReferences: " + _numbered(b"<%d@%d>\r\n ", 30_000) + b"\r\n" + TEXT
    ),
}  # fmt: skip
