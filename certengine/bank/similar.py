"""Questions that are the same or nearly so: character n-grams in one sparse product, fast for thousands."""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from certengine.bank.folding import fold

GRAM = 3
# Jaccard similarity above which an editor would call two texts the same question.
STEMS = 0.50
WHOLE = 0.50
# A shorter stem shares its words with others without asking the same.
LEAST = 16


@dataclass(frozen=True)
class Text:
    stem: str
    # Stem and options together.
    whole: str


@dataclass(frozen=True)
class Pair:
    first: int
    second: int
    same: bool
    similarity: float


def pairs(texts: Sequence[Text]) -> Iterator[Pair]:
    """Each pair of places (first < second) whose stems, or whole texts, are nearly equal."""
    stems = [fold(_bare(each.stem)) for each in texts]
    wholes = [fold(_bare(each.whole)) for each in texts]
    close: dict[tuple[int, int], float] = {}
    long = np.array([len(stem) >= LEAST for stem in stems], bool)
    for first, second, value in _close(stems, STEMS):
        if long[first] and long[second]:
            close[first, second] = value
    for first, second, value in _close(wholes, WHOLE):
        # Equal options under another stem are another question; the stems must be near as well.
        if len(wholes[first]) >= LEAST and len(wholes[second]) >= LEAST and _akin(stems[first], stems[second]):
            close[first, second] = max(value, close.get((first, second), 0.0))
    for (first, second), value in sorted(close.items()):
        same = stems[first] == stems[second]
        yield Pair(first, second, same, value)


def nearest(stem: str, others: Sequence[str]) -> list[tuple[int, float]]:
    """(place, Jaccard similarity) of the stems that are nearly this one, the likest first."""
    folded = fold(_bare(stem))
    if len(folded) < LEAST:
        return []
    ours = _grams(folded)
    found = []
    for place, other in enumerate(others):
        theirs = _grams(fold(_bare(other)))
        shared = len(ours & theirs)
        similarity = shared / (len(ours) + len(theirs) - shared)
        if similarity >= STEMS:
            found.append((place, similarity))
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def _bare(text: str) -> str:
    return re.sub(r"\{\{\w+\}\}", "", text)


def _akin(first: str, second: str) -> bool:
    ours, theirs = _grams(first), _grams(second)
    return len(ours & theirs) >= 0.4 * len(ours | theirs)


def _grams(text: str) -> set[str]:
    return {text[place : place + GRAM] for place in range(max(1, len(text) - GRAM + 1))}


def _close(texts: Sequence[str], least: float) -> Iterator[tuple[int, int, float]]:
    """Pairs with at least this Jaccard similarity of their sets of n-grams."""
    if len(texts) < 2:
        return
    rows: list[int] = []
    columns: list[int] = []
    for place, text in enumerate(texts):
        # 32-bit hashes as columns: a collision only ever adds a hair of similarity.
        hashed = {zlib.crc32(gram.encode()) for gram in _grams(text)}
        rows.extend([place] * len(hashed))
        columns.extend(hashed)
    _values, columns_array = np.unique(np.array(columns, np.int64), return_inverse=True)
    matrix = sparse.csr_matrix(
        (np.ones(len(rows), np.float32), (np.array(rows), columns_array)), shape=(len(texts), len(_values))
    )
    sizes = np.asarray(matrix.sum(axis=1)).ravel()
    step = 512
    for start in range(0, len(texts), step):
        shared = (matrix[start : start + step] @ matrix.T).tocoo()
        first, second, common = shared.row + start, shared.col, shared.data
        after = first < second
        first, second, common = first[after], second[after], common[after]
        similarity = common / (sizes[first] + sizes[second] - common)
        for found in np.flatnonzero(similarity >= least).tolist():
            yield int(first[found]), int(second[found]), float(similarity[found])
