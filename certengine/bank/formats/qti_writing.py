"""Writing a QTI 2.1 package: a manifest and one item a file, valid by the schemas of 1EdTech.

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
from certengine.bank.rendering import render_inline, render_markdown
from certengine.bank.rules import Blank, Entry, Item, ItemType, item_content
from certengine.foundation.errors import Problem

NAMESPACE = "http://www.imsglobal.org/xsd/imsqti_v2p1"
SCHEMA = "http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_v2p1.xsd"
MATCH_CORRECT = "http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"
OWN_FILE = "certengine-items.json"
# One time for every package, so that the same bank gives the same bytes.
STAMP = (2026, 1, 1, 0, 0, 0)
GAP = re.compile(r'<span class="blank" data-blank="(\w+)"></span>')


def write_qti(entries: Sequence[Entry]) -> Written:
    items = [entry for entry in entries if isinstance(entry, Item)]
    left_out = [
        Problem(entry.id, "bank.qti_cannot_kind", {"item": entry.id})
        for entry in entries
        if not isinstance(entry, Item)
    ]
    files = {f"items/{item.id}.xml": assessment_item(item).encode() for item in items}
    own = {
        f"items/{item.id}.xml": {
            "sha256": hashlib.sha256(files[f"items/{item.id}.xml"]).hexdigest(),
            "content": item_content(item),
        }
        for item in items
    }
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {
            "imsmanifest.xml": _manifest(items).encode(),
            **files,
            OWN_FILE: json.dumps(own, ensure_ascii=False, sort_keys=True).encode(),
        }.items():
            archive.writestr(zipfile.ZipInfo(name, STAMP), content, zipfile.ZIP_DEFLATED)
    return Written(out.getvalue(), "zip", "application/zip", tuple(left_out))


def _manifest(items: Sequence[Item]) -> str:
    resources = "".join(
        f'<resource identifier="{_name(item.id)}" type="imsqti_item_xmlv2p1" href="items/{item.id}.xml">'
        f'<file href="items/{item.id}.xml"/></resource>'
        for item in items
    )
    own = f'<resource identifier="certengine" type="webcontent" href="{OWN_FILE}"><file href="{OWN_FILE}"/></resource>'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" '
        'identifier="certengine-bank"><metadata><schema>QTIv2.1 Package</schema><schemaversion>1.0.0</schemaversion>'
        f"</metadata><organizations/><resources>{resources}{own}</resources></manifest>\n"
    )


def _name(text: str) -> str:
    """As an XML name, which begins with a letter."""
    return text if re.match(r"[A-Za-z_]", text) else f"i{text}"


def assessment_item(item: Item) -> str:
    declarations, interaction, processing = _WRITERS[item.type](item)
    body = _blocks(item.stem)
    if item.type is ItemType.FILL_IN:
        body = GAP.sub(lambda found: f'<textEntryInteraction responseIdentifier="RESPONSE_{found[1]}"/>', body)
    rubric = f'<rubricBlock view="scorer">{_blocks(item.rationale)}</rubricBlock>' if item.rationale else ""
    head = (
        f'<assessmentItem xmlns="{NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="{NAMESPACE} {SCHEMA}" identifier={quoteattr(_name(item.id))} title={quoteattr(item.id)} '
        'adaptive="false" timeDependent="false" toolName="certengine">'
    )
    score = '<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float"/>'
    xml = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{declarations}{score}'
        f"<itemBody>{rubric}<div>{body}</div>{interaction}</itemBody>{processing}</assessmentItem>\n"
    )
    ET.fromstring(xml.encode())
    return xml


def _xml(markup: str) -> str:
    """Our safe HTML as XML: its empty elements and named characters differ."""
    closed = re.sub(r"<(br|hr)>", r"<\1/>", markup)
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


Parts = tuple[str, str, str]
MATCHED = f'<responseProcessing template="{MATCH_CORRECT}"/>'


def _one(item: Item) -> Parts:
    shuffle = "false" if item.type is ItemType.JUDGEMENT else "true"
    interaction = (
        f'<choiceInteraction responseIdentifier="RESPONSE" shuffle="{shuffle}" maxChoices="1">'
        f"{_choices(item)}</choiceInteraction>"
    )
    return _declaration("RESPONSE", "single", "identifier", [_name(str(item.key))]), interaction, MATCHED


def _several(item: Item) -> Parts:
    interaction = (
        '<choiceInteraction responseIdentifier="RESPONSE" shuffle="true" maxChoices="0">'
        f"{_choices(item)}</choiceInteraction>"
    )
    keys = [_name(each) for each in item.key or ()]
    return _declaration("RESPONSE", "multiple", "identifier", keys), interaction, MATCHED


def _order(item: Item) -> Parts:
    interaction = f'<orderInteraction responseIdentifier="RESPONSE" shuffle="true">{_choices(item)}</orderInteraction>'
    keys = [_name(each) for each in item.key or ()]
    return _declaration("RESPONSE", "ordered", "identifier", keys), interaction, MATCHED


def _match(item: Item) -> Parts:
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
    most = len(item.options)
    interaction = f'<matchInteraction responseIdentifier="RESPONSE" shuffle="true" maxAssociations="{most}">{sets}</matchInteraction>'
    pairs = [f"{_name(one)} {_name(other)}" for one, other in key.items()]
    return _declaration("RESPONSE", "multiple", "directedPair", pairs), interaction, MATCHED


def _gaps(item: Item) -> Parts:
    declarations = "".join(_gap_declaration(blank) for blank in item.blanks)
    conditions = "".join(_gap_condition(blank) for blank in item.blanks)
    one = '<setOutcomeValue identifier="SCORE"><baseValue baseType="float">1</baseValue></setOutcomeValue>'
    none = '<setOutcomeValue identifier="SCORE"><baseValue baseType="float">0</baseValue></setOutcomeValue>'
    processing = (
        f"<responseProcessing><responseCondition><responseIf><and>{conditions}</and>{one}</responseIf>"
        f"<responseElse>{none}</responseElse></responseCondition></responseProcessing>"
    )
    return declarations, "", processing


def _gap_declaration(blank: Blank) -> str:
    name = f"RESPONSE_{blank.id}"
    if blank.value is not None:
        return _declaration(name, "single", "float", [str(blank.value)])
    entries = "".join(
        f'<mapEntry mapKey={quoteattr(form)} mappedValue="1" caseSensitive="false"/>' for form in blank.accept
    )
    mapping = f'<mapping defaultValue="0">{entries}</mapping>'
    return _declaration(name, "single", "string", blank.accept[:1], mapping)


def _gap_condition(blank: Blank) -> str:
    variable = f'<variable identifier="RESPONSE_{blank.id}"/>'
    if blank.value is not None:
        bounds = f'toleranceMode="absolute" tolerance="{blank.tolerance} {blank.tolerance}"'
        return f'<equal {bounds}>{variable}<baseValue baseType="float">{blank.value}</baseValue></equal>'
    return f'<gt><mapResponse identifier="RESPONSE_{blank.id}"/><baseValue baseType="float">0</baseValue></gt>'


def _text(item: Item) -> Parts:
    answer = f'<rubricBlock view="scorer">{_blocks(item.model_answer)}</rubricBlock>' if item.model_answer else ""
    interaction = f'{answer}<extendedTextInteraction responseIdentifier="RESPONSE"/>'
    return _declaration("RESPONSE", "single", "string", []), interaction, ""


_WRITERS = {
    ItemType.SINGLE: _one,
    ItemType.JUDGEMENT: _one,
    ItemType.MULTIPLE: _several,
    ItemType.ORDERING: _order,
    ItemType.MATCHING: _match,
    ItemType.FILL_IN: _gaps,
    ItemType.SHORT_ANSWER: _text,
}
