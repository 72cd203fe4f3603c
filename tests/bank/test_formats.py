import datetime
import re
from dataclasses import replace
from io import BytesIO

import openpyxl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from certengine.bank import rendering
from certengine.bank.formats import read_file
from certengine.bank.formats.gift import read_gift
from certengine.bank.formats.gift_writing import write_gift
from certengine.bank.formats.xlsx import read_xlsx
from certengine.bank.formats.xlsx_writing import template, write_xlsx
from certengine.bank.formats.yaml import write_yaml
from certengine.bank.reading import read_bank
from certengine.bank.rendering import render_markdown
from certengine.bank.rules import Entry, Item, ItemType
from certengine.foundation.errors import Invalid
from certengine.standards.service import banks_folder
from tests.bank.factories import single
from tests.bank.strategies import items

JUNIOR = banks_folder() / "artificial_intelligence" / "junior.yaml"


def model_entries() -> list[Entry]:
    return [row.entry for row in read_bank(JUNIOR.read_text(encoding="utf-8"), "junior.yaml").rows]


def gift(text: str) -> list[Item]:
    file = read_gift(text, "f.gift")
    assert file.all_problems() == []
    return [item for _row, item in file.items()]


def gift_faults(text: str) -> list[tuple[str, str]]:
    return [(problem.place, problem.code) for problem in read_gift(text, "f.gift").all_problems()]


@given(items())
def test_yaml_gives_back_what_was_written(item: Item) -> None:
    written = write_yaml("artificial_intelligence", "junior", "1", [item])
    file = read_bank(written.content.decode(), "bank.yaml")
    assert file.all_problems() == []
    assert [row.entry for row in file.rows] == [item]


@given(items())
@settings(max_examples=300)
def test_gift_gives_back_what_it_could_hold(item: Item) -> None:
    written = write_gift([item])
    assume(not any(problem.code.startswith("bank.gift_cannot") for problem in written.left_out))
    file = read_gift(written.content.decode(), "bank.gift")
    assert file.all_problems() == []
    [(_row, back)] = file.items()
    assert comparable(back) == comparable(replace(item, points_of_answer=(), model_answer=""))


def comparable(item: Item) -> Item | tuple[object, ...]:
    """A matching item's right sides get new letters: what stands against what is compared."""
    if not isinstance(item.key, dict):
        return item
    pairs = tuple((option.text, item.option(item.key[option.id]).text) for option in item.options)
    return (item.id, item.stem, pairs, sorted(each.text for each in item.matches), item.rationale, item.enemies)


@given(items())
@settings(max_examples=60, deadline=None)
def test_a_sheet_gives_back_what_it_could_hold(item: Item) -> None:
    written = write_xlsx([item])
    assume(not written.left_out)
    file = read_xlsx(written.content, "bank.xlsx")
    assert file.all_problems() == []
    assert [row.entry for row in file.rows] == [item]


def test_the_model_bank_goes_through_every_format_and_back() -> None:
    entries = model_entries()
    plain = [entry for entry in entries if isinstance(entry, Item)]
    yaml = read_bank(write_yaml("artificial_intelligence", "junior", "1", entries).content.decode(), "y")
    assert [row.entry for row in yaml.rows] == entries
    back = {item.id: item for item in gift(write_gift(entries).content.decode())}
    assert [back[item.id] for item in plain] == plain
    sheet = read_xlsx(write_xlsx(entries).content, "x")
    assert [row.entry for row in sheet.rows] == plain and sheet.all_problems() == []


def test_an_export_lists_what_it_leaves_out() -> None:
    left = {problem.values["item"] for problem in write_gift(model_entries()).left_out}
    assert {"ai-j-f01", "ai-j-p01"} <= left


@pytest.mark.parametrize("stem", ["1+1:=2", r"1+1\=2", "比例 1:1=1", "a : b = c"])
def test_bare_and_escaped_signs_in_a_stem_are_read_as_moodle_reads_them(stem: str) -> None:
    [item] = gift(f"::Q1:: {stem} {{T}}")
    assert item.type is ItemType.JUDGEMENT and item.key == "true"
    assert item.stem == stem.replace("\\", "")


