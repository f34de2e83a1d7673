"""Makes the pretend card known to torch and to the worker, in this process."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import torch

from tests.helpers.pretend_card import random_numbers
from tests.helpers.pretend_card.tensor import NAME, CardTensor, compute, copy_in_place, create

# torch's dispatch key for devices that are not its own.
NAME_OF_KEY = "PrivateUse1"
# Processor and CUDA compute these by one kernel; for other devices torch would put them together, rounded otherwise.
OF_EVERY_CARD = ("silu_backward", "mish_backward")
# torch's registrations last as long as these.
_libraries: list[Any] = []


class _Module:
    """What torch asks a device's module."""

    _is_in_bad_fork = staticmethod(lambda: False)
    is_available = staticmethod(lambda: True)
    is_initialized = staticmethod(lambda: True)
    device_count = staticmethod(lambda: 1)
    current_device = staticmethod(lambda: 0)
    get_amp_supported_dtype = staticmethod(lambda: [torch.float16, torch.bfloat16])
    get_rng_state = staticmethod(lambda device=None: random_numbers.state())
    set_rng_state = staticmethod(lambda state, device=None: random_numbers.restore(state))
    manual_seed = manual_seed_all = staticmethod(random_numbers.seed)

    @staticmethod
    def _nothing(*_: Any, **__: Any) -> None: ...

    set_device = synchronize = empty_cache = _nothing


@cache
def register() -> torch.device:
    """Make `card:0` known to torch and return it."""
    torch.utils.backend_registration._setup_privateuseone_for_python_backend(NAME, backend_module=_Module())
    _register_kernels()
    _allow_fused_steps()
    _allow_quantized_weights()
    return torch.device(NAME, 0)


def is_registered() -> bool:
    """Tell whether the pretend card is in this process."""
    return register.cache_info().currsize > 0


def _register_kernels() -> None:
    """Register what is computed before a tensor of the card is there, or where torch goes past Python's dispatch."""
    library = torch.library.Library("aten", "IMPL")
    _libraries.append(library)
    for name in torch._C._dispatch_get_registrations_for_dispatch_key("BackendSelect"):
        space, _, full = name.partition("::")
        operation = _operation(full) if space == "aten" else None
        if operation is not None and _creates(operation._schema):
            library.impl(full, partial(create, operation), NAME_OF_KEY)
    library.impl("copy_", partial(copy_in_place, None), NAME_OF_KEY)
    for name in OF_EVERY_CARD:
        library.impl(name, _computed(_operation(name)), NAME_OF_KEY)


def _computed(operation: Any) -> Callable[..., Any]:
    return lambda *args, **kwargs: compute(operation, args, kwargs)


def _operation(full: str) -> Any:
    name, _, overload = full.partition(".")
    return getattr(getattr(torch.ops.aten, name, None), overload or "default", None)


def _creates(schema: Any) -> bool:
    """Tell whether an operation makes a tensor from none."""
    return bool(schema.returns) and not any("Tensor" in str(each.type) for each in schema.arguments)


def _allow_fused_steps() -> None:
    """Let optimizers and gradient clipping compute many tensors at once, as they do on a card."""
    from torch.optim import optimizer
    from torch.utils import _foreach_utils

    for supported in (_foreach_utils._foreach_supported_types, optimizer._foreach_supported_types):
        supported.append(CardTensor)


def _allow_quantized_weights() -> None:
    """Let bitsandbytes' parameters move: they quantize themselves there and take the result as their data."""
    from bitsandbytes.nn import Int8Params, Params4bit

    kinds = {kind: type(kind.__name__, (CardTensor, kind), {}) for kind in (Params4bit, Int8Params)}
    for kind, on_card in kinds.items():
        kind.data = property(torch.Tensor.data.__get__, partial(_set_data, on_card))
    stock = torch.Tensor._make_subclass

    def make(kind: Any, data: torch.Tensor, *flags: bool) -> torch.Tensor:
        return kinds[kind](data.raw) if isinstance(data, CardTensor) else stock(kind, data, *flags)

    setattr(torch.Tensor, "_make_subclass", staticmethod(make))  # noqa: B010


def _set_data(on_card: type[CardTensor], parameter: torch.Tensor, data: torch.Tensor) -> None:
    if not isinstance(data, CardTensor):
        torch.Tensor.data.__set__(parameter, data)
        return
    moved = on_card(data.raw)
    moved.__dict__.update({**parameter.__dict__, "raw": data.raw})
    torch.utils.swap_tensors(parameter, moved)


def put_workers_on(card: torch.device) -> None:
    """Let whatever the worker computes in this process be computed on the card, as if it were CUDA's."""
    import accelerate.state

    from engine.worker.kernels import registry
    from engine.worker.runtime import devices

    choose = devices.choose
    setattr(devices, "choose", lambda device: choose(device) if device == "cpu" else card)  # noqa: B010
    accelerate.state.PartialState.default_device = property(lambda _: card)
    stock = registry._enabled

    def enabled(name: str, device: str, *rest: str) -> bool:
        return stock(name, "cuda" if device == NAME else device, *rest)

    enabled.cache_clear = stock.cache_clear
    setattr(registry, "_enabled", enabled)  # noqa: B010


def empty_accelerator() -> None:
    """Let accelerate choose its device anew: it keeps the first for the life of a process."""
    from accelerate.state import AcceleratorState

    AcceleratorState._reset_state(reset_partial_state=True)
