"""The text of mails: what is said in one, the mails that it quotes, and signatures. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from itertools import pairwise

from engine.chats.chat import Log
from engine.chats.timestamps import moments

FROM = r"from|von|de|da|van|od|от|från|fra|kimden|发件人|寄件者|差出人|보낸\s사람|من"
SENT = (
    r"sent|date|gesendet|datum|envoyé|enviado(?: el| em)?|fecha|data|inviato|verzonden|wysłano|отправлено|дата|"
    r"skickat|sendt|tarih|gönderme tarihi|发送时间|日期|寄件日期|送信日時|日時|보낸\s날짜|날짜|تاريخ"
)
OTHER = (
    r"to|cc|bcc|subject|an|kopie|betreff|à|objet|para|asunto|assunto|a|oggetto|aan|onderwerp|do|dw|temat|кому|"
    r"копия|тема|till|ämne|til|emne|kime|konu|收件人|抄送|主题|收件者|副本|主旨|宛先|件名|받는\s사람|제목|الى|الموضوع|"
    r"reply-to|message-id|mime-version|content-type|importance|attachments|anlagen|organization|x-[\w-]+"
)
SENDER = re.compile(rf"^\*?(?:{FROM})\*? ?[:：]\*? *(?P<who>\S.{{0,200}})$", re.IGNORECASE)
WHEN = re.compile(rf"^\*?(?:{SENT})\*? ?[:：]\*? *(?P<when>\S.{{0,80}})$", re.IGNORECASE)
FIELD = re.compile(rf"^\*?(?:{FROM}|{SENT}|{OTHER})\*? ?[:：]\*?(?:\s|$)", re.IGNORECASE)
DIVIDER = re.compile(
    r"^(?:-{2,} ?(?:original message|original appointment|forwarded message|ursprüngliche nachricht|weitergeleitete "
    r"nachricht|message d'origine|message transféré|mensaje original|mensagem original|messaggio originale|"
    r"oorspronkelijk bericht|исходное сообщение|begin forwarded message) ?-{2,}|_{10,}|"
    r"begin forwarded message:|-{5,} forwarded by .*)$",
    re.IGNORECASE,
)
# Such as "On Mon, 5 Jan 2024 at 10:00, Ann Lee <ann@example.org> wrote:".
WROTE = re.compile(
    r"^(?:on|am|le|el|il(?: giorno)?|em|op|den|dnia|w dniu|в|вт|пн|ср|чт|пт|сб|вс|\d)\b ?(?P<said>.{5,300}?)"
    r"(?:wrote|schrieb.{0,120}?|a écrit|escribió|escreveu|ha scritto|schreef.{0,120}?|skrev.{0,120}?|napisał\(?a?\)?|"
    r"написал\(?а?\)?|пишет) ?[:：]$",
    re.IGNORECASE,
)
WRITER = re.compile(r"(?P<name>[^\W\d][^<>,;:\d]{0,80}?) *(?:<[^<>\s]+@[^<>\s]+>|\([^()\s]+@[^()\s]+\))")
# Outlook writes "Ann Lee [mailto:ann@example.org]".
MAILTO = re.compile(r"[\[<(]mailto:([^\s\[\]<>()]+)[\])>]", re.IGNORECASE)
ADDRESS = re.compile(r"<?([\w.+-]+@[\w.-]+)>?")
QUOTE = re.compile(r"^ ?[>|] ?")
SIGNATURE = re.compile(r"^(?:-- ?|—|_{3,}|-{3,})$")
MOBILE = re.compile(
    r"^(?:sent from (?:my |outlook for |yahoo |mail for )|get outlook for|von meinem .{2,30} gesendet|"
    r"gesendet (?:von|mit) |envoyé (?:de|depuis) mon |enviado (?:desde|do) (?:mi|meu) |inviato da |"
    r"verzonden vanaf |отправлено с |skickat från min |sendt fra min |iphone'umdan gönderildi|用手机发送).{0,60}$",
    re.IGNORECASE,
)
# Whoever wrote an answer that was pasted without its header.
UNKNOWN = "Unknown"
MIN_FIELDS, WHOLE_HEADER, MAX_FIELDS = 2, 3, 12
MAX_SIGNATURE_LINES = 12
MAX_NESTING = 40


@dataclass(frozen=True)
class Mail:
    """What one mail says, without those that it quotes; "" for an unknown sender or time.

    `is_quote`: a quotation of which it isn't said who wrote it.
    """

    sender: str
    time: str
    text: str
    is_quote: bool = False


def sender_name(field: str) -> str:
    """Return the name in a sender's field, else the address."""
    field = MAILTO.sub(r"<\1>", field)
    name, address = parseaddr(field)
    plain = " ".join((name or ADDRESS.sub("", field)).replace('"', "").split()).strip(" '<>[]")
    return plain or address or field.strip()


def is_mail(lines: Sequence[str]) -> bool:
    """Return whether lines begin with a mail's header, or hold the whole header of one below an answer."""
    filled = [line.strip() for line in lines if line.strip()]
    start = 1 if filled and DIVIDER.match(filled[0]) else 0
    if _header_length(filled[start : start + MAX_FIELDS]):
        return True
    senders = (at for at, line in enumerate(filled) if SENDER.match(line))
    return any(_header_length(filled[at : at + MAX_FIELDS]) >= WHOLE_HEADER for at in senders)


def mails_in(text: str, sender: str = "", time: str = "") -> list[Mail]:
    """Return the mails of a text, the newest first as they stand: its own and those that it quotes."""
    return list(_mails(text.splitlines(), sender, time, 0))


