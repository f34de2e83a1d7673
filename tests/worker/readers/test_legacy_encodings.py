"""Texts in fifteen languages as legacy encodings have them: guessed, named, or chosen by a person."""

import json
from pathlib import Path

import pytest

from engine.config.data_options import DataOptions
from engine.data import SPLITS
from engine.text import encodings
from engine.worker.dataset import dataset
from engine.worker.runtime.channel import Channel
from tests.helpers.channel_events import notice_messages

TALKS = {
    "ru": (
        "Анна: Привет! Ты купил билеты на концерт?\n"
        "Борис: Да, два места в третьем ряду. Начало в семь вечера.\n"
        "Анна: Отлично, тогда встретимся у входа в половине седьмого.\n"
        "Борис: Хорошо, возьму зонт, обещали дождь."
    ),
    "uk": (
        "Олена: Привіт! Чи є ще квитки на їхню виставу?\n"
        "Петро: Є, ґанок відчинять о шостій. Я візьму п'ять.\n"
        "Олена: Дякую, зустрінемося біля входу."
    ),
    "ja": (
        "田中：明日の会議は何時からですか？\n"
        "鈴木：午前十時から第二会議室で始まります。\n"
        "田中：資料は私が印刷して持って行きます。\n"
        "鈴木：ありがとうございます。コーヒーも用意しますね。"
    ),
    "zh": (
        "小王：明天的会议几点开始？\n"
        "小李：上午十点，在二楼的会议室。\n"
        "小王：好的，我会把材料打印出来带过去。\n"
        "小李：谢谢，别忘了带投影仪的遥控器。"
    ),
    "zt": (
        "小王：明天的會議幾點開始？\n"
        "小李：上午十點，在二樓的會議室。\n"
        "小王：好的，我會把資料印出來帶過去。\n"
        "小李：謝謝，別忘了帶投影機的遙控器。"
    ),
    "ko": (
        "민수: 내일 회의는 몇 시에 시작하나요?\n"
        "지영: 오전 열 시에 이층 회의실에서 시작해요.\n"
        "민수: 자료는 제가 출력해서 가져갈게요.\n"
        "지영: 고마워요. 커피도 준비할게요."
    ),
    "pl": (
        "Ania: Cześć! Kupiłeś już bilety na koncert?\n"
        "Bartek: Tak, dwa miejsca w trzecim rzędzie. Zaczyna się o siódmej.\n"
        "Ania: Świetnie, spotkajmy się przy wejściu o wpół do siódmej.\n"
        "Bartek: Dobrze, wezmę parasol, bo ma padać deszcz. Żółty!"
    ),
    "cs": (
        "Anna: Ahoj! Koupil jsi už lístky na večerní představení?\n"
        "Petr: Ano, dvě místa ve třetí řadě. Začíná to v sedm hodin.\n"
        "Anna: Výborně, sejdeme se u vchodu. Příště zaplatím já."
    ),
    "hu": (
        "Anna: Szia! Megvetted már a jegyeket az esti előadásra?\n"
        "Béla: Igen, két hely a harmadik sorban. Hétkor kezdődik.\n"
        "Anna: Nagyszerű, találkozzunk a bejáratnál, és utána főzünk együtt."
    ),
    "el": (
        "Άννα: Γεια σου! Αγόρασες τα εισιτήρια για τη συναυλία;\n"
        "Βασίλης: Ναι, δύο θέσεις στην τρίτη σειρά. Αρχίζει στις επτά.\n"
        "Άννα: Ωραία, θα συναντηθούμε στην είσοδο."
    ),
    "tr": (
        "Ayşe: Merhaba! Konser için biletleri aldın mı?\n"
        "Burak: Evet, üçüncü sırada iki yer. Saat yedide başlıyor.\n"
        "Ayşe: Çok güzel, girişte buluşalım. Şemsiyeni unutma, yağmur yağacakmış."
    ),
    "he": (
        "אנה: שלום! קנית כבר כרטיסים להופעה?\n"
        "בני: כן, שני מקומות בשורה השלישית. זה מתחיל בשבע.\n"
        "אנה: מצוין, ניפגש בכניסה בשש וחצי."
    ),
    "ar": (
        "آنا: مرحبا! هل اشتريت تذاكر الحفلة؟\n"
        "باسم: نعم، مقعدان في الصف الثالث. تبدأ في السابعة.\n"
        "آنا: ممتاز، نلتقي عند المدخل في السادسة والنصف."
    ),
    "de": (
        "Anna: Hallo! Hast du schon die Karten für das Konzert gekauft?\n"
        "Jörg: Ja, zwei Plätze in der dritten Reihe. Es fängt um sieben an.\n"
        "Anna: Schön, wir treffen uns vor der Tür. Nimm den Schlüssel fürs Fahrrad mit, es heißt, es regnet."
    ),
    "fr": (
        "Hélène : Salut ! Tu as déjà acheté les places pour le concert ?\n"
        "Éric : Oui, deux sièges au troisième rang. Ça commence à sept heures.\n"
        "Hélène : Très bien, on se retrouve à l'entrée. N'oublie pas la clé du vélo."
    ),
    "es": (
        "Ana: ¡Hola! ¿Ya compraste las entradas para el concierto?\n"
        "Íñigo: Sí, dos asientos en la tercera fila. Empieza a las siete de la mañana.\n"
        "Ana: Qué bien, nos vemos en la entrada. ¿Te acordarás del paraguas?"
    ),
    "sv": (
        "Åsa: Hej! Har du köpt biljetterna till konserten än?\n"
        "Björn: Ja, två platser på tredje raden. Det börjar klockan sju på kvällen.\n"
        "Åsa: Bra, vi ses vid ingången. Glöm inte paraplyet, det ska bli regn på söndag."
    ),
}
WRITTEN = [
    *[("ru", name) for name in ("cp1251", "koi8_r", "cp866", "mac_cyrillic", "iso8859_5")],
    *[("uk", name) for name in ("cp1251", "mac_cyrillic")],
    *[("ja", name) for name in ("cp932", "euc_jp", "iso2022_jp")],
    *[("zh", "gb18030"), ("zt", "big5"), ("ko", "cp949"), ("el", "cp1253"), ("tr", "cp1254")],
    *[("he", "cp1255"), ("ar", "cp1256")],
    *[(language, "cp1250") for language in ("pl", "cs", "hu")],
    ("pl", "iso8859_2"),
    *[(language, name) for language in ("de", "fr", "es", "sv") for name in ("cp1252", "mac_roman")],
]


