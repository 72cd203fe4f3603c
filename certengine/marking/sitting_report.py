"""A sitting as a whole: how far its scores can be trusted, and which scripts somebody should look at. Pure.

Papers differ, so that reliability and errors come from the item parameters that the papers were drawn by; Cronbach's
alpha is given only where everybody had the same items. Findings are figures for people to weigh, never verdicts.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from certengine.bank.rules import ItemType, ReleasedItem
from certengine.marking.analysis import CHOSEN, Script
from certengine.marking.exposure import Exposure, exposure, exposure_from_json
from certengine.marking.model_fit import ModelFit, model_fit_from_json, model_fits
from certengine.marking.pace import Pace, PaceFinding
from certengine.psychometrics import aberrance, classical, irt, similarity
from certengine.psychometrics.calibration import UNSEEN, abilities

# With fewer scripts nothing is said of the whole.
FEWEST = 30
# Papers whose reliability is averaged: they are equalised, so that a few stand for all.
SAMPLED = 100
# Shown are pairs and scripts that chance alone would seldom give.
PAIR_LEVEL = 0.05
PERSON_LEVEL = 0.001
MOST_SHOWN = 100


@dataclass(frozen=True)
class PairFinding:
    """Two scripts of adjoining seats; gbt and omega are probabilities of so many matches, corrected for all pairs."""

    first: str
    second: str
    shared: int
    matches: int
    expected: float
    same_wrong: int
    expected_same_wrong: float
    gbt: float
    omega: float


@dataclass(frozen=True)
class PersonFinding:
    """A script whose right and wrong answers fit its ability badly; p of lz*."""

    registration: str
    right: int
    of: int
    lz: float
    p: float


@dataclass(frozen=True)
class Report:
    scripts: int
    mean: float | None
    deviation: float | None
    reliability: float | None
    # Standard error of a score at the cut, in points of the paper.
    error_at_cut: float | None
    alpha: float | None
    pairs_tested: int
    pairs_too_few: int
    pairs: tuple[PairFinding, ...]
    people_tested: int
    people: tuple[PersonFinding, ...]
    # None and empty in analyses of before these were looked at.
    pace: Pace | None = None
    exposure: Exposure | None = None
    fits: tuple[ModelFit, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def report_from_json(raw: Mapping[str, Any]) -> Report:
    whole = dict(raw)
    whole["pairs"] = tuple(PairFinding(**each) for each in raw["pairs"])
    whole["people"] = tuple(PersonFinding(**each) for each in raw["people"])
    if pace := raw.get("pace"):
        whole["pace"] = Pace(**{**pace, "people": tuple(PaceFinding(**each) for each in pace["people"])})
    if exposed := raw.get("exposure"):
        whole["exposure"] = exposure_from_json(exposed)
    whole["fits"] = tuple(model_fit_from_json(each) for each in raw.get("fits", ()))
    return Report(**whole)


def report(
    scripts: Mapping[str, Script],
    items: Mapping[str, ReleasedItem],
    neighbours: Sequence[tuple[str, str]],
    used_before: Collection[str] = (),
) -> Report:
    """scripts: registration → script; neighbours: pairs of registrations whose seats adjoin; used_before: ids of items that
    an earlier sitting had."""
    if len(scripts) < FEWEST:
        return Report(len(scripts), None, None, None, None, None, 0, 0, (), 0, ())
    names = sorted(scripts)
    used = sorted({item for script in scripts.values() for item in script.points})
    place = {item: number for number, item in enumerate(used)}
    marks = np.full((len(names), len(used)), UNSEEN, np.int8)
    for row, name in enumerate(names):
        for item, earned in scripts[name].earned.items():
            marks[row, place[item]] = earned >= scripts[name].points[item]
    a, b, c = (
        np.array([float(getattr(items[item], key)) for item in used])
        for key in ("discrimination", "difficulty", "guessing")
    )
    totals = np.array([sum(scripts[name].earned.values()) for name in names])
    reliability, error = _precision([scripts[name] for name in names[:SAMPLED]], place, a, b, c)
    tested, too_few, pairs = _pairs(names, scripts, items, used, marks, (a, b, c), neighbours)
    people = _people(names, marks, a, b, c)
    exposed = exposure(names, marks, (a, b, c), [item in used_before for item in used])
    return Report(
        len(names),
        round(float(totals.mean()), 2),
        round(float(totals.std(ddof=1)), 2),
        reliability,
        error,
        _alpha([scripts[name] for name in names]),
        tested,
        too_few,
        pairs,
        len(names),
        people,
        exposure=exposed,
        fits=model_fits(scripts),
    )


def _precision(
    scripts: Sequence[Script], place: Mapping[str, int], a: irt.Floats, b: irt.Floats, c: irt.Floats
) -> tuple[float, float]:
    reliabilities, errors = [], []
    for script in scripts:
        mine = np.array([place[item] for item in script.points])
        points = np.array(list(script.points.values()))
        right = irt.probability(0.0, a[mine], b[mine], c[mine])[0]
        reliabilities.append(irt.marginal_reliability(a[mine], b[mine], c[mine]))
        errors.append(float(np.sqrt((points**2 * right * (1 - right)).sum())))
    return round(float(np.mean(reliabilities)), 3), round(float(np.mean(errors)), 2)


def _alpha(scripts: Sequence[Script]) -> float | None:
    items = sorted(scripts[0].points)
    if len(items) < 2 or any(sorted(script.points) != items for script in scripts):
        return None
    found = classical.alpha([[script.earned[item] for item in items] for script in scripts])
    return round(found, 3) if np.isfinite(found) else None


def _pairs(
    names: Sequence[str],
    scripts: Mapping[str, Script],
    items: Mapping[str, ReleasedItem],
    used: Sequence[str],
    marks: NDArray[np.int8],
    parameters: tuple[irt.Floats, irt.Floats, irt.Floats],
    neighbours: Sequence[tuple[str, str]],
) -> tuple[int, int, tuple[PairFinding, ...]]:
    at = {name: number for number, name in enumerate(names)}
    pairs = [(at[one], at[other]) for one, other in neighbours if one in at and other in at]
    chosen = [number for number, item in enumerate(used) if items[item].type in CHOSEN]
    if not pairs or not chosen:
        return 0, 0, ()
    options = [_options(items[used[number]], used[number], names, scripts) for number in chosen]
    responses = np.full((len(names), len(chosen)), similarity.UNSEEN, np.int64)
    for column, number in enumerate(chosen):
        for row, name in enumerate(names):
            if used[number] in scripts[name].points:
                given = _answer(scripts[name].answers.get(used[number]))
                responses[row, column] = options[column].get(given, similarity.UNSEEN)
    key = np.zeros(len(chosen), np.int64)
    counts = np.array([max(2, len(each)) for each in options], np.int64)
    a, b, c = (each[chosen] for each in parameters)
    shares = similarity.wrong_shares(key, counts, responses)
    theta, _error = abilities(marks, *parameters)
    found = similarity.compare(responses, key, theta, similarity.logistic_options(a, b, c, key, shares), pairs)
    level = np.fmin(found.gbt_false_discovery, found.omega_false_discovery.min(axis=1))
    rows = sorted((row for row in range(len(pairs)) if level[row] < PAIR_LEVEL), key=lambda row: level[row])
    shown = tuple(_finding(found.finding(row), names) for row in rows[:MOST_SHOWN])
    return len(pairs), int(found.too_few.sum()), shown


def _options(item: ReleasedItem, code: str, names: Sequence[str], scripts: Mapping[str, Script]) -> dict[str, int]:
    """Each answer that counts as one option, the key first: of a multiple choice each set that somebody chose."""
    key = _answer(list(item.key) if isinstance(item.key, tuple) else item.key)
    if item.type is ItemType.MULTIPLE:
        given = {_answer(scripts[name].answers.get(code)) for name in names if code in scripts[name].points}
    else:
        given = {option.id for option in item.options}
    return {answer: number for number, answer in enumerate([key, *sorted(given - {key, ""})])}


def _answer(given: Any) -> str:
    if given is None:
        return ""
    return ",".join(sorted(str(each) for each in given)) if isinstance(given, list | tuple) else str(given)


def _finding(found: similarity.Finding, names: Sequence[str]) -> PairFinding:
    assert found.gbt_false_discovery is not None and found.omega_false_discovery is not None
    return PairFinding(
        names[found.first],
        names[found.second],
        found.shared,
        found.matches,
        round(found.expected or 0.0, 1),
        found.same_wrong,
        round(found.expected_same_wrong or 0.0, 1),
        found.gbt_false_discovery,
        min(found.omega_false_discovery),
    )


def _people(
    names: Sequence[str], marks: NDArray[np.int8], a: irt.Floats, b: irt.Floats, c: irt.Floats
) -> tuple[PersonFinding, ...]:
    fit = aberrance.person_fit(marks, a, b, c)
    rows = np.flatnonzero(np.nan_to_num(fit.p, nan=1.0) < PERSON_LEVEL)
    rows = rows[np.argsort(fit.p[rows])][:MOST_SHOWN]
    return tuple(
        PersonFinding(
            names[int(row)],
            int(fit.right[row]),
            int(fit.answers[row]),
            round(float(fit.lz_star[row]), 2),
            float(fit.p[row]),
        )
        for row in rows
    )
