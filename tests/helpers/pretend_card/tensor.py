"""The card's tensor: a wrapper around a tensor on the processor, and how operations on it are computed."""

import copy
from collections.abc import Callable
from functools import cache, partial
from typing import Any, Self

import torch

from tests.helpers.pretend_card import random_numbers
from tests.helpers.pretend_card.counts import (
    SYNCHRONISATION,
    TO_CARD,
    TO_HOST,
    count,
    count_operation,
    refuse_mixed,
)

NAME = "card"
aten = torch.ops.aten
# Operations that return a number, or a tensor whose size depends on values.
WAITING = {
    aten._local_scalar_dense.default, aten.equal.default, aten.is_nonzero.default, aten.nonzero.default,
    aten.masked_select.default, aten.repeat_interleave.Tensor, aten._unique2.default, aten.unique_dim.default,
    aten.bincount.default,
}  # fmt: skip
INDEXED = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default, aten._index_put_impl_.default}
ATTENTION_BY_PRODUCTS = 0


class CardTensor(torch.Tensor):
    """A tensor on `card:0`; `raw` holds its values."""

    raw: torch.Tensor

    @staticmethod
    def __new__(cls, raw: torch.Tensor) -> Self:
        """Wrap a tensor on the processor. Raises TypeError for float64, which Apple's GPUs don't have."""
        if raw.dtype == torch.float64:
            raise TypeError("The card has no float64.")
        # torch computes below here as if there were no conjugation left to do: it would be lost.
        raw = raw.resolve_conj().resolve_neg()
        wrapper: Self = torch.Tensor._make_wrapper_subclass(
            cls, raw.size(), strides=raw.stride(), storage_offset=raw.storage_offset(), dtype=raw.dtype,
            layout=raw.layout, device=torch.device(NAME, 0),
        )  # fmt: skip
        wrapper.raw = raw
        return wrapper

    __torch_function__ = torch._C._disabled_torch_function_impl
    # Libraries ask this before they take a path for processors.
    is_cuda = True

    @classmethod
    def __torch_dispatch__(
        cls, operation: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return compute(operation, args, kwargs or {})

    def __repr__(self, **_: Any) -> str:
        return f"CardTensor({self.raw!r})"

    @property
    def data(self) -> "CardTensor":
        return self.detach()

    @data.setter
    def data(self, value: "CardTensor") -> None:
        if _layout(value) == _layout(self):
            self.raw = value.raw
        else:
            changed = type(self)(value.raw).requires_grad_(self.requires_grad)
            changed.__dict__.update({**self.__dict__, "raw": value.raw})
            torch.utils.swap_tensors(self, changed)

    def numpy(self, *_: Any, **__: Any) -> Any:
        raise TypeError("can't convert card:0 device type tensor to numpy. Use Tensor.cpu() first.")

    __array__ = numpy

    def tolist(self) -> Any:
        """Return the values; C++ would read them out of the wrapper."""
        return self.cpu().tolist()

    def data_ptr(self) -> int:
        return self.raw.data_ptr()

    def untyped_storage(self) -> Any:
        return self.raw.untyped_storage()

    def __deepcopy__(self, memo: dict[int, Any]) -> "CardTensor":
        if id(self) in memo:
            return memo[id(self)]
        copied = type(self)(self.raw.detach().clone()).requires_grad_(self.requires_grad)
        memo[id(self)] = copied
        kept = {name: copy.deepcopy(value, memo) for name, value in vars(self).items() if name != "raw"}
        copied.__dict__.update(kept)
        return copied

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickle as a tensor on the processor, to which checkpoints are read."""
        count(TO_HOST)
        count(SYNCHRONISATION)
        return self.raw.detach().__reduce_ex__(protocol)


def _layout(tensor: torch.Tensor) -> tuple[Any, ...]:
    return tensor.dtype, tensor.shape, tensor.stride(), tensor.storage_offset()


def is_on_card(device: Any) -> bool:
    """Tell whether a device in any of torch's spellings is the card."""
    return device is not None and torch.device(device).type == NAME


def compute(operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Compute an operation with tensors of the card on the processor; the result is where it would be."""
    if torch.is_inference_mode_enabled():
        # Outside of it, wrappers made inside could be given no views.
        with torch.inference_mode(False), torch.no_grad():
            return compute(operation, args, kwargs)
    if _is_composed(operation):
        # Only in inference mode, where nothing above has taken it apart.
        return operation.decompose(*args, **kwargs)
    special = SPECIAL.get(operation)
    if special is not None:
        return special(operation, *args, **kwargs)
    count_operation()
    on_card: dict[int, CardTensor] = {}
    on_host: list[torch.Tensor] = []
    raw_args = [_raw(value, on_card, on_host) for value in args]
    raw_kwargs = {name: _raw(value, on_card, on_host) for name, value in kwargs.items()}
    if operation in INDEXED:
        _count_indexing(args)
    elif on_card and any(tensor.dim() for tensor in on_host):
        refuse_mixed(operation)
    if operation in WAITING:
        count(SYNCHRONISATION)
    if is_on_card(raw_kwargs.get("device")):
        raw_kwargs["device"] = torch.device("cpu")
    raw_kwargs.pop("pin_memory", None)
    with random_numbers.drawn_for(operation):
        return _wrapped(operation(*raw_args, **raw_kwargs), on_card)


@cache
def _is_composed(operation: Any) -> bool:
    """Tell whether an operation is made of others on every device, the processor too."""
    has_kernel = partial(torch._C._dispatch_has_kernel_for_dispatch_key, operation.name())
    return has_kernel("CompositeImplicitAutograd") and not has_kernel("CPU")


def _raw(value: Any, on_card: dict[int, CardTensor], on_host: list[torch.Tensor]) -> Any:
    """Return a value with the tensors of the card unwrapped; note the tensors of both places."""
    if isinstance(value, CardTensor):
        on_card[id(value.raw)] = value
        return value.raw
    if isinstance(value, torch.Tensor):
        on_host.append(value)
    elif type(value) in (list, tuple):
        return type(value)([_raw(each, on_card, on_host) for each in value])
    return value


def _wrapped(value: Any, known: dict[int, CardTensor]) -> Any:
    """Return a result with its tensors on the card; those that are an argument are that argument again."""
    if isinstance(value, torch.Tensor):
        if id(value) not in known:
            return CardTensor(value)
        wrapper = known[id(value)]
        if wrapper.shape != value.shape:
            raise NotImplementedError("The pretend card can't change a tensor's shape in place.")
        return wrapper
    if isinstance(value, (list, tuple)):
        return type(value)([_wrapped(each, known) for each in value])
    return value


def _count_indexing(args: tuple[Any, ...]) -> None:
    """Count what indices cost: those on the host are copied, and of a mask on the card the places are looked up."""
    indices = [each for each in args[1] if isinstance(each, torch.Tensor)]
    if any(not isinstance(each, CardTensor) for each in indices):
        count(TO_CARD)
    # A single value is written through the mask itself.
    is_filled = len(args) > 2 and args[2].numel() == 1
    if any(each.dtype in (torch.bool, torch.uint8) for each in indices) and not is_filled:
        count(SYNCHRONISATION)


def create(operation: Any, *args: Any, **kwargs: Any) -> CardTensor:
    count_operation()
    kwargs["device"] = torch.device("cpu")
    kwargs.pop("pin_memory", None)
    with random_numbers.drawn_for(operation):
        return CardTensor(operation(*args, **kwargs))


def copy_in_place(
    _: Any, target: torch.Tensor, source: torch.Tensor, non_blocking: bool = False
) -> torch.Tensor:
    """Copy a tensor's values into another's, between devices too."""
    count_operation()
    _count_copy(source, isinstance(target, CardTensor), non_blocking)
    _values(target).copy_(_values(source))
    return target


def _copy(_: Any, source: torch.Tensor, **kwargs: Any) -> torch.Tensor:
    count_operation()
    device = kwargs.pop("device", None)
    to_card = isinstance(source, CardTensor) if device is None else is_on_card(device)
    _count_copy(source, to_card, kwargs.get("non_blocking", False))
    kwargs.pop("pin_memory", None)
    copied = aten._to_copy.default(_values(source), **kwargs)
    return CardTensor(copied) if to_card else copied


def _count_copy(source: torch.Tensor, to_card: bool, non_blocking: bool) -> None:
    from_card = isinstance(source, CardTensor)
    # Of nothing, nothing is copied.
    if from_card == to_card or not source.numel():
        return
    count(TO_CARD if to_card else TO_HOST)
    if from_card and not non_blocking:
        count(SYNCHRONISATION)


def _values(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.raw if isinstance(tensor, CardTensor) else tensor


def _attention_kind(*_: Any, **__: Any) -> int:
    """Answer that attention is computed by products: the processor's fused kernels have other signatures."""
    return ATTENTION_BY_PRODUCTS


SPECIAL: dict[Any, Callable[..., Any]] = {
    aten.copy_.default: copy_in_place,
    aten._to_copy.default: _copy,
    aten._fused_sdp_choice.default: _attention_kind,
}
