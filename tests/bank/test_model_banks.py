"""The model banks that come with the program: enough of everything, in the standard's proportions, and no clues."""

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from statistics import mean, pstdev
from typing import Any

import pytest

from certengine.bank.check import check_paths
from certengine.bank.flaws import key_is_longest
from certengine.bank.rules import Cognition, Item, ItemType
from certengine.bank.similar import Text, pairs
from certengine.bank.summary import summarise
from certengine.papers.cli import released
from certengine.papers.rules import draw
from certengine.papers.service import rules_for
from certengine.standards.marked_yaml import load, read
from certengine.standards.rules import Level, Part
from certengine.standards.service import banks_folder, standard
from tests.bank.model_banks import BANKS, FIELDS, PREFIXES, below, families, file, items, name, share, singles, tasks

Bank = tuple[str, Level]
every_bank = pytest.mark.parametrize("bank", BANKS, ids=name)
every_field = pytest.mark.parametrize("field", FIELDS)
ORDERED = (Level.JUNIOR, Level.INTERMEDIATE, Level.SENIOR)

# Options are shuffled on every paper, so neither a letter nor a place names one.
OPTION_NAMED = re.compile(
    r"选项\s*[A-Fa-f](?![A-Za-z0-9])|(?<![A-Za-z0-9.-])[A-Fa-f]\s*(选项|项)(?!目)|"
    r"答案[为是]?\s*[A-F](?![A-Za-z0-9])|第[一二三四五1-5]\s*个?选项|选项[一二三四五1-5](?!\d)"
)


def test_there_are_ten_fields_with_a_standard_and_three_levels_each() -> None:
    found = {folder.name: {path.name for path in folder.iterdir()} for folder in banks_folder().iterdir()}
    assert found == {
        field: {"standard.yaml", "junior.yaml", "intermediate.yaml", "senior.yaml"} for field in sorted(FIELDS)
    }


def test_the_checker_finds_nothing_in_the_whole_folder() -> None:
    assert check_paths([banks_folder()]) == []


@every_bank
def test_a_bank_says_whose_it_is_and_that_it_is_no_official_paper(bank: Bank) -> None:
    field, level = bank
    source = file(bank)
    assert (source.field, source.level) == (field, level.value)
    assert "示范题库" in source.notice and "不是官方试卷" in source.notice
    for row in source.rows:
        assert re.fullmatch(rf"{PREFIXES[field]}-{level.value[0]}-[fp]?\d{{2,3}}", row.entry.id)


def test_the_document_tells_the_figures_that_the_summary_counts() -> None:
    text = (Path(__file__).parents[2] / "docs" / "question-banks.md").read_text(encoding="utf-8")
    told = {row[0]: [int(cell) for cell in row[1:]] for row in table_rows(text)}
    found = summarise()
    kinds = ("single", "multiple", "judgement", "fill_in", "ordering", "matching")
    for each in found["banks"]:
        types = [each["types"].get(kind, 0) for kind in kinds]
        counted = [each["items"], *types, each["families"], each["variants"], each["practical"]]
        assert told[f"{each['field']}/{each['level']}"] == counted
    assert [told["all"][place] for place in (0, 7, 8, 9)] == list(found["total"].values())


