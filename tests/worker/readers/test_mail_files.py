from email.mime.application import MIMEApplication
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest

from engine.worker.readers import mail_files
from engine.worker.readers.mail_files import MailText


def parsed(mail: bytes) -> MailText:
    return mail_files.parse_mail(mail.splitlines(keepends=True))


def written(text: str) -> MIMEText:
    mail = MIMEText(text, "plain", "utf-8")
    mail["From"] = "Bob <b@example.org>"
    return mail


def whole() -> bytes:
    """Return a mail with a text that is a page too, a mail that is passed on, a file, and a digest of mails."""
    mail, either, digest = MIMEMultipart("mixed"), MIMEMultipart("alternative"), MIMEMultipart("digest")
    mail["From"] = "=?utf-8?q?J=C3=B6rg?= <j@example.org>"
    mail["Date"] = "Mon, 1 Jan 2024 10:00:00 +0000"
    either.attach(written("It is größer."))
    either.attach(MIMEText("<p>It is a page.</p>", "html"))
    file = MIMEApplication(b"x" * 300)
    file.add_header("Content-Disposition", "attachment", filename="Plän.pdf")
    digest.attach(MIMEMessage(written("First.")))
    for part in (either, MIMEMessage(written("Passed on.")), file, digest):
        mail.attach(part)
    # A part of a digest is a mail without saying so.
    before, between, after = mail.as_bytes().rpartition(b"Content-Type: message/rfc822\nMIME-Version: 1.0\n")
    assert between
    return before + after


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_a_mail_in_a_mail_is_read_and_a_file_is_named(line_end):
    mail = parsed(whole().replace(b"\n", line_end))
    assert (mail.sender, mail.time) == ("Jörg", "2024-01-01T10:00:00+00:00")
    assert mail.text.split("\n") == ["It is größer.", "Passed on.", "First."]
    assert mail.attachments == ["Plän.pdf"]


@pytest.mark.parametrize("name", ["passed on.eml", ""])
def test_a_mail_that_is_attached_is_a_file_and_not_what_its_sender_says(name):
    mail, attached = MIMEMultipart("mixed"), MIMEMessage(written("What Bob said."))
    mail["From"] = "Ann <a@example.org>"
    attached.add_header("Content-Disposition", "attachment", **({"filename": name} if name else {}))
    for part in (written("See below."), attached, written("Bye.")):
        mail.attach(part)
    assert parsed(mail.as_bytes()) == MailText("Ann", "", "See below.\nBye.", [name or "message/rfc822"])


def test_a_text_without_a_blank_line_before_it_is_read():
    assert (
        parsed(b"From: Ann <a@example.org>\nHello there\nSubject: none\n").text
        == "Hello there\nSubject: none"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_sender_is_read_whose_name_was_not_encoded_for_sending(encoding):
    mail = "From: Jörg Müller <j@example.org>\n\nHello there, Günther\n".encode(encoding)
    assert parsed(mail) == MailText("Jörg Müller", "", "Hello there, Günther")


def test_bytes_that_no_encoding_has_make_no_sender_that_can_t_be_written():
    assert parsed(b"From: " + bytes(range(128, 256)) + b"\x01\x02\x03" * 9 + b"\n\nHi\n").sender.encode()


def test_a_sender_that_makes_no_sense_is_none_and_the_text_is_read():
    assert parsed(b"From: " + b"(" * 5_000 + b"\n\nHello there\n") == MailText("", "", "Hello there")


@pytest.mark.parametrize(("depth", "text"), [(99, "Above.\nHello"), (5_000, "Above.")])
def test_parts_nested_too_deeply_are_left_out_and_all_else_is_read(depth, text):
    parts = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth))
    mail = b"From: a\nContent-Type: multipart/mixed; boundary=B\n\n--B\n\nAbove.\n--B\n"
    assert parsed(mail + parts + b"\nHello\n").text == text
