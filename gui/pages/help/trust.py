"""What Tunesmith trusts of what others made, and what it does not: by the kind of file."""

from __future__ import annotations

from gui.look.language import mark

TITLE = mark("What is trusted, and what is not")
TEXT = mark(
    "Data, adapters, recipes, base models and runs may come from people you don't know. None of them is run as a "
    "program. What is damaged, or takes more memory or time than such a file should, is named and left; the other "
    "files and runs stay usable."
)
FACTS = (
    (
        mark("Trusted"),
        mark("Tunesmith itself, the libraries that it is made of, your settings, and what you enter."),
    ),
    (
        mark("Data and chats"),
        mark(
            "They are read only. Macros, formulas, scripts and links in them do nothing. Archives are unpacked into a "
            "private folder, up to a limit. Parquet, databases, workbooks, Word, PDF, mail and web pages are read in "
            "a process of their own, with limits of memory and time."
        ),
    ),
    (
        mark("Base models"),
        mark(
            "Weights are read from safetensors files alone. Code that a model brings is never run. Its sizes are "
            "compared with its weights before anything is built. Its tokenizer is tried in a process with limits "
            "before its first use, and its chat template runs in a sandbox with limits. A GGUF file is checked against "
            "its own header, and unpacked in a process with limits of memory and time."
        ),
    ),
    (
        mark("Adapters and checkpoints"),
        mark(
            "They hold numbers and descriptions, and nothing in them is run. Files that do not belong to an adapter "
            "are neither imported nor exported, and no link is followed. Weights that are missing, of another shape or "
            "no numbers are named. A damaged checkpoint is skipped, and the one before it is taken."
        ),
    ),
    (
        mark("Recipes"),
        mark(
            "A recipe is a list of settings. It runs nothing, but it says which base model and data are used: "
            "look at them before you start it. What is to be downloaded is asked first."
        ),
    ),
    (
        mark("Names and messages"),
        mark(
            "Control characters in names, paths and texts of others are shown and not obeyed. So no file can write "
            "into the terminal in Tunesmith's voice. The window shows all texts as plain text."
        ),
    ),
    (
        mark("Reports and tables"),
        mark("Reports hold no scripts and fetch nothing. No cell of an exported table is a formula."),
    ),
    (
        mark("Other computers"),
        mark(
            "Nothing that a cluster answers is run here, and a run brings back its own files alone. Whoever has the "
            "cluster's token can run programs on the cluster and read what you sent there. Without SSH, what is sent "
            "is not encrypted: use a network that you trust."
        ),
    ),
    (
        mark("What no program can check"),
        mark(
            "A model can be trained to write what is wrong, and data can hold what should not be learnt or passed on. "
            "Read what a model writes, mask personal data, and prefer models whose makers you know."
        ),
    ),
)
OTHERS = mark("security safety trust malicious untrusted sandbox limits")
