"""Items that treat women and men of equal ability differently. Pure; a difference is a reason to read the item again.

Papers differ, so that people are matched on the ability that their whole paper shows: in bands for Mantel-Haenszel, as
it is for the logistic regression, which also finds items that differ only among the weak or the strong.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from certengine.psychometrics.calibration import abilities
from certengine.psychometrics.dif import logistic, mantel_haenszel
from certengine.psychometrics.irt import Floats

# Answers in either group, under which nothing is said of an item.
FEWEST_IN_GROUP = 100
BANDS = 10


@dataclass(frozen=True)
class Difference:
    """Answers of women and men; delta on the ETS scale, below 0 where the item is harder for women, with its error;
    size: A, B or C of the same; effect: growth of Nagelkerke's R², kind: A, B or C of it, crossing differences included.

    Figures are None, and sizes empty, where either group is too small.
    """

    women: int
    men: int
    delta: float | None = None
    error: float | None = None
    size: str = ""
    effect: float | None = None
    kind: str = ""

    @property
    def found(self) -> str:
        """The larger class of both."""
        return max(self.size, self.kind)


def differences(
    marks: ArrayLike, a: Floats, b: Floats, c: Floats, women: Sequence[bool | None]
) -> tuple[Difference, ...]:
    """One an item. marks: people × items of 1, 0, −1 unseen; items without parameters (NaN) do not count in abilities;
    women: one a person, None where it is not known."""
    known = np.array([each is not None for each in women], bool)
    seen = np.asarray(marks, np.int8)[known]
    focal = np.array([bool(each) for each in women], bool)[known]
    counts = [((seen >= 0) & group[:, None]).sum(axis=0) for group in (focal, ~focal)]
    enough = np.isfinite(a) & np.isfinite(b) & (np.minimum(*counts) >= FEWEST_IN_GROUP)
    bare = [Difference(int(one), int(other)) for one, other in zip(*counts, strict=True)]
    if not enough.any():
        return tuple(bare)
    usable = np.isfinite(a) & np.isfinite(b)
    theta, _error = abilities(seen[:, usable], a[usable], b[usable], c[usable])
    bands = np.searchsorted(np.quantile(theta, np.linspace(0, 1, BANDS + 1)[1:-1]), theta)
    asked = seen[:, enough]
    by_band, by_curve = mantel_haenszel(asked, focal, bands), logistic(asked, focal, theta)
    for place, item in enumerate(np.flatnonzero(enough)):
        bare[item] = Difference(
            bare[item].women,
            bare[item].men,
            _figure(by_band.delta[place], 2),
            _figure(by_band.error[place], 2),
            by_band.classes[place],
            _figure(by_curve.effect[place], 3),
            by_curve.classes[place],
        )
    return tuple(bare)


def _figure(value: float, digits: int) -> float | None:
    return round(float(value), digits) if np.isfinite(value) else None
