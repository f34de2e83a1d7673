"""Text exports of chats and transcripts: how each is recognised, and how its lines are read as turns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from engine.chats import mails
from engine.chats.chat import Chat, Kind, Log, unescaped
from engine.chats.line_parsing import (
    DATE,
    MARKUP,
    blocks,
    filled,
    is_sound,
    may_be_name,
    names_no_one,
    spaced,
    unmarked,
)
from engine.chats.text_exports import copied_messages, irc, messengers, subtitles
from engine.messages import say
from engine.text.conversations import Turn, turn_head

CLOCK = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[.,]\d{1,3})?(?: ?[AaPp]\.?[Mm]\.?)?"
WHEN = rf"(?:{DATE}[ ,T]+)?{CLOCK}(?:,? {DATE})?(?:Z|[+-]\d{{2}}:?\d{{2}})?(?:\s*(?:-->|[-–])\s*{CLOCK})?"
TIMED = re.compile(
    rf"^\s*(?:[\[(](?P<boxed>{WHEN})[\])]|(?P<bare>{WHEN}))\s*[-–|]?\s*"
    r"(?:<(?P<nick>[^<>\n]{1,40})>|\[(?P<tag>[^\[\]\n]{1,60})\]:?(?=\s)|(?=\S))(?P<said>.*)$"
)
# Meeting chats: "09:15:07 From Ann Lee to Everyone : Hi".
MEETING = re.compile(r"^From +([^:]{1,60}?)(?: +to +[^:]{1,60}?)? ?:(?: +(.*))?$", re.IGNORECASE)
# What a program says of someone, behind a time.
EVENT = re.compile(
    r"\b(?:has |have )?(?:joined|left|entered|disconnected|signed (?:on|off)|logged (?:in|out)|went (?:away|offline)|"
    r"is now known as)\b.{0,40}$",
    re.IGNORECASE,
)
REPLY = re.compile(r"^\s*Replying to [\"“]")
# Such as "Ann Lee (00:12): Hi", "Mrs Lee (York) [00:12:03] Hi", and "Ann Lee (00:12):" above what is said.
BEHIND = re.compile(
    rf"^(?P<name>[^\s\d:()\[\]<>][^:()\[\]<>\t\n]{{0,60}}?(?: \([^()\d\n]{{1,40}}\))?)"
    rf"(?: ?[\[(](?P<time>{WHEN})[\])](?::\s*|\s+(?:[-–] )?)|\t(?P<between>{WHEN})\t)(?P<said>\S.*|(?<=:))$"
)
# Of a table: start, perhaps end, name, perhaps a label of one word, and the text; at least four cells.
CELLS = re.compile(
    rf"^(?=(?:[^\t]*\t){{3}})(?P<time>{CLOCK}|\d+\.\d+)\t(?:(?:{CLOCK}|\d+\.\d+)\t)?"
    r"(?P<name>[^\W\d][^\t]{0,60})\t(?:[^\s\t]{1,20}\t)?(?P<said>[^\t]+)$"
)
# Behind a time, such as "10:02 | Ann | Hi".
PIPED = re.compile(r"^(?P<name>[^|:\n]{1,60}?)\s*\|\s*(?P<said>\S.*)$")
# Such as "1. Ann: Hi" and "• Ann: Hi".
LISTED = re.compile(r"^(?:\d{1,5}[.)]|[•‣▪*-])\s+(?P<name>[^\s:][^:\n]{0,59}?):\s+(?P<said>\S.*)$")
OPEN, CLOSE = "\\[<(【［＜（", "\\]>)】］＞）"
# Such as "[Ann] Hi", "<ann> Hi", "【医生】你好" and "[Ann - 00:12] Hi".
TAGGED = re.compile(
    rf"^(?P<open>[{OPEN}])[@+%&~! ]?(?P<name>[^\d\s{OPEN}{CLOSE}\n][^{OPEN}{CLOSE}\n]{{0,79}}?)"
    rf"(?:\s*[-–|,@\s]\s*(?P<time>{CLOCK}))?[{CLOSE}]\s*[:：-]?\s*(?P<said>.*)$"
)
# The proceedings of the European Parliament: <SPEAKER ID=1 NAME="Ann Lee">, and <CHAPTER ID=1> above a heading.
PROCEEDINGS = re.compile(
    r'^<(?:SPEAKER\b[^<>]*\bNAME="(?P<name>[^"<>]{1,80})"[^<>]*|CHAPTER\b[^<>]*)>(?P<said>.*)$'
)
# Such as "太郎「おはよう」".
QUOTING = re.compile(r"^(?P<name>[^\s「」『』:：。、]{1,20})[「『](?P<said>.*?)[」』]?$")
# Such as "**Ann:** Hi" and "*Ann*: Hi".
STARRED = re.compile(
    r"^(?:[-*>] )?(\*{1,3}|__?)(?P<name>[^*_:：\n]{1,80}?)(?:[:：]\s*\1|\1\s*[:：])\s*(?P<said>.*)$"
)
# Questions and answers, such as "Q. Your name?" and "A. Ann Lee."; between them others are named before a colon.
QUESTIONS = (("Q", "A"), ("F", "A"), ("P", "R"), ("Q", "R"), ("D", "R"), ("В", "О"))
ANSWERED = re.compile(r"^(?P<name>[^\W\d_])\d{0,3}[.)]?(?=\s)")
# "Ann - Hi", "Ann | Hi", "ann> Hi", "Ann:Hi" with names that come again.
MARKED = re.compile(
    r"^(?P<name>[^\W\d][^\s:|>–—\t-]{0,24}(?: [^\s:|>–—\t-]{1,24}){0,3}?)"
    r"(?P<mark>\s+[-–—|]\s+|\s?>\s+|\t+|:(?!//|\d\d))(?P<said>\S.*)$"
)
MIN_ANSWERS = 2
# Between turns, in Markdown.
RULE = re.compile(r"^(?:-{3,}|\*{3,}|_{3,})$")
# A name alone on a line, with what is said below it; in Markdown it is a heading, or bold.
HEADING_MARKS = "#*_ "
NAME_ABOVE = re.compile(r"[^\W\d][\w.'’ -]{0,38}[\w)]")


def read_timed(lines: Iterable[str], log: Log) -> Iterator[None]:
    """Read lines with a time before the name into a log."""
    for line in lines:
        match = TIMED.match(line)
        turn = _timed_turn(match) if match else None
        if match and turn:
            log.headers += 1
            log.add_turn(*turn, match["boxed"] or match["bare"])
        elif not log.headers or (match and EVENT.search(match["said"])):
            log.preface += not log.headers and bool(line.strip())
            log.leave_out("system", line)
        elif REPLY.match(line):
            log.leave_out("quote", line)
        else:
            log.extend_turn(line)
        yield


def _timed_turn(match: re.Match[str]) -> tuple[str, str] | None:
    """Return the speaker and the text behind a time, None for text without a speaker."""
    named = match["nick"] or match["tag"]
    if named:
        return named.strip(), match["said"].strip()
    other = MEETING.match(match["said"]) or PIPED.match(match["said"])
    return (other[1], other[2] or "") if other else turn_head(match["said"])


def questions_in(lines: Iterable[str]) -> re.Pattern[str] | None:
    """Return the header of turns that are questions and answers in turn, None for a list or any other text."""
    marks = [match["name"] for line in lines if (match := ANSWERED.match(spaced(line)))]
    pair = next((pair for pair in QUESTIONS if set(marks) == set(pair)), None)
    if pair is None or marks[0] != pair[0] or min(map(marks.count, pair)) < MIN_ANSWERS:
        return None
    mark, other = rf"[{''.join(pair)}](?=\d{{0,3}}[.)]?\s)", r"[^\W\d][\w.'’ -]{1,39}(?=:\s)"
    return re.compile(rf"^(?P<name>{mark}|{other})\d{{0,3}}[.):]?\s+(?P<said>\S.*)$")


def read_headed(lines: Iterable[str], log: Log, header: re.Pattern[str]) -> Iterator[None]:
    """Read lines whose `header` names the speaker, and perhaps the time, into a log.

    Behind a sound or markup the speaker goes on; a header without a name begins what no one says.
    """
    for block in blocks(lines, header, log):
        match = block.header
        groups = match.groupdict()
        time = groups.get("time") or groups.get("between") or ""
        said = [match["said"]]
        for line in block.lines:
            if MARKUP.match(spaced(line)) or RULE.match(spaced(line)):
                log.leave_out("system", line)
            else:
                said.append(line)
        name = match["name"]
        if not name:
            log.leave_out("system", "\n".join(said))
        elif names_no_one(name):
            log.leave_out("media" if is_sound(name) else "system", name)
            log.extend_turn("\n".join(said))
        else:
            log.add_turn(unmarked(name), "\n".join(said), time)
            yield


# The kind of a text is told from this many characters.
BEGINNING = 20_000
# Exports have fewer lines than this above their first message.
MAX_PREFACE = 10
# Kinds that need not name anyone.
NAMELESS_KINDS: set[Kind] = {"webvtt", "srt"}
ENTITY = re.compile(r"&(?:lt|gt|amp|quot|nbsp|apos|#\d{2,5});")
# Of texts that name speakers in their own way: names that come again, and the share of lines with them.
MIN_NAMES, MIN_REPEATED = 2, 4
FEW_TAGS = 4
LISTED_SHARE = 0.8
TAGGED_SHARE, MARKED_SHARE, ABOVE_SHARE = 0.3, 0.5, 0.2


@dataclass(frozen=True)
class TextFormat:
    """The form of one application's text export.

    `read` puts the messages in lines into a log, and `form` shows one. A text has this form if it `fits`, has
    `min_headers` messages, these are at least `min_share` of its lines, and one line above them is a `preamble`.
    """

    kind: Kind
    form: str
    read: Callable[[Iterable[str], Log], Iterator[None]]
    fits: Callable[[Sequence[str]], bool] = lambda _lines: True
    min_headers: int = 1
    min_share: float = 0
    preamble: str = ""

    def turns(self, lines: Iterable[str], log: Log) -> Iterator[Turn]:
        """Yield the turns of lines as they are read; `log` collects what is left out."""
        for _ in self.read(_unescaped(lines), log):
            yield from log.take_turns(keep=1)
        yield from log.take_turns()

    def chat(self, lines: Iterable[str]) -> Chat:
        """Return the chat of lines."""
        log = Log()
        turns = tuple(self.turns(lines, log))
        reason = say('{:,} lines have the form "{}"', log.headers, self.form)
        return Chat(self.kind, turns, tuple(log.left_out), reason, log.headers)

    def headers_in(self, lines: Sequence[str]) -> int:
        """Return how many lines begin a message, 0 if the lines have another form."""
        if not self.fits(lines):
            return 0
        log = Log()
        turns = list(self.turns(lines, log))
        before = [left.text for left in log.left_out[: log.preface]]
        # What is indented belongs to the line above it.
        at_edge = sum(not line[:1].isspace() for line in lines)
        is_enough = log.headers >= max(self.min_headers, self.min_share * at_edge)
        is_named = self.kind in NAMELESS_KINDS or any(turn.speaker for turn in turns)
        has_preamble = not self.preamble or any(text.startswith(self.preamble) for text in before)
        is_export = turns and is_enough and is_named and has_preamble and log.preface <= MAX_PREFACE
        return log.headers if is_export else 0


def likeliest(text: str) -> TextFormat | None:
    """Return the form with the most messages among a text's first lines, None for plain text.

    They must be more than half as many as its lines "Name: text".
    """
    lines = [line for line in beginning(text).splitlines() if line.strip()]
    if mails.is_mail(lines):
        return MAIL
    named = sum(turn_head(line) is not None for line in _unescaped(lines))
    if _begins_as_vtt(lines) and WEBVTT.headers_in(lines):
        return WEBVTT
    header = questions_in(_unescaped(lines))
    answered = _headed("Q. text", header) if header else None
    if answered and answered.headers_in(lines) * 2 > named:
        return answered
    counts = {form: form.headers_in(lines) for form in FORMATS}
    best = max(FORMATS, key=lambda form: counts[form])
    if counts[best] * 2 > named or named:
        return best if counts[best] * 2 > named else None
    # No line is written "Name: text": others may name speakers in another way.
    lines = [line for line in text.splitlines() if line.strip()]
    tagged = (form for form, tag in TAGGED_FORMATS if form.headers_in(lines) and _are_names(tag, lines))
    return next(tagged, None) or _marked(lines) or _above(lines)


def beginning(text: str) -> str:
    """Return the first lines of a long text."""
    end = text.rfind("\n", 0, BEGINNING) if len(text) > BEGINNING else -1
    return text[:end] if end > 0 else text[:BEGINNING]


def _are_names(header: re.Pattern[str], lines: Sequence[str]) -> bool:
    """Return whether what stands in tags are several names: not the marks of a list, and not all different if many."""
    matches = (header.match(spaced(line)) for line in _unescaped(lines))
    found = [match["name"] for match in matches if match and not names_no_one(match["name"])]
    names = set(found)
    are_marks = all(len(name) == 1 and name.isascii() for name in names)
    return len(names) >= MIN_NAMES and not are_marks and (len(found) <= FEW_TAGS or len(names) < len(found))


def _marked(lines: Sequence[str]) -> TextFormat | None:
    """Return the form of lines "Name - text" with one mark behind names that come again, None if they are few."""
    found = [match for line in _unescaped(lines) if (match := MARKED.match(spaced(line)))]
    marks = Counter(match["mark"].strip() for match in found)
    if not marks:
        return None
    mark = marks.most_common(1)[0][0]
    names = _repeated(match["name"] for match in found if match["mark"].strip() == mark)
    if len(names) < MIN_NAMES or names.total() < max(MIN_REPEATED, MARKED_SHARE * len(lines)):
        return None
    behind = rf"(?:\s*{re.escape(mark)}\s*|\t+)"
    header = re.compile(rf"^(?P<name>{_any(names)}){behind}(?:(?P<time>{WHEN}){behind})?(?P<said>\S.*)$")
    return _headed(f"Name {mark or '<tab>'} text", header)


def _above(lines: Sequence[str]) -> TextFormat | None:
    """Return the form of texts below names that come again, None if they are few or nearly all lines."""
    filled_lines = [spaced(line).strip(HEADING_MARKS) for line in _unescaped(lines)]
    followed = zip(filled_lines, [*filled_lines[1:], ""], strict=False)
    likely = _repeated(
        line
        for line, below in followed
        if below != line and NAME_ABOVE.match(line) and below and may_be_name(line)
    )
    # What stands below a name is said, also where it comes again.
    found: Counter[str] = Counter()
    said: set[str] = set()
    is_said = False
    for line in filled_lines:
        if is_said and line not in found:
            said.add(line)
        is_said = line in likely and line not in said
        found.update([line] if is_said else [])
    names = _repeated(found.elements())
    share = names.total() / max(1, len(lines))
    if len(names) < MIN_NAMES or names.total() < MIN_REPEATED or not ABOVE_SHARE <= share <= 1 - ABOVE_SHARE:
        return None
    marks = f"[{HEADING_MARKS}]*"
    return _headed("Name above text", re.compile(rf"^{marks}(?P<name>{_any(names)}){marks}(?P<said>)$"))


def _headed(
    form: str,
    header: re.Pattern[str],
    fits: Callable[[Sequence[str]], bool] = lambda _lines: True,
    min_headers: int = 1,
    min_share: float = 0,
) -> TextFormat:
    """Return the form of a transcript in which a header names each speaker."""
    return TextFormat("transcript", form, partial(read_headed, header=header), fits, min_headers, min_share)


def _repeated(names: Iterable[str]) -> Counter[str]:
    return Counter({name: count for name, count in Counter(names).items() if count > 1})


def _any(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


def _unescaped(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines with characters for HTML entities."""
    return (unescaped(line) if "&" in line and ENTITY.search(line) else line for line in lines)


