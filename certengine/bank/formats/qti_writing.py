"""Writing a QTI package, 2.1 or 3.0: a manifest and one item a file, valid by the schemas of 1EdTech.

The bank's own spelling goes along as a file of the package with the hash of each item as written: an item that comes
back unchanged is read from there without loss, one that another program has changed is read from its QTI.
"""

import hashlib
import html
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from certengine.bank.formats.writing import Written
from certengine.bank.pictures import names_in
from certengine.bank.rendering import render_inline, render_markdown
from certengine.bank.rules import Blank, Entry, Item, ItemType, item_content
from certengine.foundation.errors import Problem

NAMESPACE = "http://www.imsglobal.org/xsd/imsqti_v2p1"
SCHEMA = "http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_v2p1.xsd"
MATCH_CORRECT = "http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"
OWN_FILE = "certengine-items.json"
# One time for every package, so that the same bank gives the same bytes.
STAMP = (2026, 1, 1, 0, 0, 0)
RUBRIC = re.compile(r"<rubricBlock\b.*?</rubricBlock>", re.DOTALL)
GAP = re.compile(r'<span class="blank" data-blank="(\w+)"></span>')


def write_qti(entries: Sequence[Entry], pictures: Mapping[str, bytes] | None = None, version: str = "2.1") -> Written:
    """version: "2.1" or "3.0"."""
    items = [entry for entry in entries if isinstance(entry, Item)]
    left_out = [
        Problem(entry.id, "bank.qti_cannot_kind", {"item": entry.id})
        for entry in entries
        if not isinstance(entry, Item)
    ]
    spell = as_qti3 if version == "3.0" else str
    files = {f"items/{item.id}.xml": spell(assessment_item(item)).encode() for item in items}
    own = {
        f"items/{item.id}.xml": {
            "sha256": hashlib.sha256(files[f"items/{item.id}.xml"]).hexdigest(),
            "content": item_content(item),
        }
        for item in items
    }
    media = {f"media/{name}": data for name, data in (pictures or {}).items()}
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {
            "imsmanifest.xml": _manifest(items, version).encode(),
            **files,
            **media,
            OWN_FILE: json.dumps(own, ensure_ascii=False, sort_keys=True).encode(),
        }.items():
            archive.writestr(zipfile.ZipInfo(name, STAMP), content, zipfile.ZIP_DEFLATED)
    return Written(out.getvalue(), "zip", "application/zip", tuple(left_out))


# Of each version: namespace of the manifest, its schema's name and version, type of an item.
MANIFESTS = {
    "2.1": ("http://www.imsglobal.org/xsd/imscp_v1p1", "QTIv2.1 Package", "1.0.0", "imsqti_item_xmlv2p1"),
    "3.0": ("http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1", "QTI Package", "3.0.0", "imsqti_item_xmlv3p0"),
}


def _manifest(items: Sequence[Item], version: str) -> str:
    namespace, schema, number, kind = MANIFESTS[version]
    resources = "".join(
        f'<resource identifier="{_name(item.id)}" type="{kind}" href="items/{item.id}.xml">'
        f'<file href="items/{item.id}.xml"/>{_files(item)}</resource>'
        for item in items
    )
    own = f'<resource identifier="certengine" type="webcontent" href="{OWN_FILE}"><file href="{OWN_FILE}"/></resource>'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<manifest xmlns="{namespace}" '
        f'identifier="certengine-bank"><metadata><schema>{schema}</schema><schemaversion>{number}</schemaversion>'
        f"</metadata><organizations/><resources>{resources}{own}</resources></manifest>\n"
    )


def _files(item: Item) -> str:
    return "".join(f'<file href="media/{name}"/>' for name in names_in(item))


def _name(text: str) -> str:
    """As an XML name, which begins with a letter."""
    return text if re.match(r"[A-Za-z_]", text) else f"i{text}"


def assessment_item(item: Item) -> str:
    """The item in QTI 2.1."""
    if item.type is ItemType.CASE:
        declarations, body, processing = _case(item)
    else:
        declarations, body, condition = _question(item, "RESPONSE")
        processing = _processing(condition)
    rubric = f'<rubricBlock view="scorer">{_blocks(item.rationale)}</rubricBlock>' if item.rationale else ""
    head = (
        f'<assessmentItem xmlns="{NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="{NAMESPACE} {SCHEMA}" identifier={quoteattr(_name(item.id))} title={quoteattr(item.id)} '
        'adaptive="false" timeDependent="false" toolName="certengine">'
    )
    score = '<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float">'
    nothing = "<defaultValue><value>0</value></defaultValue></outcomeDeclaration>"
    xml = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{declarations}{score}{nothing}'
        f"<itemBody>{rubric}{body}</itemBody>{processing}</assessmentItem>\n"
    )
    ET.fromstring(xml.encode())  # nosec B314: written by ourselves a moment ago
    return xml


# Declarations, body, and the expression that is true for a right answer ("" where people mark).
Parts = tuple[str, str, str]


