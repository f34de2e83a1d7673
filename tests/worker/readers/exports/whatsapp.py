"""WhatsApp's exports of Android and of iOS in thirteen languages and both clocks."""

from typing import NamedTuple

from tests.worker.readers.exports.case import Case

MARK, NARROW, RIGHT_TO_LEFT = "\u200e", "\u202f", "\u200f"


class Language(NamedTuple):
    """How WhatsApp writes in one language: two times of each platform, its own lines, and what stands for media."""

    code: str
    android: tuple[str, str]
    ios: tuple[str, str]
    encrypted: str
    left: str
    media: str
    ios_media: str
    deleted: str
    hello: str = "Hi"


LANGUAGES = (
    Language(
        "en-us", ("12/31/23, 9:15 PM", f"1/1/24, 9:16{NARROW}AM"),
        (f"12/31/23, 9:15:07{NARROW}PM", f"1/1/24, 9:16:07{NARROW}AM"),
        "Messages and calls are end-to-end encrypted. No one outside of this chat can read them.",
        "Cem left", "<Media omitted>", "image omitted", "This message was deleted",
    ),
    Language(
        "en-gb", ("31/12/2023, 21:15", "01/01/2024, 09:16"),
        ("31/12/2023, 21:15:07", "01/01/2024, 09:16:07"),
        "Messages and calls are end-to-end encrypted. Tap to learn more.",
        "Cem joined using this group's invite link", "<Media omitted>", "audio omitted",
        "You deleted this message",
    ),
    Language(
        "de", ("31.12.23, 21:15", "01.01.24, 09:16"), ("31.12.23, 21:15:07", "01.01.24, 09:16:07"),
        "Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt. Niemand außerhalb dieses Chats kann sie lesen.",
        "Cem hat die Gruppe verlassen", "<Medien ausgeschlossen>", "Bild weggelassen",
        "Diese Nachricht wurde gelöscht.", "Grüß dich",
    ),
    Language(
        "fr", ("31/12/2023 à 21:15", "01/01/2024 à 09:16"),
        ("31/12/2023 à 21:15:07", "01/01/2024 à 09:16:07"),
        "Les messages et les appels sont chiffrés de bout en bout. Aucun tiers ne peut les lire ou les écouter.",
        "Cem a quitté le groupe", "<Médias omis>", "image absente", "Ce message a été supprimé", "Ça va",
    ),
    Language(
        "es", ("31/12/23, 9:15 p. m.", f"1/1/24, 9:16{NARROW}a.\u00a0m."),
        (f"31/12/23, 9:15:07{NARROW}p.\u00a0m.", f"1/1/24, 9:16:07{NARROW}a.\u00a0m."),
        "Los mensajes y las llamadas están cifrados de extremo a extremo. Nadie fuera de este chat puede leerlos.",
        "Cem salió del grupo", "<Multimedia omitido>", "imagen omitida", "Se eliminó este mensaje.",
        "¿Qué tal?",
    ),
    Language(
        "pt", ("31/12/2023 21:15", "01/01/2024 09:16"), ("31/12/2023, 21:15:07", "01/01/2024, 09:16:07"),
        "As mensagens e as chamadas são protegidas com a criptografia de ponta a ponta e ficam somente entre vocês.",
        "Cem saiu", "<Mídia oculta>", "imagem ocultada", "Mensagem apagada", "Olá",
    ),
    Language(
        "it", ("31/12/23, 21:15", "01/01/24, 09:16"), ("31/12/23, 21:15:07", "01/01/24, 09:16:07"),
        "I messaggi e le chiamate sono crittografati end-to-end. Nessuno al di fuori di questa chat può leggerli.",
        "Cem ha abbandonato", "<Media omessi>", "immagine omessa", "Questo messaggio è stato eliminato",
        "Ciao",
    ),
    Language(
        "nl", ("31-12-2023 21:15", "01-01-2024 09:16"), ("31-12-2023 21:15:07", "01-01-2024 09:16:07"),
        "Berichten en oproepen zijn end-to-end versleuteld. Niemand buiten deze chat kan ze lezen of beluisteren.",
        "Cem heeft de groep verlaten", "<Media weggelaten>", "afbeelding weggelaten",
        "Dit bericht is verwijderd",
    ),
    Language(
        "ru", ("31.12.2023, 21:15", "01.01.2024, 09:16"), ("31.12.2023, 21:15:07", "01.01.2024, 09:16:07"),
        "Сообщения и звонки защищены сквозным шифрованием. Третьи лица не могут прочитать ваши сообщения.",
        "Cem покинул(-а) группу", "<Без медиафайлов>", "изображение отсутствует",
        "Данное сообщение удалено", "Привет",
    ),
    Language(
        "tr", ("31.12.2023 21:15", "01.01.2024 09:16"), ("31.12.2023 21:15:07", "01.01.2024 09:16:07"),
        "Mesajlar ve aramalar uçtan uca şifrelidir. Bu sohbetin dışındaki hiç kimse bunları okuyamaz.",
        "Cem ayrıldı", "<Medya dahil edilmedi>", "görüntü dahil edilmedi", "Bu mesaj silindi", "Merhaba",
    ),
    Language(
        "ar",
        (
            f"{RIGHT_TO_LEFT}٣١{RIGHT_TO_LEFT}/١٢{RIGHT_TO_LEFT}/٢٠٢٣، ٩:١٥ م",
            f"{RIGHT_TO_LEFT}١{RIGHT_TO_LEFT}/١{RIGHT_TO_LEFT}/٢٠٢٤، ٩:١٦ ص",
        ),
        (
            f"٣١{RIGHT_TO_LEFT}/١٢{RIGHT_TO_LEFT}/٢٠٢٣، ٩:١٥:٠٧ م",
            f"١{RIGHT_TO_LEFT}/١{RIGHT_TO_LEFT}/٢٠٢٤، ٩:١٦:٠٧ ص",
        ),
        "الرسائل والمكالمات مشفرة تماما بين الطرفين، ولا يمكن لأي شخص خارج هذه الدردشة قراءتها أو الاستماع إليها.",
        "غادر Cem", "<تم استبعاد الوسائط>", "تم استبعاد الصورة", "تم حذف هذه الرسالة", "اهلا",
    ),
    Language(
        "hi", ("३१/१२/२३, ९:१५ अपराह्न", "१/१/२४, ९:१६ पूर्वाह्न"),
        ("31/12/23, 9:15:07 pm", "01/01/24, 9:16:07 am"),
        "मैसेज और कॉल एंड-टू-एंड एन्क्रिप्टेड हैं. इस चैट के अलावा कोई भी उन्हें पढ़ या सुन नहीं सकता.",
        "Cem ने ग्रुप छोड़ा", "<मीडिया के बिना>", "इमेज छोड़ी गई", "यह मैसेज डिलीट कर दिया गया है",
        "नमस्ते",
    ),
    Language(
        "ja", ("2023/12/31 21:15", "2024/01/01 9:16"), ("2023/12/31 21:15:07", "2024/01/01 9:16:07"),
        "メッセージと通話はエンドツーエンド暗号化されています。このチャット以外の人は読むことも聞くこともできません。"
        "詳しくはこちら、続きを読むにはタップしてください。",
        "Cemが退出しました", "<メディアなし>", "画像は含まれていません", "このメッセージは削除されました", "こんにちは",
    ),
    Language(
        "zh", ("2023/12/31 下午9:15", "2024/1/1 上午9:16"), ("2023/12/31 下午9:15:07", "2024/1/1 上午9:16:07"),
        "消息和通话已进行端到端加密。对话之外的任何人，甚至包括 WhatsApp 都无法读取或收听。"
        "点击以了解更多相关信息和设置选项。",
        "Cem 已退出", "<省略多媒体文件>", "图像已忽略", "此消息已删除", "你好",
    ),
    Language(
        "ko", ("2023. 12. 31. 오후 9:15", "2024. 1. 1. 오전 9:16"),
        ("2023. 12. 31. 오후 9:15:07", "2024. 1. 1. 오전 9:16:07"),
        "메시지와 통화는 종단간 암호화됩니다. 대화에 참여하지 않은 사람은 읽거나 들을 수 없습니다. "
        "자세한 내용을 보려면 탭하세요. 보안 번호를 확인할 수 있습니다.",
        "Cem님이 나갔습니다", "<미디어 파일을 제외함>", "이미지 생략됨", "삭제된 메시지입니다", "안녕",
    ),
    Language(
        "id", ("31/12/23 21.15", "01/01/24 09.16"), ("31/12/23 21.15.07", "01/01/24 09.16.07"),
        "Pesan dan panggilan dienkripsi secara end-to-end. Tidak seorang pun di luar chat ini dapat membacanya.",
        "Cem keluar", "<Media tidak disertakan>", "gambar tidak disertakan", "Pesan ini telah dihapus",
        "Halo",
    ),
    Language(
        "fi", ("31.12.2023 klo 21.15", "1.1.2024 klo 9.16"),
        ("31.12.2023 klo 21.15.07", "1.1.2024 klo 9.16.07"),
        "Viestit ja puhelut ovat täysin salattuja (end-to-end). Kukaan tämän keskustelun ulkopuolella ei voi lukea.",
        "Cem poistui", "<Media jätettiin pois>", "kuva jätettiin pois", "Tämä viesti poistettiin", "Hei",
    ),
)  # fmt: skip


