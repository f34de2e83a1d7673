"""Summarises conversations with this model: needs torch and transformers. See command.py for how it is called."""

from pathlib import Path

import command
import torch
from prompting import SETTINGS
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

ENCODER_DECODER = SETTINGS["family"] == "encoder-decoder"
LOADER = AutoModelForSeq2SeqLM if ENCODER_DECODER else AutoModelForCausalLM
MODEL = LOADER.from_pretrained(Path(__file__).resolve().parent, dtype="auto").eval()


@torch.inference_mode()
def write(ids: list[int]) -> list[int]:
    """Return the ids of a summary. How it is decoded stands in generation_config.json."""
    written = MODEL.generate(torch.tensor([ids]))[0].tolist()
    # A decoder of its own begins with its start token.
    return written[1:] if ENCODER_DECODER else written[len(ids) :]


command.run(write)