def _begins_as_vtt(lines: Sequence[str]) -> bool:
    return next(filled(lines), "").startswith("WEBVTT")


def _has(pattern: re.Pattern[str]) -> Callable[[Sequence[str]], bool]:
    """Return a test for lines of which one matches: the reader of other lines need not run."""
    return lambda lines: any(pattern.match(spaced(line)) for line in _unescaped(lines))


def _has_nicks(lines: Sequence[str]) -> bool:
    """Tell whether lines begin with several names in angle brackets, and not with the marks of a page."""
    matches = (irc.SAID.match(spaced(line)) for line in _unescaped(lines))
    nicks = {match["nick"] for match in matches if match and not names_no_one(match["nick"])}
    markup = sum(irc.MARKUP.match(spaced(line)) is not None for line in lines)
    return len(nicks) >= MIN_NAMES and markup * 2 < len(lines)


def _comes_again(header: re.Pattern[str]) -> Callable[[Sequence[str]], bool]:
    """Return a test for lines of which two or more name the same speaker."""
    return lambda lines: bool(
        _repeated(match["name"] for line in _unescaped(lines) if (match := header.match(spaced(line))))
    )


def _copied() -> Iterator[TextFormat]:
    """Yield the forms of copied messages: as each style writes them, then with name and time on two lines."""
    for style in copied_messages.STYLES:
        yield TextFormat(
            style.kind,
            style.header_text,
            partial(copied_messages.read, style=style),
            _has(style.header),
            min_headers=style.min_messages,
            preamble=style.preamble,
        )
    for style, join in copied_messages.JOINED:
        read = partial(copied_messages.read, style=style, join=join)
        yield TextFormat(style.kind, style.header_text, read, min_headers=style.min_messages)


