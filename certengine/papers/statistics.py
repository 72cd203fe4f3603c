"""What a set of papers is like: spread of expected scores, how often items come, how much two papers share. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from certengine.papers.rules import Sample
from certengine.papers.values import Paper

THETAS = ("−1", "0", "1")
# All pairs of more papers than this would take longer than a page may; the first ones are compared.
COMPARED = 1500
# Papers whose overlaps are shown one by one.
SHOWN = 30


@dataclass(frozen=True)
class Spread:
    """Of the expected score at one ability, in points."""

    theta: str
    least: float
    mean: float
    most: float
    deviation: float

    @property
    def range(self) -> float:
        return self.most - self.least


@dataclass(frozen=True)
class Statistics:
    papers: int
    spreads: tuple[Spread, ...]
    # One row a paper, in points, at θ −1, 0 and 1.
    scores: NDArray[np.float64]
    # How many papers of a hundred hold an item, for each item that may come.
    exposure: NDArray[np.float64]
    # Items that two papers share, for each pair compared.
    overlap: NDArray[np.int64]
    # Of the first papers with each other, papers × papers.
    matrix: NDArray[np.int64]


def of_sample(drawn: Sample) -> Statistics:
    """Of simulated papers; items whose cell gives none to a paper are left out."""
    return _statistics(drawn.totals[:, :3] / 1e6, drawn.items, len(drawn.table.items), drawn.table.possible)


def of_papers(papers: Sequence[Paper], possible: Sequence[str]) -> Statistics:
    """Of drawn papers; possible are the ids of the items that the rules let come."""
    place = {item: number for number, item in enumerate(possible)}
    items = np.array([[place[placed.item] for placed in paper.items] for paper in papers], np.int64)
    scores = np.array([[float(score) for score in paper.expected] for paper in papers])
    return _statistics(scores, items, len(possible), np.ones(len(possible), np.bool_))


def _statistics(
    scores: NDArray[np.float64], items: NDArray[np.int64], size: int, wanted: NDArray[np.bool_]
) -> Statistics:
    papers = len(items)
    inside = np.zeros((min(papers, COMPARED), size), np.float32)
    np.put_along_axis(inside, items[:COMPARED], 1, axis=1)
    together = (inside @ inside.T).astype(np.int64)
    times = np.bincount(items.ravel(), minlength=size)
    return Statistics(
        papers=papers,
        spreads=tuple(
            Spread(theta, float(column.min()), float(column.mean()), float(column.max()), float(column.std()))
            for theta, column in zip(THETAS, scores.T, strict=True)
        ),
        scores=scores,
        exposure=100 * times[wanted] / papers,
        overlap=together[np.triu_indices(len(inside), 1)],
        matrix=together[:SHOWN, :SHOWN],
    )
