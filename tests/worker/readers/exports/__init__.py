"""Small files after the forms of real exports, each with what is read of it; `test_exports` reads them all."""

from dataclasses import replace
from itertools import chain
from pathlib import Path

from tests.worker.readers.exports import turns, whatsapp
from tests.worker.readers.exports.case import Case, listed

TEXTS: tuple[Case, ...] = tuple(chain.from_iterable(map(listed, sorted(Path(__file__).parent.glob("*.txt")))))
[MAILBOX] = [case for case in TEXTS if case.name == "all.mbox"]
# As Thunderbird keeps it.
INBOX = replace(MAILBOX, name="Inbox", content=str(MAILBOX.content).replace("\n", "\r\n"))
CASES: tuple[Case, ...] = (*whatsapp.CASES, *TEXTS, INBOX, *turns.CASES)
