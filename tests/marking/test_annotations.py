import re
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import select

from certengine.delivery import tasks
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Invalid
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.marking import annotating, answer_markers, file_pages
from certengine.marking.annotation_models import Annotation
from certengine.marking.annotation_rules import Rectangle, TextPlace, pieces, place_of, rectangle, selector, text_place
from certengine.marking.answer_models import MarkingMode
from tests.delivery.test_tasks import begin, hand_in
from tests.factories import PASSWORD
from tests.marking.answer_factories import OFFICER, SHORT, Marking, examiner, marking, sat
from tests.marking.test_examiners import address, examiners, points
from tests.sittings.factories import Exam, exam

TEXT = "过拟合时训练误差低。\n过拟合时验证误差高。𠮷"


def test_a_passage_is_found_where_it_was_selected_and_quoted_with_what_stands_around_it() -> None:
    place = text_place(TEXT, "过拟合", 11)
    assert (place.start, place.end) == (11, 14)
    assert place.prefix.endswith("低。\n") and place.suffix.startswith("时验证")
    assert text_place(TEXT, "过拟合", None).start == 0
    assert text_place(TEXT, "低。\r\n过", 0).exact == "低。\n过"
    for exact, code in (("欠拟合", "marking.annotation_not_there"), (" ", "marking.annotation_no_quote")):
        with pytest.raises(Invalid) as caught:
            text_place(TEXT, exact, 0)
        assert caught.value.problems[0].code == code


@pytest.mark.parametrize(
    "texts",
    [
        ("0", "0", "101", "5"),
        ("90", "0", "11", "5"),
        ("0", "0", "0", "5"),
        ("-1", "0", "5", "5"),
        ("x",) * 4,
        ("NaN",) * 4,
    ],
)
def test_a_rectangle_lies_on_the_picture(texts: tuple[str, ...]) -> None:
    with pytest.raises(Invalid):
        rectangle(texts)


percent = st.integers(1, 4999).map(lambda number: f"{Decimal(number) / 100}")
rectangles = st.builds(
    lambda texts, page: rectangle(texts, page), st.tuples(*[percent] * 4), st.none() | st.integers(1, 99)
)
passages = st.tuples(st.text(min_size=1, max_size=30), st.integers(0, 29), st.integers(1, 30)).map(
    lambda drawn: TextPlace(min(drawn[1], len(drawn[0]) - 1), min(drawn[1], len(drawn[0]) - 1) + 1, drawn[0][:1])
)


@given(rectangles | passages)
def test_a_place_survives_being_kept(place: Any) -> None:
    assert place_of(selector(place)) == place


def test_a_place_of_a_pdf_is_a_page_refined_by_a_rectangle() -> None:
    kept = selector(Rectangle(Decimal(1), Decimal(2), Decimal(3), Decimal("4.5"), 7))
    assert kept["value"] == "page=7" and kept["refinedBy"]["value"] == "xywh=percent:1.00,2.00,3.00,4.50"


@given(st.text(max_size=40), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6))
def test_however_notes_overlap_the_pieces_make_the_text(text: str, ends: list[tuple[int, int]]) -> None:
    places = [
        (number, TextPlace(min(start, len(text)), min(max(start, end), len(text)), ""))
        for number, (start, end) in enumerate(ends, 1)
    ]
    found = pieces(text, places)
    assert "".join(each.text for each in found) == text
    for number, place in places:
        assert "".join(each.text for each in found if number in each.notes) == text[place.start : place.end]


@pytest.fixture
def question(runtime: Runtime, clock: SetClock) -> Marking:
    made = sat(runtime, clock, [{SHORT: TEXT}])
    found = marking(runtime, made)
    with runtime.unit_of_work() as session:
        answer_markers.set_mode(session, found.question_id, MarkingMode.DOUBLE, 20, OFFICER, clock.now())
    return found


def browser(app: Flask, login: str) -> FlaskClient:
    found = app.test_client()
    found.post("/sign-in", data={"login": login, "password": PASSWORD})
    return found


def test_a_marker_notes_a_passage_and_the_later_marker_sees_it_beside_the_mark(
    runtime: Runtime, app: Flask, question: Marking
) -> None:
    first, second = examiner(runtime, "aa"), examiner(runtime, "bb")
    question.assign(first)
    question.assign(second)
    code = question.next(first)
    assert code
    page = f"/marking/answers/{question.question_id}/{code}"
    a, b = browser(app, "aa"), browser(app, "bb")
    part = a.post(
        f"{page}/notes",
        data={"exact": "过拟合", "start": 11, "body": "概念正确"},
        headers={"X-Requested-With": "fetch"},
    )
    assert part.status_code == 200 and "概念正确" in part.text and "<html" not in part.text
    assert re.search(r'<mark data-notes="1">过拟合</mark>时验证', part.text)
    wrong = a.post(f"{page}/notes", data={"exact": "没有", "body": "x"}, headers={"X-Requested-With": "fetch"})
    assert wrong.status_code == 422 and "正文里没有这段文字" in wrong.text
    assert "概念正确" not in b.get(page).text, "blind until the first has marked"
    question.enter(first, code, "2", "1")
    shown = b.get(page).text
    assert "概念正确" in shown and "其他评卷人" in shown
    with runtime.unit_of_work(read_only=True) as session:
        [row] = session.scalars(select(Annotation)).all()
        assert row.selector["refinedBy"] == {"type": "TextPositionSelector", "start": 11, "end": 14}
    assert b.post(f"{page}/notes/{row.id}").status_code == 404, "another's note"
    assert "概念正确" not in a.post(f"{page}/notes/{row.id}", follow_redirects=True).text
    with runtime.unit_of_work(read_only=True) as session:
        assert session.scalars(select(Annotation)).one().removed_at is not None
        key = f"sitting:{session.get_one(annotating.AnswerQuestion, question.question_id).sitting_id}"
        assert {"annotation.made", "annotation.taken_back"} <= {each.kind for each in ledger.history(session, key)}


