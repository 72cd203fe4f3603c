"""Papers on paper: everything of the item is there and nothing of its key, on pages that other programs read."""

import re
import subprocess
from dataclasses import replace
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from reportlab.pdfgen.canvas import Canvas

from certengine.bank.rules import Item, ItemType, Option, ReleasedItem
from certengine.certificates.typesetting import new_canvas
from certengine.foundation.errors import Conflict, Invalid
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.papers import printing, service
from certengine.papers.answer_sheet import answer_sheet_pdf
from certengine.papers.cli import released
from certengine.papers.formulas import formula
from certengine.papers.rules import draw
from certengine.papers.sheets import Sheet, answers, key_pdf, paper_pdf
from certengine.papers.typeset import GETA, blocks, height_of, printable, running, set_lines
from certengine.papers.values import PaperItem
from certengine.standards.rules import Level
from certengine.standards.service import banks_folder
from tests.bank.factories import single
from tests.bank.strategies import items
from tests.bank.test_pictures import png
from tests.papers.test_views import MAKER, draw_id, signed_in

__all__ = ["MAKER", "draw_id"]


def nothing(_name: str) -> bytes | None:
    return None


@cache
def sheet(field: str = "artificial_intelligence", level: str = "junior") -> Sheet:
    found, digest = released(banks_folder() / field / f"{level}.yaml")
    rules = service.rules_for(field, Level(level), None, found, digest)
    [paper] = draw(found, rules, b"a seed of the printing tests", ["form:A"])
    by_id = {item.id: ReleasedItem(**{**vars(item), "version": 1}) for item in found}
    return Sheet("2026 年第四季度考试", "A 卷", 90, paper, rules, by_id)


def text_of(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_a_paper_has_every_stem_and_option_in_shown_order_and_its_hash_on_every_page() -> None:
    made = sheet()
    pages = [page.extract_text() for page in PdfReader(BytesIO(paper_pdf(made, nothing))).pages]
    whole = squeezed("".join(pages))
    assert all(made.paper.paper_hash in squeezed(page) for page in pages)
    assert f"第{len(pages)}页共{len(pages)}页" in squeezed(pages[-1])
    for place in (0, 20, 39):
        placed = made.paper.items[place]
        texts = [squeezed(made.items[placed.item].option(each).text) for each in placed.options]
        plain = [re.sub(r"[`*$\\{}]", "", each)[:8] for each in texts]
        assert all(each in whole for each in plain if each.isalnum()), plain


def test_nothing_of_a_key_or_a_rationale_is_on_the_paper() -> None:
    made = sheet()
    whole = squeezed(text_of(paper_pdf(made, nothing)))
    for placed in made.paper.items:
        rationale = squeezed(made.items[placed.item].rationale)[:16]
        assert not rationale or rationale not in whole
    assert "答案" not in whole.replace("所有答案写在答题卡上", "")


def test_the_key_is_in_the_letters_of_the_form() -> None:
    made = sheet()
    placed = next(each for each in made.paper.items if made.items[each.item].type is ItemType.SINGLE)
    item = made.items[placed.item]
    letter = answers(item, placed)[0]
    assert placed.options["ABCD".index(letter)] == item.key
    text = squeezed(text_of(key_pdf(made)))
    assert squeezed(f"1 {letter} 1.5 {item.id}v1") in text


def test_poppler_reads_the_pages_without_a_complaint(tmp_path: Path) -> None:
    for name, pdf in (
        ("paper", paper_pdf(sheet("integrated_circuits", "junior"), nothing)),
        ("card", answer_sheet_pdf(sheet())),
        ("key", key_pdf(sheet())),
    ):
        path = tmp_path / f"{name}.pdf"
        path.write_bytes(pdf)
        done = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True)
        assert done.stderr == "" and len(done.stdout) > 300


def test_the_answer_sheet_has_a_row_for_every_question_on_one_page() -> None:
    reader = PdfReader(BytesIO(answer_sheet_pdf(sheet())))
    text = reader.pages[0].extract_text()
    assert len(reader.pages) == 1
    assert {str(number) for number in range(1, 66)} <= set(re.findall(r"\d+", text))


