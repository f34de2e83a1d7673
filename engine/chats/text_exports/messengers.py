"""Text exports of WhatsApp, LINE, KakaoTalk, Viber, Signal and iMessage."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from engine.chats.chat import Log
from engine.chats.line_parsing import DATE, NAMED_DATE, TIME, WHEN, Block, blocks, filled, spaced, unmarked

WHATSAPP_WHEN = rf"(?:{WHEN}|{NAMED_DATE},? (?:at )?{TIME})"
WHATSAPP_HEADER = re.compile(
    rf"^(?:\[(?P<ios>{WHATSAPP_WHEN})\] ?|(?P<android>{WHATSAPP_WHEN}) [-–] )(?P<said>.*)$"
)
WHATSAPP_IOS, WHATSAPP_ANDROID = (
    re.compile(rf"^\[{WHATSAPP_WHEN}\] ?"),
    re.compile(rf"^{WHATSAPP_WHEN} [-–] "),
)
WHATSAPP_NAMED = re.compile(r"^(?:~ ?)?(?P<name>[^:]{1,80}?) ?:(?: (?P<text>.*)|)$")
# Android writes <Media omitted> in the phone's language; iOS writes a direction mark and such words.
WHATSAPP_TAG = re.compile(r"^<[^<>]{3,60}>$|^null$")
WHATSAPP_ATTACHED = re.compile(r"^\S.{0,120}\.\w{2,5} \([^()]{4,30}\)$|^<[^<>:]{3,20}: [^<>]{1,120}>$")
WHATSAPP_OMITTED = re.compile(
    r"^(?:image|photo|video|vidéo|vídeo|audio|áudio|gif|sticker|documento?|contact card|voice message|video note|media|"
    r"bild|foto|dokument|kontaktkarte|imagen|tarjeta de contacto|fiche contact|imagem|figurinha|"
    r"cartão do contato|immagine|scheda contatto|afbeelding|contactkaart)"
    r" (?:omitted|weggelassen|ausgeschlossen|omitid[oa]s?|omise?s?|absente?|ocult[oa]s?|omess[oai]|weggelaten)$",
    re.IGNORECASE,
)
WHATSAPP_DELETED = re.compile(
    r"^(?:this message was deleted|you deleted this message|diese nachricht wurde gelöscht|"
    r"du hast diese nachricht gelöscht|se eliminó este mensaje|eliminaste este mensaje|"
    r"ce message a été supprimé|vous avez supprimé ce message|(?:esta )?mensagem (?:foi )?apagada|"
    r"você apagou esta mensagem|questo messaggio è stato eliminato|hai eliminato questo messaggio|"
    r"dit bericht is verwijderd|(?:данное|это) сообщение удалено|вы удалили (?:данное|это) сообщение|"
    r"bu mesaj silindi|bu mesajı sildiniz|تم حذف هذه الرسالة|حذفتَ? هذه الرسالة|לא ניתן להציג הודעה זו|"
    r"यह (?:मैसेज|संदेश) (?:डिलीट|हटा) .{2,30}|このメッセージは削除されました|あなたはこのメッセージを削除しました|"
    r"(?:此|该)(?:消息|訊息)已(?:被)?(?:删除|刪除)|您?已?删除了?此消息|삭제된 메시지입니다|"
    r"pesan ini (?:telah )?dihapus|"
    r"anda menghapus pesan ini|ta wiadomość została usunięta|usunięto tę wiadomość|"
    r"missed (?:voice|video) call|verpasster (?:sprach|video)anruf|appel (?:vocal|vidéo) manqué|"
    r"(?:llamada|videollamada) perdida|пропущенный (?:аудио|видео)?звонок)\W*$",
    re.IGNORECASE,
)
WHATSAPP_ENCRYPTED = re.compile(
    r"end-to-end|ende-zu-ende|extremo a extremo|bout en bout|ponta a ponta|eind-tot-eind|сквозн|uçtan uca|"
    r"مشفرة تمام|एंड-टू-एंड|エンドツーエンド|端到端|종단간|ujung ke ujung",
    re.IGNORECASE,
)
WHATSAPP_EDITED = re.compile(r"\u200e<[^<>]{3,60}>$|<This message was edited>$")
WHATSAPP_LABEL = re.compile(r"^\w+:")


def read_whatsapp(lines: Iterable[str], log: Log) -> Iterator[None]:
    """Read the messages into a log, one by one."""
    for block in blocks(lines, WHATSAPP_HEADER, log):
        _add_whatsapp(block, log)
        yield


def _add_whatsapp(block: Block, log: Log) -> None:
    header = block.header
    time = unmarked(header["ios"] or header["android"])
    named = WHATSAPP_NAMED.match(header["said"].lstrip("\u200e\u200f\u202a\u202b\u202c"))
    first = (named["text"] or "") if named else ""
    # A name has no quotation marks: this is the notice of a group renamed to something with a colon.
    if named is None or re.search(r'["“”„«»]', named["name"]) or _is_whatsapp_notice(first):
        log.leave_out("system", "\n".join([unmarked(header["said"]), *block.lines]))
        return
    lines = []
    for raw in [first, *block.lines]:
        edited = WHATSAPP_EDITED.search(raw)
        line = raw
        if edited and edited.start():
            log.leave_out("system", unmarked(edited[0]))
            line = raw[: edited.start()].rstrip()
        if _is_whatsapp_media(line):
            log.leave_out("media", unmarked(line))
        else:
            lines.append(unmarked(line))
    log.add_turn(unmarked(named["name"]), "\n".join(lines), time)


def _is_whatsapp_media(line: str) -> bool:
    text = unmarked(line)
    return bool(
        WHATSAPP_TAG.match(text) or WHATSAPP_ATTACHED.match(text) or WHATSAPP_OMITTED.match(text.rstrip("."))
    )


def _is_whatsapp_notice(text: str) -> bool:
    """Return whether the text behind a name is a system message; iOS puts a direction mark before those."""
    plain = unmarked(text)
    if _is_whatsapp_media(text):
        return False
    is_marked = text.startswith("\u200e") and not WHATSAPP_LABEL.match(plain)
    return (
        is_marked
        or bool(WHATSAPP_DELETED.match(plain))
        or (len(plain) > 60 and bool(WHATSAPP_ENCRYPTED.search(plain)))
    )


_DAY_NAME = r"(?:\(?[^\W\d_]{1,12}\)?\.?,? ?)"
# LINE: "2024/01/05(Fri)", "2024.01.05 金曜日", "Fri, 01/05/2024"; then "10:00<tab>Ann<tab>Hi".
LINE_DAY = re.compile(
    rf"^{_DAY_NAME}?(?P<day>\d{{1,4}}[./]\d{{1,2}}[./]\d{{1,4}}|\d{{4}}年\d{{1,2}}月\d{{1,2}}日) ?{_DAY_NAME}?$"
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
