import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from certengine.foundation.errors import Invalid
from certengine.papers.bench import synthetic_bank
from certengine.papers.bench_forms import SECTIONS
from certengine.papers.blueprint import node_of
from certengine.papers.cli import command
from certengine.papers.forms import Forms, Objective, Status, assemble
from certengine.papers.making import make_rules
from certengine.papers.rules import Band, CognitionRule, NodeRule, PaperRules, SectionRule, simulate
from certengine.papers.table import QUANTITIES, quantities
from certengine.papers.values import Drawable
from tests.papers import factories
from tests.papers.factories import AnItem

LEVELS = ("knows", "understands", "applies")
KINDS = (SectionRule("single", 4, Decimal("1.5")), SectionRule("judgement", 2, Decimal(1)))
NODES = (NodeRule("1", Decimal(60), (2, 1)), NodeRule("2", Decimal(40), (2, 1)))


def pool(seed: int, size: int = 48) -> list[AnItem]:
    """Items over two nodes and two types, with enemies and families that reach across cells."""
    chance = random.Random(seed)
    return [
        AnItem(
            id=f"f-{number:03}",
            type="judgement" if number % 3 == 2 else "single",
            outline="1.1" if number % 2 else "2.1",
            cognition=chance.choice(LEVELS),
            difficulty=round(chance.gauss(0, 1), 2),
            discrimination=round(chance.uniform(0.6, 1.6), 2),
            guessing=0.25 if number % 3 != 2 else 0.5,
            enemies=frozenset({f"f-{chance.randrange(size):03}"} if chance.random() < 0.2 else ()) - {f"f-{number:03}"},
            family=f"family {number % 4}" if chance.random() < 0.15 else None,
        )
        for number in range(size)
    ]


def rules(
    items: Sequence[AnItem],
    sections: tuple[SectionRule, ...] = KINDS,
    nodes: tuple[NodeRule, ...] = NODES,
    width: float = 0.6,
    most: int = 4,
) -> PaperRules:
    """A form's scores are to be near those of its number of average items."""
    found = {section.type: [quantities(i, section) for i in items if i.type == section.type] for section in sections}
    means = [sum(s.count * sum(v[q] for v in found[s.type]) // len(found[s.type]) for s in sections) for q in range(4)]
    bands = tuple(Band(name, mean, int(width * 1e6)) for name, mean in zip(QUANTITIES, means, strict=True))
    cognition = tuple(CognitionRule(level, 0, most) for level in sorted(LEVELS))
    return PaperRules("testing", "junior", None, "11" * 32, sections, nodes, cognition, bands)


def check(items: Sequence[Drawable], made: PaperRules, found: Forms, count: int, uses: int) -> None:
    """Every rule holds in every form, said anew from the items alone."""
    by_id = {item.id: item for item in items}
    nodes = {node.node: index for index, node in enumerate(made.nodes)}
    sections = {section.type: section for section in made.sections}
    order = list(sections)
    assert len(found.forms) == count
    assert max(Counter(item for form in found.forms for item in form.items).values()) <= uses
    for form in found.forms:
        inside = [by_id[item] for item in form.items]
        cells = Counter((node_of(item.outline, nodes), item.type) for item in inside)
        assert len(set(form.items)) == made.items
        assert cells == Counter(
            {(n, s.type): node.counts[k] for n, node in enumerate(made.nodes) for k, s in enumerate(made.sections)}
        )
        assert list(form.items) == sorted(form.items, key=lambda each: (order.index(by_id[each].type), each))
        assert not {enemy for item in inside for enemy in item.enemies} & set(form.items)
        families = [item.family for item in inside if item.family]
        assert len(families) == len(set(families))
        for rule in made.cognition:
            assert rule.low <= sum(item.cognition == rule.level for item in inside) <= rule.high
        sums = [sum(quantities(item, sections[item.type])[q] for item in inside) for q in range(4)]
        assert [int(each.scaleb(6)) for each in (*form.expected, form.information)] == sums
        kept = 3 if found.objective is Objective.MAXIMIN else 4
        assert all(abs(sums[q] - made.bands[q].target) <= made.bands[q].band for q in range(kept))
    assert int(found.value.scaleb(6)) == value(found, made)
    shared = [len(set(one.items) & set(other.items)) for one, other in combinations(found.forms, 2)]
    assert found.overlap == max(shared, default=0)
    assert found.bound <= found.value if found.objective is Objective.CLOSEST else found.bound >= found.value


def value(found: Forms, made: PaperRules) -> int:
    if found.objective is Objective.MAXIMIN:
        return min(int(form.information.scaleb(6)) for form in found.forms)
    targets = [band.target for band in made.bands[:3]]
    return max(abs(int(e.scaleb(6)) - t) for form in found.forms for e, t in zip(form.expected, targets, strict=True))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 4), st.sampled_from(Objective))
def test_every_form_keeps_every_rule(seed: int, count: int, uses: int, objective: Objective) -> None:
    items = pool(seed)
    made = rules(items)
    try:
        found = assemble(items, made, count, uses=uses, objective=objective, seconds=5, gap=0.05)
    except Invalid as refused:
        assert {problem.code for problem in refused.problems} <= {
            "papers.forms_shortfall",
            "papers.forms_impossible",
            "papers.forms_no_time",
        }
        return
    check(items, made, found, count, uses)


