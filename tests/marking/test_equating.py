"""A form that is easier is found to be so, by groups alike and by common items; what cannot be compared says so."""

import numpy as np
import pytest

from certengine.marking.analysis import Script
from certengine.marking.equating import FEWEST, FEWEST_COMMON, Comparison, FormFigures, compare, comparison_from_json

# The last twenty items have two points each.
POINTS = np.array([1.0] * 60 + [2.0] * 20)


def names(form: str, common: int) -> list[str]:
    return [f"{form}{at}" for at in range(80 - common)] + [f"common{at}" for at in range(common)]


def sat(form: str, difficulty: np.ndarray, people: int, mean: float, seed: int, common: int = 0) -> list[Script]:
    chance = np.random.default_rng(seed)
    theta = chance.normal(mean, 1, people)
    right = chance.random((people, 80)) < 1 / (1 + np.exp(-(theta[:, None] - difficulty)))
    items = names(form, common)
    points = dict(zip(items, POINTS.tolist(), strict=True))
    return [Script(dict(zip(items, (row * POINTS).tolist(), strict=True)), points, {}) for row in right]


def worth(x: np.ndarray, y: np.ndarray) -> float:
    """What 60 points of X are worth on Y where ability is known: true scores by the model."""
    theta = np.linspace(-5, 5, 5001)
    on_x, on_y = ((1 / (1 + np.exp(-(theta[:, None] - b)))) @ POINTS for b in (x, y))
    return float(np.interp(60, on_x, on_y))


X = np.random.default_rng(1).normal(-0.4, 1, 80)


def near(found: Comparison, truth: float, slack: float) -> dict[str, float]:
    return {each.name: each.at_cut for each in found.methods if abs(each.at_cut - truth) <= 3 * each.error + slack}


def test_forms_dealt_out_by_seat_are_compared_as_they_are() -> None:
    y = X - 0.3
    found = compare(sat("x", X, 800, 0, 2), sat("y", y, 800, 0, 3), same_sitting=True)
    assert [each.name for each in found.methods] == ["mean", "linear", "equipercentile"]
    assert set(near(found, worth(X, y), 0)) == {"mean", "linear", "equipercentile"}
    assert all(each.at_cut > 62 and 0.5 < each.error < 2 for each in found.methods)
    assert all(len(each.scores) == 101 for each in found.methods)


def test_equally_hard_forms_show_no_difference_beyond_chance() -> None:
    found = compare(sat("x", X, 400, 0, 4), sat("y", X, 400, 0, 5), same_sitting=True)
    assert all(abs(each.at_cut - 60) <= 2.5 * each.error for each in found.methods)


def test_forms_of_two_sittings_are_compared_by_common_items_though_one_group_is_abler() -> None:
    y = X.copy()
    y[:60] -= 0.3
    found = compare(sat("x", X, 600, 0, 6, common=20), sat("y", y, 600, 0.5, 7, common=20), same_sitting=False)
    assert found.anchor and found.common == 20
    assert len(found.methods) == 5 and len(near(found, worth(X, y), 0.6)) >= 4
    # The plain means lie six points apart for another reason: the second group is abler.
    assert found.x.mean is not None and found.y.mean is not None and found.y.mean - found.x.mean > 8


def test_few_scripts_or_few_common_items_give_counts_and_no_conversion() -> None:
    few = compare(sat("x", X, FEWEST - 1, 0, 8), sat("y", X, 500, 0, 9), same_sitting=True)
    assert few.obstacle == "too_few" and few.methods == () and few.x.scripts == FEWEST - 1
    apart = [sat(form, X, 60, 0, 8, common=FEWEST_COMMON - 1) for form in "xy"]
    assert compare(*apart, same_sitting=False).obstacle == "common"
    nobody = compare([], [], same_sitting=True)
    assert nobody.obstacle == "too_few" and nobody.x == FormFigures(0, None, None)
    [one] = sat("x", X, 1, 0, 8)
    assert compare([one], [one], same_sitting=True).x.deviation is None


def test_small_groups_get_lines_alone_and_equal_scores_nothing() -> None:
    small = compare(sat("x", X, 60, 0, 8), sat("y", X, 60, 0, 9), same_sitting=True)
    assert [each.name for each in small.methods] == ["mean", "linear"]
    alike = [Script(dict.fromkeys(names("x", 0), 1.0), dict.fromkeys(names("x", 0), 1.0), {})] * 60
    assert compare(alike, alike, same_sitting=True).methods == ()


@pytest.mark.parametrize("same", [True, False])
def test_what_is_kept_reads_back_the_same(same: bool) -> None:
    found = compare(sat("x", X, 60, 0, 8, common=30), sat("y", X, 60, 0, 9, common=30), same_sitting=same)
    assert comparison_from_json(found.as_json()) == found
