"""A case: one text, several questions about it, drawn, answered and marked as one item."""

from decimal import Decimal

import pytest

from certengine.bank.flaws import item_flaws
from certengine.bank.formats.gift_writing import write_gift
from certengine.bank.formats.moodle_xml_writing import write_moodle_xml
from certengine.bank.formats.xlsx_writing import write_xlsx
from certengine.bank.formats.yaml import write_yaml
from certengine.bank.reading import read_bank
from certengine.bank.rules import Item, ItemType, entry_of, item_content
from certengine.delivery.rules import answer_problem, is_answered
from certengine.marking.rules import item_score

FILE = """
bank: artificial_intelligence/junior
items:
  - id: ai-j-950
    type: case
    outline: "0.2.2"
    cognition: applies
    difficulty: 0.4
    stem: 某产线用一台边缘服务器检测零件缺陷，每分钟过 120 件，模型对每件推理 0.4 秒。
    parts:
      - type: single
        points: 2
        stem: 单路推理时，这台服务器能否跟上产线？
        options: {a: 能跟上, b: 跟不上, c: 看批量大小, d: 看显存大小}
        key: b
        rationale: 每件须在 0.5 秒内完成，0.4 秒小于 0.5 秒，但没有给搬运留出时间。
      - type: fill_in
        points: 1
        stem: 单路每分钟最多处理 {{1}} 件。
        blanks: {"1": {value: "150"}}
        rationale: 60 ÷ 0.4 = 150。
      - type: multiple
        points: 3
        stem: 可以提高吞吐量的做法有
        options: {a: 批量推理, b: 量化模型, c: 提高相机分辨率}
        key: [a, b]
        rationale: 分辨率提高只会增加计算量。
"""


def the_case() -> Item:
    file = read_bank(FILE, "case.yaml")
    assert file.all_problems() == []
    [(_row, item)] = list(file.items())
    return item


def test_a_case_is_read_with_its_questions_and_their_shares() -> None:
    case = the_case()
    assert case.type is ItemType.CASE
    assert [(part.id, part.type.value, part.share) for part in case.parts] == [
        ("1", "single", Decimal(2)),
        ("2", "fill_in", Decimal(1)),
        ("3", "multiple", Decimal(3)),
    ]
    assert entry_of(item_content(case)) == case


def test_the_candidate_gets_every_question_and_no_key() -> None:
    view = the_case().public_view()
    assert [part["type"] for part in view["parts"]] == ["single", "fill_in", "multiple"]
    assert "rationale" not in str(view) and "key" not in str(view) and "150" not in str(view)


@pytest.mark.parametrize(
    ("wrong", "right", "code"),
    [
        ("key: b", "key: x", "bank.key_unreachable"),
        ("points: 1\n", "points: 0\n", "bank.points_not_positive"),
        ("type: multiple", "type: case", "bank.case_in_case"),
        ("points: 3", "difficulty: 1", "bank.unknown_key"),
    ],
)
def test_a_fault_of_a_question_names_its_line(wrong: str, right: str, code: str) -> None:
    file = read_bank(FILE.replace(wrong, right), "case.yaml")
    line = FILE[: FILE.index(wrong)].count("\n") + 1
    assert (f"case.yaml:{line}", code) in [(each.place, each.code) for each in file.all_problems()]


def test_a_case_without_questions_is_refused() -> None:
    head, _parts, _rest = FILE.partition("    parts:")
    assert [each.code for each in read_bank(head, "f.yaml").all_problems()] == ["bank.parts_number"]


def test_each_question_earns_its_share_and_thirds_are_not_lost() -> None:
    case = the_case()
    everything = {"1": "b", "2": {"1": "150"}, "3": ["a", "b"]}
    assert item_score(case, everything, Decimal(10)) == Decimal(10)
    assert item_score(case, {"1": "b"}, Decimal(10)) == Decimal("3.33")
    assert item_score(case, {"2": {"1": "１５０。"}}, Decimal(10)) == Decimal("1.67")
    assert item_score(case, {"1": "a", "3": ["a", "c"]}, Decimal(10)) == 0
    assert item_score(case, {"3": ["a"]}, Decimal(10), "proportional") == Decimal("2.50")
    assert item_score(case, {}, Decimal(10)) == 0


def test_an_answer_is_checked_question_by_question() -> None:
    case = the_case()
    assert answer_problem(case, (), {"1": "b", "3": ["a"]}) is None
    assert answer_problem(case, (), {"1": "x"}) == answer_problem(case, (), {"9": "a"}) == "delivery.answer_malformed"
    assert answer_problem(case, (), ["b"]) == "delivery.answer_malformed"
    assert not is_answered({"2": {"1": " "}, "1": None}) and is_answered({"2": {"1": "150"}})


def test_formats_of_single_questions_say_that_they_cannot_hold_it() -> None:
    case = the_case()
    for write, code in (
        (write_gift, "bank.gift_cannot_case"),
        (write_xlsx, "bank.xlsx_cannot_case"),
        (write_moodle_xml, "bank.moodle_cannot_case"),
    ):
        assert [each.code for each in write([case]).left_out] == [code]
    [(_row, back)] = list(read_bank(write_yaml("a", "junior", "", [case]).content.decode(), "f").items())
    assert back == case


def test_writing_flaws_are_found_in_the_questions_too() -> None:
    flawed = FILE.replace("c: 看批量大小", "c: 以上都对").replace("rationale: 60 ÷ 0.4 = 150。", "")
    [(_row, item)] = list(read_bank(flawed, "f.yaml").items())
    codes = [problem.code for _key, problem in item_flaws(item)]
    assert "bank.summary_not_last" in codes and "bank.rationale_missing" in codes