def in_order(mails: Iterable[Mail]) -> list[Mail]:
    """Return mails, the oldest first."""
    listed = list(mails)
    times = [each for each in moments([mail.time for mail in listed]) if each]
    back = sum(later < earlier for earlier, later in pairwise(times))
    # Without times, an answer stands above what it answers.
    return listed[::-1] if back * 2 > len(times) - 1 or len(times) < 2 else listed


def add_mail(mail: Mail, log: Log) -> None:
    """Add what a mail says to a log, without its signature."""
    if mail.is_quote:
        log.leave_out("quote", mail.text)
        return
    text, signature = without_signature(mail.text)
    log.headers += 1
    log.leave_out("signature", signature)
    log.add_turn(mail.sender or UNKNOWN, text, mail.time)


def read(lines: Iterable[str], log: Log) -> Iterator[None]:
    """Read a text of mails with their headers into a log, the oldest first."""
    whole = list(lines)
    for mail in in_order(mails_in("\n".join(whole))):
        if mail.text.strip():
            add_mail(mail, log)
            yield


def without_signature(text: str) -> tuple[str, str]:
    """Return a mail's text without its signature, and the signature."""
    lines = text.rstrip().splitlines()
    for at, line in enumerate(lines):
        is_last = len(lines) - at <= MAX_SIGNATURE_LINES
        if at and is_last and SIGNATURE.match(line.rstrip("\r")):
            return "\n".join(lines[:at]).strip(), "\n".join(lines[at + 1 :]).strip()
        if is_last and MOBILE.match(line.strip()):
            return "\n".join(lines[:at]).strip(), "\n".join(lines[at:]).strip()
    return text.strip(), ""


def _mails(
    lines: Sequence[str], sender: str, time: str, depth: int, *, is_quote: bool = False
) -> Iterator[Mail]:
    """Yield the mail that lines hold, then those that it quotes; a header in it begins another mail."""
    said: list[str] = []
    quoted: list[Mail] = []
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        header = [each.strip() for each in lines[at : at + MAX_FIELDS]] if SENDER.match(line) else []
        length = _header_length(header)
        wrote, used = ("", 0) if length else _attribution(lines, at)
        if length:
            yield from (*_own(said, sender, time, is_quote=is_quote), *quoted)
            (sender, time), said, quoted, is_quote = _fields(header[:length]), [], [], False
            at += length
        elif wrote or QUOTE.match(lines[at]):
            block, at = _quotation(lines, at + used)
            inner = [QUOTE.sub("", each) for each in block]
            if not wrote and inner and WROTE.match(inner[0].strip()):
                # Some programs quote the line that says who wrote, too.
                wrote, inner = inner[0].strip(), inner[1:]
            if depth < MAX_NESTING:
                quoted += _mails(inner, *_writer(wrote), depth + 1, is_quote=not wrote)
        else:
            said += [] if DIVIDER.match(line) else [lines[at]]
            at += 1
    yield from (*_own(said, sender, time, is_quote=is_quote), *quoted)


def _own(said: Sequence[str], sender: str, time: str, *, is_quote: bool) -> Iterator[Mail]:
    text = "\n".join(said).strip()
    if text:
        yield Mail(sender, time, text, is_quote)


def _header_length(lines: Sequence[str]) -> int:
    """Return how many lines at the beginning are a mail's header, 0 for none."""
    length = 0
    has_sender = False
    for line in lines:
        if not FIELD.match(line):
            break
        has_sender = has_sender or SENDER.match(line) is not None
        length += 1
    return length if has_sender and length >= MIN_FIELDS else 0


def _fields(header: Iterable[str]) -> tuple[str, str]:
    sender = time = ""
    for line in header:
        who, when = SENDER.match(line), WHEN.match(line)
        if who and not sender:
            sender = sender_name(who["who"])
        elif when and not time:
            time = when["when"].strip()
    return sender, time


def _attribution(lines: Sequence[str], at: int) -> tuple[str, int]:
    """Return the line that says who wrote what is quoted below it, and how many lines it takes; "" for none."""
    line = QUOTE.sub("", lines[at]).strip() if not QUOTE.match(lines[at]) else ""
    for used in (1, 2):
        if line and WROTE.match(line) and (at + used >= len(lines) or _is_quoted(lines, at + used)):
            return line, used
        if at + used < len(lines):
            line = f"{line} {lines[at + used].strip()}" if line else ""
    return "", 0


def _is_quoted(lines: Sequence[str], at: int) -> bool:
    following = next((line for line in lines[at:] if line.strip()), "")
    return QUOTE.match(following) is not None


def _quotation(lines: Sequence[str], at: int) -> tuple[list[str], int]:
    """Return the quoted lines from a place on, and the place behind them."""
    quoted: list[str] = []
    while at < len(lines) and (QUOTE.match(lines[at]) or not lines[at].strip()):
        quoted.append(lines[at])
        at += 1
    return quoted, at


def _writer(wrote: str) -> tuple[str, str]:
    """Return who wrote, and when, of an attribution line; "" for none."""
    if not wrote:
        return "", ""
    said = WROTE.match(wrote)
    inside = said["said"] if said else wrote
    named = WRITER.search(wrote)
    address = ADDRESS.search(wrote)
    if named:
        name = named["name"].strip()
    elif address:
        name = address[1]
    else:
        name = re.split(r"\d[,:]? ", inside)[-1].strip(" ,")
    # "at 10:00 AM Ann Lee" leaves the half of the day.
    name = re.sub(r"^(?:[AaPp]\.?[Mm]\.?|at|um|à|schrieb)\b[ ,]*", "", name)
    return name, inside
