"""Whether the model behind the item parameters fits the scripts of people who all had the same items. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from certengine.marking.analysis import Script
from certengine.psychometrics.calibration import Model, calibrate
from certengine.psychometrics.fit import item_fit, overall_fit

# With fewer scripts the tests find nothing, and with fewer than 500 slopes of each item say more of chance.
FEWEST, FEWEST_FOR_TWO = 200, 500
ITEM_LEVEL = 0.01


@dataclass(frozen=True)
class Misfit:
    item: str
    statistic: float
    df: int
    p: float


@dataclass(frozen=True)
class ModelFit:
    """One set of items that many had. m2: over single items and pairs; items: those that S-X2 finds at 1 per cent after
    correction for all of them (Benjamini and Hochberg)."""

    scripts: int
    of: int
    model: str
    m2: float
    df: int
    p: float
    rmsea: float
    items: tuple[Misfit, ...]


def model_fits(scripts: Mapping[str, Script]) -> tuple[ModelFit, ...]:
    """One for each set of items that at least FEWEST people had, the largest group first."""
    groups: dict[tuple[str, ...], list[Script]] = defaultdict(list)
    for script in scripts.values():
        groups[tuple(sorted(script.points))].append(script)
    large = sorted((each for each in groups.items() if len(each[1]) >= FEWEST), key=lambda each: -len(each[1]))
    return tuple(_fit(items, found) for items, found in large)


def _fit(items: tuple[str, ...], scripts: list[Script]) -> ModelFit:
    marks = np.array([[each.earned[item] >= each.points[item] for item in items] for each in scripts], np.int8)
    # Who all answer alike tell nothing, and have no parameters.
    kept = np.flatnonzero((marks.mean(axis=0) > 0) & (marks.mean(axis=0) < 1))
    marks = marks[:, kept]
    model = Model.TWO if len(scripts) >= FEWEST_FOR_TWO else Model.RASCH
    found = calibrate(marks, model)
    whole, each = overall_fit(marks, found), item_fit(marks, found)
    order = np.argsort(np.nan_to_num(each.p, nan=1.0))
    bound = ITEM_LEVEL * np.arange(1, len(order) + 1) / len(order)
    passed = np.flatnonzero(np.nan_to_num(each.p, nan=1.0)[order] <= bound)
    shown = order[: passed[-1] + 1] if len(passed) else order[:0]
    misfits = tuple(
        Misfit(items[kept[at]], round(float(each.statistic[at]), 1), int(each.df[at]), float(each.p[at]))
        for at in shown
    )
    return ModelFit(
        len(scripts),
        len(items),
        model.value,
        round(float(whole.statistic), 1),
        int(whole.df),
        float(whole.p),
        round(float(whole.rmsea), 3),
        misfits,
    )


def model_fit_from_json(raw: Mapping[str, object]) -> ModelFit:
    items = tuple(Misfit(**each) for each in raw["items"])  # type: ignore[attr-defined]
    return ModelFit(**{**raw, "items": items})  # type: ignore[arg-type]
