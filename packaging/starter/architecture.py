"""Builds the untrained starter: a small T5 whose first weights already hold a copying circuit.

Owns the sizes and the initial weights. Knows nothing of data or training.

T5 does not divide attention scores by the root of the head size, and knows positions only through a small table of
biases. From ordinary random weights a model this small did not learn to copy within an hour of two cores, so the
start is built by hand, in five steps that training may then change as it likes:

1. The position tables prefer the previous, the next and the last but one token in one head each.
2. The first encoder layer writes a rotated copy of the previous token (and of the one before) into each position.
3. A head of the second encoder layer finds other places with the same token, so that a question finds its words.
4. A cross-attention of the decoder looks for positions whose written copies match the decoder's last two tokens.
5. Cross-attention values and outputs are an orthogonal pair, so whatever is attended to can be said.
"""

import torch
from torch import Tensor
from transformers import T5Config, T5ForConditionalGeneration

ITSELF, PREVIOUS, BEFORE_PREVIOUS, NEXT = (
    0,
    1,
    2,
    17,
)  # rows of T5's position table: distances back; 16 + distance ahead
EMBEDDING_STD = 0.5
MATCH, COPY_GAIN, FINAL_GAIN, POSITION_BIAS = 0.5, 2.0, 2.0, 8.0


def config(vocabulary: int, **changes: int) -> T5Config:
    """Return the starter's configuration; `changes` serve tests that need something tiny."""
    sizes = {
        "d_model": 256,
        "d_kv": 64,
        "d_ff": 768,
        "num_layers": 4,
        "num_decoder_layers": 3,
        "num_heads": 4,
    }
    return T5Config(
        vocab_size=vocabulary, dropout_rate=0.0, feed_forward_proj="gated-gelu", decoder_start_token_id=0,
        pad_token_id=0, eos_token_id=1, **(sizes | changes),
    )  # fmt: skip


def build(configuration: T5Config, seed: int) -> T5ForConditionalGeneration:
    """Return a model in float32 with the built-in circuit; the same seed gives the same weights."""
    model = T5ForConditionalGeneration(configuration)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        _random_start(model, generator)
        _position_tables(model)
        _copy_pairs(model, generator)
        _match_previous_tokens(model, generator)
        _match_same_tokens(model, generator)
        model.decoder.final_layer_norm.weight.fill_(FINAL_GAIN)
    return model


def _orthogonal(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    square, _ = torch.linalg.qr(torch.randn(max(rows, columns), min(rows, columns), generator=generator))
    return square if rows >= columns else square.T


def _random_start(model: T5ForConditionalGeneration, generator: torch.Generator) -> None:
    c = model.config
    model.shared.weight.normal_(0, EMBEDDING_STD, generator=generator)
    spreads = {
        ".q.weight": 0.5 * (c.d_model * c.d_kv) ** -0.5, ".k.weight": c.d_model**-0.5, ".v.weight": c.d_model**-0.5,
        ".o.weight": 0.3 * (c.num_heads * c.d_kv) ** -0.5, "wi_0.weight": c.d_model**-0.5,
        "wi_1.weight": c.d_model**-0.5, "wo.weight": 0.3 * c.d_ff**-0.5,
    }  # fmt: skip
    for name, parameter in model.named_parameters():
        for ending, spread in spreads.items():
            if name.endswith(ending):
                parameter.normal_(0, spread, generator=generator)


def _position_tables(model: T5ForConditionalGeneration) -> None:
    encoder, decoder = (
        stack.block[0].layer[0].SelfAttention.relative_attention_bias.weight
        for stack in (model.encoder, model.decoder)
    )
    encoder.zero_()
    decoder.zero_()
    encoder[PREVIOUS, 0] = encoder[NEXT, 1] = encoder[BEFORE_PREVIOUS, 2] = POSITION_BIAS
    encoder[ITSELF, 3] = -POSITION_BIAS
    decoder[PREVIOUS, 0], decoder[BEFORE_PREVIOUS, 1] = POSITION_BIAS, POSITION_BIAS - 2


def _copy_pairs(model: T5ForConditionalGeneration, generator: torch.Generator) -> None:
    inner = model.config.num_heads * model.config.d_kv
    for block in model.decoder.block:
        attention, pair = block.layer[1].EncDecAttention, _orthogonal(inner, model.config.d_model, generator)
        attention.v.weight.copy_(pair)
        attention.o.weight.copy_(COPY_GAIN * pair.T)


def _match_previous_tokens(model: T5ForConditionalGeneration, generator: torch.Generator) -> None:
    width, head = model.config.d_model, model.config.d_kv
    read_1, read_2 = _orthogonal(head, width, generator), _orthogonal(head, width, generator)
    write_1, write_2 = _orthogonal(width, head, generator), _orthogonal(width, head, generator)
    own_write = _orthogonal(width, head, generator)
    first, third = slice(0, head), slice(2 * head, 3 * head)
    encoder = model.encoder.block[0].layer[0].SelfAttention
    encoder.v.weight[first], encoder.o.weight[:, first] = read_1, 2 * EMBEDDING_STD * write_1
    encoder.v.weight[third], encoder.o.weight[:, third] = read_2, 2 * EMBEDDING_STD * write_2
    decoder = model.decoder.block[0].layer[0].SelfAttention
    decoder.v.weight[first], decoder.o.weight[:, first] = read_2, 2 * EMBEDDING_STD * own_write
    cross = model.decoder.block[1].layer[1].EncDecAttention
    for offset, weight in ((0, 1.0), (1, 0.7)):
        rows = slice(offset * head, (offset + 1) * head)
        cross.q.weight[rows], cross.k.weight[rows] = weight * MATCH * read_1, 2 * MATCH * write_1.T
    cross.q.weight[third], cross.k.weight[third] = 1.4 * MATCH * own_write.T, 1.4 * MATCH * write_2.T


def _match_same_tokens(model: T5ForConditionalGeneration, generator: torch.Generator) -> None:
    width, head = model.config.d_model, model.config.d_kv
    read, fourth = _orthogonal(head, width, generator), slice(3 * head, 4 * head)
    attention = model.encoder.block[1].layer[0].SelfAttention
    attention.q.weight[fourth] = attention.k.weight[fourth] = MATCH * read
    attention.o.weight[:, fourth].normal_(0, (model.config.num_heads * head) ** -0.5, generator=generator)
