"""Numba's compiler, with its machine code kept between processes wherever there is a place to keep it."""

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(function: Callable[..., Any]) -> Any:
    """Compiles at first call. A read-only installation without a home folder compiles anew in each process."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:
        # numba says so at once when neither __pycache__ nor the user's cache folder can be written.
        return njit(nogil=True)(function)
