"""Writing Moodle XML that Moodle imports and that we read back to the same items; what it cannot hold is listed."""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from xml.etree import ElementTree as ET

from certengine.bank.formats.gift import LISTED
from certengine.bank.formats.gift_answers import LETTERS, RIGHT
from certengine.bank.formats.writing import Written, without_cases
from certengine.bank.rendering import BLANK, PICTURE
from certengine.bank.rules import Blank, Entry, Item, ItemType, number_text
from certengine.foundation.errors import Problem

KINDS = {
    ItemType.SINGLE: "multichoice",
    ItemType.MULTIPLE: "multichoice",
    ItemType.JUDGEMENT: "truefalse",
    ItemType.FILL_IN: "cloze",
    ItemType.ORDERING: "ordering",
    ItemType.MATCHING: "matching",
    ItemType.SHORT_ANSWER: "essay",
}


def write_moodle_xml(entries: Sequence[Entry], pictures: Mapping[str, bytes] | None = None) -> Written:
    quiz = ET.Element("quiz")
    category = None
    items, left_out = without_cases(entries, "moodle")
    for item in sorted(items, key=lambda each: (each.outline, each.id)):
        if item.outline != category:
            category = item.outline
            node = ET.SubElement(quiz, "question", type="category")
            _text(ET.SubElement(node, "category"), f"$course$/top/{category or 'default'}")
        _question(quiz, item)
        left_out.extend(Problem(item.id, code, {"item": item.id}) for code in _losses(item))
    _embed(quiz, pictures or {})
    ET.indent(quiz, "  ")
    content = ET.tostring(quiz, encoding="UTF-8", xml_declaration=True)
    return Written(content, "xml", "application/xml; charset=utf-8", tuple(left_out))


def _embed(quiz: ET.Element, pictures: Mapping[str, bytes]) -> None:
    """Each text's pictures beside it, as Moodle keeps them: by name, in base64."""
    for node in list(quiz.iter()):
        text = node.find("text")
        if text is None or not text.text or "](media:" not in text.text:
            continue
        for name in dict.fromkeys(found for _alt, found in PICTURE.findall(text.text)):
            file = ET.SubElement(node, "file", name=name, path="/", encoding="base64")
            file.text = base64.b64encode(pictures[name]).decode()
        text.text = PICTURE.sub(lambda found: f"![{found[1]}](@@PLUGINFILE@@/{found[2]})", text.text)


def _losses(item: Item) -> Iterator[str]:
    if item.points_of_answer:
        yield "bank.moodle_loses_points"
    if any(blank.value is not None and blank.accept for blank in item.blanks):
        yield "bank.gift_loses_forms"


def _text(parent: ET.Element, text: str) -> None:
    ET.SubElement(parent, "text").text = text


def _marked(parent: ET.Element, tag: str, text: str, **attributes: str) -> ET.Element:
    node = ET.SubElement(parent, tag, {"format": "markdown", **attributes})
    _text(node, text)
    return node


def _question(quiz: ET.Element, item: Item) -> None:
    node = ET.SubElement(quiz, "question", type=KINDS[item.type])
    _text(ET.SubElement(node, "name"), item.id)
    stem = _with_gaps(item) if item.type is ItemType.FILL_IN else item.stem
    _marked(node, "questiontext", stem)
    _marked(node, "generalfeedback", item.rationale)
    for tag, value in (("defaultgrade", "1"), ("penalty", "0"), ("hidden", "0"), ("idnumber", item.id)):
        ET.SubElement(node, tag).text = value
    _WRITERS[item.type](node, item)
    tags = ET.SubElement(node, "tags")
    for tag in _tags(item):
        _text(ET.SubElement(tags, "tag"), tag)


def _choice(node: ET.Element, item: Item) -> None:
    keys = {item.key} if isinstance(item.key, str) else set(item.key or ())
    ET.SubElement(node, "single").text = "true" if item.type is ItemType.SINGLE else "false"
    ET.SubElement(node, "shuffleanswers").text = "false" if item.fixed else "true"
    ET.SubElement(node, "answernumbering").text = "ABCD"
    for option in item.options:
        # Moodle takes only the fractions of its list; these are in it for up to ten right options.
        share = number_text(float((Decimal(100) / len(keys)).quantize(Decimal("0.00001"))))
        wrong = "0" if item.type is ItemType.SINGLE else "-100"
        answer = _marked(node, "answer", option.text, fraction=share if option.id in keys else wrong)
        _marked(answer, "feedback", "")


def _judgement(node: ET.Element, item: Item) -> None:
    for value in ("true", "false"):
        answer = ET.SubElement(node, "answer", fraction="100" if item.key == value else "0", format="plain_text")
        _text(answer, value)
        _marked(answer, "feedback", "")


def _matching(node: ET.Element, item: Item) -> None:
    key = item.key if isinstance(item.key, Mapping) else {}
    ET.SubElement(node, "shuffleanswers").text = "true"
    for option in item.options:
        pair = _marked(node, "subquestion", option.text)
        _text(ET.SubElement(pair, "answer"), item.option(key[option.id]).text)
    for match in item.matches:
        if match.id not in key.values():
            pair = _marked(node, "subquestion", "")
            _text(ET.SubElement(pair, "answer"), match.text)


def _ordering(node: ET.Element, item: Item) -> None:
    for tag, value in (("layouttype", "VERTICAL"), ("selecttype", "ALL"), ("gradingtype", "ALL_OR_NOTHING")):
        ET.SubElement(node, tag).text = value
    for place, option_id in enumerate(item.key or (), 1):
        _marked(node, "answer", item.option(option_id).text, fraction=str(place))


def _essay(node: ET.Element, item: Item) -> None:
    ET.SubElement(node, "responseformat").text = "editor"
    _marked(node, "graderinfo", item.model_answer)


def _nothing(_node: ET.Element, _item: Item) -> None:
    """An embedded question has all that it needs in its text."""


_WRITERS = {
    ItemType.SINGLE: _choice,
    ItemType.MULTIPLE: _choice,
    ItemType.JUDGEMENT: _judgement,
    ItemType.FILL_IN: _nothing,
    ItemType.MATCHING: _matching,
    ItemType.ORDERING: _ordering,
    ItemType.SHORT_ANSWER: _essay,
}


def _with_gaps(item: Item) -> str:
    return BLANK.sub(lambda found: _gap(item.blank(found[1])), item.stem)


def _gap(blank: Blank) -> str:
    if blank.value is not None:
        return f"{{1:NUMERICAL:={blank.value}:{blank.tolerance}}}"
    forms = [re.sub(r"([~=#}{\\])", r"\\\1", form.replace("*", "\\*")) for form in blank.accept]
    return f"{{1:SHORTANSWER:{'~'.join(f'={form}' for form in forms)}}}"


def _tags(item: Item) -> Iterator[str]:
    """What Moodle has no place for; options are named by their place, for letters are not kept."""
    letters = {each.id: letter for each, letter in zip(item.options, LETTERS, strict=False)}
    letters |= {each.id: letter for each, letter in zip(item.matches, RIGHT, strict=False)}
    yield f"outline={item.outline}"
    yield f"cognition={item.cognition.value}"
    yield f"difficulty={number_text(item.difficulty)}"
    if item.discrimination != 1.0:
        yield f"discrimination={number_text(item.discrimination)}"
    if item.guessing:
        yield f"guessing={number_text(item.guessing)}"
    if item.reference:
        yield f"reference={item.reference}"
    for key in LISTED:
        for each in sorted(getattr(item, key)):
            yield f"{key}={letters.get(each, each) if key == 'fixed' else each}"