def _android(of: Language) -> Case:
    evening, morning = of.android
    lines = (
        f"{evening} - {of.encrypted}", f"{evening} - Ann Lee: {of.hello}", "Note: no nuts",
        f"{evening} - +44 7700 900123: {of.media}", f"{evening} - {of.left}",
        f"{morning} - +44 7700 900123: Yes: gladly",
        f"{morning} - Ann Lee: {of.deleted}" if of.code != "fi" else f"{morning} - Bea poistui",
    )  # fmt: skip
    read = f"Ann Lee: {of.hello} Note: no nuts\n---\n+44 7700 900123: Yes: gladly"
    left = "3 system lines and 1 media tag"
    return Case(f"WhatsApp Chat {of.code}.txt", "\n".join(lines), "whatsapp", read, left, about="android")


def _ios(of: Language) -> Case:
    evening, morning = of.ios
    lines = (
        f"[{evening}] Trip: {MARK}{of.encrypted}", f"[{evening}] ~{NARROW}Ann Lee: {of.hello}", "and more",
        f"{MARK}[{evening}] Bob: {MARK}{of.ios_media}", f"[{evening}] Cem: {MARK}{of.left}",
        f"[{morning}] Bob: Yes: gladly",
    )  # fmt: skip
    known = of.code in {"en-us", "en-gb", "de", "fr", "es", "it", "nl"}
    left = "2 system lines and 1 media tag" if known else "3 system lines"
    read = f"Ann Lee: {of.hello}\nand more\n---\nBob: Yes: gladly"
    return Case(f"_chat {of.code}.txt", "\r\n".join(lines), "whatsapp", read, left, about="ios")


CASES = tuple(make(language) for language in LANGUAGES for make in (_android, _ios))
