"""Plain texts that name speakers in their own way, in several encodings, with a summary, in a split."""

from __future__ import annotations

from tests.worker.readers.exports.case import Case

LONG = "Dr. Maria Alejandra Fernandez de la Cruz (Department of Cardiology)"

THREE = "Ann: Hi\nBob: Yo\nAnn: So"

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
    Case("numbered.txt", "1. Ann: Hi\n2. Bob: Yo\n3. Ann: So", "transcript", THREE),
    Case("bullets.txt", "• Ann: Hi\n• Bob: Yo\n• Ann: So", "transcript", THREE),
    Case("tabbed-times.txt", "Ann\t10:02\tHi\nBob\t10:03\tYo\nAnn\t10:04\tSo", "transcript", THREE),
    Case("piped-times.txt", "10:02 | Ann | Hi\n10:03 | Bob | Yo\n10:04 | Ann | So", "transcript", THREE),
    Case("dashed-times.txt", "Ann (10:02) - Hi\nBob (10:03) - Yo\nAnn (10:04) - So", "transcript", THREE),
    Case(
        "iso.txt",
        "2024-01-05T10:00:12Z Ann: Hi\n2024-01-05T10:00:13Z Bob: Yo\n2024-01-05T10:00:13Z Ann: So",
        "transcript",
        THREE,
    ),
    Case(
        "iso-brackets.txt",
        "[2024-01-05T10:00:12+01:00] Ann: Hi\n[2024-01-05T10:00:13+01:00] Bob: Yo\n[2024-01-05T10:00:14+01:00] Ann: So",
        "transcript",
        THREE,
    ),
    Case(
        "deposition.txt",
        """
             Q.   What is your name?
             A.   Ann Lee.
             MR. MOSS:  Objection.
             Q.   Where do you live,
             and since when?
             A.   In Rome.
        """,
        "transcript",
        """
        Q: What is your name?
        A: Ann Lee.
        MR. MOSS: Objection.
        Q: Where do you live,
        and since when?
        A: In Rome.
        """,
    ),
    Case(
        "questions.txt",
        "Q1) Name?\nA1) Ann\nQ2) Town?\nA2) Rome",
        "transcript",
        "Q: Name?\nA: Ann\nQ: Town?\nA: Rome",
    ),
    Case(
        "marks.txt",
        "Q What is your name?\nA Ann Lee.\nQ And since when?\nA Always.",
        "transcript",
        "Q: What is your name?\nA: Ann Lee.\nQ: And since when?\nA: Always.",
    ),
    Case(
        "fragen.txt",
        "F. Wie heißen Sie?\nA. Ann Lee.\nF. Und seit wann?\nA. Schon immer.",
        "transcript",
        "F: Wie heißen Sie?\nA: Ann Lee.\nF: Und seit wann?\nA: Schon immer.",
    ),
    Case(
        "nicks-colon.txt",
        "<ann>: Hi\n<bob>: Yo\n<ann>: So",
        "irc",
        THREE.replace("Ann", "ann").replace("Bob", "bob"),
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
