import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from certengine.papers.charts import curves, matrix


@given(st.integers(2, 12), st.integers(0, 2**32 - 1))
def test_a_matrix_shows_each_pair_once_and_the_darkest_is_the_most(size: int, seed: int) -> None:
    table = np.random.default_rng(seed).integers(0, 40, (size, size))
    made = matrix(table)
    assert made is not None and len(made.cells) == size * (size - 1) // 2
    assert all(each.value == table[each.row - 1, each.column - 1] and each.column < each.row for each in made.cells)
    assert max(made.cells, key=lambda each: each.value).shade == (1.0 if made.most > made.least else 0.0)
    assert all(0 <= each.x < made.size and 0 <= each.y < made.size for each in made.cells)


def test_one_paper_has_nobody_to_share_with() -> None:
    assert matrix([[40]]) is None


def test_curves_stand_around_zero_and_within_the_drawing() -> None:
    made = curves({"mean": [2.5] * 101, "linear": [at / 25 - 2 for at in range(101)]})
    assert [tick.text for tick in made.up] == ["-3", "0", "+3"]
    heights = [float(point.split(",")[1]) for curve in made.curves for point in curve.points.split()]
    assert all(0 < height < made.height for height in heights)
    assert float(made.curves[0].points.split()[0].split(",")[1]) < made.zero
