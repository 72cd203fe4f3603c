"""An institution's own sheets and numbers: arranged in the browser, kept in versions, checked before they are used."""

import re
import subprocess
from dataclasses import replace
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from certengine.certificates import authority, designs, layouts, numbers
from certengine.certificates.layouts import DEFAULT, Box, Layout
from certengine.certificates.models import CertificateSeries
from certengine.certificates.numbers import Numbered
from certengine.certificates.rules import CertificateKind
from certengine.certificates.sheet import Sheet, typeset
from certengine.certificates.typesetting import Face
from certengine.certificates.verify import verify
from certengine.foundation.runtime import Runtime
from certengine.standards.rules import Level
from tests.certificates.factories import ISSUER, issued
from tests.factories import PASSWORD, account, organisation

LONG = "阿卜杜拉·" * 8


def form(layout: Layout, **more: Any) -> dict[str, Any]:
    fields = {
        f"{name}-{key}": str(value)
        for name, box in layout.boxes().items()
        for key, value in zip(
            ("x", "y", "width", "height", "size"), (box.x, box.y, box.width, box.height, box.size), strict=True
        )
    }
    return {**fields, "colour": f"#{layout.colour}", **({"frame": "yes"} if layout.frame else {}), **more}


def picture(mode: str = "RGBA") -> bytes:
    out = BytesIO()
    Image.new(mode, (300, 300), (200, 30, 30, 120)[: len(mode)]).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def issuer(runtime: Runtime, client: FlaskClient) -> FlaskClient:
    account(runtime, "issuer", ["issuer"])
    client.post("/sign-in", data={"login": "issuer", "password": PASSWORD})
    return client


def test_the_built_in_sheet_has_no_overlaps_and_json_loses_nothing() -> None:
    assert layouts.problems(DEFAULT) == []
    assert layouts.from_json(layouts.to_json(DEFAULT)) == DEFAULT
    sans = replace(DEFAULT, title_face=Face.SANS)
    assert layouts.from_json(layouts.to_json(sans)) == sans
    before = {name: value for name, value in layouts.to_json(DEFAULT).items() if not name.endswith("_face")}
    assert layouts.from_json(before) == DEFAULT


@pytest.mark.parametrize(
    ("title", "text", "named"),
    [
        (Face.SERIF, Face.SERIF, {"NotoSerifSC"}),
        (Face.SANS, Face.SERIF, {"NotoSansSC", "NotoSerifSC"}),
        (Face.SANS, Face.SANS, {"NotoSansSC"}),
    ],
)
def test_a_sheet_is_set_in_the_chosen_faces_and_its_text_is_copied_the_same(
    runtime: Runtime, tmp_path: Path, title: Face, text: Face, named: set[str]
) -> None:
    facts = {
        "kind": "grade", "number": "SD1", "code": "0" * 16, "address": "https://exam.example.org/v/0", "name": "欧阳𠮷𪚥",
        "sex": "男", "document_type": "居民身份证", "document": "3701************12", "occupation": "人工智能工程技术人员",
        "occupation_en": "AI", "direction": "", "level": "junior", "institution": "某中心", "issued_on": "2026-11-25",
        "expires_on": "", "theory": "78.50", "practical": "81.00",
    }  # fmt: skip
    layout = replace(DEFAULT, title_face=title, text_face=text)
    path = tmp_path / "sheet.pdf"
    path.write_bytes(typeset(Sheet(facts, "", None, layout=layout)))
    listed = subprocess.run(["pdffonts", path], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert all(" yes yes yes " in line for line in listed)
    used = {line.split()[0].split("+")[1].split("-")[0] for line in listed}
    assert used - {"BabelStoneHan"} == named, used
    copied = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout
    assert "欧阳𠮷𪚥" in copied and "人工智能工程技术人员" in copied


@pytest.mark.parametrize(
    ("parts", "codes"),
    [
        ({"photo": Box(60, 60, 33, 45)}, {("fields", "certificate.box_overlap")}),
        ({"title": Box(1, 22, 255, 16, 34)}, {("title", "certificate.box_outside")}),
        ({"address_code": Box(240, 110, 20, 20)}, {("address_code", "certificate.box_small")}),
        ({"notice": Box(31.8, 183, 183, 10, 3)}, {("notice", "certificate.box_size")}),
        ({"seal": Box(220, 140, 34, 34)}, {("signed_code", "certificate.box_overlap")}),
    ],
)
def test_a_part_that_overlaps_leaves_the_sheet_or_is_too_small_is_named(
    parts: dict[str, Box], codes: set[tuple[str, str]]
) -> None:
    found = layouts.problems(replace(DEFAULT, **parts))
    assert {(each.place, each.code) for each in found} == codes


def test_a_layout_that_is_none_is_refused() -> None:
    for bad in (
        {},
        {**layouts.to_json(DEFAULT), "colour": "red"},
        {**layouts.to_json(DEFAULT), "title": {"x": "left"}},
    ):
        with pytest.raises((KeyError, TypeError, ValueError)):
            layouts.from_json(bad)


def words(pdf: bytes, folder: Path) -> list[tuple[float, float, float, float, str]]:
    (folder / "c.pdf").write_bytes(pdf)
    text = subprocess.run(["pdftotext", "-bbox", "c.pdf", "-"], cwd=folder, capture_output=True, text=True).stdout
    pattern = r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]*)<'
    return [(*map(float, found[:4]), found[4]) for found in re.findall(pattern, text)]


