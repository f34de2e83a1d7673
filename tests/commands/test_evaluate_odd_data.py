"""The verb `evaluate` on data of hardly any words, of no known script, and of several languages."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.torch
GERMAN = "Anna kommt am Dienstag um fünf Uhr zu Ben und bringt frische Äpfel mit"
RUSSIAN = "Марина завтра вечером поедет в город и купит свежий хлеб для бабушки"


@pytest.mark.parametrize(
    ("summaries", "languages", "notice"),
    [
        (["Ja", "Nein", "Gut"], {}, ""),
        (["👍👍", "🎉", "☺️"], {"und": 3}, "3 of 3 reference summaries hold no word that ROUGE reads."),
        (["5 15", "25", "7"], {}, ""),
        (["ᏣᎳᎩ ᎦᏬᏂᎯ", "ᎤᏬᏂ", "ᏣᎳᎩ"], {"und": 3}, ""),
        ([GERMAN, f"{GERMAN}.", f"{GERMAN}!", RUSSIAN], {"de": 3, "ru": 1}, ""),
    ],
    ids=["three words", "emoji", "digits", "unknown script", "one of another language"],
)
def test_odd_data_is_scored_and_what_was_read_is_named(
    in_process, make_recipe, tmp_path, summaries, languages, notice
):
    data = tmp_path / "data"
    data.mkdir()
    for split in ("train", "test"):
        rows = [{"dialogue": f"A: {text} {split}", "summary": text} for text in summaries]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (data / f"{split}.jsonl").write_text(text, encoding="utf-8")
    recipe = make_recipe("t5", f"data.source={data}")
    done = in_process.run("evaluate", "--recipe", str(recipe), "--json")
    assert done.code == 0, done
    result = done.json[-1]
    assert result["protocol"]["metric"].get("languages", {}) == languages
    assert set(result["base"]["measures"]) >= {"chrf"}
    told = [event["message"] for event in done.named("notice")]
    assert (notice in told) is bool(notice)
