import pytest
import texts
from PySide6.QtCore import QLocale

from engine.adapters import licence_terms
from engine.chats import segmentation
from engine.messages import counted, joined, say
from gui.look import language
from gui.look.language import mark, sentences, speak, tr, tr_count, translate
from gui.workers.download_prompt import cost_text

FILE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
 <context><name>window</name>
  <message><source>Settings</source><translation>Einstellungen</translation></message>
  <message><source>Step {step}</source><translation>Schritt {step}</translation></message>
  <message><source> and </source><translation> und </translation></message>
  <message><source>Close</source><translation type="unfinished"></translation></message>
  <message numerus="yes"><source>{n} examples</source>
   <translation><numerusform>{n} Beispiel</numerusform><numerusform>{n} Beispiele</numerusform></translation></message>
 </context>
 <context><name>engine</name>
  <message><source>Rank</source><translation>Rang</translation></message>
  <message><source>the disk is full</source><translation>die Platte ist voll</translation></message>
  <message><source>{1} can't be read: {2}.</source><translation>Nicht lesbar, {2}: {1}.</translation></message>
  <message><source>Try another.</source><translation>Nehmen Sie eine andere.</translation></message>
  <message><source>{1} examples</source><translation>{1} Beispiele</translation></message>
  <message><source>Prompt{1} too long.</source><translation>Zu lang ist der Prompt{1}.</translation></message>
  <message><source>Too short</source><translation>Zu kurz</translation></message>
  <message><source>{1} of {2}</source><translation>{2}, davon {1}</translation></message>
  <message><source>Summary</source><translation>Zusammenfassung</translation></message>
  <message><source>There is no column "{1}".</source><translation>Es gibt keine Spalte „{1}“.</translation></message>
  <message><source>column "{1}", {2}</source><translation>Spalte „{1}“, {2}</translation></message>
  <message><source>Columns: {1}.</source><translation>Spalten: {1}.</translation></message>
 </context>
</TS>
"""


def compiled(text, folder, monkeypatch):
    """Let each language have these texts, and return their file for Qt Linguist."""
    file, compiled = folder / "texts.ts", folder / "texts.qm"
    file.write_text(text, encoding="utf-8")
    texts.release(file, compiled)
    monkeypatch.setattr(language, "path", lambda code: compiled)
    return file


@pytest.fixture
def german(tmp_path, monkeypatch, speak):
    compiled(FILE, tmp_path, monkeypatch)
    speak("de")


def test_english_is_what_the_source_says():
    assert tr("Step {step}", step=4) == "Step 4"
    assert tr("The place {conversation} is kept") == "The place {conversation} is kept"
    assert tr_count(1, "{n} example", "{n} examples") == "1 example"
    assert (
        tr_count(1540, "{n} example", "{n} examples of {split}", split="train") == "1,540 examples of train"
    )
    assert translate("Rank") == mark("Rank") == "Rank"


def test_texts_of_the_window_and_what_has_no_translation_stays_english(german):
    assert tr("Settings") == "Einstellungen"
    assert tr("Step {step}", step=4) == "Schritt 4"
    assert tr_count(1, "{n} example", "{n} examples") == "1 Beispiel"
    assert tr_count(1540, "{n} example", "{n} examples") == "1.540 Beispiele"
    assert language.spoken() == "de"
    assert tr("Close") == "Close"
    assert tr("Never heard of {it}", it="this") == "Never heard of this"
    assert translate("Never heard of") == "Never heard of"
    assert translate("best of luck") == "best of luck"
    assert "Summary" in cost_text({"id": "a-model", "missing_bytes": 0, "licence": "Summary"})


def test_what_the_engine_says_with_values_in_it(german):
    unreadable, full = "{} can't be read: {}.", "the disk is full"
    assert translate("Rank") == "Rang"
    assert translate(say(unreadable, "a.csv", full)) == "Nicht lesbar, die Platte ist voll: a.csv."
    assert translate(say(unreadable, say("Row {:,}", 1228), "12.4 GB are too much")) == (
        "Nicht lesbar, 12,4 GB are too much: Row 1.228."
    )
    assert translate(say(unreadable, "a.csv", ValueError(say("{} of {}", full, 3)))) == (
        "Nicht lesbar, 3, davon die Platte ist voll: a.csv."
    )
    assert sentences(say(unreadable, "b.csv", full), "", "Nobody knows.", "Try another.") == (
        "Nicht lesbar, die Platte ist voll: b.csv. Nobody knows. Nehmen Sie eine andere."
    )

    assert translate(say("Prompt{} too long.", "")) == "Zu lang ist der Prompt."
    assert translate(say("{:,} examples", 1540)) == "1.540 Beispiele"

    assert translate("too short") == "Zu kurz"
    assert translate("Too short.") == "Zu kurz."
    assert translate(say("{}: {}", "too short", joined(" and ", [3, "rank"]))) == "Zu kurz: 3 und Rang"
    assert translate("too short, rank and 1,540") == "Zu kurz, Rang und 1.540"
    assert translate("too short, by chance") == "too short, by chance"

    no_column = 'There is no column "{}".'
    assert translate(say(no_column, "summary")) == "Es gibt keine Spalte „summary“."
    assert translate(say(no_column, "1,228")) == "Es gibt keine Spalte „1,228“."
    assert translate(say('column "{}", {}', "Rank", "too short")) == "Spalte „Rank“, Zu kurz"
    assert translate(say("Columns: {}.", "summary, rank")) == "Spalten: summary, rank."
    assert translate("Summary") == "Zusammenfassung"

    assert translate(say(unreadable, "peft 0.21.0 in 2026", full)) == (
        "Nicht lesbar, die Platte ist voll: peft 0.21.0 in 2026."
    )


POLISH = """<TS version="2.1" language="pl">
 <context><name>window</name>
  <message numerus="yes"><source>{n} files</source><translation><numerusform>{n} plik</numerusform>
   <numerusform>{n} pliki</numerusform><numerusform>{n} plików</numerusform></translation></message>
 </context>
 <context><name>engine</name>
  <message numerus="yes"><source>{1} row|{1} rows</source><translation><numerusform>{1} wiersz</numerusform>
   <numerusform>{1} wiersze</numerusform><numerusform>{1} wierszy</numerusform></translation></message>
 </context>
