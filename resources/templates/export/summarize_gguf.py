"""Summarises conversations with the GGUF file: needs torch, transformers and gguf. See command.py for how it is called.

llama.cpp, LM Studio and Ollama read the file without any of these.
"""

from pathlib import Path

import command
import torch
from prompting import SETTINGS
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

ENCODER_DECODER = SETTINGS["family"] == "encoder-decoder"
LOADER = AutoModelForSeq2SeqLM if ENCODER_DECODER else AutoModelForCausalLM
HERE = Path(__file__).resolve().parent
# Not all of it stands in the file in a way that transformers reads.
CONFIG = AutoConfig.from_pretrained(HERE)
MODEL = LOADER.from_pretrained(HERE, gguf_file="model.gguf", config=CONFIG, dtype="float32").eval()


@torch.inference_mode()
def write(ids: list[int]) -> list[int]:
    """Return the ids of a summary."""
    written = MODEL.generate(
        torch.tensor([ids]),
        max_new_tokens=SETTINGS["max_new_tokens"],
        num_beams=SETTINGS["beams"],
        do_sample=False,
        eos_token_id=SETTINGS["end_tokens"],
        pad_token_id=SETTINGS["end_tokens"][0],
    )[0].tolist()
    return written[1:] if ENCODER_DECODER else written[len(ids) :]


command.run(write)
