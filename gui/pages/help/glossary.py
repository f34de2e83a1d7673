"""What a newcomer is told first, in few words: the one place for what no option, method or score declares."""

from __future__ import annotations

from dataclasses import dataclass

from gui.look.language import mark


@dataclass(frozen=True)
class Word:
    """A word, what it means, and the drawing beside it, if there is one."""

    title: str
    text: str
    drawing: str = ""
    others: str = ""


WORDS = (
    Word(
        mark("How it works"),
        mark(
            "A base model already knows language. Tunesmith adds few numbers beside its many, and lets only "
            "those learn from conversations and the summaries that people wrote of them. Base and tuned model "
            "then summarise the same test conversations, so that you see what was gained."
        ),
        "adapter",
        mark("start begin fine-tuning PEFT"),
    ),
    Word(
        mark("Base model"),
        mark("What is there before training. Its own numbers stay as they are: it is frozen."),
        "adapter",
    ),
    Word(
        mark("Adapter"),
        mark(
            "What training yields: a small folder that is used together with its base model. Switched off, the base is "
            "what it was."
        ),
        "adapter",
    ),
    Word(mark("Recipe"), mark("All that decides a run. Open one, change it, start it, save it as a file.")),
    Word(
        mark("Run"),
        mark("One execution of a recipe, in a process of its own. It goes on if the window closes."),
    ),
    Word(mark("Step"), mark("One change of the trained numbers, from the examples of one batch.")),
    Word(
        mark("Loss"),
        mark(
            "How surprised the model is by the reference summaries, token by token. It falls while the model learns; "
            "when the validation loss rises again, the model learns the examples by heart."
        ),
        "loss",
        mark("overfitting validation"),
    ),
    Word(
        mark("Verdict"),
        mark(
            "Base and tuned model summarise the same test conversations, and each conversation is compared "
            "with itself. Better or Worse is said only where the interval of that difference leaves zero out."
        ),
        "verdict",
        mark("better worse no measurable difference significance"),
    ),
    Word(
        mark("Interval"),
        mark(
            "Where a score would lie in 95 of 100 repetitions with other test conversations of the same kind. A score "
            "without one says little: with few conversations chance alone moves it by points."
        ),
        "verdict",
        mark("bootstrap confidence"),
    ),
    Word(
        "NF4",
        mark(
            "Four bits for each weight of the base model: sixteen values, which lie closer together near zero, "
            "where most weights are. Each block of weights has a scale of its own. A base takes about a "
            "quarter of the memory it takes in bfloat16. The adapter beside it stays in full numbers: that is QLoRA."
        ),
        "nf4",
        mark("4-bit bitsandbytes quantization QLoRA"),
    ),
    Word(
        "FP4",
        mark(
            "Four bits for each weight as a tiny floating-point number. The same memory as NF4; its values fit "
            "the weights of language models less well."
        ),
        "fp4",
        mark("4-bit bitsandbytes quantization"),
    ),
    Word(
        "int8",
        mark(
            "Eight bits for each weight, half the memory of bfloat16. Columns with very large values are "
            "computed in full."
        ),
        "int8",
        mark("8-bit bitsandbytes quantization"),
    ),
    Word(
        mark("Token"),
        mark(
            "What models read and write: a word or a piece of one. An English word takes about one and a third."
        ),
        "tokens",
    ),
    Word(
        mark("Soft prompt"),
        mark(
            "Vectors that stand before the text like words, but are trained numbers and no words. Prompt "
            "tuning, prefix tuning and P-tuning learn such."
        ),
        "vectors",
    ),
)
