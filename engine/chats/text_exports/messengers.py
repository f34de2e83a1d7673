"""Text exports of LINE, KakaoTalk, Viber, Signal and iMessage."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from engine.chats.chat import Log
from engine.chats.line_parsing import DATE, NAMED_DATE, TIME, blocks, filled, spaced, unmarked

_DAY_NAME = r"(?:\(?[^\W\d_]{1,12}\)?\.?,? ?)"
# LINE: "2024/01/05(Fri)", "2024.01.05 金曜日", "Fri, 01/05/2024"; then "10:00<tab>Ann<tab>Hi".
LINE_DAY = re.compile(
    rf"^{_DAY_NAME}?(?P<day>\d{{1,4}}[./]\d{{1,2}}[./]\d{{1,4}}|\d{{4}}年\d{{1,2}}月\d{{1,2}}日){_DAY_NAME}?$"
)
LINE_SAID = re.compile(
    r"^(?P<time>(?:[^\W\d_]{2} ?)?\d{1,2}:\d{2}(?: ?[AaPp][Mm])?)\t(?P<name>[^\t]{1,80})?(?:\t(?P<said>.*))?$"
)
LINE_MEDIA = re.compile(
    r"^\[(?:sticker|photo|video|voice message|album|file|contact|location|スタンプ|写真|動画|"
    r"ボイスメッセージ|アルバム|ファイル|"
    r"貼圖|圖片|照片|影片|語音訊息|สติกเกอร์|รูปภาพ|รูป|วิดีโอ|스티커|사진|동영상)[^\[\]]{0,40}\]$",
    re.IGNORECASE,
)
LINE_EVENT = re.compile(
    r"unsent a message|メッセージの送信を取り消しました|已收回訊息|joined the group|left the group|☎",
    re.IGNORECASE,
)
# KakaoTalk: "--------------- 2024년 1월 5일 금요일 ---------------", then "[Ann] [오전 10:00] Hi".
KAKAO_DAY = re.compile(r"^-{5,} (?P<day>.{6,40}?) -{5,}$")
KAKAO_SAID = re.compile(
    r"^\[(?P<name>[^\[\]]{1,60})\] \[(?P<time>(?:[^\W\d_]{2} )?\d{1,2}:\d{2}(?: ?[AaPp][Mm])?)\] (?P<said>.*)$"
)
# Of a phone: "2024년 1월 5일 오후 9:10, Ann : Hi", "2024. 1. 5. 오후 9:10, …", "Jan 5, 2024 at 9:10 PM, …".
_KAKAO_DATE = r"\d{4}(?:년 |\. ?)\d{1,2}(?:월 |\. ?)\d{1,2}(?:일|\.)"
KAKAO_PHONE = re.compile(
    rf"^(?P<time>(?:{_KAKAO_DATE}|{NAMED_DATE}),? (?:at )?(?:오전|오후|AM|PM)? ?\d{{1,2}}:\d{{2}}(?: [AP]M)?)"
    r"(?:, (?P<name>[^:]{1,60}?) : (?P<said>.*))?[:,]?$"
)
KAKAO_PHONE_DAY = re.compile(rf"^(?:{_KAKAO_DATE} [월화수목금토일]요일|[A-Z][a-z]{{2,5}}day, {NAMED_DATE})$")
KAKAO_MEDIA = re.compile(
    r"^\(?(?:사진(?: \d+장)?|동영상|이모티콘|음성메시지|파일: .{1,120}|지도: .{1,120}|"
    r"Photos?|Video|Emoticons?|Voice ?Note|File: .{1,120})\)?$",
    re.IGNORECASE,
)
KAKAO_EVENT = re.compile(r"^(?:메시지가 삭제되었습니다\.|삭제된 메시지입니다\.|This message was deleted\.)$")
KAKAO_EVENT_LINE = re.compile(
    r"님이 (?:들어왔|나갔|.{1,30}초대했)|joined this chatroom|left this chatroom|invited .{1,60}\.$"
)
# Viber: "[ 05/01/2024 10:00 AM ] Ann: Hi", "[5 January 2024 at 10:00:12]: Ann: Hi".
VIBER_SAID = re.compile(
    rf"^\[(?: (?P<boxed>{DATE},? {TIME}) |(?P<named>\d{{1,2}} [^\W\d_]{{3,12}} \d{{4}} at {TIME}))\]:? "
    r"(?P<name>[^:]{1,80}): (?P<said>.*)$"
)
VIBER_MEDIA = re.compile(
    r"^(?:photo|video|sticker|gif|voice|file) message\b.*|^\[(?:photo|sticker|video|file)\]$", re.IGNORECASE
)
# Signal's exporters write ISO dates: "[2024-01-05 10:00:12] Ann: Hi".
SIGNAL_SAID = re.compile(
    r"^\[(?P<time>\d{4}-\d{2}-\d{2} \d{1,2}:\d{2}(?::\d{2})?)\] (?P<name>[^:]{1,80}): ?(?P<said>.*)$"
)
SIGNAL_MEDIA = re.compile(r"^!?\[[^\[\]]*\]\([^()]*\)$|^\((?:- .{1,60} -)\)$")
# iMessage: a line with the time, one with the name, then the text.
IMESSAGE_TIME = re.compile(
    r"^(?P<time>[A-Z][a-z]{2} \d{1,2}, \d{4} {1,2}\d{1,2}:\d{2}:\d{2} [AP]M)(?: \((?:read|delivered|opened)[^()]*\))?$",
    re.IGNORECASE,
)
IMESSAGE_MEDIA = re.compile(
    r"^(?:attachments?/|/|~/)\S.*\.\w{2,5}$|^<?attachment missing.*|^\ufffc$|^\S+\.(?:heic|jpe?g|png|mov|gif)$",
    re.IGNORECASE,
)
IMESSAGE_EVENT = re.compile(
    r"^(?:tapbacks?:|this message (?:responded to|was unsent)|(?:loved|liked|laughed|emphasi[sz]ed|disliked) by )",
    re.IGNORECASE,
)
# iMazing: "2024-01-05 10:00:12 from Ann Lee - +44 7700 900123", with the text below it.
IMAZING_FROM = re.compile(
    rf"^(?P<time>{DATE},? {TIME}) (?:from|von|de|da|van) (?P<name>.{{1,80}}?)(?: - \+?[\d ()-]{{5,20}})?$"
)
IMAZING_RULE = re.compile(r"^-{10,}$")


def read_line(lines: Iterable[str], log: Log) -> Iterator[None]:
    """Read a chat of LINE into a log. A message of several lines stands in quotation marks."""
    day, is_quoted = "", False
    for raw in lines:
        line = spaced(raw)
        match = LINE_SAID.match(line)
        dated = None if match else LINE_DAY.match(line)
        if match:
            log.headers += 1
            name, said = match["name"] or "", match["said"]
            is_quoted = bool(said) and said.startswith('"')
            if is_quoted:
                said = said[1:].removesuffix('"')
            _add(log, name, said, f"{day} {match['time']}".strip(), LINE_MEDIA, LINE_EVENT)
        elif dated:
            day = dated["day"]
        elif log.headers:
            log.extend_turn(line.removesuffix('"') if is_quoted else line)
        else:
            log.preface += bool(line)
            log.leave_out("system", line)
        yield


def read_kakaotalk(lines: Iterable[str], log: Log) -> Iterator[None]:
    """Read a chat of KakaoTalk, from a computer or a phone, into a log."""
    day = ""
    for raw in lines:
        line = spaced(raw)
        said = KAKAO_SAID.match(line)
        phone = None if said else KAKAO_PHONE.match(line)
        dated = KAKAO_DAY.match(line)
        is_event = phone or KAKAO_PHONE_DAY.match(line) or KAKAO_EVENT_LINE.search(line)
        match = said or phone
        if match and match["name"]:
            log.headers += 1
            time = f"{day} {match['time']}".strip() if said else match["time"]
            _add(log, match["name"], match["said"], time, KAKAO_MEDIA, KAKAO_EVENT)
        elif dated:
            day = dated["day"]
        elif is_event or not log.headers:
            log.preface += not log.headers and bool(line)
            log.leave_out("system", line)
        else:
            log.extend_turn(line)
        yield


def read_viber(lines: Iterable[str], log: Log) -> Iterator[None]:
    """Read a chat of Viber into a log."""
    for block in blocks(lines, VIBER_SAID, log):
        header = block.header
        said = "\n".join([header["said"], *block.lines])
        _add(log, header["name"], said, header["boxed"] or header["named"], VIBER_MEDIA, None)
        yield


def read_signal(lines: Iterable[str], log: Log) -> Iterator[None]:
    """Read a chat that was exported from Signal Desktop into a log."""
    for block in blocks(lines, SIGNAL_SAID, log):
        header = block.header
        said: list[str] = []
        for line in filled([header["said"], *block.lines]):
            if SIGNAL_MEDIA.match(line):
                log.leave_out("media", line)
            elif line.startswith(">"):
                log.leave_out("quote", line)
            else:
                said.append(line)
        log.add_turn(unmarked(header["name"]), "\n".join(said), header["time"])
        yield


def read_imessage(lines: Iterable[str], log: Log) -> Iterator[None]:
    """Read a chat that was exported from Messages into a log: time, name, text, each below the other."""
    for block in blocks(lines, IMESSAGE_TIME, log):
        name, *said = list(filled(block.lines)) or [""]
        kept: list[str] = []
        is_said = True
        for line in said:
            # Reactions and replies stand below a message's text.
            is_said = is_said and not IMESSAGE_EVENT.match(line)
            if not is_said:
                log.leave_out("system", line)
            elif IMESSAGE_MEDIA.match(line):
                log.leave_out("media", line)
            else:
                kept.append(line)
        log.add_turn(name, "\n".join(kept), block.header["time"])
        yield


def read_imazing(lines: Iterable[str], log: Log) -> Iterator[None]:
    """Read a chat that was exported by iMazing into a log."""
    for block in blocks(lines, IMAZING_FROM, log):
        said = [line for line in filled(block.lines) if not IMAZING_RULE.match(line)]
        log.add_turn(unmarked(block.header["name"]), "\n".join(said), unmarked(block.header["time"]))
        yield


def _add(
    log: Log, name: str, said: str | None, time: str, media: re.Pattern[str], event: re.Pattern[str] | None
) -> None:
    """Add a message to a log; one without a text behind the name is the application's own."""
    text = (said or "").strip()
    if said is None or (event and event.search(text)):
        log.leave_out("system", f"{name} {text}")
        log.add_turn("", "")
    elif media.match(text):
        log.leave_out("media", text)
        log.add_turn("", "")
    else:
        log.add_turn(unmarked(name), text, time)
