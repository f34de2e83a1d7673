import pytest

from engine.system.graphics import torch_build
from engine.system.graphics.torch_build import TorchBuild

VERSION = """from typing import Optional

__all__ = ['__version__', 'cuda']
__version__ = '2.13.0'
debug = False
cuda: Optional[str] = {cuda!r}
hip: Optional[str] = {hip!r}
xpu: Optional[str] = {xpu!r}
"""


@pytest.mark.parametrize(
    ("cuda", "hip", "xpu", "name", "driver", "capability"),
    [
        ("13.0", None, None, "CUDA 13.0", 580, (7, 5)),
        ("12.6", None, None, "CUDA 12.6", 525, (5, 0)),
        (None, "7.2", None, "ROCm 7.2", 0, (0, 0)),
        (None, None, "20250302", "Intel graphics", 0, (0, 0)),
        (None, None, None, "the CPU", 0, (0, 0)),
    ],
)
def test_a_build_is_told_by_its_version_file(tmp_path, cuda, hip, xpu, name, driver, capability):
    file = tmp_path / "version.py"
    file.write_text(VERSION.format(cuda=cuda, hip=hip, xpu=xpu))
    build = torch_build.read(file)
    assert build == TorchBuild(cuda or "", hip or "", xpu or "")
    assert (build.name, build.oldest_driver, build.lowest_capability) == (name, driver, capability)


@pytest.mark.parametrize("text", [None, "no python (", "\0"])
def test_a_file_that_says_nothing_leaves_it_open(tmp_path, text):
    file = tmp_path / "version.py"
    if text is not None:
        file.write_text(text)
    assert torch_build.read(file) is None
