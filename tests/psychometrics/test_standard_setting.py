"""Against figures that can be checked by hand, and the ratings of Shrout and Fleiss (1979)."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from certengine.psychometrics import irt, standard_setting
from certengine.psychometrics.irt import Floats

# Table 2 of Shrout and Fleiss: six targets rated by four judges; here judges × targets.
SHROUT_FLEISS = np.array([[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]])

RATINGS = np.array([[0.9, 0.6, 0.3, 0.5], [0.8, 0.5, 0.4, 0.5], [0.7, 0.7, 0.2, 0.6]])

panels = arrays(np.float64, (5, 6), elements=st.integers(0, 20).map(lambda twentieth: twentieth / 20))


def test_an_angoff_cut_is_the_mean_of_what_judges_expect() -> None:
    found = standard_setting.angoff(RATINGS).final
    assert found.judge_cuts == pytest.approx([2.3, 2.2, 2.2])
    assert found.cut == pytest.approx(6.7 / 3)
    assert found.error == pytest.approx(np.std([2.3, 2.2, 2.2], ddof=1) / np.sqrt(3))
    assert found.share == pytest.approx(6.7 / 12)
    assert found.item_means == pytest.approx([0.8, 0.6, 0.3, 1.6 / 3])
    assert found.item_spread == pytest.approx([0.1, 0.1, 0.1, np.sqrt(1 / 300)])


def test_items_count_by_their_points() -> None:
    found = standard_setting.angoff(RATINGS, points=[1, 2, 3, 4]).final
    assert found.judge_cuts == pytest.approx([0.9 + 1.2 + 0.9 + 2, 0.8 + 1 + 1.2 + 2, 0.7 + 1.4 + 0.6 + 2.4])
    assert found.share == pytest.approx(found.cut / 10)


def test_intraclass_correlations_are_the_published_ones() -> None:
    single, panel = standard_setting.intraclass(SHROUT_FLEISS)
    assert (round(single, 2), round(panel, 2)) == (0.29, 0.62)
    agreed = standard_setting.intraclass([[0.1, 0.5, 0.9]] * 3)
    assert agreed == pytest.approx((1, 1))


def test_a_judge_far_from_the_panel_stands_out_and_one_who_orders_items_otherwise_agrees_with_none() -> None:
    panel = np.array([[0.9, 0.7, 0.5, 0.3]] * 5) + np.array([[0.02], [0.0], [-0.02], [0.01], [-0.01]])
    strict, contrary = np.array([[1.0, 0.95, 0.9, 0.8]]), np.array([[0.3, 0.5, 0.7, 0.9]])
    found = standard_setting.angoff(np.vstack([panel, strict, contrary])).final
    assert found.outlying.tolist() == [False] * 5 + [True, False]
    assert found.severity[5] > standard_setting.OUTLYING
    assert found.judge_agreement[6] < -0.9
    assert (found.judge_agreement[:5] > 0.9).all()


def test_one_who_differs_where_all_others_agree_stands_out() -> None:
    # The median absolute deviation is 0; the mean one, 1/9, takes its place.
    assert standard_setting.modified_z([5, 5, 5, 5, 5, 5, 5, 5, 6]) == pytest.approx([0] * 8 + [0.7979 * 9])
    # Median 3, absolute deviations 2 1 0 1 97: their median is 1.
    assert standard_setting.modified_z([1, 2, 3, 4, 100]) == pytest.approx(0.6745 * np.array([-2, -1, 0, 1, 97]))
    assert standard_setting.modified_z([4, 4, 4]).tolist() == [0, 0, 0]


def test_rounds_tell_how_the_panel_moved_and_whether_it_came_together() -> None:
    second = RATINGS.copy()
    second[0, 0] = 0.8
    found = standard_setting.angoff([RATINGS, second])
    assert len(found.rounds) == 2 and found.final is found.rounds[1]
    assert found.moved == pytest.approx([-0.1 / 3])
    assert found.narrowed == pytest.approx([-np.std([2.3, 2.2, 2.2], ddof=1)])


def test_realistic_ratings_follow_the_observed_shares_right() -> None:
    found = standard_setting.angoff(RATINGS, facility=[0.95, 0.7, np.nan, 0.6]).final
    known = RATINGS[:, [0, 1, 3]]
    expected = [np.corrcoef(own, [0.95, 0.7, 0.6])[0, 1] for own in known]
    assert found.judge_realism == pytest.approx(expected)
    assert found.panel_realism == pytest.approx(np.corrcoef(known.mean(axis=0), [0.95, 0.7, 0.6])[0, 1])
    assert np.isnan(standard_setting.angoff(RATINGS).final.panel_realism)


def test_one_judge_has_a_cut_and_no_error() -> None:
    found = standard_setting.angoff([[0.5, 0.7, 0.9]]).final
    assert found.cut == pytest.approx(2.1)
    assert np.isnan([found.error, found.single, found.panel, *found.judge_agreement]).all()


@pytest.mark.parametrize("ratings", [[0.5, 0.5], [[0.5, np.nan]], [[0.5, 1.2]], [[-0.1, 0.5]], np.empty((0, 3))])
def test_ratings_that_are_missing_or_no_probabilities_are_refused(ratings: Floats) -> None:
    with pytest.raises(ValueError):
        standard_setting.angoff(ratings)


def test_points_and_shares_must_fit_the_items() -> None:
    for points, facility in (([1, 1], None), ([1, 1, 1, 0], None), (None, [0.5])):
        with pytest.raises(ValueError):
            standard_setting.angoff(RATINGS, points, facility)


@given(panels, st.permutations(range(5)), st.floats(0.5, 4))
def test_neither_the_order_of_judges_nor_the_unit_of_points_changes_an_angoff_cut(
    ratings: Floats, order: list[int], unit: float
) -> None:
    plain = standard_setting.angoff(ratings).final
    other = standard_setting.angoff(ratings[order], points=np.full(6, unit)).final
    assert other.cut == pytest.approx(unit * plain.cut)
    assert other.error == pytest.approx(unit * plain.error, abs=1e-9)
    assert other.share == pytest.approx(plain.share)
    assert other.single == pytest.approx(plain.single, nan_ok=True)
    assert plain.cut == pytest.approx(plain.item_means.sum())


@given(st.floats(0.3, 3), st.floats(-3, 3), st.floats(0, 0.4), st.sampled_from([0.5, 2 / 3, 0.8]))
def test_a_location_is_where_the_response_probability_is_reached(
    a: float, b: float, c: float, probability: float
) -> None:
    place = standard_setting.response_locations(a, b, c, probability)
    assert irt.probability(place, a, b, c)[0, 0] == pytest.approx(probability)


def test_an_item_that_guessing_brings_past_the_response_probability_has_no_location() -> None:
    with pytest.raises(ValueError):
        standard_setting.response_locations(1.0, 0.0, 0.5, 0.5)


def test_the_bookmark_cut_is_the_last_page_mastered() -> None:
    difficulties = [1.0, -1.0, 0.0, 2.0]
    (found,) = standard_setting.bookmark([3, 3, 4], 1.0, difficulties, probability=0.5)
    assert found.judge_cuts == pytest.approx([0, 0, 1])
    assert found.cut == 0
    assert found.error == pytest.approx(np.sqrt(np.pi / 2) * np.std([0, 0, 1], ddof=1) / np.sqrt(3))
    expected = [1 / (1 + np.exp(each)) for each in difficulties]
    assert found.expected == pytest.approx(sum(expected))
    assert found.expected_below < found.expected < found.expected_above


def test_a_response_probability_of_two_thirds_moves_a_rasch_cut_by_log_two() -> None:
    (half,) = standard_setting.bookmark([2, 3], 1.0, [-1, 0, 1], probability=0.5)
    (thirds,) = standard_setting.bookmark([2, 3], 1.0, [-1, 0, 1])
    assert thirds.cut - half.cut == pytest.approx(np.log(2))


def test_the_cut_can_lie_towards_the_bookmarked_page() -> None:
    for towards, cut in ((0, 0), (0.5, 0.5), (1, 1)):
        (found,) = standard_setting.bookmark([3], 1.0, [-1, 0, 1], probability=0.5, towards=towards)
        assert found.cut == pytest.approx(cut)
        assert np.isnan(found.error)


def test_a_bookmark_before_the_first_page_or_after_the_last_takes_that_page() -> None:
    (first,) = standard_setting.bookmark([1, 1], 1.0, [-1, 0, 1], probability=0.5)
    (last,) = standard_setting.bookmark([4, 4], 1.0, [-1, 0, 1], probability=0.5)
    assert (first.cut, last.cut) == (-1, 1)


def test_bookmark_rounds_are_told_one_by_one_and_points_count() -> None:
    first, second = standard_setting.bookmark([[1, 4], [2, 3]], 1.0, [-1, 0, 1], points=[1, 1, 3], probability=0.5)
    assert first.judge_cuts == pytest.approx([-1, 1]) and second.judge_cuts == pytest.approx([-1, 0])
    assert second.error < first.error
    assert first.expected == pytest.approx(irt.expected_score(0.0, 1.0, [-1, 0, 1], 0.0, [1, 1, 3])[0])


@pytest.mark.parametrize("pages", [[0, 2], [5], [2.5], [], [np.nan]])
def test_a_page_that_the_booklet_does_not_have_is_refused(pages: list[float]) -> None:
    with pytest.raises(ValueError):
        standard_setting.bookmark(pages, 1.0, [-1, 0, 1])


def test_hofstee_takes_the_crossing_of_the_diagonal_and_the_failing() -> None:
    # Ten people with 0 to 9 points: of c points, c in ten fail. From (4, 0.8) to (8, 0.4): 0.8 − (c − 4)/10 = c/10.
    found = standard_setting.hofstee(np.ones(10), [3, 5], [7, 9], [0.3, 0.5], [0.7, 0.9])
    assert (found.lowest, found.highest, found.least, found.most) == pytest.approx((4, 8, 0.4, 0.8))
    assert found.cut == pytest.approx(6)
    assert found.failing == pytest.approx(0.6)
    assert found.compromised


def test_hofstee_says_where_the_panel_and_the_data_do_not_meet() -> None:
    many_fail = standard_setting.hofstee(np.ones(10), 6, 8, 0.1, 0.3)
    assert (many_fail.cut, many_fail.compromised) == (6, False)
    few_fail = standard_setting.hofstee(np.ones(10), 1, 3, 0.5, 0.9)
    assert (few_fail.cut, few_fail.compromised) == (3, False)
    one_cut = standard_setting.hofstee(np.ones(10), 5, 5, 0.4, 0.6)
    assert (one_cut.cut, one_cut.failing, one_cut.compromised) == pytest.approx((5, 0.5, True))


@given(
    arrays(np.float64, 11, elements=st.integers(0, 9).map(float)),
    st.floats(0, 5),
    st.floats(0, 5),
    st.floats(0, 0.5),
    st.floats(0, 0.5),
)
def test_a_hofstee_compromise_lies_within_what_the_panel_accepts(
    counts: Floats, low: float, wider: float, few: float, more: float
) -> None:
    assume(counts.any())
    found = standard_setting.hofstee(counts, low, low + wider, few, few + more)
    assert low <= found.cut <= low + wider
    if found.compromised:
        assert few - 1e-9 <= found.failing <= few + more + 1e-9
    if found.compromised and wider > 1e-3:
        assert found.failing == pytest.approx(few + more - (found.cut - low) / wider * more, abs=1e-6)


@pytest.mark.parametrize(
    "bounds", [(6, 4, 0.1, 0.3), (4, 6, 0.3, 0.1), (-1, 6, 0.1, 0.3), (4, 10, 0.1, 0.3), (4, 6, 0.1, 1.3)]
)
def test_hofstee_bounds_out_of_order_or_off_the_scale_are_refused(bounds: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError):
        standard_setting.hofstee(np.ones(10), *bounds)
    with pytest.raises(ValueError):
        standard_setting.hofstee(np.zeros(10), 4, 6, 0.1, 0.3)