def test_the_answer_types_of_moodle() -> None:
    text = """﻿// exported
$CATEGORY: 计算机/0.2.2 计算机与编程基础

::单选::两者之间？{
  =黄 # 对
  ~[html]<b>红</b> # 不对
  ####总的说明
}

::多选::哪些？{ ~%50%甲 ~%50%乙 ~%-100%丙 }

::数值::圆周率 {#3.14:0.01}

::区间::一到五 {#1..5}

::填空::首都是 {=北京 =%100%北平 =%0%南京#错} 市。

::匹配::配对 {
  =猫 -> 鱼
  =狗 -> 骨头
  = -> 草
}

::简答::说说看 {}
"""
    found = {item.type: item for item in gift(text)}
    assert all(item.outline == "0.2.2" for item in found.values())
    one = found[ItemType.SINGLE]
    assert one.key == "a" and one.options[1].text == "**红**" and "总的说明" in one.rationale
    assert found[ItemType.MULTIPLE].key == ("a", "b")
    matching = found[ItemType.MATCHING]
    assert matching.key == {"a": "p", "b": "q"} and len(matching.matches) == 3
    blanks = [item.blanks[0] for item in gift(text) if item.type is ItemType.FILL_IN]
    assert [str(blank.value) for blank in blanks[:2]] == ["3.14", "3"] and str(blanks[1].tolerance) == "2"
    assert blanks[2].accept == ("北京", "北平")
    assert "首都是 {{1}} 市。" in [item.stem for item in gift(text)]


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("", "f.gift:1:1", "bank.gift_nothing"),
        ("// nothing here\n", "f.gift:1:1", "bank.gift_nothing"),
        ("只是说明", "f.gift:1:1", "bank.gift_description"),
        ("\n问 {=甲 ~乙", "f.gift:2:3", "bank.gift_open"),
        ("问 {~甲 ~乙}", "f.gift:1:4", "bank.gift_none_right"),
        ("问 {=甲 =乙 ~丙}", "f.gift:1:8", "bank.gift_two_right"),
        ("问 {#三}", "f.gift:1:5", "bank.gift_number"),
        ("问 {=a* }", "f.gift:1:5", "bank.gift_wildcard"),
        ("问 {=甲 -> 乙 =丙}", "f.gift:1:13", "bank.gift_no_arrow"),
    ],
)
def test_what_cannot_be_held_names_line_and_character(text: str, place: str, code: str) -> None:
    assert gift_faults(text) == [(place, code)]


def test_a_brace_left_open_spoils_no_other_question() -> None:
    file = read_gift("::一:: 甲 {=a ~b\n\n::二:: 乙 {T}\n", "f.gift")
    assert [row.problems[0].code if row.problems else None for row in file.rows] == ["bank.gift_open", None]


HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "<scrscriptipt>alert(1)</scrscriptipt>",
    "<svg onload=alert(1)>",
    "[x](javascript:alert(1))",
    "<a href='javascript:alert(1)'>x</a>",
    "$\\href{javascript:alert(1)}{x}$",
    '<math><mi xlink:href="javascript:alert(1)">x</mi></math>',
)


@pytest.mark.parametrize("attack", HOSTILE)
@pytest.mark.parametrize("prefix", ["", "[html]", "[markdown]", "[plain]"])
def test_a_script_in_stem_or_option_never_runs(attack: str, prefix: str) -> None:
    escaped = attack.replace("\\", "\\\\").replace("=", "\\=").replace("{", "\\{").replace("}", "\\}")
    [item] = gift(f"::x::{prefix}题 {escaped} 完{{={prefix}甲 {escaped} ~乙}}")
    view = item.public_view()
    for markup in (view["stem"], *(option["html"] for option in view["options"])):
        tags = re.findall(r"<[^>]*>", markup)
        assert {re.split(r"[\s>]", tag.strip("</"))[0] for tag in tags} <= set(rendering.TAGS)
        assert not any("href" in tag or " on" in tag or "javascript" in tag for tag in tags)


def test_formulas_become_mathml_and_tables_and_code_are_kept() -> None:
    shown = render_markdown("$\\frac{1}{2}$\n\n| a | b |\n| --- | ---: |\n| 1 | 2 |\n\n```c\nif (a < b) {}\n```")
    assert "<mfrac>" in shown and "<table>" in shown and "a &lt; b" in shown and "style=" not in shown
    assert "<math" not in render_markdown("每件 $5，两件 $9。")


