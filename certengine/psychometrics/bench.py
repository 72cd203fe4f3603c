"""bench calibration: two parameters of 100 items from 5,000 people, beside the same in girth, a published package."""

import os
import time
from importlib.util import find_spec
from statistics import median
from typing import Any

import click
import numpy as np

from certengine.psychometrics.calibration import Model, calibrate
from certengine.psychometrics.irt import Floats, probability

PEOPLE, ITEMS, ROUNDS, NODES = 5_000, 100, 5, 41


def bench() -> dict[str, Any]:
    if not find_spec("girth"):
        raise click.ClickException("this bench compares with girth: pip install 'certengine[bench]'")
    from girth import twopl_mml

    chance = np.random.default_rng(2026)
    a, b = chance.lognormal(0, 0.3, ITEMS), chance.normal(size=ITEMS)
    right = probability(chance.normal(size=PEOPLE), a, b)
    marks = (chance.random(right.shape) < right).astype(np.int8)
    # The first call compiles, or loads what was compiled.
    calibrate(marks[:500], Model.TWO)
    ours = []
    for _round in range(ROUNDS):
        started = time.perf_counter()
        found = calibrate(marks, Model.TWO, nodes=NODES)
        ours.append(time.perf_counter() - started)
    started = time.perf_counter()
    theirs = twopl_mml(marks.T.astype(int))
    other = time.perf_counter() - started

    def miss(estimate: Floats, truth: Floats) -> float:
        return round(float(np.sqrt(np.mean((estimate - truth) ** 2))), 4)

    return {
        "name": "calibration",
        "unit": "calibrations/hour",
        "ours": 3600 / median(ours),
        "limit": 3600 / other,
        "ratio": other / median(ours),
        "conditions": {
            "limit": "girth twopl_mml on the same data, once",
            "people × items": f"{PEOPLE} × {ITEMS}",
            "seconds": round(median(ours), 3),
            "seconds of girth": round(other, 2),
            "steps": found.iterations,
            "root mean square error of a, b": f"{miss(found.a, a)}, {miss(found.b, b)}",
            "the same of girth": f"{miss(theirs['Discrimination'], a)}, {miss(theirs['Difficulty'], b)}",
            "with": "standard errors of all parameters",
            "processors": os.cpu_count(),
        },
    }
