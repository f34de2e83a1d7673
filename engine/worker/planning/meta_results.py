"""Caches the shapes of results on torch's meta device: a model repeats most of its operations in every layer.

Torch computes these shapes in Python, which takes most of a trace's time. Knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, NamedTuple

import torch
from torch.utils._pytree import tree_leaves

Arguments = tuple[Any, ...]


# A trace of a model takes a few hundred.
MAX_CACHED = 20_000


class MetaResults:
    """Carries out operations on the meta device, each once for arguments of the same shapes."""

    def __init__(self) -> None:
        self._cached: dict[Hashable, _Result | None] = {}

    def of(self, operation: Any, args: Arguments, kwargs: dict[str, Any]) -> Any:
        """Return what the operation returns: a tensor of the same shape in storage of its own."""
        if _shares_storage(operation):
            return operation(*args, **kwargs)
        try:
            key = (operation, torch.get_default_dtype(), *_key(args), *_key(kwargs.items()))
            cached = self._cached.get(key)
        except (_NoKeyError, TypeError):
            return operation(*args, **kwargs)
        if cached is not None:
            return cached.remade()
        result = operation(*args, **kwargs)
        if key not in self._cached:
            if len(self._cached) >= MAX_CACHED:
                self._cached.clear()
            self._cached[key] = _result(result, (args, kwargs))
        return result


class _Result(NamedTuple):
    """The shapes of an operation's results, None for a result that is none."""

    shapes: tuple[_Shape | None, ...]
    is_single: bool

    def remade(self) -> Any:
        made = tuple(None if shape is None else shape.empty() for shape in self.shapes)
        return made[0] if self.is_single else made


class _Shape(NamedTuple):
    """The shape of a tensor, with its layout in memory."""

    sizes: torch.Size
    strides: tuple[int, ...]
    dtype: torch.dtype

    def empty(self) -> torch.Tensor:
        return torch.empty_strided(self.sizes, self.strides, dtype=self.dtype, device="meta")


class _NoKeyError(Exception):
    """An argument's value counts, or it isn't an ordinary tensor on the meta device."""


def _shares_storage(operation: Any) -> bool:
    """Return whether the operation's schema says that it changes an argument or returns a view of one."""
    schema = operation._schema
    return schema.is_mutable or any(each.alias_info is not None for each in schema.returns)


def _key(arguments: Any) -> Iterator[Hashable]:
    """Yield what arguments have to be equal in. Raises _NoKeyError."""
    for each in arguments:
        if isinstance(each, torch.Tensor):
            if not each.is_meta or each.layout is not torch.strided:
                raise _NoKeyError
            yield each.shape, each.stride(), each.dtype
        elif isinstance(each, tuple | list):
            yield tuple(_key(each))
        else:
            # 1, 1.0 and True are equal, but lead to other number formats.
            yield type(each), each


def _result(result: Any, arguments: Any) -> _Result | None:
    """Return the shapes to make a result of again, None if it shares storage or isn't of tensors alone."""
    is_single = isinstance(result, torch.Tensor)
    if not is_single and type(result) is not tuple:
        return None
    results = (result,) if is_single else result
    storages = {
        each.untyped_storage()._cdata for each in tree_leaves(arguments) if isinstance(each, torch.Tensor)
    }
    shapes: list[_Shape | None] = []
    for each in results:
        shape = None if each is None else _shape(each, storages)
        if each is not None and shape is None:
            return None
        shapes.append(shape)
    return _Result(tuple(shapes), is_single)


def _shape(tensor: Any, storages: set[int]) -> _Shape | None:
    """Return the shape of an ordinary tensor in storage of its own, None for any other; adds it to the storages."""
    if type(tensor) is not torch.Tensor or not tensor.is_meta or tensor.layout is not torch.strided:
        return None
    storage = tensor.untyped_storage()
    shape = _Shape(tensor.shape, tensor.stride(), tensor.dtype)
    if storage._cdata in storages or storage.nbytes() != shape.empty().untyped_storage().nbytes():
        return None
    storages.add(storage._cdata)
    return shape
