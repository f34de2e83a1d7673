"""Small files after the forms of real exports, each with what is read of it; `test_exports` reads them all."""

from tests.worker.readers.exports import (
    json_files,
    logs,
    mails_and_pages,
    speakers,
    speech_files,
    transcripts,
    whatsapp,
)
from tests.worker.readers.exports.case import Case

CASES: tuple[Case, ...] = (
    *whatsapp.CASES, *logs.CASES, *transcripts.CASES, *speakers.CASES, *json_files.CASES, *speech_files.CASES,
    *mails_and_pages.CASES,
)  # fmt: skip