def brute_force(items: Sequence[AnItem], made: PaperRules, objective: Objective) -> int | None:
    """The best value of two forms without a common item, in millionths, from all pairs of all forms."""
    (section,) = made.sections
    sums = {}
    for inside in combinations(items, section.count):
        four = [sum(quantities(item, section)[q] for item in inside) for q in range(4)]
        ids = frozenset(item.id for item in inside)
        families = [item.family for item in inside if item.family]
        kept = 3 if objective is Objective.MAXIMIN else 4
        fits = all(abs(four[q] - made.bands[q].target) <= made.bands[q].band for q in range(kept))
        levels = Counter(item.cognition for item in inside)
        fits = fits and all(rule.low <= levels[rule.level] <= rule.high for rule in made.cognition)
        if fits and len(families) == len(set(families)) and not any(item.enemies & ids for item in inside):
            away = max(abs(four[q] - made.bands[q].target) for q in range(3))
            sums[ids] = four[3] if objective is Objective.MAXIMIN else -away
    worst = [min(sums[one], sums[other]) for one, other in combinations(sums, 2) if not one & other]
    return abs(max(worst)) if worst else None


@pytest.mark.parametrize("objective", Objective)
@pytest.mark.parametrize("seed", range(6))
def test_the_proven_best_of_a_tiny_pool_is_that_of_all_pairs_of_forms(seed: int, objective: Objective) -> None:
    items = [AnItem(**{**vars(item), "type": "single", "outline": "1.1"}) for item in pool(seed, 11)]
    section = SectionRule("single", 4, Decimal("1.5"))
    made = rules(items, (section,), (NodeRule("1", Decimal(100), (4,)),), width=0.35, most=3)
    best = brute_force(items, made, objective)
    if best is None:
        with pytest.raises(Invalid) as refused:
            assemble(items, made, 2, objective=objective, gap=0)
        assert refused.value.problems[0].code == "papers.forms_impossible"
        return
    found = assemble(items, made, 2, objective=objective, gap=0)
    assert found.status is Status.OPTIMAL and found.gap == 0
    assert int(found.value.scaleb(6)) == best == int(found.bound.scaleb(6))


def test_the_weakest_form_is_never_weaker_than_the_best_of_as_many_drawn_papers() -> None:
    items = factories.bank(480)
    made = factories.rules(items)
    for count, uses in ((4, 1), (6, 2)):
        drawn = simulate(items, made, b"seed", [str(number) for number in range(count)])
        found = assemble(items, made, count, uses=uses, seconds=60, gap=0.02)
        check(items, made, found, count, uses)
        assert found.value >= Decimal(int(drawn.totals[:, 3].max())).scaleb(-6)


def test_ten_forms_of_eighty_from_a_thousand_share_nothing_and_lie_near_the_proven_best() -> None:
    items = synthetic_bank()
    weights = {str(node): Decimal(11 if node else 12) for node in range(9)}
    made = make_rules(
        items, release="00" * 32, field="bench", level="junior", direction=None, sections=SECTIONS, weights=weights
    )
    found = assemble(items, made, 10, seconds=120, gap=0.01)
    check(items, made, found, 10, 1)
    assert found.overlap == 0 and found.gap < 0.02


def test_cells_without_enough_items_are_named_with_what_all_forms_need() -> None:
    items = [item for item in pool(1) if item.outline == "2.1" or item.type == "judgement"] + [
        AnItem("f-900", outline="1.1"),
        AnItem("f-901", outline="1.1", family="one"),
        AnItem("f-902", outline="1.1", family="one"),
    ]
    with pytest.raises(Invalid) as refused:
        assemble(items, rules(items), 3)
    (problem,) = refused.value.problems
    assert (problem.place, problem.code) == ("1 single", "papers.forms_shortfall")
    assert problem.values == {"node": "1", "type": "single", "count": 3, "needed": 6, "there": 3}


def test_a_family_counts_once_in_a_form() -> None:
    items = [item for item in pool(1) if item.outline == "2.1" or item.type == "judgement"] + [
        AnItem(f"f-90{number}", outline="1.1", family="one") for number in range(4)
    ]
    with pytest.raises(Invalid) as refused:
        assemble(items, rules(items), 1)
    assert refused.value.problems[0].values["there"] == 1


def test_rules_that_no_forms_can_keep_are_refused_as_proven_impossible() -> None:
    items = pool(3)
    with pytest.raises(Invalid) as refused:
        assemble(items, rules(items, most=1), 2)
    assert [problem.code for problem in refused.value.problems] == ["papers.forms_impossible"]


def test_progress_is_told_and_an_error_in_telling_stops_the_work() -> None:
    items = factories.bank(480)
    made = factories.rules(items)
    told: list[tuple[float, float | None, float | None, float | None]] = []
    found = assemble(items, made, 4, seconds=60, gap=0.02, progress=lambda *each: told.append(each))
    seconds = [each[0] for each in told]
    assert seconds == sorted(seconds) and told[-1][3] == pytest.approx(found.gap)

    def stop(*_told: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        assemble(items, made, 4, seconds=60, gap=0.02, progress=stop)


COMMAND = ["forms", "--field", "artificial_intelligence", "--level", "junior", "--seconds", "10"]


def test_the_command_prints_a_json_object_a_form() -> None:
    # A process of its own, since the solver writes past Python's standard output.
    whole = [sys.executable, "-m", "certengine.cli", "paper", *COMMAND, "--count", "1", "--json"]
    answer = subprocess.run(whole, capture_output=True, text=True, check=True)
    (form,) = (json.loads(line) for line in answer.stdout.splitlines())
    assert len(set(form["items"])) == 65 and form["bound"] >= form["value"] == form["information"]
    assert "gap" in answer.stderr


def test_the_command_ends_with_1_and_the_cells_that_lack_items() -> None:
    answer = CliRunner().invoke(command, [*COMMAND, "--count", "3"])
    assert answer.exit_code == 1 and answer.stdout == ""
    assert any("single" in line for line in answer.stderr.splitlines())