@pytest.mark.parametrize(
    "path", sorted(banks_folder().glob("*/[!s]*.yaml")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_every_character_of_the_model_banks_has_a_type(path: Path) -> None:
    found, _digest = released(path)
    for item in found:
        for text in (item.stem, *(option.text for option in item.options)):
            assert GETA not in printable(" ".join(text.split())), item.id


def canvas() -> Canvas:
    return new_canvas(BytesIO(), (595, 842), "t")


@settings(max_examples=60, deadline=None)
@given(items(), st.floats(120, 480))
def test_any_item_is_set_within_its_width(item: Item, width: float) -> None:
    made = canvas()
    for text in (item.stem, *(option.text for option in item.options)):
        lines = blocks(text, width, nothing)
        assert height_of(lines) >= 0
        for line in lines:
            line.paint(made, 50, 700)
        for box in running(text.replace("\n", " "), nothing):
            assert box.width >= -1


def test_a_line_never_begins_with_a_closing_mark() -> None:
    boxes = running("某系统的可用性为百分之九十九点九，" * 12, nothing)
    for width in range(100, 260, 7):
        drawn: list[str] = []
        for line in set_lines(boxes, width):
            made = canvas()
            line.paint(made, 0, 0)
            code = "".join(getattr(made, "_code"))  # noqa: B009
            drawn.append(code)
        assert height_of(set_lines(boxes, width)) > 0 and len(drawn) >= 3


def test_a_formula_is_drawn_and_one_that_cannot_be_is_printed_as_typed() -> None:
    good = formula(r"\frac{a}{b} + \sqrt{x_1^2}", 11)
    assert good is not None and good.width > 20 and good.ascent > 8 and good.descent > 3
    assert formula(r"\frac{a}{", 11) is None
    assert height_of(blocks(r"$\frac{a}{$ 与 $x$", 200, nothing)) > 0


def test_a_picture_is_set_where_it_stands_and_a_lost_one_leaves_its_name() -> None:
    name = "a" * 64 + ".png"
    with_it = blocks(f"如图\n\n![时序图](media:{name})", 300, lambda _name: png())
    without = blocks(f"如图\n\n![时序图](media:{name})", 300, nothing)
    assert height_of(with_it) > height_of(without) > 0


def test_the_keys_of_every_type_are_spelt_out() -> None:
    options = (Option("a", "甲"), Option("b", "乙"), Option("c", "丙"))
    several = replace(single(), type=ItemType.MULTIPLE, options=options, key=("a", "c"))
    placed = PaperItem("i", 1, ("c", "b", "a"), Decimal(1), 0, ("q", "p"))
    assert answers(several, placed) == ["AC"]
    ordering = replace(several, type=ItemType.ORDERING, key=("b", "a", "c"))
    assert answers(ordering, placed) == ["BCA"]
    matching = replace(
        several, type=ItemType.MATCHING, matches=(Option("p", "一"), Option("q", "二")), key={"a": "p", "b": "q"}
    )
    assert answers(matching, placed) == ["B-P，C-Q"]
    judged = replace(several, type=ItemType.JUDGEMENT, key="false")
    assert answers(judged, placed) == ["×"]


def test_forms_are_drawn_committed_printed_and_the_printing_is_told(
    runtime: Runtime, client: FlaskClient, draw_id: UUID
) -> None:
    signed_in(runtime, client)
    at = f"/papers/draws/{draw_id}"
    assert "固定卷应为 1 到 20 套" in client.post(f"{at}/forms", data={"count": "0"}, follow_redirects=True).text
    page = client.post(f"{at}/forms", data={"count": "2"}, follow_redirects=True).text
    assert "新抽固定卷 2 套" in page and page.count("试卷 PDF") == 2
    for part in ("paper", "answer-sheet", "key"):
        answer = client.post(f"{at}/forms/B/{part}")
        assert answer.status_code == 200 and answer.data.startswith(b"%PDF")
    assert client.post(f"{at}/forms/C/paper").status_code == 404
    assert client.post(f"{at}/forms/A/rationale").status_code == 404
    with runtime.unit_of_work(read_only=True) as session:
        kinds = [entry.kind for entry in ledger.history(session, "sitting:1")]
        papers = printing.forms(session, draw_id)
        committed = {row[2] for row in service.commitment_rows(session, draw_id)}
    assert kinds.count("papers.printed") == 2 and len(papers) == 2
    assert {paper.paper_hash for paper in papers} <= committed


def test_after_the_disclosure_no_form_is_drawn(runtime: Runtime, draw_id: UUID) -> None:
    with runtime.unit_of_work() as session:
        now = runtime.clock.now()
        from datetime import timedelta

        service.disclose(session, draw_id, "account:maker", now + timedelta(hours=3))
        with pytest.raises(Conflict):
            printing.draw_forms(session, draw_id, 1, "account:maker", now)
        with pytest.raises(Invalid):
            printing.draw_forms(session, draw_id, 99, "account:maker", now)
