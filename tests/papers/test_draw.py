import json
import random
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certengine.foundation.canonical import canonical_hash
from certengine.foundation.errors import Invalid
from certengine.papers import making, rules
from certengine.papers.blueprint import node_of
from certengine.papers.rules import draw, paper_content, simulate
from tests.papers import factories
from tests.papers.factories import AnItem, bank

GOLDEN = Path(__file__).parent / "golden_1.json"
ITEMS = bank()
RULES = factories.rules(ITEMS)
BY_ID = {item.id: item for item in ITEMS}
seeds = st.binary(min_size=16, max_size=32)
registrations = st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=4, unique=True).filter(
    lambda texts: all(text.isprintable() for text in texts)
)


@settings(max_examples=60, deadline=None)
@given(seeds, registrations)
def test_every_paper_keeps_the_blueprint_and_its_promises(seed: bytes, names: list[str]) -> None:
    nodes = {node.node: index for index, node in enumerate(RULES.nodes)}
    for paper in draw(ITEMS, RULES, seed, names):
        items = [BY_ID[placed.item] for placed in paper.items]
        assert len(set(items)) == RULES.items
        counts = Counter((node_of(item.outline, nodes), item.type) for item in items)
        for index, node in enumerate(RULES.nodes):
            for section, number in zip(RULES.sections, node.counts, strict=True):
                assert counts[index, section.type] == number
        assert not {enemy for item in items for enemy in item.enemies} & {item.id for item in items}
        families = [item.family for item in items if item.family]
        assert len(set(families)) == len(families)
        assert sum(placed.points for placed in paper.items) == RULES.points
        for rule in RULES.cognition:
            assert rule.low <= sum(item.cognition == rule.level for item in items) <= rule.high
        for expected, band in zip(paper.expected, RULES.bands, strict=False):
            assert abs(int(expected.scaleb(6)) - band.target) <= band.band


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_all_options_are_there_once_fixed_ones_last_and_judgements_as_they_were(seed: bytes) -> None:
    (paper,) = draw(ITEMS, RULES, seed, ["r"])
    for placed in paper.items:
        item = BY_ID[placed.item]
        assert sorted(placed.options) == sorted(option.id for option in item.options)
        assert sorted(placed.matches) == sorted(match.id for match in item.matches)
        fixed = [option for option in placed.options if option in item.fixed]
        assert list(placed.options[len(placed.options) - len(fixed) :]) == fixed
        if item.type == "judgement":
            assert placed.options == ("true", "false")


@settings(max_examples=25, deadline=None)
@given(seeds, st.randoms(use_true_random=False))
def test_a_paper_depends_on_nothing_but_seed_rules_and_registration(seed: bytes, chance: random.Random) -> None:
    shuffled = chance.sample(ITEMS, len(ITEMS))
    names = ["甲", "乙", "丙"]
    together = draw(ITEMS, RULES, seed, names)
    assert draw(shuffled, RULES, seed, names) == together
    assert draw(ITEMS, RULES, seed, names[::-1]) == together[::-1]
    assert draw(ITEMS, RULES, seed, ["乙"]) == [together[1]]


def test_the_papers_of_algorithm_1_are_the_committed_ones() -> None:
    """A change here changes papers that were committed to: it needs a new algorithm number beside this one."""
    golden = json.loads(GOLDEN.read_text())
    assert RULES.hash == golden["rules"]
    for each in golden["papers"]:
        (paper,) = draw(ITEMS, RULES, bytes.fromhex(each["seed"]), [each["registration"]])
        assert [[placed.item, list(placed.options)] for placed in paper.items] == each["items"]
        assert paper.paper_hash == each["paper_hash"]


def test_the_hash_is_the_canonical_hash_of_the_papers_content() -> None:
    for paper in draw(ITEMS, RULES, b"seed of sixteen b", ["r-1", '引号"与\n换行']):
        assert canonical_hash(paper_content(paper, RULES, b"seed of sixteen b")) == paper.paper_hash


def test_another_seed_or_registration_makes_another_paper() -> None:
    first, second = draw(ITEMS, RULES, b"a" * 32, ["1", "2"])
    (third,) = draw(ITEMS, RULES, b"b" * 32, ["1"])
    assert len({tuple(placed.item for placed in paper.items) for paper in (first, second, third)}) == 3


def test_equalised_papers_lie_far_closer_together_than_sampled_ones() -> None:
    names = [str(number) for number in range(400)]
    equal = simulate(ITEMS, RULES, b"seed", names)
    plain = simulate(ITEMS, RULES, b"seed", names, equalise=False)
    assert equal.met.all()
    assert np.ptp(equal.totals[:, 1]) * 10 < np.ptp(plain.totals[:, 1])


def test_every_item_that_may_come_does_come_and_in_every_place_of_its_section() -> None:
    names = [str(number) for number in range(2000)]
    drawn = simulate(ITEMS, RULES, b"seed", names)
    cells = np.repeat(np.arange(len(drawn.table.cell_count)), np.diff(drawn.table.cell_start))
    units = np.repeat(cells, np.diff(drawn.table.unit_start))
    times = np.bincount(drawn.items.ravel(), minlength=len(drawn.table.items))
    assert (times[drawn.table.cell_count[units] > 0] > 0).all()
    first_places = np.bincount(drawn.shown[:, 0, :4].argmin(axis=1), minlength=4)
    assert first_places.min() > 0


def test_a_bank_too_small_is_refused_with_every_place_that_lacks_items() -> None:
    few = [item for item in ITEMS if item.outline[0] != "1" or item.type == "judgement"]
    with pytest.raises(Invalid) as refused:
        factories.rules(few)
    problems = {problem.place: problem.values for problem in refused.value.problems}
    assert {problem.code for problem in refused.value.problems} == {"papers.shortfall"}
    assert problems == {
        "1 single": {"node": "1", "type": "single", "needed": 3, "there": 0},
        "1 multiple": {"node": "1", "type": "multiple", "needed": 1, "there": 0},
    }


def test_rules_are_refused_when_the_release_no_longer_fills_them() -> None:
    with pytest.raises(Invalid):
        draw(ITEMS[:30], RULES, b"seed", ["r"])


def test_a_registration_named_twice_is_refused() -> None:
    with pytest.raises(Invalid, match="invalid") as refused:
        draw(ITEMS, RULES, b"seed", ["r", "s", "r"])
    assert refused.value.problems[0].place == "r"


def test_items_of_another_direction_never_come() -> None:
    own = [replace(item, directions=("vision",) if number % 6 == 0 else ()) for number, item in enumerate(ITEMS)]
    made = factories.rules(own)
    (paper,) = draw(own, made, b"seed", ["r"])
    assert not any({item.id: item for item in own}[placed.item].directions for placed in paper.items)


def test_rules_survive_being_written_and_read() -> None:
    again = rules.rules_from_json(json.loads(json.dumps(RULES.as_json())))
    assert again == RULES and again.hash == RULES.hash


def test_a_bank_that_leaves_no_choice_still_gives_a_paper() -> None:
    only = [AnItem(f"x-{number}", outline="1.1", difficulty=number / 10) for number in range(4)]
    made = making.make_rules(
        only,
        release="00",
        field="f",
        level="junior",
        direction=None,
        sections=[rules.SectionRule("single", 4, Decimal(25))],
        weights={"1": Decimal(100)},
    )
    (paper,) = draw(only, made, b"seed", ["r"])
    assert {placed.item for placed in paper.items} == {item.id for item in only}
