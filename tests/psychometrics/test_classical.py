"""Against Bock and Lieberman's law school data (LSAT sections 6 and 7) and figures that R packages give for them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from certengine.psychometrics import classical

# How many of 1,000 people gave each of the 32 response patterns, 00000 to 11111.
LSAT6 = "3 6 2 11 1 1 3 4 1 8 0 16 0 3 2 15 10 29 14 81 3 28 15 80 16 56 21 173 11 61 28 298"
LSAT7 = "12 19 1 7 3 19 3 17 10 5 3 7 7 23 8 28 7 39 11 34 14 51 15 90 6 25 7 35 18 136 32 308"


def people(frequencies: str) -> NDArray[np.int64]:
    patterns = [[int(digit) for digit in f"{number:05b}"] for number in range(32)]
    return np.repeat(patterns, [int(each) for each in frequencies.split()], axis=0)


def test_lsat6_has_the_published_figures() -> None:
    marks = people(LSAT6)
    items = classical.item_statistics(marks, np.ones(5))
    assert items.facility == pytest.approx([92.4, 70.9, 55.3, 76.3, 87.0])
    assert items.discrimination / 100 == pytest.approx([0.1128, 0.1532, 0.1728, 0.1444, 0.1216], abs=5e-5)
    assert classical.item_total_correlation(marks) == pytest.approx([0.3620, 0.5668, 0.6184, 0.5344, 0.4354], abs=5e-5)
    assert classical.alpha(marks) == pytest.approx(0.29500, abs=5e-6)


def test_lsat7_has_the_published_alpha() -> None:
    assert classical.alpha(people(LSAT7)) == pytest.approx(0.45341, abs=5e-6)


def test_moodles_worked_formulas_hold_on_a_test_that_can_be_checked_by_hand() -> None:
    # Totals 0, 1, 2, 3: a Guttman scale, so that every item separates as well as its marks allow.
    marks = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1]]
    items = classical.item_statistics(marks, [1, 1, 1])
    assert items.facility == pytest.approx([75, 50, 25])
    assert items.efficiency == pytest.approx([100, 100, 100])
    whole = classical.test_statistics(marks)
    assert (whole.mean, whole.median) == (1.5, 1.5)
    assert whole.deviation == pytest.approx(np.sqrt(5 / 3))
    assert whole.skewness == pytest.approx(0)
    assert whole.kurtosis == pytest.approx(-1.2)
    assert whole.alpha == pytest.approx(0.75)
    assert whole.error_ratio == pytest.approx(50)
    assert whole.standard_error == pytest.approx(np.sqrt(5 / 3) / 2)


def test_what_the_data_cannot_carry_is_not_a_figure() -> None:
    everyone_right = classical.item_statistics([[1, 1], [1, 0], [1, 1]], [1, 1])
    assert np.isnan(everyone_right.discrimination[0])
    one_person = classical.test_statistics([[1, 0, 1]])
    assert np.isnan(one_person.deviation) and np.isnan(one_person.alpha)
    nobody = classical.item_statistics(np.empty((0, 2)), [1, 1])
    assert np.isnan(nobody.facility).all()


@given(arrays(np.float64, (12, 4), elements=st.sampled_from([0.0, 0.5, 1.0])), st.floats(0.5, 5))
def test_statistics_do_not_change_when_all_points_are_scaled(marks: NDArray[np.float64], factor: float) -> None:
    plain = classical.item_statistics(marks, np.ones(4))
    scaled = classical.item_statistics(marks * factor, np.full(4, factor))
    for name in ("facility", "discrimination", "efficiency"):
        assert getattr(scaled, name) == pytest.approx(getattr(plain, name), nan_ok=True, abs=1e-6)