@pytest.mark.parametrize("kind", CertificateKind)
def test_the_longest_names_keep_within_their_boxes_and_nothing_overlaps(
    runtime: Runtime, tmp_path: Path, kind: CertificateKind
) -> None:
    parts: dict[str, Any] = {"kind": kind, "direction_zh": "工业互联网平台与安全一体化规划设计" * 4}
    if kind is CertificateKind.TRAINING:
        parts |= {"course": "数字技术工程师培训" * 8, "hours": 96, "assessment": "86.50", "theory": None}
    row = issued(runtime, name=LONG, **parts)
    found = words(runtime.files.get(row.pdf), tmp_path)
    boxes = [(box.x, box.y, box.x + box.width, box.y + box.height) for box in DEFAULT.boxes().values()]
    millimetre = 25.4 / 72
    for left, top, right, bottom, text in found:
        # Lines are a little taller than their letters.
        inside = [
            x0 - 0.5 <= left * millimetre
            and right * millimetre <= x1 + 0.5
            and y0 - 3 <= top * millimetre
            and bottom * millimetre <= y1 + 3
            for x0, y0, x1, y1 in boxes
        ]
        assert any(inside), text
    for place, (left, top, right, bottom, text) in enumerate(found):
        for other_left, other_top, other_right, other_bottom, other in found[place + 1 :]:
            wide = min(right, other_right) - max(left, other_left)
            tall = min(bottom, other_bottom) - max(top, other_top)
            assert wide <= 0.5 or tall <= (bottom - top) * 0.55, (text, other)


def test_an_issuer_arranges_the_sheet_and_every_version_is_kept(runtime: Runtime, issuer: FlaskClient) -> None:
    before = issued(runtime)
    wanted = replace(DEFAULT, title=Box(21, 18, 255, 20, 40), colour="8a1c1c", frame=False)
    files = {"seal_picture": (BytesIO(picture()), "s.png"), "background_picture": (BytesIO(picture("RGB")), "b.png")}
    page = issuer.post("/certificates/sheets/grade", data=form(wanted, **files), follow_redirects=True).text
    assert "第1版" in page
    first = issued(runtime, subject="registration:2")
    issuer.post("/certificates/sheets/grade", data=form(DEFAULT, no_seal="yes"))
    second = issued(runtime, subject="registration:3")
    training = issued(
        runtime, subject="registration:4", kind=CertificateKind.TRAINING, hours=8, course="x", assessment="1"
    )
    with runtime.unit_of_work(read_only=True) as session:
        versions = designs.versions(session, before.organisation_id, CertificateKind.GRADE)
        assert [row.version for row in versions] == [2, 1]
        assert (before.design_id, training.design_id) == (None, None)
        assert (first.design_id, second.design_id) == (versions[1].id, versions[0].id)
        assert versions[0].background == versions[1].background and versions[1].seal and not versions[0].seal
        assert designs.opened(runtime, versions[1]).layout == wanted
        trusted = authority.roots(session)
    assert verify(runtime.files.get(first.pdf), trusted).valid
    assert "以此版为起点" in issuer.get(f"/certificates/sheets/grade?version={versions[1].id}").text


