import pytest

from engine.text.transcripts import holds_several_turns, part_summaries, part_turns


@pytest.mark.parametrize(
    ("line", "turns"),
    [
        ("A: hi B: hello A: how are you? B: fine", ["A: hi", "B: hello", "A: how are you?", "B: fine"]),
        (
            "Amanda: I baked cookies. Do you want some? Jerry: Sure! Amanda: I'll bring you some :-)",
            ["Amanda: I baked cookies. Do you want some?", "Jerry: Sure!", "Amanda: I'll bring you some :-)"],
        ),
        (
            "#Person1#: At 10:30, then. #Person2#: See: http://x.org #Person1#: So",
            ["#Person1#: At 10:30, then.", "#Person2#: See: http://x.org", "#Person1#: So"],
        ),
        (
            "Dr. Ann Lee: I saw Bob. Bob: Who? Dr. Ann Lee: You.",
            ["Dr. Ann Lee: I saw Bob.", "Bob: Who?", "Dr. Ann Lee: You."],
        ),
        ("Ann: hi Bob Bob: yo Ann Ann: so Bob: yes", ["Ann: hi Bob", "Bob: yo Ann", "Ann: so", "Bob: yes"]),
        (
            "customer: my train is late support: i am sorry customer: when will it come support: soon",
            [
                "customer: my train is late",
                "support: i am sorry",
                "customer: when will it come",
                "support: soon",
            ],
        ),
        ("Анна: привет! Иван: да. Анна: пока", ["Анна: привет!", "Иван: да.", "Анна: пока"]),
    ],
)
def test_each_turn_gets_its_line(line, turns):
    assert part_turns(line) == "\n".join(turns)
    assert holds_several_turns(line)


@pytest.mark.parametrize(
    "text",
    [
        "", "Ann: hi", "Ann: hi\nBob: yo Ann: so Bob: yes Ann: no",
        "Ann: three things: bread, rye: and oats.", "Ingredients: flour. Steps: mix it. Notes: none.",
        "They met. Ann: hi Bob: yo Ann: so",
    ],
)  # fmt: skip
def test_any_other_text_stands_as_it_is(text):
    assert part_turns(text) == text
    assert not holds_several_turns(text)


def test_a_long_line_is_read_at_once():
    line = "Ann: " + "word and: " * 20_000
    assert not holds_several_turns(line)


ONE = "Ann: Hi.\nBob: Yo."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{ONE}\nSummary: They greet.", [(ONE, "They greet.")]),
        (f"Conversation:\n{ONE}\n\nSummary:\nThey greet.\nTwice.", [(ONE, "They greet.\nTwice.")]),
        (
            f"Dialogue 1:\n{ONE}\nSummary: A.\n\nDialogue 2:\nCem: So?\nSummary: B.\n",
            [(ONE, "A."), ("Cem: So?", "B.")],
        ),
        (f"{ONE}\n\nZusammenfassung: A.\n\n---\n\n{ONE}\n\nZusammenfassung: B.", [(ONE, "A."), (ONE, "B.")]),
        (ONE, []),
        ("Summary: They greet.", []),
        (f"{ONE}\nSummary: They greet.\n\nAnn: And now?", []),
        (f"{ONE}\nSummary: A.\nSummary: B.", []),
        ("", []),
    ],
)
def test_pairs_are_found_or_nothing_is(text, found):
    assert part_summaries(text) == found