def _question(item: Item, name: str) -> Parts:
    """One question whose responses are declared under this name."""
    declarations, interaction, condition = _WRITERS[item.type](item, name)
    body = _blocks(item.stem)
    if item.type is ItemType.FILL_IN:
        body = GAP.sub(lambda found: f'<textEntryInteraction responseIdentifier="{name}_{found[1]}"/>', body)
    return declarations, f"<div>{body}</div>{interaction}", condition


def _case(item: Item) -> Parts:
    """A composite item: each part in a division of its own, scored for itself by its share."""
    declarations, bodies, conditions = "", [f"<div>{_blocks(item.stem)}</div>"], ""
    for part in item.parts:
        declared, body, condition = _question(part, f"RESPONSE_{part.id}")
        declarations += declared
        # A rubric must stand in the item's body itself: those of a part stand before its division.
        rubrics = [part.model_answer, part.rationale] if part.type is ItemType.SHORT_ANSWER else [part.rationale]
        bodies += [f'<rubricBlock class="part" view="scorer">{_blocks(text)}</rubricBlock>' for text in rubrics if text]
        bodies.append(f'<div class="part">{RUBRIC.sub("", body)}</div>')
        if condition:
            share = f'<variable identifier="SCORE"/><baseValue baseType="float">{part.share}</baseValue>'
            conditions += (
                f'<responseCondition><responseIf>{condition}<setOutcomeValue identifier="SCORE"><sum>{share}</sum>'
                "</setOutcomeValue></responseIf></responseCondition>"
            )
    processing = f"<responseProcessing>{conditions}</responseProcessing>" if conditions else ""
    return declarations, "".join(bodies), processing


def _processing(condition: str) -> str:
    if condition == _matches("RESPONSE"):
        return f'<responseProcessing template="{MATCH_CORRECT}"/>'
    if not condition:
        return ""
    one = '<setOutcomeValue identifier="SCORE"><baseValue baseType="float">1</baseValue></setOutcomeValue>'
    none = '<setOutcomeValue identifier="SCORE"><baseValue baseType="float">0</baseValue></setOutcomeValue>'
    return (
        f"<responseProcessing><responseCondition><responseIf>{condition}{one}</responseIf>"
        f"<responseElse>{none}</responseElse></responseCondition></responseProcessing>"
    )


def _matches(name: str) -> str:
    return f'<match><variable identifier="{name}"/><correct identifier="{name}"/></match>'


def _xml(markup: str) -> str:
    """Our safe HTML as XML: its empty elements and named characters differ."""
    closed = re.sub(r"<(br|hr)>", r"<\1/>", markup)
    # Items lie in a folder of their own beside the pictures.
    closed = re.sub(r'<img src="/media/([^"]*)"([^>]*?)/?>', r'<img src="../media/\1"\2/>', closed)
    return re.sub(r"&(?!amp;|lt;|gt;|quot;|apos;)(\w+);", lambda found: escape(html.unescape(found[0])), closed)


def _blocks(text: str) -> str:
    return _xml(render_markdown(text))


def _inline(text: str) -> str:
    return _xml(render_inline(text))


def _declaration(name: str, cardinality: str, kind: str, values: Sequence[str], mapping: str = "") -> str:
    right = "".join(f"<value>{escape(value)}</value>" for value in values)
    correct = f"<correctResponse>{right}</correctResponse>" if values else ""
    head = f'<responseDeclaration identifier="{name}" cardinality="{cardinality}" baseType="{kind}">'
    return f"{head}{correct}{mapping}</responseDeclaration>"


def _choices(item: Item, tag: str = "simpleChoice") -> str:
    return "".join(
        f'<{tag} identifier="{_name(each.id)}"{_fixed(item, each.id)}>{_inline(each.text)}</{tag}>'
        for each in item.options
    )


def _fixed(item: Item, option_id: str) -> str:
    return ' fixed="true"' if option_id in item.fixed else ""


def _one(item: Item, name: str) -> Parts:
    shuffle = "false" if item.type is ItemType.JUDGEMENT else "true"
    interaction = (
        f'<choiceInteraction responseIdentifier="{name}" shuffle="{shuffle}" maxChoices="1">'
        f"{_choices(item)}</choiceInteraction>"
    )
    return _declaration(name, "single", "identifier", [_name(str(item.key))]), interaction, _matches(name)


def _several(item: Item, name: str) -> Parts:
    interaction = (
        f'<choiceInteraction responseIdentifier="{name}" shuffle="true" maxChoices="0">'
        f"{_choices(item)}</choiceInteraction>"
    )
    keys = [_name(each) for each in item.key or ()]
    return _declaration(name, "multiple", "identifier", keys), interaction, _matches(name)


def _order(item: Item, name: str) -> Parts:
    interaction = f'<orderInteraction responseIdentifier="{name}" shuffle="true">{_choices(item)}</orderInteraction>'
    keys = [_name(each) for each in item.key or ()]
    return _declaration(name, "ordered", "identifier", keys), interaction, _matches(name)


