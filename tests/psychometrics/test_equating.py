"""Against the ACT mathematics scores and the anchor design of Kolen and Brennan, with figures of the R package equate."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from certengine.psychometrics import equating, equating_anchor
from certengine.psychometrics.equating_anchor import Group
from certengine.psychometrics.irt import Floats

# People with 0 to 40 points on two forms of the ACT mathematics test (Kolen and Brennan, chapter 2).
ACT_X = np.fromstring(
    "0 1 1 3 9 18 59 67 91 144 149 192 192 192 201 204 217 181 184 170 201 147 163 147 140 147 126 113 100 106 107 91 83"
    " 73 72 75 50 37 38 23 15",
    sep=" ",
)
ACT_Y = np.fromstring(
    "0 1 3 13 42 59 95 131 158 161 194 164 166 197 177 158 169 132 158 151 134 137 122 110 116 132 104 104 114 97 107 88"
    " 80 79 70 61 48 47 29 32 12",
    sep=" ",
)
DATA = Path(__file__).parent / "data"
KB_X = np.loadtxt(DATA / "kolen_brennan_x.csv", delimiter=",")
KB_Y = np.loadtxt(DATA / "kolen_brennan_y.csv", delimiter=",")

everywhere = arrays(np.float64, 9, elements=st.integers(1, 50).map(float))
anywhere = arrays(np.float64, 9, elements=st.integers(0, 50).map(float))
tables = arrays(np.float64, (8, 4), elements=st.integers(0, 30).map(float))


def line(found: equating.Line) -> tuple[float, float]:
    return found.intercept, found.slope


def test_act_moments_and_lines_are_the_published_ones() -> None:
    x, y = equating.moments(ACT_X), equating.moments(ACT_Y)
    assert (x.people, x.mean, x.deviation) == pytest.approx((4329, 19.852391, 8.212585), abs=5e-7)
    assert (y.people, y.mean, y.deviation) == pytest.approx((4152, 18.979769, 8.940397), abs=5e-7)
    assert line(equating.mean_equating(ACT_X, ACT_Y)) == pytest.approx((-0.872622, 1), abs=5e-7)
    assert line(equating.linear_equating(ACT_X, ACT_Y)) == pytest.approx((-2.6319708, 1.0886215), abs=5e-8)


def test_act_equipercentile_equivalents_are_the_published_ones() -> None:
    found = equating.equipercentile(ACT_X, ACT_Y)
    assert found[[1, 10, 20, 30, 40]] == pytest.approx([0.97956, 8.16067, 19.16472, 30.13048, 39.90055], abs=5e-6)
    smoothed = equating.equipercentile(equating.smooth(ACT_X, 6).frequencies, equating.smooth(ACT_Y, 6).frequencies)
    assert smoothed[[10, 20, 30, 40]] == pytest.approx([8.21428, 19.24691, 30.17291, 40.02023], abs=5e-6)


def test_six_moments_that_kolen_and_brennan_chose_have_the_least_aic() -> None:
    found = [equating.smooth(ACT_X, degree) for degree in range(1, 11)]
    assert min(found, key=lambda each: each.aic).degree == 6
    deviances = [each.deviance for each in found]
    assert deviances == sorted(deviances, reverse=True)


def test_percentile_ranks_spread_a_score_over_half_a_point_to_each_side() -> None:
    counts = [1, 2, 1]
    assert equating.ranks_at(counts, [-0.5, 0, 1, 1.25, 2.5]) == pytest.approx([0, 0.125, 0.5, 0.625, 1])
    assert equating.scores_at(counts, [0, 0.125, 0.5, 0.625, 1]) == pytest.approx([-0.5, 0, 1, 1.25, 2.5])


def test_a_rank_that_no_score_has_alone_falls_in_the_middle_of_the_gap() -> None:
    assert equating.scores_at([3, 0, 0, 3], [0.5]) == pytest.approx([1.5])
    assert equating.scores_at([0, 3, 3, 0], [0, 1]) == pytest.approx([0, 3])


@given(everywhere)
def test_equal_groups_equate_to_themselves(counts: Floats) -> None:
    scores = np.arange(9)
    assert equating.equipercentile(counts, counts) == pytest.approx(scores, abs=1e-9)
    assume(np.count_nonzero(counts) > 1)
    assert equating.linear_equating(counts, counts)(scores) == pytest.approx(scores, abs=1e-9)


@given(anywhere, anywhere)
def test_equipercentile_equating_keeps_the_order_and_stays_on_the_scale(x: Floats, y: Floats) -> None:
    assume(x.any() and y.any())
    found = equating.equipercentile(x, y)
    assert (np.diff(found) >= -1e-9).all()
    assert found.min() >= -0.5 and found.max() <= 8.5


@given(anywhere, st.integers(1, 4))
def test_smoothing_keeps_people_and_as_many_moments_as_its_degree(counts: Floats, degree: int) -> None:
    assume(np.count_nonzero(counts) > degree)
    fitted = equating.smooth(counts, degree).frequencies
    assert (fitted > 0).all()
    for power in range(degree + 1):
        moment = np.linspace(-1, 1, 9) ** power
        assert fitted @ moment == pytest.approx(counts @ moment, abs=1e-6 * counts.sum())


def test_a_degree_that_the_data_do_not_determine_is_refused() -> None:
    for degree in (0, 2, 3):
        with pytest.raises(ValueError):
            equating.smooth([0, 5, 7, 0, 0], degree)


@pytest.mark.parametrize("counts", [[], [4], [0, 0], [1, -1], [1, np.nan], [[1, 2], [3, 4]]])
def test_what_is_not_a_group_is_refused(counts: list[float]) -> None:
    with pytest.raises(ValueError):
        equating.equipercentile(counts, [1, 2])
    with pytest.raises(ValueError):
        equating.moments(counts)


def test_a_group_with_one_score_only_has_no_line() -> None:
    with pytest.raises(ValueError):
        equating.linear_equating([0, 9, 0], [1, 2, 1])


def test_the_error_of_mean_equating_is_that_of_a_difference_of_means() -> None:
    assert equating.mean_error(ACT_X, ACT_Y) == pytest.approx(np.sqrt(8.212585**2 / 4329 + 8.940397**2 / 4152))


def test_analytic_errors_agree_with_redrawn_groups() -> None:
    scores = np.arange(41)

    def by_line(x: Floats, y: Floats) -> Floats:
        return equating.linear_equating(x, y)(scores)

    drawn = equating.bootstrap_error(by_line, ACT_X, ACT_Y, seed=2)
    assert equating.linear_error(ACT_X, ACT_Y) == pytest.approx(drawn, rel=0.1)
    drawn = equating.bootstrap_error(equating.equipercentile, ACT_X, ACT_Y, seed=2)
    # At single scores the drawn figures themselves vary, and so do frequencies: on average the two must be one.
    ratio = equating.equipercentile_error(ACT_X, ACT_Y)[6:39] / drawn[6:39]
    assert ratio.mean() == pytest.approx(1, abs=0.05)
    assert ratio.min() > 0.7 and ratio.max() < 1.4


def test_the_same_seed_draws_the_same_groups() -> None:
    first, again, other = (
        equating.bootstrap_error(equating.equipercentile, ACT_X, ACT_Y, seed=seed, replications=20)
        for seed in (1, 1, 2)
    )
    assert (first == again).all() and (first != other).any()


def test_redrawn_groups_that_cannot_be_equated_are_not_passed_over() -> None:
    def never(_x: Floats, _y: Floats) -> Floats:
        raise ValueError("never")

    with pytest.raises(ValueError):
        equating.bootstrap_error(never, ACT_X, ACT_Y, seed=1, replications=5)


def test_the_anchor_data_have_the_published_moments() -> None:
    for table, people, expected in (
        (KB_X, 1655, (15.8205, 6.5278, 5.1063, 2.3760, 13.4088)),
        (KB_Y, 1638, (18.6728, 6.8784, 5.8626, 2.4515, 14.7603)),
    ):
        found, unbiased = equating_anchor.group(table), people / (people - 1)
        assert table.sum() == people
        deviations = np.sqrt(np.array([found.total_variance, found.anchor_variance]) / unbiased)
        assert (found.total, deviations[0], found.anchor, deviations[1], found.covariance / unbiased) == pytest.approx(
            expected, abs=5e-5
        )


def test_anchor_lines_are_the_published_ones() -> None:
    x, y = equating_anchor.group(KB_X), equating_anchor.group(KB_Y)
    assert line(equating_anchor.tucker(x, y, 1)) == pytest.approx((0.536778, 1.028948), abs=5e-7)
    assert line(equating_anchor.levine(x, y, 1)) == pytest.approx((0.2513476, 1.0111655), abs=5e-8)
    assert line(equating_anchor.chained_linear(x, y)) == pytest.approx((0.3936798, 1.0212717), abs=5e-8)
    assert line(equating_anchor.braun_holland(KB_X, KB_Y, 1)) == pytest.approx((0.83338, 1.0113135), abs=5e-7)


def test_anchor_equipercentile_equivalents_are_the_published_ones() -> None:
    estimated = equating_anchor.frequency_estimation(KB_X, KB_Y, 1)
    assert estimated[[10, 20, 30]] == pytest.approx([10.82032, 21.04662, 31.01396], abs=5e-6)
    chained = equating_anchor.chained_equipercentile(KB_X, KB_Y)
    assert chained[[10, 20, 30]] == pytest.approx([10.59055, 20.46971, 31.15625], abs=5e-6)


@given(tables, st.floats(0, 1))
def test_equal_groups_with_an_anchor_equate_to_themselves(table: Floats, w1: float) -> None:
    total, anchor = np.indices(table.shape)
    people = table + 1 + 200 * (total // 2 == anchor)
    found = equating_anchor
    both = found.group(people)
    scores = np.arange(8)
    for fitted in (
        found.tucker(both, both, w1)(scores),
        found.levine(both, both, w1)(scores),
        found.levine(both, both, w1, internal=False)(scores),
        found.chained_linear(both, both)(scores),
        found.braun_holland(people, people, w1)(scores),
        found.frequency_estimation(people, people, w1),
        found.chained_equipercentile(people, people),
    ):
        assert fitted == pytest.approx(scores, abs=1e-6)


@given(
    st.floats(0.5, 3),
    st.floats(0.5, 3),
    st.floats(-2, 2),
    st.floats(0.5, 2),
    st.floats(0.1, 2),
    st.floats(0, 1),
    st.booleans(),
)
def test_levine_is_exact_for_congeneric_tests(
    long_x: float, long_y: float, ahead: float, wide: float, noise: float, w1: float, internal: bool
) -> None:
    # Anchor = true + error; a form is as long as its factor says, with error variance in proportion.
    def moments_of(length: float, mean: float, variance: float) -> tuple[float, float]:
        return length * mean, length**2 * variance + length * noise

    def group(length: float, mean: float, variance: float) -> Group:
        total, total_variance = moments_of(length, mean, variance)
        return Group(total, mean, total_variance, variance + noise, length * variance + (noise if internal else 0))

    def mixed(length: float) -> tuple[float, float]:
        (m1, v1), (m2, v2) = moments_of(length, 0, 1), moments_of(length, ahead, wide)
        return w1 * m1 + (1 - w1) * m2, w1 * v1 + (1 - w1) * v2 + w1 * (1 - w1) * (m1 - m2) ** 2

    found = equating_anchor.levine(group(long_x, 0, 1), group(long_y, ahead, wide), w1, internal=internal)
    (mean_x, variance_x), (mean_y, variance_y) = mixed(long_x), mixed(long_y)
    assert found.slope == pytest.approx(np.sqrt(variance_y / variance_x))
    assert float(found(mean_x)) == pytest.approx(mean_y, abs=1e-9)


def test_the_synthetic_population_can_be_either_group() -> None:
    first = equating_anchor.synthetic(KB_X, KB_Y, 1)
    assert first.x == pytest.approx(KB_X.sum(axis=1) / KB_X.sum())
    second = equating_anchor.synthetic(KB_X, KB_Y, 0)
    assert second.y == pytest.approx(KB_Y.sum(axis=1) / KB_Y.sum())
    between = equating_anchor.synthetic(KB_X, KB_Y, 0.25)
    assert between.x == pytest.approx(0.25 * first.x + 0.75 * second.x)


def test_an_anchor_score_that_one_group_lacks_is_refused_until_smoothed() -> None:
    without = KB_Y.copy()
    without[:, 3] = 0
    for equate in (equating_anchor.frequency_estimation, equating_anchor.braun_holland):
        with pytest.raises(ValueError):
            equate(KB_X, without, 1)
    filled = equating_anchor.smooth_table(without, 3, 3)
    assert np.isfinite(equating_anchor.frequency_estimation(KB_X, filled, 1)).all()


@pytest.mark.parametrize("table", [KB_X, KB_Y])
@pytest.mark.parametrize("internal", [True, False])
def test_table_smoothing_keeps_moments_and_covariance(table: Floats, internal: bool) -> None:
    fitted = equating_anchor.smooth_table(table, 4, 3, internal=internal)
    total, anchor = np.indices(table.shape)
    for kept in (*(total**power for power in range(5)), *(anchor**power for power in range(4)), total * anchor):
        assert (fitted * kept).sum() == pytest.approx((table * kept).sum(), rel=1e-8)
    impossible = (total < anchor) | (total - anchor > 24)
    assert (fitted[impossible] == 0).all() == internal


def test_smoothing_changes_the_anchor_equivalents_by_less_than_their_error() -> None:
    def smoothed(x: Floats, y: Floats) -> Floats:
        return equating_anchor.chained_equipercentile(
            equating_anchor.smooth_table(x, 3, 3), equating_anchor.smooth_table(y, 3, 3)
        )

    error = equating.bootstrap_error(equating_anchor.chained_equipercentile, KB_X, KB_Y, seed=3, replications=200)
    change = smoothed(KB_X, KB_Y) - equating_anchor.chained_equipercentile(KB_X, KB_Y)
    assert (np.abs(change[5:32]) < 2.5 * error[5:32]).all()
    steadier = equating.bootstrap_error(smoothed, KB_X, KB_Y, seed=3, replications=30)
    assert steadier[5:32].mean() < error[5:32].mean()


def refuse(call: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        call()


def test_tables_and_weights_that_mean_nothing_are_refused() -> None:
    refuse(lambda: equating_anchor.group(KB_X[::-1]))
    refuse(lambda: equating_anchor.group(KB_X[:, 0]))
    refuse(lambda: equating_anchor.frequency_estimation(KB_X, KB_Y, 1.5))
    refuse(lambda: equating_anchor.frequency_estimation(KB_X, KB_Y[:, :12]))
    refuse(lambda: equating_anchor.chained_equipercentile(KB_X, KB_Y[:, :12]))
    refuse(lambda: equating_anchor.smooth_table(KB_X, 0, 3))
    refuse(lambda: equating_anchor.smooth_table(KB_X[::-1], 3, 3))
    refuse(lambda: equating_anchor.levine(Group(10, 5, 4, 9, 5), Group(10, 5, 4, 1, 1), 0))