</TS>
"""


def test_a_language_brings_its_own_plural_forms(tmp_path, monkeypatch, speak):
    compiled(POLISH, tmp_path, monkeypatch)
    monkeypatch.setattr(language, "LANGUAGES", {"en": "English", "pl": "Polski"})
    speak("pl")
    assert [tr_count(count, "{n} file", "{n} files") for count in (1, 3, 5)] == [
        "1 plik", "3 pliki", "5 plików",
    ]  # fmt: skip
    assert [translate(counted(count, "row")) for count in (1, 22, 112)] == [
        "1 wiersz", "22 wiersze", "112 wierszy",
    ]  # fmt: skip
    assert translate(counted(5_000_000_000, "row")).endswith(" wierszy")


def test_the_file_of_a_language_keeps_its_forms_and_loses_what_nobody_says(tmp_path, monkeypatch):
    file = compiled(POLISH, tmp_path, monkeypatch)
    rows, steps = texts.Text("engine", "{1} row|{1} rows", one="{1} row"), texts.Text("engine", "No steps.")
    assert texts.write(file, [rows, steps]) == (2, 1)
    assert list(texts.messages(file)) == [
        ("engine", "{1} row|{1} rows", ("{1} wiersz", "{1} wiersze", "{1} wierszy")),
        ("engine", "No steps.", ("",)),
    ]


def test_the_lists_of_names_are_what_the_engine_says():
    assert {text for _, text, _ in texts.messages(texts.source("de"))} >= language.LISTING


def test_numbers_follow_and_come_back_and_a_language_that_nobody_brought_is_english(german):
    assert QLocale().decimalPoint() == ","
    speak("en")
    assert QLocale().decimalPoint() == "."
    assert tr("Settings") == "Settings"
    speak("xx")
    assert language.spoken() == "en"


def test_messages_are_translated_part_by_part(qapp):
    before = QLocale()
    stats = segmentation.ImportStats("05.txt", "whatsapp", 0)
    stats.turns, stats.speakers = 9, {"Ann"}
    stats.left_out.update({"system": 2, "media": 1})
    speak("de")
    try:
        [remark] = segmentation.remarks([stats])
        assert translate(remark) == (
            "05.txt ist als Beiträge gelesen. WhatsApp-Export: 9 Beiträge, 1 Sprecher; 2 Systemzeilen und "
            "1 Medienhinweis ausgelassen."
        )
        assert translate(licence_terms.of_base_model("ann/small-1.5", "CC BY 4.0")) == (
            "Das Basismodell ann/small-1.5 steht unter CC BY 4.0. Was Sie daraus machen, dürfen Sie weitergeben, "
            "wenn Sie Lizenz und Urheber nennen."
        )
        assert translate(licence_terms.of_data("my-9.0")) == (
            "Die Daten stehen unter my-9.0. Ihre Bedingungen sind nicht bekannt; lesen Sie sie, bevor Sie etwas "
            "weitergeben."
        )
    finally:
        speak("en")
        QLocale.setDefault(before)
