"""Against the common items of Kolen and Brennan (table 6.5), with figures of Kolen's program STUIRT."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from certengine.psychometrics import linking
from certengine.psychometrics.irt import probability
from certengine.psychometrics.linking import CommonItems, Link

# a, b, c of the twelve common items in the calibrations of form X (new) and Y (base), slopes with D = 1.7; the groups'
# abilities; and what STUIRT makes of them: as quoted in the tests of github.com/meyerjp3/psychometrics.
X = np.array(
    [
        [0.4551, 0.5839, 0.7544, 0.6633, 1.0690, 0.9672, 0.3479, 1.4579, 1.8811, 0.7020, 1.4080, 1.2993],
        [-0.7101, -0.8567, 0.0212, 0.0506, 0.9610, 0.1950, 2.2768, 1.0241, 1.4062, 2.2401, 1.5556, 2.1589],
        [0.2087, 0.2038, 0.1600, 0.1240, 0.2986, 0.0535, 0.1489, 0.2453, 0.1992, 0.0853, 0.0789, 0.1075],
    ]
)
Y = np.array(
    [
        [0.4416, 0.5730, 0.5987, 0.6041, 0.9902, 0.8081, 0.4140, 1.3554, 1.0417, 0.6336, 1.1347, 0.9255],
        [-1.3349, -1.3210, -0.7098, -0.3539, 0.5320, -0.1156, 2.5538, 0.5811, 0.9392, 1.8960, 1.0790, 2.1337],
        [0.1559, 0.1913, 0.1177, 0.0818, 0.3024, 0.0648, 0.2410, 0.2243, 0.1651, 0.0794, 0.0630, 0.1259],
    ]
)
THETA = [-4.0, -3.111, -2.222, -1.333, -0.4444, 0.4444, 1.333, 2.222, 3.111, 4.0]
ABLE_X = [0.0001008, 0.002760, 0.03021, 0.1420, 0.3149, 0.3158, 0.1542, 0.03596, 0.003925, 0.0001862]
ABLE_Y = [0.0001173, 0.003242, 0.03449, 0.1471, 0.3148, 0.3110, 0.1526, 0.03406, 0.002510, 0.0001116]
# The ninth item behaves differently in the two groups; the book links without it too.
ALL = np.ones(12, bool)
KEPT = np.arange(12) != 8

Method = Callable[[CommonItems, CommonItems], Link]
METHODS: list[Method] = [linking.mean_mean, linking.mean_sigma, linking.haebara, linking.stocking_lord]


def new(kept: NDArray[np.bool_] = ALL) -> CommonItems:
    return linking.common_items(1.7 * X[0][kept], X[1][kept], X[2][kept], THETA, ABLE_X)


def base(kept: NDArray[np.bool_] = ALL) -> CommonItems:
    return linking.common_items(1.7 * Y[0][kept], Y[1][kept], Y[2][kept], THETA, ABLE_Y)


def constants(link: Link) -> tuple[float, float]:
    return link.slope, link.shift


def test_constants_are_those_of_stuirt() -> None:
    assert constants(linking.mean_mean(new(KEPT), base(KEPT))) == pytest.approx((1.1449, -0.4790), abs=1e-4)
    assert constants(linking.mean_sigma(new(KEPT), base(KEPT))) == pytest.approx((1.1761, -0.5042), abs=1e-4)
    assert constants(linking.haebara(new(), base())) == pytest.approx((1.067800, -0.471281), abs=3e-6)
    assert constants(linking.stocking_lord(new(), base())) == pytest.approx((1.083417, -0.487619), abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
@given(slope=st.floats(0.5, 2), shift=st.floats(-2, 2), common=st.integers(2, 12))
def test_every_method_finds_a_link_that_holds_exactly(method: Method, slope: float, shift: float, common: int) -> None:
    items = linking.common_items(1.7 * X[0][:common], X[1][:common], X[2][:common])
    truth = Link(slope, shift)
    there = truth.items(items)
    moved = linking.common_items(there.a, there.b, there.c)
    assert constants(method(items, moved)) == pytest.approx((slope, shift), abs=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_linking_the_other_way_round_is_the_inverse(method: Method) -> None:
    there, back = method(new(), base()), method(base(), new())
    assert constants(back.inverse) == pytest.approx(constants(there), abs=1e-6)
    assert back.abilities(there.abilities([-1, 0, 2])) == pytest.approx([-1, 0, 2], abs=1e-6)


def test_the_curves_of_an_item_do_not_change_when_both_it_and_abilities_are_moved() -> None:
    link, items = Link(1.2, -0.4), new()
    moved = link.items(items)
    theta = np.linspace(-3, 3, 7)
    before = probability(theta, items.a, items.b, items.c)
    assert probability(link.abilities(theta), moved.a, moved.b, moved.c) == pytest.approx(before)


def test_a_common_item_that_became_harder_is_flagged_and_the_others_are_not() -> None:
    noise = np.array([0.05, -0.04, 0.02, -0.06, 0.03, 0.01, -0.02, 0.04, -0.03, 0.06])
    b = np.linspace(-2, 2, 10)
    drifted = noise + 0.8 * (np.arange(10) == 4)
    items, anchor = linking.common_items(1.0, b + drifted), linking.common_items(1.0, b)
    found = linking.drift(items, anchor, Link(1.0, 0.0), np.full(10, 0.08), np.full(10, 0.06))
    assert np.flatnonzero(found.flagged).tolist() == [4]
    assert found.difference == pytest.approx(-drifted)
    assert found.error == pytest.approx(np.full(10, 0.1))
    assert found.z == pytest.approx(-drifted / 0.1)


def test_the_error_of_the_new_difficulty_is_stretched_with_its_scale() -> None:
    found = linking.drift(new(), base(), Link(2.0, 0.0), np.full(12, 0.1), np.zeros(12))
    assert found.error == pytest.approx(np.full(12, 0.2))


def test_nothing_is_flagged_where_the_link_holds_exactly() -> None:
    items, link = new(), Link(1.3, 0.7)
    found = linking.drift(items, link.items(items), link)
    assert not found.flagged.any()
    assert np.isnan(found.error).all() and np.isnan(found.z).all()


def test_one_that_differs_from_many_that_agree_is_infinitely_far() -> None:
    assert linking.robust_z([0, 0, 0, 0, -1]).tolist() == [0, 0, 0, 0, -np.inf]
    # Quartiles −1 and 1 around 0.
    assert linking.robust_z([-2, -1, 0, 1, 2]) == pytest.approx(np.arange(-2, 3) / 1.48)


def test_what_cannot_be_linked_is_refused() -> None:
    for parameters in (([1.0], [0.0]), ([1.0, -1.0], [0.0, 1.0]), ([1.0, np.nan], [0.0, 1.0])):
        with pytest.raises(ValueError):
            linking.common_items(*parameters)
    with pytest.raises(ValueError):
        linking.common_items([1.0, 1.0], [0.0, 1.0], theta=[0.0])
    with pytest.raises(ValueError):
        linking.mean_sigma(linking.common_items(1.0, [0.5, 0.5]), linking.common_items(1.0, [0.0, 1.0]))
    for method in METHODS:
        with pytest.raises(ValueError):
            method(new(), base(KEPT))