def _match(item: Item, name: str) -> Parts:
    key = item.key if isinstance(item.key, Mapping) else {}
    left = "".join(
        f'<simpleAssociableChoice identifier="{_name(each.id)}" matchMax="1">{_inline(each.text)}</simpleAssociableChoice>'
        for each in item.options
    )
    right = "".join(
        f'<simpleAssociableChoice identifier="{_name(each.id)}" matchMax="0">{_inline(each.text)}</simpleAssociableChoice>'
        for each in item.matches
    )
    sets = f"<simpleMatchSet>{left}</simpleMatchSet><simpleMatchSet>{right}</simpleMatchSet>"
    interaction = (
        f'<matchInteraction responseIdentifier="{name}" shuffle="true" maxAssociations="{len(item.options)}">'
        f"{sets}</matchInteraction>"
    )
    pairs = [f"{_name(one)} {_name(other)}" for one, other in key.items()]
    return _declaration(name, "multiple", "directedPair", pairs), interaction, _matches(name)


def _gaps(item: Item, name: str) -> Parts:
    declarations = "".join(_gap_declaration(blank, f"{name}_{blank.id}") for blank in item.blanks)
    conditions = "".join(_gap_condition(blank, f"{name}_{blank.id}") for blank in item.blanks)
    return declarations, "", f"<and>{conditions}</and>"


def _gap_declaration(blank: Blank, name: str) -> str:
    if blank.value is not None:
        return _declaration(name, "single", "float", [str(blank.value)])
    entries = "".join(
        f'<mapEntry mapKey={quoteattr(form)} mappedValue="1" caseSensitive="false"/>' for form in blank.accept
    )
    mapping = f'<mapping defaultValue="0">{entries}</mapping>'
    return _declaration(name, "single", "string", blank.accept[:1], mapping)


def _gap_condition(blank: Blank, name: str) -> str:
    if blank.value is not None:
        bounds = f'toleranceMode="absolute" tolerance="{blank.tolerance} {blank.tolerance}"'
        value = f'<baseValue baseType="float">{blank.value}</baseValue>'
        return f'<equal {bounds}><variable identifier="{name}"/>{value}</equal>'
    return f'<gt><mapResponse identifier="{name}"/><baseValue baseType="float">0</baseValue></gt>'


def _text(item: Item, name: str) -> Parts:
    answer = f'<rubricBlock view="scorer">{_blocks(item.model_answer)}</rubricBlock>' if item.model_answer else ""
    interaction = f'{answer}<extendedTextInteraction responseIdentifier="{name}"/>'
    return _declaration(name, "single", "string", []), interaction, ""


_WRITERS = {
    ItemType.SINGLE: _one,
    ItemType.JUDGEMENT: _one,
    ItemType.MULTIPLE: _several,
    ItemType.ORDERING: _order,
    ItemType.MATCHING: _match,
    ItemType.FILL_IN: _gaps,
    ItemType.SHORT_ANSWER: _text,
}


NAMESPACE_3 = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
SCHEMA_3 = "https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqti_asiv3p0_v1p0.xsd"
MATCH_CORRECT_3 = "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml"
# The elements of ours that are QTI's own; all others are HTML and MathML and keep their names.
OWN_ELEMENTS = frozenset(
    [
        "assessmentItem",
        "responseDeclaration",
        "correctResponse",
        "value",
        "mapping",
        "mapEntry",
        "outcomeDeclaration",
        "defaultValue",
        "itemBody",
        "rubricBlock",
        "choiceInteraction",
        "simpleChoice",
        "orderInteraction",
        "matchInteraction",
        "simpleMatchSet",
        "simpleAssociableChoice",
        "textEntryInteraction",
        "extendedTextInteraction",
        "responseProcessing",
        "responseCondition",
        "responseIf",
        "responseElse",
        "setOutcomeValue",
        "baseValue",
        "variable",
        "correct",
        "match",
        "and",
        "equal",
        "gt",
        "mapResponse",
        "sum",
    ]
)
ELEMENT = re.compile(r"<(/?)([A-Za-z][\w.-]*)((?:\s[^<>]*?)?)(/?)>")


def as_qti3(xml: str) -> str:
    """QTI 2.1 as we write it in the spelling of QTI 3.0: qti- before names, hyphens instead of capitals."""

    def renamed(found: re.Match[str]) -> str:
        end, tag, attributes, closed = found.groups()
        if tag not in OWN_ELEMENTS:
            return found[0]
        attributes = re.sub(r"(?<=\s)([a-z]+[A-Z]\w*)(?==)", lambda each: _hyphened(each[1]), attributes)
        if tag == "rubricBlock" and not end:
            attributes += ' use="instructions"'
        return f"<{end}qti-{_hyphened(tag)}{attributes}{closed}>"

    spelled = xml.replace(f"{NAMESPACE} {SCHEMA}", f"{NAMESPACE_3} {SCHEMA_3}").replace(MATCH_CORRECT, MATCH_CORRECT_3)
    return ELEMENT.sub(renamed, spelled.replace(f'xmlns="{NAMESPACE}"', f'xmlns="{NAMESPACE_3}"'))


def _hyphened(name: str) -> str:
    return re.sub(r"[A-Z]", lambda found: f"-{found[0].lower()}", name)