def table_rows(text: str) -> list[list[str]]:
    """The rows of the document's first table, without its head."""
    lines = [line for line in text.split("\n## ")[1].split("\n") if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


# Standards


@every_field
def test_a_standard_has_thirty_points_and_its_weights_add_up_to_100(field: str) -> None:
    its = standard(field)
    assert len(its.leaves()) >= 30
    assert {(column.level, column.part) for column in its.weight_columns} >= {
        (level, part) for level in Level for part in Part
    }
    for column in its.weight_columns:
        assert sum(column.nodes.values()) == 100
    for level in Level:
        weights = its.weights(level, Part.THEORY)
        for leaf in its.leaves(level):
            assert sum(below(leaf.id, node) for node in weights) == 1, leaf.id


@every_field
def test_no_figure_of_a_standard_is_called_official(field: str) -> None:
    path = banks_folder() / field / "standard.yaml"
    found = list(sources(load(read(path), str(path))))
    assert found and all(found)
    assert not [source for source in found if re.search(r"官方|正式|official", source, re.IGNORECASE)]
    for column in standard(field).weight_columns:
        assert column.source


def sources(value: Any) -> Iterator[str]:
    """All `source` texts of a document."""
    if isinstance(value, dict):
        if "source" in value:
            yield str(value["source"])
        for each in value.values():
            yield from sources(each)
    elif isinstance(value, list):
        for each in value:
            yield from sources(each)


# Numbers and proportions


@every_bank
def test_a_bank_has_enough_items_of_each_kind(bank: Bank) -> None:
    its = items(bank)
    assert len(its) >= 120
    assert len(tasks(bank)) >= 4
    assert len(families(bank)) >= 3
    single = share(item.type is ItemType.SINGLE for item in its)
    multiple = share(item.type is ItemType.MULTIPLE for item in its)
    assert 50 <= single <= 70
    assert 15 <= multiple <= 25
    assert 15 <= 100 - single - multiple <= 30


@every_bank
def test_items_are_spread_over_the_outline_as_the_weights_want(bank: Bank) -> None:
    field, level = bank
    its = items(bank)
    leaves = Counter(item.outline for item in its)
    assert {leaf.id: leaves[leaf.id] for leaf in standard(field).leaves(level) if leaves[leaf.id] < 3} == {}
    for node, weight in standard(field).weights(level, Part.THEORY).items():
        assert abs(share(below(item.outline, node) for item in its) - float(weight)) <= 6, node


@every_field
def test_higher_levels_apply_more_and_are_harder(field: str) -> None:
    applies = [share(item.cognition is Cognition.APPLIES for item in items((field, level))) for level in ORDERED]
    assert applies == sorted(set(applies))
    difficulties = [[item.difficulty for item in items((field, level))] for level in ORDERED]
    means = [mean(each) for each in difficulties]
    assert means == sorted(set(means))
    assert min(pstdev(each) for each in difficulties) >= 0.5


# Practical tasks


@every_bank
def test_practical_tasks_can_be_set_handed_in_and_marked(bank: Bank) -> None:
    for task in tasks(bank):
        assert task.title and task.scenario and task.reference_solution and task.minutes > 0, task.id
        assert task.materials and all(each.name and each.description for each in task.materials), task.id
        assert task.deliverables and all(each.name for each in task.deliverables), task.id
        assert all(each.format or each.description for each in task.deliverables), task.id


@every_bank
def test_rubrics_add_up_to_100_and_each_criterion_falls_from_its_points_to_0(bank: Bank) -> None:
    for task in tasks(bank):
        assert sum(each.points for each in task.rubric) == 100, task.id
        for criterion in task.rubric:
            points = [level.points for level in criterion.levels]
            assert points == sorted(set(points), reverse=True), (task.id, criterion.id)
            assert (points[0], points[-1]) == (criterion.points, Decimal(0)), (task.id, criterion.id)
            assert all(level.description for level in criterion.levels), (task.id, criterion.id)


# What must not give a key away


@every_bank
def test_neither_a_position_nor_a_length_gives_the_key_away(bank: Bank) -> None:
    its = singles(bank)
    for letter in "abcd":
        assert 18 <= share(item.key == letter for item in its) <= 32, letter
    assert share(key_is_longest(item) for item in its) <= 30
    judgements = [item for item in items(bank) if item.type is ItemType.JUDGEMENT]
    assert 35 <= share(item.key == "true" for item in judgements) <= 65


@every_bank
def test_each_item_says_why_and_most_say_where_it_stands(bank: Bank) -> None:
    its = items(bank)
    assert [item.id for item in its if not item.rationale.strip()] == []
    assert [family.id for family in families(bank) if not family.variants[0].rationale.strip()] == []
    assert share(bool(item.reference.strip()) for item in its) >= 70


@every_bank
def test_no_rationale_names_an_option_by_its_letter_or_place(bank: Bank) -> None:
    variants = [family.variants[0] for family in families(bank)]
    assert [item.id for item in (*items(bank), *variants) if OPTION_NAMED.search(item.rationale)] == []


@pytest.mark.parametrize("text", ["选项A错误", "选项 c 不对", "A项混淆", "B 选项是反的", "答案为D", "第二个选项多算"])
def test_a_letter_or_a_place_in_a_rationale_would_be_found(text: str) -> None:
    assert OPTION_NAMED.search(f"因为{text}。")


@pytest.mark.parametrize("text", ["A、B 接反", "C 项目", "前两项通过", "备选项有四种", "Pb 项之外"])
def test_letters_that_are_names_of_something_else_are_left_alone(text: str) -> None:
    assert not OPTION_NAMED.search(f"因为{text}。")


@every_field
def test_hardly_any_two_stems_of_a_field_are_alike(field: str) -> None:
    its = [(level, item) for level in Level for item in items((field, level))]
    alike = [(its[pair.first], its[pair.second]) for pair in pairs([Text(item.stem, item.stem) for _, item in its])]
    for level in Level:
        within = {
            second.id for (first_level, _), (second_level, second) in alike if first_level is second_level is level
        }
        assert len(within) < 0.01 * len(items((field, level))), sorted(within)
    across: list[tuple[Item, Item]] = [(first, second) for (one, first), (other, second) in alike if one is not other]
    assert len(across) < 0.01 * len(its), [(first.id, second.id) for first, second in across]


# Papers


@every_bank
def test_papers_of_the_standards_layout_can_be_drawn_for_every_direction(bank: Bank) -> None:
    field, level = bank
    its, digest = released(banks_folder() / field / f"{level.value}.yaml")
    types = {item.id: item.type for item in its}
    sections = standard(field).layout(level).theory.sections
    wanted = {ItemType(section.type): section.count for section in sections}
    assert sum(section.count * section.points for section in sections) == 100
    for direction in (None, *(each.id for each in standard(field).directions)):
        rules = rules_for(field, level, direction, its, digest)
        papers = draw(its, rules, b"a seed of 16 bytes", [str(number) for number in range(20)])
        for paper in papers:
            assert Counter(types[placed.item] for placed in paper.items) == wanted
            assert sum(placed.points for placed in paper.items) == 100
        # A bank to draw from, not one paper in twenty orders.
        assert len({frozenset(placed.item for placed in paper.items) for paper in papers}) == 20