@pytest.mark.parametrize(("language", "encoding"), WRITTEN)
@pytest.mark.parametrize("times", [1, 40])
def test_the_encoding_is_guessed_from_the_letters(language, encoding, times):
    text = "\n".join([TALKS[language]] * times)
    assert encodings.decode(text.encode(encoding)) == text


def rows(language: str) -> list[tuple[str, str]]:
    lines = TALKS[language].split("\n")
    return [(f"{TALKS[language]}\n{lines[0]} {number}", f"{lines[1]} {number}") for number in range(12)]


def as_csv(path: Path, pairs: list[tuple[str, str]], encoding: str) -> None:
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in pair] for pair in pairs]
    text = "".join(",".join(row) + "\r\n" for row in [["dialogue", "summary"], *quoted])
    path.write_bytes(text.encode(encoding))


def fingerprint(path: Path, channel: Channel, **values: str) -> str:
    found = dataset.select(DataOptions(source=str(path), **values), channel, needs=())
    return dataset.fingerprint({split: [row.example for row in found.rows[split]] for split in SPLITS})


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        ("ru", "cp1251"), ("ja", "cp932"), ("zh", "gb18030"), ("zt", "big5"), ("ko", "cp949"), ("pl", "cp1250"),
        ("el", "cp1253"), ("tr", "cp1254"), ("he", "cp1255"), ("ar", "cp1256"), ("de", "cp1252"), ("fr", "mac_roman"),
    ],
)  # fmt: skip
def test_a_data_set_in_any_encoding_has_the_fingerprint_of_its_utf_8(tmp_path, channel, language, encoding):
    pairs = rows(language)
    lines = [json.dumps({"dialogue": d, "summary": s}, ensure_ascii=False) for d, s in pairs]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    wanted = fingerprint(tmp_path / "a.jsonl", channel)
    assert notice_messages(channel) == []
    as_csv(tmp_path / "a.csv", pairs, encoding)
    assert fingerprint(tmp_path / "a.csv", channel) == wanted
    (said,) = notice_messages(channel)
    assert said.startswith(
        f"a.csv is not UTF-8 and is read as {encodings.ENCODINGS[encoding]}. If accents look wrong"
    )


@pytest.mark.parametrize(("language", "encoding"), [("ru", "cp1251"), ("de", "cp1252"), ("pl", "cp1250")])
def test_lines_in_utf_8_among_others_are_read_as_that_and_told(tmp_path, channel, language, encoding):
    pairs = rows(language)
    as_csv(tmp_path / "a.csv", pairs, encoding)
    as_csv(tmp_path / "b.csv", pairs[:2], "utf-8")
    with (tmp_path / "a.csv").open("ab") as stream:
        stream.write((tmp_path / "b.csv").read_bytes().partition(b"\r\n")[2])
    found = dataset.select(DataOptions(source=str(tmp_path / "a.csv")), channel, needs=())
    texts = {row.example.conversation for split in SPLITS for row in found.rows[split]}
    assert texts == {conversation for conversation, _ in pairs}
    assert any(text.startswith("a.csv mixes encodings: ") for text in notice_messages(channel))


def test_bytes_that_the_encoding_does_not_have_break_their_row(tmp_path, channel):
    as_csv(tmp_path / "a.csv", rows("el"), "cp1253")
    with (tmp_path / "a.csv").open("ab") as stream:
        stream.write(b"\xaa\xd2 bad,x\r\n")
    options = DataOptions(source=str(tmp_path / "a.csv"), encoding="cp1253", broken_rows="leave_out")
    found = dataset.select(options, channel, needs=())
    assert sum(map(len, found.rows.values())) == 12


def test_the_option_offers_every_encoding():
    offered = DataOptions.model_fields["encoding"].annotation.__args__
    assert offered == ("auto", *encodings.ENCODINGS)
