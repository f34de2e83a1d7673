import struct

import pytest

from engine.system import gguf_header
from engine.system.gguf_header import GgufError

TEXT, LIST, WHOLE = 8, 9, 4
F32, Q8_0 = 0, 8


def text(value):
    return struct.pack("<Q", len(value)) + value.encode()


def setting(key, kind, packed):
    return text(key) + struct.pack("<I", kind) + packed


def tensor(name="a", shape=(4,), form=F32, offset=0):
    return text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape) + struct.pack("<IQ", form, offset)


def packed(settings=(), tensors=(), data=64, counts=None, version=3):
    head = b"GGUF" + struct.pack("<I", version)
    head += struct.pack("<QQ", *(counts or (len(tensors), len(settings))))
    head += b"".join([*settings, *tensors])
    return head + bytes(-len(head) % 32) + bytes(data)


def read(tmp_path, content):
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    return gguf_header.read(path)


def test_settings_and_tensors_are_read_and_vocabularies_only_passed_over(tmp_path):
    names = text("a") + text("long" * 100)
    settings = [
        setting("general.architecture", TEXT, text("llama")),
        setting("tokens", LIST, struct.pack("<IQ", TEXT, 2) + names),
        setting("types", LIST, struct.pack("<IQ2I", WHOLE, 2, 3, 1)),
        setting("count", WHOLE, struct.pack("<I", 7)),
    ]
    header = read(tmp_path, packed(settings, [tensor("x", (32, 2), Q8_0), tensor("y", (4,), offset=96)], 112))
    assert header.architecture == "llama"
    assert header.settings["types"] == (3, 1)
    assert header.settings["tokens"] is None
    assert header.whole("count") == 7
    assert header.parameters == 68
    x, y = header.tensors
    assert (x.format, x.bytes, y.start - x.start) == ("Q8_0", 68, 96)
    assert gguf_header.is_marked(tmp_path / "model.gguf")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "ends inside its header"),
        (b"hello, this is no model", "doesn't start like"),
        (packed(version=1), "version 1"),
        (packed(tensors=[tensor()])[:30], "ends inside its header"),
        (packed(tensors=[tensor()], data=15), "ends early"),
        (packed(), "no tensors"),
        (packed(counts=(2**60, 2**60)), "declares"),
        (packed(counts=(0, 1), data=0)[:24] + struct.pack("<Q", 2**62), "over 128 MB"),
        (packed([setting("k", LIST, struct.pack("<IQ", TEXT, 2**40))]), "1,099,511,627,776 entries"),
        (
            packed([setting("k", LIST, struct.pack("<IQ", LIST, 1))]),
            "a list in its header has unknown type 9",
        ),
        (packed([setting("k", 99, b"")]), "unknown type 99"),
        (packed([setting("k", TEXT, struct.pack("<Q", 1) + b"\xff")]), "not UTF-8"),
        (packed([setting("general.alignment", WHOLE, bytes(4))], [tensor()]), "aligns its tensors to 0"),
        (packed(tensors=[tensor(form=77)]), "number format 77"),
        (packed(tensors=[tensor(shape=(33,), form=Q8_0)]), "impossible shape"),
        (packed(tensors=[tensor(shape=(4, 0))]), "impossible shape"),
        (packed(tensors=[tensor(shape=(1,) * 9)]), "has 9 dimensions"),
        (packed(tensors=[tensor("a"), tensor("a", offset=32)]), "have the same name"),
        # Many that share their data would take more memory than the file has bytes.
        (packed(tensors=[tensor("a"), tensor("b", offset=8)]), "b overlaps another"),
        (packed(tensors=[tensor(shape=(2**60, 2**60))]), "ends early"),
    ],
)
def test_what_is_no_whole_gguf_file_is_told_in_a_few_words(tmp_path, content, why):
    with pytest.raises(GgufError, match=why):
        read(tmp_path, content)
