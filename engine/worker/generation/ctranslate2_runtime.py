"""Lets CTranslate2 write summaries in place of the engine: same prompts, same end tokens, same decoding.

It computes a model that was converted before; tokenizer and special tokens are the base model's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from engine.config.decoding import CTRANSLATE2, DecodingOptions, unknown_to_ctranslate2
from engine.errors import AppError
from engine.worker.generation import Generated
from engine.worker.generation.generate import finished, generation_config
from engine.worker.modeling.base_models import LoadedBase
from engine.worker.modeling.prompt_learning import refuse_too_long
from engine.worker.runtime.rank_group import Tick, no_tick

PRECISION = "float32"
# Prompts between two looks at whether to stop, and the tokens of which the library makes a batch.
PROMPTS, BATCH_TOKENS = 32, 4096


class CTranslate2Runtime:
    """A converted model in memory; `facts` stand in the protocol of its scores."""

    def __init__(self, folder: Path, base: LoadedBase) -> None:
        """Load the model in a folder; `base` is the base model that it was made of."""
        import ctranslate2

        is_pair = base.family == "encoder-decoder"
        kind = ctranslate2.Translator if is_pair else ctranslate2.Generator
        self.facts = {"name": CTRANSLATE2, "version": ctranslate2.__version__, "precision": PRECISION}
        self._model = kind(str(folder), device="cpu", compute_type=PRECISION, intra_threads=base.threads)
        self._base = base
        self._write = self._translated if is_pair else self._continued

    def generate(
        self,
        inputs: Sequence[list[int]],
        *,
        on_tick: Tick = no_tick,
        on_written: Callable[[int, Generated], None] = lambda *_: None,
        end_tokens: Iterable[int] = (),
        **decoding: Any,
    ) -> list[Generated]:
        """Return a summary for each prompt (token ids), in their order, as the engine's `generate` does.

        Raises AppError for settings that CTranslate2 lacks, and BaseModelError for a prompt that is too long.
        """
        options = DecodingOptions(**decoding)
        for problem in unknown_to_ctranslate2(options):
            raise AppError(problem.message, problem.hint)
        base = self._base
        refuse_too_long(base.model, inputs, options.max_new_tokens)
        config = generation_config(base.model, base.tokenizer, options, end_tokens)
        written: dict[int, Generated] = {}
        rows = sorted(range(len(inputs)), key=lambda row: len(inputs[row]), reverse=True)
        for start in range(0, len(rows), PROMPTS):
            on_tick()
            some = rows[start : start + PROMPTS]
            for row, ids in zip(
                some, self._write([inputs[row] for row in some], options, config), strict=True
            ):
                written[row] = finished(ids, config, base.tokenizer)
                on_written(row, written[row])
        return [written[row] for row in range(len(inputs))]

    def _translated(self, prompts: list[list[int]], options: DecodingOptions, config: Any) -> list[list[int]]:
        """Return what an encoder-decoder writes, end token included."""
        forced = config.forced_bos_token_id
        prefix = None if forced is None else [self._tokens([forced])] * len(prompts)
        results = self._model.translate_batch(
            [self._tokens(ids) for ids in prompts],
            target_prefix=prefix,
            max_decoding_length=options.max_new_tokens,
            # Otherwise the first token can't be the last.
            min_decoding_length=0,
            **self._common(options, config),
        )
        to_ids = self._base.tokenizer.convert_tokens_to_ids
        return [to_ids(result.hypotheses[0]) for result in results]

    def _continued(self, prompts: list[list[int]], options: DecodingOptions, config: Any) -> list[list[int]]:
        """Return what a decoder goes on with, end token included."""
        results = self._model.generate_batch(
            [self._tokens(ids) for ids in prompts],
            max_length=options.max_new_tokens,
            include_prompt_in_result=False,
            **self._common(options, config),
        )
        return [result.sequences_ids[0] for result in results]

    def _common(self, options: DecodingOptions, config: Any) -> dict[str, Any]:
        banned = [self._tokens(ids) for ids in config.bad_words_ids or ()]
        return {
            "beam_size": options.beams,
            "length_penalty": options.length_penalty,
            "end_token": config.eos_token_id,
            "return_end_token": True,
            "suppress_sequences": banned or None,
            "max_batch_size": BATCH_TOKENS,
            "batch_type": "tokens",
        }

    def _tokens(self, ids: list[int]) -> list[str]:
        tokens: list[str] = self._base.tokenizer.convert_ids_to_tokens(ids)
        return tokens
