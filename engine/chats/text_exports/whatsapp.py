"""WhatsApp exports from Android and iOS, with dates and times as many languages write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from engine.chats.chat import Log
from engine.chats.line_parsing import NAMED_DATE, TIME, Block, blocks, unmarked
from engine.chats.line_parsing import WHEN as NUMBERED

WHEN = rf"(?:{NUMBERED}|{NAMED_DATE},? (?:at )?{TIME})"
HEADER = re.compile(rf"^(?:\[(?P<ios>{WHEN})\] ?|(?P<android>{WHEN}) [-–] )(?P<said>.*)$")
IOS, ANDROID = re.compile(rf"^\[{WHEN}\] ?"), re.compile(rf"^{WHEN} [-–] ")
NAMED = re.compile(r"^(?:~ ?)?(?P<name>[^:]{1,80}?) ?:(?: (?P<text>.*)|)$")
# Android writes <Media omitted> in the phone's language; iOS writes a direction mark and such words.
TAG = re.compile(r"^<[^<>]{3,60}>$|^null$")
ATTACHED = re.compile(r"^\S.{0,120}\.\w{2,5} \([^()]{4,30}\)$|^<[^<>:]{3,20}: [^<>]{1,120}>$")
OMITTED = re.compile(
    r"^(?:image|photo|video|vidéo|vídeo|audio|áudio|gif|sticker|documento?|contact card|voice message|video note|media|"
    r"bild|foto|dokument|kontaktkarte|imagen|tarjeta de contacto|fiche contact|imagem|figurinha|"
    r"cartão do contato|immagine|scheda contatto|afbeelding|contactkaart)"
    r" (?:omitted|weggelassen|ausgeschlossen|omitid[oa]s?|omise?s?|absente?|ocult[oa]s?|omess[oai]|weggelaten)$",
    re.IGNORECASE,
)
DELETED = re.compile(
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
ENCRYPTED = re.compile(
    r"end-to-end|ende-zu-ende|extremo a extremo|bout en bout|ponta a ponta|eind-tot-eind|сквозн|uçtan uca|"
    r"مشفرة تمام|एंड-टू-एंड|エンドツーエンド|端到端|종단간|ujung ke ujung",
    re.IGNORECASE,
)
EDITED = re.compile(r"\u200e<[^<>]{3,60}>$|<This message was edited>$")
LABEL = re.compile(r"^\w+:")


def read(lines: Iterable[str], log: Log) -> Iterator[None]:
    """Read the messages into a log, one by one."""
    for block in blocks(lines, HEADER, log):
        _add_message(block, log)
        yield


def _add_message(block: Block, log: Log) -> None:
    header = block.header
    time = unmarked(header["ios"] or header["android"])
    named = NAMED.match(header["said"].lstrip("\u200e\u200f\u202a\u202b\u202c"))
    first = (named["text"] or "") if named else ""
    # A name has no quotation marks: this is the notice of a group renamed to something with a colon.
    if named is None or re.search(r'["“”„«»]', named["name"]) or _is_system(first):
        log.leave_out("system", "\n".join([unmarked(header["said"]), *block.lines]))
        return
    lines = []
    for raw in [first, *block.lines]:
        line = _without_edit_mark(raw, log)
        if _is_media(line):
            log.leave_out("media", unmarked(line))
        else:
            lines.append(unmarked(line))
    log.add_turn(unmarked(named["name"]), "\n".join(lines), time)


def _without_edit_mark(line: str, log: Log) -> str:
    edited = EDITED.search(line)
    if not edited or not edited.start():
        return line
    log.leave_out("system", unmarked(edited[0]))
    return line[: edited.start()].rstrip()


def _is_media(line: str) -> bool:
    text = unmarked(line)
    return bool(TAG.match(text) or ATTACHED.match(text) or OMITTED.match(text.rstrip(".")))


def _is_system(text: str) -> bool:
    """Return whether the text behind a name is a system message; iOS puts a direction mark before those."""
    plain = unmarked(text)
    if _is_media(text):
        return False
    is_marked = text.startswith("\u200e") and not LABEL.match(plain)
    return is_marked or bool(DELETED.match(plain)) or (len(plain) > 60 and bool(ENCRYPTED.search(plain)))
