"""The last layers of a transformer block's sublayers, whose outputs are added to the residual stream.

A table by transformers' model types. Names are ends of module names, as PEFT matches them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Placement = Literal["houlsby", "pfeiffer"]


@dataclass(frozen=True)
class Ends:
    """The last layers of attention (cross-attention included) and feed-forward."""

    attention: tuple[str, ...]
    feed_forward: tuple[str, ...]

    def of(self, placement: Placement) -> tuple[str, ...]:
        """Return the layers that get an adapter of this placement after them."""
        return self.feed_forward if placement == "pfeiffer" else self.attention + self.feed_forward


T5 = Ends(("o",), ("wo",))
BART = Ends(("out_proj",), ("fc2",))
LLAMA = Ends(("o_proj",), ("down_proj",))
GPT2 = Ends(("attn.c_proj",), ("mlp.c_proj",))
NEOX = Ends(("attention.dense",), ("dense_4h_to_h",))
BLOOM = Ends(("self_attention.dense",), ("dense_4h_to_h",))
GPTJ = Ends(("attn.out_proj",), ("mlp.fc_out",))

_KINDS: tuple[tuple[Ends, tuple[str, ...]], ...] = (
    (T5, ("t5", "mt5", "umt5", "longt5")),
    (
        BART,
        (
            *("bart", "mbart", "plbart", "pegasus", "pegasus_x", "blenderbot", "blenderbot-small"),
            *("marian", "m2m_100", "opt", "xglm", "biogpt"),
        ),
    ),
    (
        LLAMA,
        (
            *("llama", "mistral", "ministral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text", "smollm3"),
            *(
                "olmo",
                "olmo2",
                "olmo3",
                "phi3",
                "granite",
                "cohere",
                "cohere2",
                "stablelm",
                "nemotron",
                "helium",
            ),
            *("glm", "glm4", "exaone4", "ernie4_5", "seed_oss", "arcee"),
        ),
    ),
    (GPT2, ("gpt2", "openai-gpt", "gpt_bigcode")),
    (NEOX, ("gpt_neox",)),
    (BLOOM, ("bloom", "falcon")),
    (GPTJ, ("gptj", "codegen")),
    (Ends(("attention.out_proj",), ("mlp.c_proj",)), ("gpt_neo",)),
    (Ends(("attn.out_proj",), ("ffn.down_proj",)), ("mpt",)),
    (Ends(("self_attn.dense",), ("fc2",)), ("phi",)),
    (Ends(("o_proj",), ("mlp.c_proj",)), ("starcoder2",)),
    (Ends(("output", "out_proj"), ("fc2",)), ("led", "bigbird_pegasus")),
)
ENDS: dict[str, Ends] = {model_type: ends for ends, model_types in _KINDS for model_type in model_types}
