import io
import json
import zipfile
from decimal import Decimal

import pytest
from hypothesis import given, settings

from certengine.bank.formats import read_file
from certengine.bank.formats.qti import read_qti
from certengine.bank.formats.qti_writing import OWN_FILE, as_qti3, assessment_item, write_qti
from certengine.bank.rules import Item, ItemType
from certengine.foundation.errors import Invalid
from tests.bank.factories import single
from tests.bank.strategies import items
from tests.bank.test_formats import model_entries


def item_of(xml: str) -> Item:
    file = read_qti(xml.encode(), "i.xml")
    assert file.all_problems() == []
    [(_row, item)] = list(file.items())
    return item


def test_the_model_bank_comes_back_whole_and_twice_gives_the_same_bytes() -> None:
    entries = model_entries()
    written = write_qti(entries)
    assert written.content == write_qti(entries).content
    back, used = read_file("bank.zip", written.content)
    plain = {entry.id: entry for entry in entries if isinstance(entry, Item)}
    assert used == "qti" and {item.id: item for _row, item in back.items()} == plain


@settings(max_examples=100, deadline=None)
@given(items())
def test_a_package_gives_every_item_back(item: Item) -> None:
    [(_row, back)] = list(read_qti(write_qti([item]).content, "p.zip").items())
    assert back == item


@settings(max_examples=100, deadline=None)
@given(items().filter(lambda item: item.type is not ItemType.SHORT_ANSWER))
def test_the_qti_alone_holds_type_key_and_number_of_options(item: Item) -> None:
    file = read_qti(assessment_item(item).encode(), "i.xml")
    [(row, back)] = list(file.items())
    assert_alike(back, item)


@settings(max_examples=50, deadline=None)
@given(items().filter(lambda item: item.type is not ItemType.SHORT_ANSWER))
def test_qti_3_says_the_same_in_its_own_spelling(item: Item) -> None:
    spelled = as_qti3(assessment_item(item))
    assert "<qti-assessment-item " in spelled and "Interaction" not in spelled
    [(_row, back)] = list(read_qti(spelled.encode(), "i.xml").items())
    assert_alike(back, item)
    [(_row, whole)] = list(read_qti(write_qti([item], version="3.0").content, "p.zip").items())
    assert whole == item


def assert_alike(back: Item, item: Item) -> None:
    assert back.type is item.type and len(back.options) == len(item.options)
    assert [part.share for part in back.parts if part.type is not ItemType.SHORT_ANSWER] == [
        part.share for part in item.parts if part.type is not ItemType.SHORT_ANSWER
    ]
    for one, other in zip(back.parts, item.parts, strict=True):
        assert_alike(one, other)
    if item.type in (ItemType.SINGLE, ItemType.MULTIPLE, ItemType.JUDGEMENT, ItemType.ORDERING):
        assert back.key == item.key
    if item.type is ItemType.FILL_IN:
        assert (back.blanks[0].value, back.blanks[0].tolerance) == (item.blanks[0].value, item.blanks[0].tolerance)
        assert {form.strip() for form in item.blanks[0].accept} <= {form.strip() for form in back.blanks[0].accept}


def test_an_item_that_another_program_has_changed_is_read_from_its_qti() -> None:
    content = write_qti([single()]).content
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data.replace("中断</simpleChoice>".encode(), "中断（改）</simpleChoice>".encode()))
    [(_row, back)] = list(read_qti(out.getvalue(), "p.zip").items())
    assert back.option("b").text == "中断（改）" and back.key == "b" and back.stem == single().stem


QTI_3 = """<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="q1" title="x">
<qti-response-declaration identifier="RESPONSE" cardinality="multiple" base-type="identifier">
<qti-correct-response><qti-value>A2</qti-value><qti-value>A1</qti-value></qti-correct-response></qti-response-declaration>
<qti-item-body><p>哪些是<strong>运输层</strong>协议？</p>
<qti-choice-interaction response-identifier="RESPONSE" max-choices="0"><qti-prompt>多选</qti-prompt>
<qti-simple-choice identifier="A1">TCP</qti-simple-choice><qti-simple-choice identifier="A2">UDP</qti-simple-choice>
<qti-simple-choice identifier="A3"><p>IP</p></qti-simple-choice></qti-choice-interaction></qti-item-body></qti-assessment-item>"""


def test_qti_3_is_read_by_its_hyphens() -> None:
    found = item_of(QTI_3)
    assert found.type is ItemType.MULTIPLE and found.key == ("a", "b")
    assert found.stem == "哪些是**运输层**协议？\n\n多选"
    assert [option.text for option in found.options] == ["TCP", "UDP", "IP"]


def test_a_gap_takes_the_forms_of_its_mapping_and_the_tolerance_of_its_processing() -> None:
    number = Item(
        id="ai-j-900",
        type=ItemType.FILL_IN,
        outline="1.1.1",
        stem="π 约为 {{1}}",
        blanks=(single_blank(),),
    )
    found = item_of(assessment_item(number))
    assert found.blanks[0].value == Decimal("3.14") and found.blanks[0].tolerance == Decimal("0.01")
    assert found.stem == "π 约为 {{1}}"


def single_blank():  # type: ignore[no-untyped-def]
    from certengine.bank.rules import Blank

    return Blank("1", Decimal("3.14"), Decimal("0.01"))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<value>b</value>", "<value>z</value>", "bank.qti_key"),
        ("<correctResponse><value>b</value></correctResponse>", "", "bank.gift_none_right"),
        ("choiceInteraction", "hotspotInteraction", "bank.qti_interaction"),
    ],
)
def test_an_item_that_cannot_be_held_names_its_line(old: str, new: str, code: str) -> None:
    file = read_qti(assessment_item(single()).replace(old, new).encode(), "i.xml")
    assert [(problem.place, problem.code) for problem in file.all_problems()] == [("i.xml:2", code)]


def package(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_broken_and_hostile_packages_are_refused() -> None:
    for content in (b"PK\x03\x04nonsense", package(**{OWN_FILE: b"{broken", "a.xml": b"<x/>"})):
        with pytest.raises(Invalid):
            read_qti(content, "p.zip")
    entity = b'<!DOCTYPE a [<!ENTITY x "y">]><assessmentItem>&x;</assessmentItem>'
    with pytest.raises(Invalid) as caught:
        read_qti(package(**{"a.xml": entity}), "p.zip")
    assert caught.value.problems[0].code == "bank.xml_entities"
    own = {"a.xml": {"sha256": "0" * 64, "content": {}}, "b.xml": 3}
    empty = read_qti(package(**{OWN_FILE: json.dumps(own).encode(), "a.xml": b"<manifest/>"}), "p.zip")
    assert [problem.code for problem in empty.all_problems()] == ["bank.moodle_nothing"]
