import io
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from certengine.foundation.errors import Invalid
from certengine.people.models import DocumentType, Sex
from certengine.sittings.candidate_list import CandidateList, read_candidates, template
from tests.factories import resident_id

TODAY = date(2026, 11, 25)
HEAD = ["姓名", "性别", "证件类型", "证件号码", "工作单位", "培训学时", "学历", "专业相关", "工作年限", "已获证书"]


def sheet(*rows: list[Any], head: list[str] = HEAD) -> bytes:
    workbook = Workbook()
    workbook.active.title = "考生"
    for row in (head, *rows):
        workbook.active.append(row)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def read(*rows: list[Any]) -> CandidateList:
    return read_candidates(sheet(*rows), "名单.xlsx", TODAY)


def codes(found: CandidateList) -> list[tuple[str, str]]:
    return [(problem.place, problem.code) for problem in found.problems]


def test_rare_characters_middle_dots_and_text_numbers_come_through() -> None:
    found = read(
        ["阿卜杜拉•买买提", "男", "居民身份证", resident_id(1), "云海", 64, "本科", "是", 1, "无"],
        ["𠮷川明", "", "护照", "TR1234567", "", "64", "", "", "", ""],
        ["王𬭎", None, None, resident_id(3)],
    )
    assert not found.problems
    first, second, third = (row.facts for row in found.rows)
    assert first.person.name == "阿卜杜拉•买买提" and first.evidence.hours == 64
    assert second.person.document_type is DocumentType.PASSPORT
    assert third.person.name == "王𬭎" and third.person.document_type is DocumentType.RESIDENT_ID


@pytest.mark.parametrize("mark", ["\ufeff姓名", " 姓名 ", "姓名\u3000"])
def test_a_mark_or_a_space_around_a_heading_is_no_other_heading(mark: str) -> None:
    found = read_candidates(sheet(["王小明", resident_id(1)], head=[mark, "证件号码"]), "名单.xlsx", TODAY)
    assert [row.facts.person.name for row in found.rows] == ["王小明"]


@pytest.mark.parametrize(
    "name",
    [
        "欧阳小明",
        "买买提依布拉音·阿不都热依木·玉素甫艾力·吐尔逊",
        "José Núñez",
        "Zoë Ångström-Þórsdóttir",
        "Đặng Thị Ánh",
    ],
)
def test_a_name_is_one_field_however_long_or_accented(name: str) -> None:
    (row,) = read([name, "", "", resident_id(1)]).rows
    assert row.facts.person.name == name


def test_every_row_is_read_or_refused_by_name() -> None:
    names = ["王小明", "Núñez", "", "张3", "欧阳燚", "\u200b"]
    found = read(*([name, "", "", resident_id(number)] for number, name in enumerate(names, 1)))
    assert len(found.rows) == 3 and [place for place, _code in codes(found)] == [
        "名单.xlsx 考生!A4", "名单.xlsx 考生!A5", "名单.xlsx 考生!A7",
    ]  # fmt: skip


def test_leading_zeros_stay_where_a_document_begins_with_them() -> None:
    (row,) = read(["林美玲", "", "台湾居民来往大陆通行证", "00123456"]).rows
    assert row.facts.person.number == "00123456"


def test_a_number_that_excel_has_spoilt_is_refused_with_its_cell() -> None:
    found = read(["王小明", "", "", 370102199001010028], ["李娜", "", "", resident_id(2)])
    assert codes(found) == [("名单.xlsx 考生!D2", "candidates.number_as_number")]
    assert [row.number for row in found.rows] == [3]


def test_every_fault_is_named_and_not_just_the_first() -> None:
    found = read(
        ["", "男", "居民身份证", resident_id(1)],
        ["王小明", "女", "居民身份证", resident_id(1)],
        ["李娜", "", "驾驶证", resident_id(2), "", "很多"],
        ["张三", "", "", "370102199001010029"],
    )
    assert codes(found) == [
        ("名单.xlsx 考生!A2", "candidates.required"),
        ("名单.xlsx 考生!B3", "candidates.sex_differs"),
        ("名单.xlsx 考生!C4", "candidates.choice"),
        ("名单.xlsx 考生!F4", "candidates.not_a_number"),
        ("名单.xlsx 考生!D5", "person.id_check"),
    ]
    assert found.bad_rows == 4 and not found.rows


def test_the_same_person_twice_is_told_with_the_first_row() -> None:
    found = read(["王小明", "", "", resident_id(1)], ["王小明", "", "", resident_id(1)])
    assert found.problems[0].code == "candidates.twice" and found.problems[0].values["row"] == 2


def test_the_sex_of_the_identity_number_is_taken() -> None:
    assert read(["王小明", "男", "", resident_id(1)]).rows[0].facts.person.sex is Sex.MALE


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"hello", "candidates.unreadable"),
        (sheet(head=["姓名", "电话"]), "candidates.header"),
        (sheet(), "candidates.empty"),
    ],
)
def test_a_file_that_is_no_list_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_candidates(content, "名单.xlsx", TODAY)
    assert caught.value.problems[0].code == code


def test_a_styled_column_to_the_end_of_the_sheet_does_not_become_rows() -> None:
    workbook = load_workbook(io.BytesIO(sheet(["王小明", "", "", resident_id(1)])))
    workbook.active.cell(60_000, 4).number_format = "@"
    out = io.BytesIO()
    workbook.save(out)
    assert len(read_candidates(out.getvalue(), "x.xlsx", TODAY).rows) == 1


def test_the_template_is_read_as_an_empty_list() -> None:
    with pytest.raises(Invalid) as caught:
        read_candidates(template(), "模板.xlsx", TODAY)
    assert caught.value.problems[0].code == "candidates.empty"


CELL = st.one_of(st.none(), st.text(max_size=20), st.integers(-(10**18), 10**18), st.floats(), st.booleans())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELL, max_size=10), max_size=6))
def test_any_sheet_is_read_or_refused_with_a_place(rows: list[list[Any]]) -> None:
    cleaned = [[_writable(cell) for cell in row] for row in rows]
    try:
        found = read(*cleaned)
    except Invalid as error:
        assert error.problems[0].place.startswith("名单.xlsx")
        return
    assert all(problem.place.startswith("名单.xlsx 考生!") for problem in found.problems)
    assert len({row.number for row in found.rows}) == len(found.rows)


def _writable(cell: Any) -> Any:
    """What openpyxl can write at all: no control characters, no infinity, no formula."""
    if isinstance(cell, str):
        return "".join(character for character in cell if character.isprintable()).lstrip("=")
    return None if isinstance(cell, float) and not -1e300 < cell < 1e300 else cell