def test_the_preview_shows_the_sheet_and_says_what_overlaps_and_keeps_nothing(
    runtime: Runtime, issuer: FlaskClient
) -> None:
    for kind in ("grade", "training"):
        answer = issuer.post(f"/certificates/sheets/{kind}/preview", data=form(DEFAULT, long="yes")).get_json()
        assert answer["problems"] == [] and answer["image"].startswith("data:image/jpeg;base64,")
    wrong = replace(DEFAULT, photo=Box(60, 60, 33, 45))
    answer = issuer.post("/certificates/sheets/grade/preview", data=form(wrong)).get_json()
    assert answer["image"] and answer["problems"] == [{"part": "fields", "text": "各项内容 与“照片”重叠"}]
    bad = {**form(DEFAULT), "title-x": "left"}
    assert issuer.post("/certificates/sheets/grade/preview", data=bad).get_json()["image"] == ""
    bomb = form(DEFAULT, seal_picture=(BytesIO(b"not a picture"), "x.png"))
    assert "PNG" in issuer.post("/certificates/sheets/grade/preview", data=bomb).get_json()["problems"][0]["text"]
    answer = issuer.post("/certificates/sheets/grade", data=form(wrong))
    assert answer.status_code == 422 and "重叠" in answer.text
    assert issuer.get("/certificates/sheets/nothing").status_code == 404
    with runtime.unit_of_work(read_only=True) as session:
        mine = organisation(session, runtime)
        assert designs.versions(session, mine.id, CertificateKind.GRADE) == []


def test_another_institutions_design_is_not_found(runtime: Runtime, issuer: FlaskClient, client: FlaskClient) -> None:
    with runtime.unit_of_work() as session:
        other = organisation(session, runtime, "别的机构", "OTHR")
        row = designs.save(
            session, runtime, other.id, CertificateKind.GRADE, DEFAULT, ("", ""), ISSUER, runtime.clock.now()
        )
    assert issuer.get(f"/certificates/sheets/grade?version={row.id}").status_code == 404


def made(pattern: str, serial: int = 7, level: Level = Level.SENIOR) -> str:
    of = Numbered("SDPJ", "370000", 2026, CertificateKind.GRADE, "blockchain", level, serial)
    return numbers.number(pattern, of)


def test_numbers_follow_the_pattern() -> None:
    assert made(numbers.DEFAULT) == "SDPJG20263000007"
    assert made("{year}{region}{institution}-{field}{level}{serial}") == "2026370000SDPJ-093000007"
    checked = made("{institution}{year}{serial}{check}")
    assert checked[:-1] == "SDPJ2026000007" and numbers.holds(checked)


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("{institution}{year}", "number_missing"),
        ("{institution}{year}{serial}{month}", "number_place"),
        ("{institution}{year}{serial}{serial}", "number_text"),
        ("第{institution}{year}{serial}", "number_text"),
        ("{institution}{check}{year}{serial}", "number_check_last"),
        ("{institution}{year}{serial}" + "0" * 30, "number_long"),
    ],
)
def test_a_pattern_that_could_give_a_number_twice_or_is_not_one_is_refused(pattern: str, code: str) -> None:
    assert f"certificate.{code}" in {each.code for each in numbers.problems(pattern)}


@given(st.text(numbers.ALPHABET, min_size=1, max_size=24), st.data())
def test_one_wrong_character_is_found(text: str, data: st.DataObject) -> None:
    whole = text + numbers.check_character(text)
    assert numbers.holds(whole)
    place = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.sampled_from(sorted(set(numbers.ALPHABET) - {whole[place]})))
    assert not numbers.holds(whole[:place] + other + whole[place + 1 :])


def test_two_neighbours_that_are_swapped_are_found_but_for_one_pair_in_six_hundred() -> None:
    # Whatever stood before them comes down to one of 36 states, which one character makes too.
    swaps = [(before, *pair) for before in numbers.ALPHABET for pair in combinations(numbers.ALPHABET, 2)]
    missed = [
        each
        for each in swaps
        if numbers.check_character("".join(each)) == numbers.check_character(each[0] + each[2] + each[1])
    ]
    assert len(swaps) == 630 * len(missed)


def test_an_institution_sets_its_rule_and_sees_that_no_number_is_missing(runtime: Runtime, issuer: FlaskClient) -> None:
    issued(runtime)
    page = issuer.post("/certificates/numbers", data={"pattern": "{year}"})
    assert page.status_code == 422 and "institution" in page.text
    pattern = "{region}{institution}{year}{serial}{check}"
    page = issuer.post("/certificates/numbers", data={"pattern": pattern}, follow_redirects=True).text
    assert "370000SDPJ2026000001" in page
    row = issued(runtime, subject="registration:2")
    assert row.number.startswith("370000SDPJ2026000002") and numbers.holds(row.number)
    with runtime.unit_of_work() as session:
        series = session.get_one(CertificateSeries, (row.organisation_id, 2026))
        series.last = 4
    assert "从未签发" in issuer.get("/certificates/numbers").text
