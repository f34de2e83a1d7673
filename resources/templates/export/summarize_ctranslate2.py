"""Summarises conversations with this model: needs ctranslate2 and tokenizers. See command.py for how it is called."""

from pathlib import Path

import command
import ctranslate2
from prompting import SETTINGS, TOKENIZER

ENCODER_DECODER = SETTINGS["family"] == "encoder-decoder"
RUNTIME = ctranslate2.Translator if ENCODER_DECODER else ctranslate2.Generator
MODEL = RUNTIME(str(Path(__file__).resolve().parent), compute_type="default")
END = SETTINGS["end_tokens"]


def write(ids: list[int]) -> list[int]:
    """Return the ids of a summary."""
    tokens = [TOKENIZER.id_to_token(token) for token in ids]
    if ENCODER_DECODER:
        [result] = MODEL.translate_batch(
            [tokens],
            beam_size=SETTINGS["beams"],
            max_decoding_length=SETTINGS["max_new_tokens"],
            min_decoding_length=0,
            end_token=END,
        )
        return [TOKENIZER.token_to_id(token) for token in result.hypotheses[0]]
    [result] = MODEL.generate_batch(
        [tokens],
        beam_size=SETTINGS["beams"],
        max_length=SETTINGS["max_new_tokens"],
        end_token=END,
        include_prompt_in_result=False,
    )
    return result.sequences_ids[0]


command.run(write)