def picture() -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 20), (10, 200, 30)).save(out, "PNG")
    return out.getvalue()


def pdf() -> bytes:
    out = BytesIO()
    canvas = Canvas(out, (200, 100))
    for text in ("one", "two"):
        canvas.drawString(20, 50, text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


FILES = {
    "王小明的答案.txt": "第一行\n第二行".encode("gb18030"),
    "图.png": picture(),
    "报告.pdf": pdf(),
    "坏.pdf": b"%PDF-1.7 no",
}


@pytest.fixture
def handed(runtime: Runtime, app: Flask, clock: SetClock) -> Exam:
    """The first candidate's practical task, with a text, a picture, a PDF and what only says that it is one."""
    made = exam(runtime)
    client = app.test_client()
    generation = begin(client, made, clock)
    for name, content in FILES.items():
        hand_in(client, made, content, generation, name)
    clock.advance(hours=2)
    return made


def files(runtime: Runtime, made: Exam) -> dict[str, UUID]:
    with runtime.unit_of_work(read_only=True) as session:
        found = tasks.files_handed_in(session, made.practical_id, made.registrations[0])
        return {each.name: each.id for each in found}


def test_notes_on_text_picture_and_pdf_of_a_hand_in(runtime: Runtime, app: Flask, handed: Exam) -> None:
    [(who, a), (_two, b), (_three, c)] = examiners(runtime, app, handed, "aa", "bb", "cc")
    task, ids = address(handed, handed.registrations[0]), files(runtime, handed)
    page = a.get(task).text
    assert "…的答案.txt" in page and "王小明" not in page, "a name in a file's name does not unblind"

    def read(name: str, by: FlaskClient = a, **query: int) -> Any:
        return by.get(f"{task}/files/{ids[name]}/read", query_string=query).text

    def note(name: str, page: int = 1, **form: str) -> Any:
        return a.post(f"{task}/files/{ids[name]}/notes?page={page}", data=form, follow_redirects=True).text

    assert "第二行" in read("王小明的答案.txt")
    assert "意见一" in note("王小明的答案.txt", exact="第二行", body="意见一")
    place = {"x": "10", "y": "20", "width": "30", "height": "40"}
    assert 'x="10.00"' in note("图.png", body="意见二", **place)
    assert "超出了图像" in note("图.png", body="意见", **{**place, "x": "90"})
    assert "第2页，共2页" in note("报告.pdf", page=2, body="意见三", **place)
    assert "note-area" not in read("报告.pdf", page=1) and "意见三" in read("报告.pdf", page=1)
    drawn = a.get(f"{task}/files/{ids['报告.pdf']}/picture?page=2")
    assert drawn.mimetype == "image/png" and Image.open(BytesIO(drawn.data)).size == (400, 200)
    assert a.get(f"{task}/files/{ids['报告.pdf']}/picture?page=3").status_code == 422
    assert "不能在这里查看" in read("坏.pdf")
    assert app.test_client().get(f"{task}/files/{ids['图.png']}/read").status_code in (302, 401, 403)
    assert "意见二" not in read("图.png", b), "nobody sees another's notes before the panel talks"
    for examiner_browser, share in ((a, "0.9"), (b, "0.9"), (c, "0.5")):
        examiner_browser.post(task, data={**points(runtime, handed, share), "version": 0})
    assert "意见二" in read("图.png", c)
    with runtime.unit_of_work(read_only=True) as session:
        found = annotating.notes_on(session, handed.registrations[0])
        assert sorted((each.file, each.note.body, each.note.marker_name) for each in found) == [
            ("图.png", "意见二", who.name),
            ("报告.pdf", "意见三", who.name),
            ("王小明的答案.txt", "意见一", who.name),
        ]


def test_a_file_that_would_bring_its_reader_down_is_only_to_be_downloaded(tmp_path: Path) -> None:
    for name, content in (
        ("坏.pdf", b"%PDF-1.7 nothing"),
        ("坏.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 40),
        ("坏.txt", b"\0"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        assert file_pages.view_of(path, name).kind == "other"
    huge = tmp_path / "大.png"
    Image.new("1", (20_000, 20_000)).save(huge)
    with pytest.raises(Invalid):
        file_pages.picture_of(huge, huge.name, 1)
