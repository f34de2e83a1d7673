"""Plain texts that name speakers in their own way, in several encodings, with a summary, in a split."""

from __future__ import annotations

from tests.worker.readers.exports.case import Case

LONG = "Dr. Maria Alejandra Fernandez de la Cruz (Department of Cardiology)"

CASES = (
    Case(
        "brackets.txt",
        """
        [doctor] What hurts?
        [patient] My knee
        and the back.
        [laughs]
        [doctor] Since when?
        """,
        "transcript",
        """
        doctor: What hurts?
        patient: My knee
        and the back.
        doctor: Since when?
        """,
        "1 media tag",
    ),
    Case(
        "own-line.txt",
        """
        DOCTOR:
        What hurts?

        PATIENT:
        My knee.
        """,
        "",
        """
        DOCTOR:
        What hurts?

        PATIENT:
        My knee.
        """,
    ),
    Case(
        "wide-colons.txt",
        """
        医生：你好
        病人：我头疼
        医生：多久了？
        """,
        "",
        """
        医生：你好
        病人：我头疼
        医生：多久了？
        """,
    ),
    Case(
        "narrow-colons.txt",
        """
        医生:你好
        病人:我头疼
        """,
        "",
        """
        医生:你好
        病人:我头疼
        """,
    ),
    Case(
        "wide-brackets.txt",
        """
        【医生】你好
        【病人】我头疼
        """,
        "transcript",
        """
        医生: 你好
        病人: 我头疼
        """,
    ),
    Case(
        "stars.md",
        """
        **Ann:** Hello there.

        **Bob:** Yo.
        """,
        "transcript",
        """
        Ann: Hello there.
        Bob: Yo.
        """,
    ),
    Case(
        "dashes.txt",
        """
        Ann - Hello there.
        Bob - Yo - you.
        Ann - Good.
        Bob - So long.
        """,
        "transcript",
        """
        Ann: Hello there.
        Bob: Yo - you.
        Ann: Good.
        Bob: So long.
        """,
    ),
    Case(
        "tight.txt",
        """
        Ann:Hello there.
        Bob:Yo.
        Ann:Good.
        Bob:So long.
        """,
        "transcript",
        """
        Ann: Hello there.
        Bob: Yo.
        Ann: Good.
        Bob: So long.
        """,
    ),
    Case(
        "play.txt",
        """
        ANN
        Hello there.

        BOB
        Yo.

        ANN
        Good.

        BOB
        So long.
        """,
        "transcript",
        """
        ANN: Hello there.
        BOB: Yo.
        ANN: Good.
        BOB: So long.
        """,
    ),
    Case(
        "long-names.txt",
        f"{LONG}: What hurts?\nPatient: My knee.\n",
        "",
        f"{LONG}: What hurts?\nPatient: My knee.",
    ),
    Case(
        "plain.txt",
        """
        Ann: see you at
        10:30
        Bob: [9:15] works, too
        """,
        "",
        """
        Ann: see you at
        10:30
        Bob: [9:15] works, too
        """,
    ),
    Case(
        "summarised.txt",
        "[9:15] Ann: Hi\n[9:16] Bob: Yo\n",
        "transcript",
        "Ann: Hi\nBob: Yo",
        summary="They greet.",
    ),
    Case("split.txt", "[9:15] Ann: Hi\n[9:16] Bob: Yo\n", "transcript", "Ann: Hi\nBob: Yo", split="test"),
    Case(
        "utf16.txt",
        "[9:15] Ann: Größe?\n[9:16] Bob: Yo\n".encode("utf-16"),
        "transcript",
        "Ann: Größe?\nBob: Yo",
    ),
    Case("marked.txt", "\ufeff[9:15] Ann: Hi\r\n[9:16] Bob: Yo\r\n", "transcript", "Ann: Hi\nBob: Yo"),
    Case("no ending", "[9:15] Ann: Hi\n[9:16] Bob: Yo\n", "transcript", "Ann: Hi\nBob: Yo"),
)