def workbook(rows: list[list[object]], **sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for name, content in sheets.items():
        sheet = book.create_sheet(name)
        for row in content:
            sheet.append(row)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


HEADER = ["编号", "题型", "大纲编号", "题干", "选项A", "选项B", "答案"]


def test_a_faulty_cell_is_named_by_sheet_row_and_column() -> None:
    good = [None, "单选题", "0.2.2", "甲是什么", "一", "二", "A"]
    data = workbook([HEADER, *([good] * 35), [None, "单选题", "0.2.2", "乙是什么", "一", "二", "C"]])
    faults = read_xlsx(data, "题.xlsx").all_problems()
    assert [(each.place, each.code) for each in faults] == [("题.xlsx:Sheet!G37（答案）", "bank.key_unreachable")]


def test_a_header_that_is_missing_is_said() -> None:
    with pytest.raises(Invalid) as raised:
        read_xlsx(workbook([["编号", "题目内容"], [1, 2]]), "题.xlsx")
    assert raised.value.problems[0].code == "bank.xlsx_header"
    with pytest.raises(Invalid):
        read_xlsx(b"PK\x03\x04 not really", "题.xlsx")


def test_a_date_in_a_cell_is_refused_and_never_guessed() -> None:
    data = workbook([HEADER, [None, "单选题", "0.2.2", "几比几", datetime.date(2026, 1, 2), "二", "A"]])
    assert "bank.xlsx_date" in [each.code for each in read_xlsx(data, "题.xlsx").all_problems()]


def test_empty_formatted_rows_cost_nothing_and_merged_cells_hold_down_the_column() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEADER)
    for number in range(1000):
        sheet.append([None, "判断题" if number == 0 else None, "0.2.2" if number == 0 else None, f"第 {number} 句对"])
        sheet.cell(number + 2, 7, "正确")
    for column in "BC":
        sheet.merge_cells(f"{column}2:{column}1001")
    for line in range(1002, 12000):
        sheet.cell(line, 4).number_format = "@"
    sheet.cell(1_048_576, 4).number_format = "@"
    content = BytesIO()
    book.save(content)
    file = read_xlsx(content.getvalue(), "题.xlsx")
    assert file.all_problems() == [] and len(file.rows) == 1000
    assert all(item.outline == "0.2.2" for _row, item in file.items())


def test_the_template_has_text_cells_lists_and_examples_that_can_be_read() -> None:
    data = template().content
    book = openpyxl.load_workbook(BytesIO(data))
    sheet = book["试题"]
    assert sheet["A2"].number_format == "@" and len(sheet.data_validations.dataValidation) == 2
    book.remove(sheet)
    content = BytesIO()
    book.save(content)
    examples = read_xlsx(content.getvalue(), "示例.xlsx")
    assert examples.all_problems() == [] and len(examples.rows) == 4
    # The empty sheet itself has a header and no items, and says so.
    assert [each.code for each in read_xlsx(data, "模板.xlsx").all_problems()] == ["bank.no_items"]


def test_a_formula_that_an_author_typed_stays_text() -> None:
    data = write_xlsx([replace(single(), stem="=1+1 等于几")]).content
    cell = next(c for row in openpyxl.load_workbook(BytesIO(data))["试题"] for c in row if c.value == "=1+1 等于几")
    assert cell.data_type == "s"


def test_the_format_is_known_by_the_bytes() -> None:
    content = write_gift([single()]).content
    assert read_file("x.txt", content)[1] == "gift"
    assert read_file("noname", write_xlsx([single()]).content)[1] == "xlsx"
    assert read_file("x.gift", content.decode().encode("gb18030"))[0].all_problems() == []
    for name, data in (("x", b"\0\1\2"), ("x.zip", b"PK\x03\x04imsmanifest")):
        with pytest.raises(Invalid):
            read_file(name, data)
    empty, used = read_file("x.xml", b'<?xml version="1.0"?><quiz></quiz>')
    assert used == "moodle-xml" and [problem.code for problem in empty.all_problems()] == ["bank.moodle_nothing"]


@given(st.text("ab甲 \n:{}=~#%->\\/[]htmlT$50.", max_size=120))
@settings(max_examples=400)
def test_any_text_is_read_as_gift_or_refused_with_its_place(text: str) -> None:
    for problem in read_gift(text, "f.gift").all_problems():
        assert re.fullmatch(r"f\.gift:\d+:\d+", problem.place)
