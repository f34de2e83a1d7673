"""A pretend GPU: the device `card:0`, which computes real numbers on the processor and is strict like CUDA.

An operation on tensors of several devices is refused. Transfers and synchronisations are counted with the places in our
code or in a library that cause them. So it shows wrong devices, and work that a card would wait for. It shows nothing
about speed, memory and rounding of a real card.

`register` puts it into this process, for good: use it in a process of its own. The folder `startup` on PYTHONPATH puts
the workers of Tunesmith on it.
"""

from tests.helpers.pretend_card.counts import Counts, counting
from tests.helpers.pretend_card.random_numbers import of_the_processor
from tests.helpers.pretend_card.registration import empty_accelerator, is_registered, put_workers_on, register
from tests.helpers.pretend_card.tensor import CardTensor

__all__ = [
    "CardTensor", "Counts", "counting", "empty_accelerator", "is_registered", "of_the_processor",
    "put_workers_on", "register",
]  # fmt: skip
