"""The catalogue of base models: facts that a person chooses by, and none that the rest of the engine contradicts."""

from __future__ import annotations

from engine.config import base_model_catalogue as catalogue
from engine.config import hub_sources, model_info
from engine.text import languages


def test_there_are_fifteen_to_twenty_models_of_both_families_and_all_sizes() -> None:
    models = catalogue.models()
    assert 15 <= len(models) <= 20
    assert len({model.id for model in models}) == len(models)
    assert {model.family for model in models} == {"encoder-decoder", "decoder-only"}
    assert {model.chat for model in models} == {True, False}
    sizes = [model.parameters for model in models]
    assert sizes == sorted(sizes)
    assert sizes[0] < 100_000_000
    assert sizes[-1] > 5_000_000_000


def test_every_model_is_a_hub_id_with_a_licence_and_known_languages() -> None:
    for model in catalogue.models():
        assert hub_sources.is_on_hub(model.id)
        assert model.licence
        assert model.languages
        assert all(languages.name(code) != code for code in model.languages), model.id
        assert model.language_count == 0 or model.language_count > len(model.languages)
        # Weights have two or four bytes each.
        assert 1.9 < model.download_bytes / model.parameters < 4.6, model.id


def test_the_context_is_that_of_the_shape() -> None:
    for model in catalogue.models():
        stated = model_info.positions(dict(model.shape))
        assert model.context == stated or "max_position_embeddings" not in model.shape, model.id
