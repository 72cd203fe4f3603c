from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from certengine.papers.blueprint import apportion, node_of

weights = st.lists(st.integers(1, 40).map(Fraction), min_size=1, max_size=9)
sections = st.lists(st.tuples(st.integers(1, 40), st.sampled_from([500, 1000, 1500, 2500])), min_size=1, max_size=3)


@given(weights, sections)
def test_every_section_has_exactly_its_items(weights: list[Fraction], sections: list[tuple[int, int]]) -> None:
    made = apportion(weights, sections)
    assert made is not None
    for column, (count, _points) in enumerate(sections):
        assert sum(row[column] for row in made.counts) == count
    assert all(number >= 0 for row in made.counts for number in row)


@given(weights, sections)
def test_no_node_misses_its_share_by_more_than_its_dearest_item(
    weights: list[Fraction], sections: list[tuple[int, int]]
) -> None:
    made = apportion(weights, sections)
    assert made is not None
    assert made.deviation <= Fraction(max(points for _, points in sections), 1000)


def test_weights_that_whole_items_can_follow_are_followed_exactly() -> None:
    made = apportion([Fraction(50), Fraction(30), Fraction(20)], [(40, 1500), (10, 2500), (15, 1000)])
    assert made is not None
    assert made.deviation <= Fraction(1, 2)
    even = apportion([Fraction(50), Fraction(30), Fraction(20)], [(10, 2000), (80, 1000)])
    assert even is not None and even.counts == [[5, 40], [3, 24], [2, 16]]


def test_a_thin_bank_is_filled_within_what_it_has() -> None:
    made = apportion([Fraction(1), Fraction(1)], [(10, 1000)], [[4], [20]])
    assert made is not None and made.counts == [[4], [6]]
    assert apportion([Fraction(1), Fraction(1)], [(10, 1000)], [[4], [5]]) is None


def test_a_leaf_belongs_to_the_weighted_node_above_it() -> None:
    nodes = {"1": 0, "2.1": 1}
    assert node_of("1.10.2", nodes) == 0
    assert node_of("2.1", nodes) == 1
    assert node_of("2.10.1", nodes) is None
    assert node_of("9", {"*": 0}) == 0
