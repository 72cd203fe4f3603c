"""What a panel's judgements say of a cut score, in points of 100 and with how far the judges agree. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from certengine.marking.models import StudyKind
from certengine.marking.panels import Judgements, PanelItem
from certengine.psychometrics import standard_setting
from certengine.psychometrics.irt import expected_score

# People whose scores a compromise of Hofstee needs.
FEWEST_SCORES = 30


@dataclass(frozen=True)
class Round:
    """cut and error in points of 100; judge_cuts likewise; severity: modified z of each judge, above 0 for a strict one;
    agreement: correlation of each judge with the mean of the others; panel: intraclass correlation of the panel's mean;
    realism: correlation of the panel with the shares right that were observed. None where there is nothing to say."""

    cut: float
    error: float | None
    judge_cuts: tuple[float, ...]
    severity: tuple[float, ...]
    outlying: tuple[bool, ...]
    agreement: tuple[float | None, ...] = ()
    panel: float | None = None
    realism: float | None = None


@dataclass(frozen=True)
class ItemJudgement:
    """Of the last round, per cent: the panel's mean and its spread, and how many answered right in fact."""

    number: int
    item: str
    mean: float
    spread: float | None
    facility: float | None


@dataclass(frozen=True)
class Compromise:
    """Of Hofstee: cut in points of 100, the share that would fail; reached: whether the panel's bounds meet the scores."""

    cut: float
    failing: float
    people: int
    reached: bool


@dataclass(frozen=True)
class CutScore:
    rounds: tuple[Round, ...]
    items: tuple[ItemJudgement, ...]
    compromise: Compromise | None
    # Of the people in the sitting, how many would fail at the last round's cut, per cent.
    failing: float | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def cut_score_from_json(raw: Mapping[str, Any]) -> CutScore:
    rounds = tuple(_round(each) for each in raw["rounds"])
    compromise = Compromise(**raw["compromise"]) if raw["compromise"] else None
    items = tuple(ItemJudgement(**each) for each in raw["items"])
    return CutScore(rounds, items, compromise, raw["failing"])


def _round(raw: Mapping[str, Any]) -> Round:
    lists = ("judge_cuts", "severity", "outlying", "agreement")
    return Round(**{**raw, **{name: tuple(raw[name]) for name in lists}})


def cut_score(
    kind: StudyKind,
    judged: Judgements,
    items: Sequence[PanelItem],
    parameters: tuple[ArrayLike, ArrayLike, ArrayLike],
    facility: Sequence[float | None],
    scores: Sequence[float],
) -> CutScore:
    """parameters: a, b and c of the items; facility: shares right (0 to 1), None where nobody had the item; scores: of the
    sitting, in points of 100."""
    points = np.array([each.points for each in items])
    if kind is StudyKind.ANGOFF:
        rounds, rows = _angoff(judged, items, points, facility)
    else:
        rounds, rows = _bookmark(judged, points, parameters), ()
    failing = round(100 * float((np.asarray(scores) < rounds[-1].cut).mean()), 1) if len(scores) else None
    return CutScore(rounds, rows, _hofstee(judged, scores), failing)


def _angoff(
    judged: Judgements, items: Sequence[PanelItem], points: np.ndarray[Any, Any], facility: Sequence[float | None]
) -> tuple[tuple[Round, ...], tuple[ItemJudgement, ...]]:
    observed = np.array([np.nan if each is None else each for each in facility])
    found = standard_setting.angoff(np.array(judged.rounds), points, observed)
    scale = 100 / points.sum()
    rounds = tuple(
        Round(
            round(float(each.cut * scale), 2),
            _figure(each.error * scale),
            tuple(np.round(each.judge_cuts * scale, 2).tolist()),
            tuple(np.round(each.severity, 1).tolist()),
            tuple(each.outlying.tolist()),
            tuple(_figure(value) for value in each.judge_agreement),
            _figure(each.panel),
            _figure(each.panel_realism),
        )
        for each in found.rounds
    )
    last = found.final
    rows = tuple(
        ItemJudgement(
            item.number,
            item.item,
            round(100 * float(last.item_means[place]), 1),
            _figure(100 * last.item_spread[place], 1),
            _figure(100 * observed[place], 1),
        )
        for place, item in enumerate(items)
    )
    return rounds, rows


def _bookmark(
    judged: Judgements, points: np.ndarray[Any, Any], parameters: tuple[ArrayLike, ArrayLike, ArrayLike]
) -> tuple[Round, ...]:
    a, b, c = parameters
    pages = np.array(judged.rounds)
    scale = 100 / points.sum()
    rounds = []
    for each in standard_setting.bookmark(pages, a, b, c, points):
        cuts = np.array([expected_score([theta], a, b, c, points).item() for theta in each.judge_cuts])
        severity = standard_setting.modified_z(cuts)
        rounds.append(
            Round(
                round(float(each.expected * scale), 2),
                _figure((each.expected_above - each.expected_below) / 2 * scale),
                tuple(np.round(cuts * scale, 2).tolist()),
                tuple(np.round(severity, 1).tolist()),
                tuple((np.abs(severity) > standard_setting.OUTLYING).tolist()),
            )
        )
    return tuple(rounds)


def _hofstee(judged: Judgements, scores: Sequence[float]) -> Compromise | None:
    if not judged.limits or len(scores) < FEWEST_SCORES:
        return None
    lowest, highest, least, most = np.array(judged.limits).T
    counts = np.bincount(np.floor(np.asarray(scores) + 0.5).astype(int), minlength=101)
    found = standard_setting.hofstee(counts, lowest, highest, least / 100, most / 100)
    return Compromise(round(found.cut, 2), round(100 * found.failing, 1), len(scores), found.compromised)


def _figure(value: float, digits: int = 2) -> float | None:
    return round(float(value), digits) if np.isfinite(value) else None
