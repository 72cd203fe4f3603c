from collections.abc import Sequence
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certengine.foundation.errors import Invalid
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people.models import OrganisationKind, Person
from certengine.training import hours_accounts, organisation_enrolment
from certengine.training.course_models import CourseEnrolment
from certengine.training.organisation_list import read_people, template
from tests.conftest import NOON
from tests.factories import resident_id
from tests.training.course_factories import organisation, person, published

COURSE = UUID(int=1)
HEADER = ["姓名", "证件类型", "证件号码", "课程"]
TITLE = "数据安全与个人信息保护"


def workbook(rows: Sequence[Sequence[Any]], header: Sequence[str] = HEADER) -> bytes:
    made = Workbook()
    sheet = made.active
    sheet.title = "学员"
    sheet.append(list(header))
    for row in rows:
        sheet.append(list(row))
    out = BytesIO()
    made.save(out)
    return out.getvalue()


def read(rows: Sequence[Sequence[Any]]) -> Any:
    named = {TITLE: [COURSE], "同名": [COURSE, uuid4()], str(COURSE): [COURSE]}
    return read_people(workbook(rows), "名单.xlsx", NOON.date(), named)


def test_every_fault_is_told_with_its_sheet_and_cell() -> None:
    found = read(
        [
            ["张三", "", resident_id(1), TITLE],
            ["李四", "身份证", resident_id(2), TITLE],
            ["王五", "", 110105199901010024, TITLE],
            ["", "", "370102199001010011", "没有的课"],
            ["赵六", "", resident_id(4), "同名"],
            ["张三", "", resident_id(1), TITLE],
        ]
    )
    assert [row.number for row in found.rows] == [2]
    assert [(each.place, each.code) for each in found.problems] == [
        ("名单.xlsx 学员!B3", "enrol.choice"),
        ("名单.xlsx 学员!C4", "enrol.number_as_number"),
        ("名单.xlsx 学员!A5", "enrol.required"),
        ("名单.xlsx 学员!D5", "enrol.no_course"),
        ("名单.xlsx 学员!C5", "person.id_check"),
        ("名单.xlsx 学员!D6", "enrol.ambiguous"),
        ("名单.xlsx 学员!C7", "enrol.twice"),
    ]
    assert found.bad_rows == 5


def test_a_course_may_be_named_by_its_id_and_a_person_stand_there_for_several() -> None:
    found = read([["张三", "", resident_id(1), TITLE], ["李四", "护照", "E12345678", str(COURSE)]])
    assert not found.problems and len(found.rows) == 2


@given(
    st.lists(st.lists(st.one_of(st.none(), st.text(max_size=8), st.integers(), st.floats()), max_size=6), max_size=6)
)
def test_no_sheet_whatever_its_cells_brings_the_reader_down(rows: list[list[Any]]) -> None:
    clean = [
        ["".join(c for c in cell if c.isprintable()) if isinstance(cell, str) else cell for cell in row] for row in rows
    ]
    try:
        found = read(clean)
    except (Invalid, OverflowError):
        return
    assert all(each.place.startswith("名单.xlsx 学员!") for each in found.problems)


def test_what_is_no_list_is_refused_as_a_whole() -> None:
    for content, code in (
        (b"no workbook", "enrol.unreadable"),
        (workbook([], ["姓名", "电话"]), "enrol.header"),
        (workbook([]), "enrol.empty"),
    ):
        with pytest.raises(Invalid) as error:
            read_people(content, "x.xlsx", NOON.date(), {})
        assert error.value.problems[0].code == code


def test_the_template_keeps_numbers_as_text_and_is_itself_readable() -> None:
    sheet = load_workbook(BytesIO(template([TITLE, "=1+1"])))["学员"]
    assert [cell.value for cell in sheet[1]] == HEADER
    assert sheet["C2"].number_format == "@"
    with pytest.raises(Invalid) as error:
        read_people(template([TITLE]), "模板.xlsx", NOON.date(), {})
    assert error.value.problems[0].code == "enrol.empty"


def test_a_faulty_list_enrols_nobody_or_the_good_rows_as_chosen(session: Session, runtime: Runtime) -> None:
    published(session, runtime)
    employer = organisation(session, runtime, OrganisationKind.EMPLOYER, "青岛港", "QDG", "370200")
    person(session, runtime, 3, "真名")
    content = workbook(
        [
            ["张三", "", resident_id(1), TITLE],
            ["假名", "", resident_id(3), TITLE],
            ["李四", "", "370102199001010011", TITLE],
        ]
    )
    runtime.files.put(content)

    def apply(keep_good: bool) -> organisation_enrolment.Enrolled:
        return organisation_enrolment.apply(
            session,
            runtime,
            employer.id,
            content,
            "名单.xlsx",
            keep_good=keep_good,
            actor="account:employer",
            now=runtime.clock.now(),
        )

    with session.begin_nested() as nested:
        with pytest.raises(Invalid) as error:
            apply(keep_good=False)
        nested.rollback()
    assert [each.place for each in error.value.problems] == ["名单.xlsx 学员!C4", "名单.xlsx 学员!A3"]
    assert session.scalar(select(func.count()).select_from(CourseEnrolment)) == 0
    done = apply(keep_good=True)
    assert (done.added, done.unchanged, done.refused) == (1, 0, 2)
    assert (apply(keep_good=True).added, apply(keep_good=True).unchanged) == (0, 1)
    people = session.scalars(hours_accounts.people_query(employer.id, 2026)).all()
    assert [(each.person.name, each.city, each.enrolled) for each in people] == [("张三", "370200", 1)]
    assert session.scalar(select(func.count()).select_from(Person)) == 2
    entry = ledger.history(session, f"organisation:{employer.id}")[-1]
    assert entry.public == {"added": 1, "unchanged": 0, "refused": 2} and entry.private["name"] == "名单.xlsx"
