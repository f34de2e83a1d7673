"""Numbers, times, dates and names of a summary are checked in many languages and scripts."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.scoring import claims, score_text
from engine.scoring.faithfulness import check_claims
from engine.scoring.metrics import METRICS
from engine.text import languages
from engine.text.languages import ENGLISH, UNDETERMINED
from engine.text.languages import LANGUAGES as LANGUAGES_TOLD


def missing(language: str, summary: str, conversation: str) -> list[str]:
    return [claim.text for claim in check_claims(summary, conversation, language).unsupported]


# A summary, a conversation that supports it, and one that does not, with what is then missing.
SAME_IN_OTHER_WORDS = [
    ("de", "Anna kommt am Dienstag um 17 Uhr.", "Anna: Di, nein, dienstags um 5?"),
    ("de", "Es kostet 1.500 Euro.", "Ben: 1500 Euro"),
    ("de", "Er kommt am 14. Mai.", "Ben: am 14.05. dann"),
    ("fr", "Ils se voient à 17h30 mardi.", "Luc : à 17:30, mardi"),
    ("fr", "Le train part à 8 h 15.", "Luc : 8:15"),
    ("es", "Llegan el miércoles a las 5.30.", "Ana: miercoles a las 17:30"),
    ("it", "Arriva lunedì alle 17.30.", "Ada: lunedi alle 5:30"),
    ("pt", "Chega na terça-feira às 15 horas.", "Rui: terça às 3"),
    ("nl", "Ze komt dinsdag om 4.30.", "Jan: dinsdag 16:30"),
    ("pl", "Ola przyjdzie w środę o 5.", "Ola: środa, 17:00"),
    ("ru", "Она придёт в среду в 4:30.", "Аня: среда, 16:30"),
    ("uk", "Вона прийде в середу о 17.", "Аня: середа, 17:00"),
    ("el", "Θα έρθει την Τρίτη στις 5.30.", "Νίκος: Τρίτη 17:30"),
    ("tr", "Toplantı cumartesi 15:30'da.", "Ece: cumartesiye 3:30"),
    ("sv", "De ses kl. 4.30 på tisdag.", "Bo: tisdagen 16:30"),
    ("ar", "سيأتي يوم الثلاثاء الساعة ٥.", "علي: الثلاثاء الساعة 5"),
    ("ar", "اشترى 3 كتب في مارس.", "علي: ٣ كتب وفي مارس"),
    ("he", "היא תבוא ביום שלישי בשעה 17:00.", "דנה: יום שלישי ב-5"),
    ("zh", "他们周三下午5点半见面。", "小红：星期三17:30"),
    ("zh", "5月14日见。", "小红：2026-05-14"),
    ("ja", "水曜日の午後５時半に会います。", "田中：水曜 17:30で"),
    ("ko", "수요일 오후 5시 30분에 만난다.", "민수: 수요일 17:30"),
    ("hi", "वह बुधवार को ५ बजे आएगी।", "राम: बुधवार 5 बजे"),
    ("da", "Søren kommer tirsdag klokken 4.30.", "Søren: tirsdag 16:30"),
    ("no", "Kåre kommer laurdag.", "Kåre: lørdag"),
    ("nn", "Kåre kjøper 32 bøker tysdag.", "Kåre: 32 bøker på tirsdag"),
    ("fi", "Pekan sisko tulee perjantaina kello 4.30.", "Pekka: perjantai 16.30"),
    ("hu", "Annának 25 széke van, Péterrel jön szombaton 4.30-kor.", "Anna: 25 szék\nPéter: szombat 16:30"),
    ("sk", "Marek príde v stredu o 5.", "Marek: streda 17:00"),
    ("hr", "Ana i Petra dolaze u srijedu u 4.30.", "Ana: srijeda 16:30\nPetar: da"),
    ("sl", "Ana pride v sredo ob 4.30.", "Ana: sreda 16:30"),
    ("bg", "Мария ще купи 25 книги във вторник.", "Мария: 25 книги, вторник"),
    ("ca", "La Maria arriba dimarts a les 4.30.", "Maria: dimarts 16:30"),
    ("gl", "Chega o martes ás 5.30.", "Uxía: martes 17:30"),
    ("id", "Siti datang hari Selasa pukul 4.30.", "Siti: selasa 16:30"),
    ("ms", "Siti datang Khamis.", "Siti: kamis"),
    ("vi", "Hoa đến thứ ba lúc 5 giờ.", "Hoa: thứ ba, 5h"),
    ("th", "เขาจะมาวันอังคารที่ ๕ มีนาคม", "แดง: วันอังคาร 5 มีนาคม"),
    ("fa", "او سه\u200cشنبه ساعت ۵ می\u200cآید.", "علی: سه شنبه 5"),
    ("et", "Mari tuleb teisipäeval kell 4.30.", "Mari: teisipäev 16:30"),
]
NOT_SAID = [
    ("de", "Anna kommt am Freitag um 18 Uhr.", "Anna: Dienstag um 17 Uhr", ["Freitag", "18"]),
    ("de", "Lisa hat 12 Äpfel gekauft.", "Anna: ich hab 10 Äpfel", ["Lisa", "12"]),
    ("de", "Übermorgen kommt er.", "Ben: morgen komme ich", ["Übermorgen"]),
    ("fr", "Élodie voit Marc vendredi à 18h.", "Élodie : mardi à 17h", ["Marc", "vendredi", "18"]),
    ("es", "Ana verá a José el viernes.", "Ana: el martes", ["José", "viernes"]),
    ("it", "Ada incontra Niccolò venerdì.", "Ada: martedì", ["Niccolò", "venerdì"]),
    ("pt", "A Inês encontra João na sexta-feira.", "Inês: na terça", ["João", "sexta-feira"]),
    ("nl", "Jan ontmoet Joëlle vrijdag.", "Jan: dinsdag", ["Joëlle", "vrijdag"]),
    ("pl", "Ola spotka Łukasza w piątek.", "Ola: w środę", ["Łukasza", "piątek"]),
    ("ru", "Аня встретит Сергея в пятницу.", "Аня: в среду", ["Сергея", "пятницу"]),
    ("uk", "Аня зустріне Сергія у п’ятницю.", "Аня: у середу", ["Сергія", "п’ятницю"]),
    ("el", "Ο Νίκος θα δει τον Γιώργο την Παρασκευή.", "Νίκος: την Τρίτη", ["Γιώργο", "Παρασκευή"]),
    ("tr", "Bugün Ece Ayşe'yi perşembe görecek.", "Ece: çarşamba", ["Ayşe'yi", "perşembe"]),
    ("ar", "سيأتي يوم الجمعة الساعة ٦.", "علي: الثلاثاء الساعة 5", ["الجمعة", "٦"]),
    ("he", "היא תבוא ביום שישי בשעה 18:00.", "דנה: יום שלישי ב-5", ["ביום שישי", "18:00"]),
    ("zh", "他们周五6点见面，买4个苹果。", "小红：周三5点，买2个", ["周五", "6点", "4"]),
    ("ja", "金曜日の６時に４人で会う。", "田中：水曜5時、3人", ["金曜日", "６時", "４"]),
    ("ko", "금요일 6시에 만난다.", "민수: 수요일 5시", ["금요일", "6시"]),
    ("da", "Ida kommer fredag klokken 6.", "Ida: tirsdag klokken 5", ["fredag", "6"]),
    ("no", "I dag møter Kåre Sigrid på tysdag.", "Kåre: onsdag", ["Sigrid", "tysdag"]),
    ("fi", "Liisa tapaa Markuksen keskiviikkona.", "Liisa: tiistai", ["Markuksen", "keskiviikkona"]),
    ("hu", "Éva hétfőn találkozik Gáborral.", "Éva: kedd", ["hétfőn", "Gáborral"]),
    ("hr", "Ana vidi Ivana u petak.", "Ana: srijeda", ["Ivana", "petak"]),
    ("bg", "Мария ще види Иван в петък.", "Мария: вторник", ["Иван", "петък"]),
    ("id", "Siti bertemu Budi hari Rabu.", "Siti: selasa", ["Budi", "Rabu"]),
    ("vi", "Hoa gặp Minh thứ tư.", "Hoa: thứ ba", ["Minh", "thứ tư"]),
    ("th", "เขาจะมาวันพุธ", "แดง: วันอังคาร", ["วันพุธ"]),
    ("fa", "او جمعه می\u200cآید", "علی: سه\u200cشنبه", ["جمعه"]),
]


@pytest.mark.parametrize(("language", "summary", "conversation"), SAME_IN_OTHER_WORDS)
def test_the_same_in_other_words_is_supported(language, summary, conversation):
    assert missing(language, summary, conversation) == []
    assert check_claims(summary, conversation, language).claims


@pytest.mark.parametrize(("language", "summary", "conversation", "expected"), NOT_SAID)
def test_what_was_not_said_is_found(language, summary, conversation, expected):
    assert missing(language, summary, conversation) == expected


@pytest.mark.parametrize(
    ("language", "summary", "conversation"),
    [
        ("de", "Annas Hund mag Peter.", "Anna: mein Hund\nPeter: der mag mich"),
        ("pl", "Kasia kupi Markowi prezent i zadzwoni do Anny.", "Marek: hej\nKasia: prezent\nAnna: tak"),
        ("ru", "Марина поможет Павлу и Анне.", "Павел: привет\nМарина: да\nАнна: спасибо"),
        ("uk", "Оксана допоможе Петрові й Анні.", "Петро: привіт\nОксана: так\nАнна: дякую"),
        ("el", "Η Μαρία είδε τον Νίκο και τον Γιώργο.", "Νίκος: γεια\nΜαρία: ναι\nΓιώργος: γεια"),
        ("fr", "Le frère d’Élodie et l'ami d'Anna arrivent.", "Élodie : mon frère\nAnna : mon ami"),
    ],
)
def test_names_are_the_same_in_all_their_cases(language, summary, conversation):
    assert missing(language, summary, conversation) == []


@pytest.mark.parametrize(("language", "text"), [("de", "am Morgen"), ("es", "por la mañana")])
def test_the_morning_is_not_tomorrow(language, text):
    assert check_claims(f"… {text}", "", language).claims == ()


def test_names_that_differ_stay_different():
    assert missing("ru", "Мы видели, что Мария ушла.", "Марина: я ушла") == ["Мария"]


@pytest.mark.parametrize(
    "summary",
    [
        "Anna kauft frische Milch, Brot und Äpfel für das Frühstück.",
        "Kinder gehen ins neue Kino. Die Besprechung ist wichtig.",
        "Er bittet Sie um Hilfe, weil Zeit fehlt.",
    ],
)
def test_a_german_noun_is_no_name(summary):
    names = [claim.text for claim in check_claims(summary, "Anna: …", "de").claims if claim.kind == "name"]
    assert set(names) <= {"Anna"}


@pytest.mark.parametrize(
    ("language", "summary"),
    [("es", "Quieren ir al cine. Mañana compran pan."), ("ru", "Купили хлеб. Потом пошли домой.")],
)
def test_the_first_word_of_a_sentence_is_no_name_by_its_capital(language, summary):
    assert not [claim for claim in check_claims(summary, "", language).claims if claim.kind == "name"]


@pytest.mark.parametrize("language", ["zh", "ja", "ko", "ar", "he", "hi", "th", "ka"])
def test_where_names_cannot_be_told_nothing_measured_is_no_value(language):
    check = check_claims("…", "…", language)
    assert (check.names_told, check.unsupported_fraction) == (False, None)


@pytest.mark.parametrize("language", ["en", "de", "ru", "el", "und"])
def test_where_names_can_be_told_a_summary_without_claims_is_supported(language):
    check = check_claims("…", "…", language)
    assert (check.names_told, check.unsupported_fraction) == (True, 0.0)


@pytest.mark.parametrize(
    ("summary", "conversation", "expected"),
    [
        (
            "Anna kommt nicht mit, sie ist am Freitag krank.",
            "Anna: ich bin krank und komme nicht",
            ["Freitag"],
        ),
        ("Он не придёт в пятницу.", "Аня: он не придёт в среду", ["пятницу"]),
        ("他们周五见面。", "小红：周三见", ["周五"]),
        ("Tom is late on Friday.", "Tom: I am late", ["Friday"]),
        ("او جمعه می‌آید.", "علی: سه‌شنبه می‌آیم، خوب؟", ["جمعه"]),
        ("Hun kommer ikke fredag, men de har også tid.", "Ida: jeg er syg og kommer på onsdag", ["fredag"]),
        ("Тя няма да дойде в петък.", "Мария: той каза, че ще са в сряда", ["петък"]),
    ],
)
def test_the_language_is_told_from_the_texts(summary, conversation, expected):
    assert missing("", summary, conversation) == expected


@pytest.mark.parametrize("language", ["de", "fr", "zh", "xx", "und"])
@pytest.mark.parametrize("text", ["", "   ", "...", "12:", "٣", "一", "’", "l'", "A", "½ ²"])
def test_odd_texts_are_checked_all_the_same(language, text):
    check = check_claims(text, text, language)
    assert check.unsupported == ()


@pytest.mark.parametrize("code", sorted({*LANGUAGES_TOLD} - {UNDETERMINED}))
def test_every_language_has_its_words_or_the_result_says_so(code):
    """A language without known words never scores as if they had been looked for."""
    protocol = {"metric": {"languages": {code: 3}}}
    notes = " ".join(score_text.language_notes(protocol))
    in_digits = check_claims("… 7 …", "… 5 …", code)
    assert [claim.text for claim in in_digits.unsupported] == ["7"]
    if claims.dates_are_known(code):
        assert code == ENGLISH or claims.words_of(code).facts
        assert "digits are checked" not in notes
    else:
        assert "digits are checked" in notes
        assert languages.name(code) in notes
    assert ("only numbers" in notes or "only digits" in notes) is not in_digits.names_told


@pytest.mark.parametrize("code", [each for each in LANGUAGES_TOLD if claims.dates_are_known(each)])
def test_the_days_and_months_of_a_table_are_complete(code):
    words = claims.words_of(code)
    meanings = {meant for facts in (*words.facts.values(), *words.beginnings.values()) for meant in facts}
    if code != ENGLISH:
        assert {value for kind, value in meanings if kind == "day"} == set(range(7))
        months = {value for kind, value in meanings if kind == "month"}
        assert months >= set(range(12)) or code in ("zh", "ja", "ko")


@pytest.mark.parametrize(
    ("language", "summary"),
    [("de", "Es kostet zwölf Euro."), ("fr", "Il a vingt chaises."), ("zh", "他买了三十五个苹果。")],
)
def test_numbers_in_words_are_read_in_english_only(language, summary):
    assert check_claims(summary, "", language).claims == ()
    assert missing("en", "He has twelve chairs.", "Luc: 12 chairs") == []
    assert missing("en", "He has twelve chairs.", "Luc: 10 chairs") == ["twelve"]
    assert "in English only" in METRICS["unsupported"].help
    assert "capital letters" in METRICS["unsupported"].help


@pytest.mark.parametrize(("language", "text"), [("de", "im März"), ("fr", "février"), ("vi", "thứ bảy")])
@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD")])
def test_composed_and_decomposed_letters_are_the_same(language, text, forms):
    summary, conversation = (unicodedata.normalize(form, f"… {text}") for form in forms)
    check = check_claims(summary, conversation, language)
    assert check.unsupported == ()
    assert check.claims
    assert all(summary[claim.start : claim.end] == claim.text for claim in check.claims)
    [*_, last] = check_claims(summary, "…", language).unsupported
    assert summary.endswith(last.text)


LANGUAGES = (
    "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "uk", "el", "tr", "ar", "he", "zh", "ja", "ko", "da", "no", "fi",
    "hu", "sk", "hr", "sl", "bg", "ca", "gl", "id", "vi", "th", "fa", "et", "af", "xx",
)  # fmt: skip
MARKS = (
    "12", "5", "٣", "3万", "14.05.", "5/14", "17h30", "1.500", "2026-05-14", "半", "十", "Anna", "l'Anna", ".", ",",
    ":", "’", "\n",
)  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@given(data=st.data())
@settings(max_examples=10)
def test_every_text_supports_itself(language, data):
    words = claims.words_of(language)
    pieces = st.sampled_from([*words.facts, *words.beginnings, *MARKS])
    text = " ".join(data.draw(st.lists(pieces | st.text(max_size=3), max_size=8)))
    check = check_claims(text, text, language)
    assert check.unsupported == ()
    assert all(text[claim.start : claim.end] == claim.text for claim in check.claims)
