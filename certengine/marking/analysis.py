"""What a sitting says about each item where every candidate had other items: facility, discrimination, choices. Pure.

Each is judged against the rest of that candidate's own paper, in shares of the points to be had there.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from certengine.bank.rules import ItemType, ReleasedItem
from certengine.bank.statistics import FEWEST, Observed

CHOSEN = (ItemType.SINGLE, ItemType.MULTIPLE, ItemType.JUDGEMENT)


@dataclass(frozen=True)
class Script:
    """One candidate's theory part; earned and points by item id."""

    earned: Mapping[str, float]
    points: Mapping[str, float]
    answers: Mapping[str, Any]


def observe(scripts: Iterable[Script], items: Mapping[str, ReleasedItem]) -> list[Observed]:
    """One row per item that was in a paper, by id; figures are None under FEWEST responses."""
    shares: dict[str, list[tuple[float, float, Any]]] = defaultdict(list)
    for script in scripts:
        earned, points = sum(script.earned.values()), sum(script.points.values())
        for item, score in script.earned.items():
            left = points - script.points[item]
            rest = (earned - score) / left if left else 0.0
            shares[item].append((score / script.points[item], rest, script.answers.get(item)))
    return [_observed(items[item], found) for item, found in sorted(shares.items())]


def _observed(item: ReleasedItem, found: Sequence[tuple[float, float, Any]]) -> Observed:
    own = np.array([share for share, _rest, _answer in found])
    rest = np.array([rest for _share, rest, _answer in found])
    enough = len(found) >= FEWEST
    choices, means = _choices(item, found)
    return Observed(
        code=item.family or item.id,
        number=item.version,
        variant=item.id if item.family else "",
        responses=len(found),
        facility=round(float(own.mean()) * 100, 2) if enough else None,
        discrimination=_correlation(own, rest) if enough else None,
        choices=choices,
        rest=means,
    )


def _correlation(own: np.ndarray[Any, Any], rest: np.ndarray[Any, Any]) -> float | None:
    """Per cent; None where all earned the same."""
    if own.std() < 1e-12 or rest.std() < 1e-12:
        return None
    return round(float(np.corrcoef(own, rest)[0, 1]) * 100, 2)


def _choices(item: ReleasedItem, found: Sequence[tuple[float, float, Any]]) -> tuple[dict[str, int], dict[str, float]]:
    """option → how many chose it, and their mean on the rest in per cent; "" for those who left it out."""
    if item.type not in CHOSEN:
        return {}, {}
    counts: Counter[str] = Counter()
    sums: Counter[str] = Counter()
    for _share, rest, answer in found:
        chosen = answer if isinstance(answer, list | tuple) else [answer]
        for option in {"" if each is None else str(each) for each in chosen} or {""}:
            counts[option] += 1
            sums[option] += rest  # type: ignore[assignment]
    return dict(counts), {option: round(100 * sums[option] / count, 2) for option, count in counts.items()}
