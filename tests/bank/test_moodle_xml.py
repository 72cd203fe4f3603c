from decimal import Decimal

import pytest
from hypothesis import given, settings

from certengine.bank.formats import detect, read_file
from certengine.bank.formats.moodle_xml import read_moodle_xml
from certengine.bank.formats.moodle_xml_writing import write_moodle_xml
from certengine.bank.rules import Item, ItemType
from certengine.foundation.errors import Invalid
from tests.bank.strategies import items
from tests.bank.test_formats import model_entries


def read(questions: str) -> list[Item]:
    file = read_moodle_xml(f"<quiz>{questions}</quiz>", "f.xml")
    assert file.all_problems() == []
    return [item for _row, item in file.items()]


def faults(questions: str) -> list[tuple[str, str]]:
    file = read_moodle_xml(f"<quiz>\n{questions}\n</quiz>", "f.xml")
    return [(problem.place, problem.code) for problem in file.all_problems()]


def question(kind: str, inner: str, stem: str = "题干") -> str:
    text = f'<questiontext format="markdown"><text>{stem}</text></questiontext>'
    return f'<question type="{kind}"><name><text>一</text></name>{text}{inner}</question>'


@settings(max_examples=150, deadline=None)
@given(items().filter(lambda item: item.type is not ItemType.SHORT_ANSWER))
def test_moodle_xml_gives_back_what_it_could_hold(item: Item) -> None:
    written = write_moodle_xml([item])
    if written.left_out:
        return
    file = read_moodle_xml(written.content.decode(), "bank.xml")
    [(_row, back)] = list(file.items())
    assert file.all_problems() == []
    if item.type in (ItemType.ORDERING, ItemType.MATCHING):
        assert [back.option(each).text for each in back.key or ()] == [
            item.option(each).text for each in item.key or ()
        ]
    else:
        assert back == item


def test_the_model_bank_comes_back_whole() -> None:
    entries = model_entries()
    written = write_moodle_xml(entries)
    back, used = read_file("bank.xml", written.content)
    assert used == "moodle-xml" == detect("x", written.content)
    plain = {entry.id: entry for entry in entries if isinstance(entry, Item)}
    assert {item.id: item for _row, item in back.items()} == plain
    assert {problem.values["item"] for problem in written.left_out} == {
        entry.id for entry in entries if not isinstance(entry, Item)
    }


def test_what_moodle_writes_is_read_tags_missing_or_in_another_order() -> None:
    single = question(
        "multichoice", '<answer fraction="100"><text>甲</text></answer><answer fraction="0"><text>乙</text></answer>'
    )
    several = question(
        "multichoice",
        '<single>false</single><answer fraction="50"><text>甲</text></answer><answer fraction="50"><text>乙</text></answer>'
        '<answer fraction="-100"><text>丙</text></answer>',
    )
    html = (
        '<question type="truefalse"><answer fraction="0"><text>true</text></answer><answer fraction="100"><text>false</text>'
        "<feedback><text><![CDATA[<p>因为 <b>不是</b></p>]]></text></feedback></answer>"
        "<questiontext><text><![CDATA[<p>水的沸点是 <b>90</b> 度</p>]]></text></questiontext></question>"
    )
    found = read(single + several + html)
    assert [item.key for item in found] == ["a", ("a", "b"), "false"]
    assert found[2].stem == "水的沸点是 **90** 度" and "不是" in found[2].rationale


def test_gaps_of_every_kind() -> None:
    short = question("shortanswer", '<answer fraction="100"><text>IPv4</text></answer>', "地址族是 _____ 吗")
    number = question("numerical", '<answer fraction="100"><text>3.14</text><tolerance>0.01</tolerance></answer>')
    cloze = question("cloze", "", "{1:SHORTANSWER:=TCP~%100%tcp协议#对} 在 {1:NUMERICAL:=4:0} 层")
    first, second, third = read(short + number + cloze)
    assert first.stem == "地址族是 {{1}} 吗" and first.blanks[0].accept == ("IPv4",)
    assert second.blanks[0].value == Decimal("3.14") and second.blanks[0].tolerance == Decimal("0.01")
    assert third.stem == "{{1}} 在 {{2}} 层" and third.blanks[0].accept == ("TCP", "tcp协议")
    assert third.blanks[1].value == 4


def test_a_question_that_cannot_be_held_names_its_line_and_the_others_stay() -> None:
    good = question("truefalse", '<answer fraction="100"><text>true</text></answer>')
    none = question(
        "multichoice", '<answer fraction="0"><text>甲</text></answer><answer fraction="0"><text>乙</text></answer>'
    )
    strange = question("calculated", "")
    share = question("shortanswer", '<answer fraction="many"><text>甲</text></answer>')
    found = faults("\n".join([good, none, strange, share]))
    assert found == [
        ("f.xml:3", "bank.gift_none_right"),
        ("f.xml:4", "bank.moodle_kind"),
        ("f.xml:5", "bank.moodle_fraction"),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("<quiz><question></quiz>", "bank.xml_syntax"),
        ("<quiz></quiz", "bank.xml_syntax"),
        ('<!DOCTYPE q [<!ENTITY a "aaaa">]><quiz>&a;</quiz>', "bank.xml_entities"),
        ('<!DOCTYPE q [<!ENTITY a SYSTEM "file:///etc/passwd">]><quiz>&a;</quiz>', "bank.xml_entities"),
    ],
)
def test_hostile_or_broken_xml_is_refused_with_its_place(content: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_moodle_xml(content, "f.xml")
    problem = caught.value.problems[0]
    assert problem.code == code and problem.place.startswith("f.xml:1")


def test_a_script_in_a_stem_is_left_behind_and_a_file_is_told() -> None:
    stem = "<![CDATA[<p>看<img src=x onerror=alert(1)><script>alert(1)</script>图</p>]]>"
    text = f'<questiontext format="html"><text>{stem}</text><file name="a.png" encoding="base64">AAAA</file></questiontext>'
    answers = '<answer fraction="100"><text>true</text></answer>'
    file = read_moodle_xml(f'<quiz><question type="truefalse">{text}{answers}</question></quiz>', "f.xml")
    [(row, item)] = list(file.items())
    assert "alert" not in item.stem and "图" in item.stem
    assert [(note.code, note.values["file"]) for note in row.notes] == [("bank.moodle_file", "a.png")]


def test_a_file_of_another_encoding_is_read_by_its_bytes() -> None:
    text = (
        '<?xml version="1.0" encoding="GBK"?><quiz>'
        + question("truefalse", '<answer fraction="100"><text>true</text></answer>')
        + "</quiz>"
    )
    for encoding in ("gbk", "utf-16", "utf-8-sig"):
        file, _used = read_file("f.xml", text.encode(encoding), "moodle-xml")
        assert [item.stem for _row, item in file.items()] == ["题干"]