# Of forms that fit equally well, the first one is taken.
FORMATS: tuple[TextFormat, ...] = (
    TextFormat("signal", "[date time] Name: text", messengers.read_signal, _has(messengers.SIGNAL_SAID)),
    TextFormat("kakaotalk", "[Name] [time] text", messengers.read_kakaotalk, _has(messengers.KAKAO_SAID)),
    TextFormat("kakaotalk", "date time, Name : text", messengers.read_kakaotalk, _has(messengers.KAKAO_PHONE), 2),
    # Its lines look like those of LINE, with more cells.
    _headed("time<tab>Name<tab>label<tab>text", CELLS, _comes_again(CELLS), MIN_NAMES, LISTED_SHARE),
    TextFormat("line", "time<tab>Name<tab>text", messengers.read_line, _has(messengers.LINE_SAID), min_share=0.3),
    TextFormat("viber", "[ date time ] Name: text", messengers.read_viber, _has(messengers.VIBER_SAID)),
    TextFormat("imessage", "date time, Name, text", messengers.read_imessage, _has(messengers.IMESSAGE_TIME)),
    TextFormat("imessage", "date time from Name", messengers.read_imazing, _has(messengers.IMAZING_FROM)),
    TextFormat("whatsapp", "date, time - Name: text", messengers.read_whatsapp, _has(messengers.WHATSAPP_ANDROID)),
    TextFormat("whatsapp", "[date, time] Name: text", messengers.read_whatsapp, _has(messengers.WHATSAPP_IOS)),
    TextFormat("srt", "from --> to", subtitles.read, lambda lines: not _begins_as_vtt(lines)),
    *_copied(),
    _headed('<SPEAKER NAME="Name">', PROCEEDINGS, _has(PROCEEDINGS)),
    TextFormat("irc", "time <nick> text", irc.read, _has(irc.TIMED_SAID), 2, 0.5),
    TextFormat("transcript", "time Name: text", read_timed, min_headers=2, min_share=0.5),
    _headed("Name (time): text", BEHIND, _has(BEHIND), 2, 0.25),
    _headed("1. Name: text", LISTED, _comes_again(LISTED), MIN_NAMES, LISTED_SHARE),
    _headed("**Name**: text", STARRED, _comes_again(STARRED), MIN_NAMES, TAGGED_SHARE),
    TextFormat("irc", "<nick> text", irc.read, _has_nicks, 2, 0.5),
    TextFormat("irc", "time nick text", irc.read, _has(irc.TABBED), 2, 0.5),
)  # fmt: skip
# It says so itself, whatever its styles look like.
WEBVTT = TextFormat("webvtt", "from --> to", subtitles.read)
# Its header looks like lines "Name: text".
MAIL = TextFormat("mail", "From: Name", mails.read, mails.is_mail)
# Of texts in which no line is written "Name: text".
TAGGED_FORMATS: tuple[tuple[TextFormat, re.Pattern[str]], ...] = tuple(
    (_headed(form, header, _has(header), 2, TAGGED_SHARE), header)
    for form, header in (("**Name:** text", STARRED), ("[Name] text", TAGGED), ("Name「text」", QUOTING))
)
