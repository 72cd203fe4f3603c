"""Papers that mind one another: caps hold, neighbours differ, and all of it can be done again from what is committed."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certengine.foundation.errors import Invalid
from certengine.papers import making
from certengine.papers.beside import Earlier, Surroundings
from certengine.papers.rules import Paper, draw, paper_content
from certengine.papers.values import Caps, PaperRules, rules_from_json
from tests.papers import factories
from tests.papers.factories import bank

ITEMS = bank()
RULES = factories.rules(ITEMS)
NAMES = [f"registration:{number:03}" for number in range(60)]
ROW = tuple(pairwise(NAMES))
IN_A_ROW = Surroundings(ROW)
seeds = st.binary(min_size=16, max_size=32)


def shared(one: Paper, other: Paper) -> int:
    return len({placed.item for placed in one.items} & {placed.item for placed in other.items})


def overlap_of(papers: dict[str, Paper], pairs: tuple[tuple[str, str], ...]) -> int:
    return max(shared(papers[one], papers[other]) for one, other in pairs)


def drawn(rules: PaperRules, seed: bytes, beside: Surroundings = IN_A_ROW) -> dict[str, Paper]:
    return {paper.registration: paper for paper in draw(ITEMS, rules, seed, NAMES, beside)}


FREE = overlap_of(drawn(RULES, b"sixteen bytes of"), ROW)


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_neighbours_share_no_more_than_the_cap_and_the_others_keep_their_papers(seed: bytes) -> None:
    free = drawn(RULES, seed)
    cap = overlap_of(free, ROW) - 1
    capped = drawn(replace(RULES, overlap=cap), seed)
    assert overlap_of(capped, ROW) <= cap
    again = {
        paper.registration: paper
        for paper in draw(ITEMS, replace(RULES, overlap=cap), seed, NAMES[::-1], Surroundings(ROW))
    }
    assert again == capped


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_no_item_comes_more_often_than_the_cap(seed: bytes) -> None:
    free = Counter(placed.item for paper in drawn(RULES, seed).values() for placed in paper.items)
    cap = 100 * max(free.values()) // len(NAMES) - 2
    times = Counter(
        placed.item for paper in drawn(replace(RULES, exposure=cap), seed).values() for placed in paper.items
    )
    assert max(times.values()) <= -(-cap * len(NAMES) // 100)


@settings(max_examples=15, deadline=None)
@given(seeds, st.integers(2, 6))
def test_forms_are_few_neighbours_have_different_ones_and_everybody_their_own_order(seed: bytes, count: int) -> None:
    papers = drawn(replace(RULES, forms=count), seed)
    by_form: dict[str, set[frozenset[str]]] = {}
    for paper in papers.values():
        by_form.setdefault(paper.form, set()).add(frozenset(placed.item for placed in paper.items))
    assert len(by_form) <= count and all(len(sets) == 1 for sets in by_form.values())
    assert all(papers[one].form != papers[other].form for one, other in ROW)
    assert len({tuple(placed.item for placed in paper.items) for paper in papers.values()}) > count


def test_papers_of_an_earlier_batch_are_minded() -> None:
    rules, seed = replace(RULES, overlap=FREE - 1), b"another seed of it"
    first = draw(ITEMS, rules, seed, NAMES[:30], Surroundings(ROW).of(NAMES[:30]))
    earlier = {p.registration: Earlier(tuple(i.item for i in p.items), p.form) for p in first}
    second = draw(ITEMS, rules, seed, NAMES[30:], Surroundings(ROW, earlier))
    papers = {paper.registration: paper for paper in [*first, *second]}
    assert overlap_of(papers, ROW) <= FREE - 1


def test_a_cap_that_nobody_could_keep_is_refused_with_what_the_bank_allows() -> None:
    with pytest.raises(Invalid) as raised:
        making.capped(ITEMS, RULES, Caps(exposure=1, overlap=-1, forms=1))
    assert [each.place for each in raised.value.problems] == ["overlap", "forms"]
    with pytest.raises(Invalid) as raised:
        making.capped(ITEMS, RULES, Caps(exposure=1))
    [problem] = raised.value.problems
    assert problem.code == "papers.exposure_floor" and problem.values["least"] > 1
    with pytest.raises(Invalid, match="short"):
        drawn(replace(RULES, overlap=1), b"a seed that fails it")


def test_rules_with_caps_survive_being_written_and_rules_without_keep_their_hash() -> None:
    capped = replace(RULES, exposure=40, overlap=12, forms=3)
    assert rules_from_json(capped.as_json()) == capped and capped.hash != RULES.hash
    assert not {"exposure", "overlap", "forms"} & set(RULES.as_json())


def test_the_hash_of_a_paper_of_a_form_is_the_canonical_one() -> None:
    from certengine.foundation.canonical import canonical_hash

    rules, seed = replace(RULES, forms=2), b"a seed for a hash"
    paper = drawn(rules, seed)[NAMES[0]]
    assert paper.form in "AB" and canonical_hash(paper_content(paper, rules, seed)) == paper.paper_hash
