from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certengine.foundation.errors import Invalid, NotFound, message_table
from certengine.standards.marked_yaml import load
from certengine.standards.reader import read_standard
from certengine.standards.rules import DEGREES, TITLES, Evidence, Level, Part, judge
from certengine.standards.service import banks_folder, fields, standard

AI = banks_folder() / "artificial_intelligence" / "standard.yaml"


@pytest.mark.parametrize("level", Level)
def test_every_field_has_layouts_of_100_points_and_columns_of_100(level: Level) -> None:
    for each in fields():
        assert each.layout(level).theory.points == 100
        for part in Part:
            assert sum(each.weights(level, part).values()) == 100
        assert each.leaves(level)


def test_an_unknown_field_is_not_found() -> None:
    for field in ("astrology", "../secrets"):
        with pytest.raises(NotFound):
            standard(field)


def test_hours_come_first_and_then_any_one_of_the_combinations() -> None:
    ai = standard("artificial_intelligence")
    enough = Evidence(hours=ai.hours(Level.JUNIOR), title="technician")
    assert judge(ai, Level.JUNIOR, enough).met
    assert not judge(ai, Level.JUNIOR, replace(enough, hours=enough.hours - 1)).met
    nothing = judge(ai, Level.JUNIOR, replace(enough, title="none"))
    assert not nothing.met and nothing.required[0].met
    assert all(not alternative.met for alternative in nothing.alternatives)


def test_a_college_diploma_needs_its_year_of_work() -> None:
    ai = standard("artificial_intelligence")
    evidence = Evidence(hours=999, degree="college", years=Decimal("0.9"))
    assert not judge(ai, Level.JUNIOR, evidence).met
    assert judge(ai, Level.JUNIOR, replace(evidence, years=Decimal(1))).met


@given(
    st.sampled_from(Level),
    st.builds(
        Evidence,
        hours=st.integers(0, 200),
        title=st.sampled_from(TITLES),
        degree=st.sampled_from(DEGREES),
        years=st.integers(0, 9).map(Decimal),
        certificates=st.frozensets(st.sampled_from(Level)),
    ),
)
def test_more_proof_never_makes_anybody_ineligible(level: Level, evidence: Evidence) -> None:
    ai = standard("artificial_intelligence")
    if judge(ai, level, evidence).met:
        better = replace(evidence, hours=evidence.hours + 1, years=evidence.years + 1, certificates=frozenset(Level))
        assert judge(ai, level, better).met


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('id: "1.1"', 'id: "1.2"', "standard.node_twice"),
        ("part: theory", "part: oral", "yaml.choice"),
        ('points: "1.5"', 'points: "2.5"', "standard.points_total"),
        ("pass: 60", "pass: sixty", "yaml.number"),
        ("edition:", "edition: [", "yaml.syntax"),
    ],
)
def test_a_mistake_is_named_with_its_line(old: str, new: str, code: str) -> None:
    text = AI.read_text()
    assert old in text
    with pytest.raises(Invalid) as caught:
        read_standard(text.replace(old, new, 1), "standard.yaml")
    assert code in {problem.code for problem in caught.value.problems}
    assert all(problem.place.startswith("standard.yaml:") for problem in caught.value.problems)


def test_a_key_that_stands_twice_is_refused_and_not_the_last_one_taken() -> None:
    with pytest.raises(Invalid) as caught:
        load("a: 1\nb: 2\na: 3\n", "file.yaml")
    assert caught.value.problems[0].place == "file.yaml:3"


@given(st.text())
def test_any_text_is_a_standard_or_a_named_problem(text: str) -> None:
    with pytest.raises(Invalid):
        read_standard(text, "x.yaml")


def test_a_mistyped_key_is_named_with_its_line() -> None:
    text = AI.read_text(encoding="utf-8").replace(
        "    theory:\n      minutes: 90", "    theory:\n      minuts: 1\n      minutes: 90", 1
    )
    with pytest.raises(Invalid) as raised:
        read_standard(text, "standard.yaml")
    [problem] = raised.value.problems
    line = text.split("\n").index("      minuts: 1") + 1
    assert problem.place == f"standard.yaml:{line}" and problem.code == "yaml.unknown"


def test_every_condition_has_its_sentence() -> None:
    for each in fields():
        for level in Level:
            judged = judge(each, level, Evidence())
            verdicts = [*judged.required, *(one for way in judged.alternatives for one in way.conditions)]
            for verdict in verdicts:
                assert verdict.code in message_table(), verdict


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1, 1]\nb: &y [*x, *x]\nc: [*y, *y]\n",
        "[" * 20_000,
        "a: &x [*x]\n",
        "a: 1\na: 2\n",
        "\0",
        "!!python/object:x {}",
        "a: 2026-13-45\n",
        "a: !!int x\n",
        "a: !!bool perhaps\n",
        "a: " + "9" * 5000,
    ],
)
def test_hostile_yaml_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(Invalid) as raised:
        load(text, "bank.yaml")
    assert raised.value.problems[0].place.startswith("bank.yaml:")
