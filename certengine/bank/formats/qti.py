"""QTI 2.1, 2.2 and 3.0: packages and single items, as certengine, ONYX, TAO and others write them.

QTI 3.0 spells the same elements with hyphens (qti-choice-interaction); both are read by one reader.
"""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.sax.saxutils import quoteattr

from certengine.bank.formats.gift_answers import LETTERS, RIGHT
from certengine.bank.formats.html_text import from_html
from certengine.bank.formats.qti_package import Load, xml_files
from certengine.bank.formats.xml_tree import Node, read_tree
from certengine.bank.parsing import Place, parse_item
from certengine.bank.pictures import Album, names_in
from certengine.bank.reading import BankFile, Row
from certengine.bank.rules import Item, item_of
from certengine.foundation.errors import Problem

OUR_ID = re.compile(r"[a-z]{2,4}-[jis]-[a-z0-9-]+")
INTERACTIONS = (
    "choiceInteraction",
    "orderInteraction",
    "matchInteraction",
    "textEntryInteraction",
    "extendedTextInteraction",
)
# Parts of a body that are no part of the question's text.
UNSEEN = ("rubricBlock", "feedbackBlock", "feedbackInline", "modalFeedback", *INTERACTIONS, "simpleChoice")


class _Unheld(Exception):
    def __init__(self, line: int, code: str, **values: Any) -> None:
        super().__init__(code)
        self.line, self.code, self.values = line, code, values


def read_qti(data: bytes, name: str) -> BankFile:
    """A package (ZIP) or one item. Raises Invalid for what is neither."""
    rows: list[Row] = []
    album = Album()
    if data.startswith(b"PK\x03\x04"):
        for path, content, own, load in xml_files(data, name):
            rows.extend(_rows(content, f"{name}/{path}", own, album, load))
    else:
        rows.extend(_rows(data, name, None, album, lambda _address: None))
    problems = () if rows else (Problem(name, "bank.moodle_nothing"),)
    return BankFile(name, "", "", "", tuple(rows), problems=problems, pictures=album.kept)


def _rows(content: bytes, name: str, own: dict[str, Any] | None, album: Album, load: Load) -> Iterator[Row]:
    from certengine.bank.formats import text_of

    if own is not None:
        item = _own_item(own)
        if item is not None:
            for picture in names_in(item):
                data = load(f"../media/{picture}")
                if data is not None:
                    album.keep(data, picture)
            yield Row(f"{name}:1", item, ())
            return
    root = _plain(read_tree(text_of(content, name), name))
    if root.tag == "assessmentItem":
        refused = _adopt(root, album, load)
        yield _row(root, name, refused)


def _own_item(content: dict[str, Any]) -> Item | None:
    try:
        return item_of(content)
    except (KeyError, TypeError, ValueError, InvalidOperation):
        return None


def _plain(node: Node) -> Node:
    """Names without prefixes and in QTI 2's spelling."""
    tag = node.tag.rpartition(":")[2]
    tag = _camel(tag.removeprefix("qti-")) if tag.startswith("qti-") else tag
    attributes = {_camel(key.rpartition(":")[2]): value for key, value in node.attributes.items()}
    made = Node(tag, attributes, node.line, node.text)
    for part in node.parts:
        child = part if isinstance(part, str) else _plain(part)
        made.parts.append(child)
        if isinstance(child, Node):
            made.children.append(child)
    return made


def _camel(name: str) -> str:
    return re.sub(r"-([a-z])", lambda found: found[1].upper(), name)


def _adopt(root: Node, album: Album, load: Load) -> list[str]:
    """Makes the pictures ours; returns the addresses of those that did not come along."""
    left = []
    for node in root.walk():
        if node.tag == "object":
            left.append(node.attributes.get("data", "?"))
        if node.tag != "img":
            continue
        address = node.attributes.get("src", "")
        adopted = album.adopt(f'<img src="{address}">', load)[10:-2]
        node.attributes["src"] = adopted
        if not adopted.startswith("media:"):
            left.append(address[:80] or "?")
    return left


def _row(root: Node, name: str, refused: list[str]) -> Row:
    place = f"{name}:{root.line}"
    faults: list[Problem] = []
    try:
        raw = _raw(root)
    except _Unheld as error:
        faults.append(Problem(f"{name}:{error.line}", error.code, error.values))
        raw = {"id": "", "outline": "", "type": "short_answer", "stem": _stem(root.first("itemBody") or root, [])[:400]}
    unheld = bool(faults)

    def wrong(_place: Place, code: str, **values: Any) -> None:
        # The number is given by the bank, and the leaf is chosen before the item is approved.
        if not unheld and not (code == "bank.missing" and values["key"] in ("id", "outline")):
            faults.append(Problem(place, code, values))

    item = parse_item({"cognition": "understands", **raw}, wrong)
    notes = tuple(Problem(place, "bank.moodle_file", {"file": picture}) for picture in refused)
    return Row(place, item, tuple(faults), notes=notes)


def _raw(root: Node) -> dict[str, Any]:
    found = [node for node in root.walk() if node.tag.endswith("Interaction")]
    kinds = {node.tag for node in found}
    if not found:
        raise _Unheld(root.line, "bank.qti_no_interaction")
    strange = sorted(kinds - set(INTERACTIONS))
    gaps = kinds == {"textEntryInteraction"}
    if strange:
        raise _Unheld(found[0].line, "bank.qti_interaction", kind=strange[0])
    title = root.attributes.get("identifier", "")
    raw: dict[str, Any] = {"id": title if OUR_ID.fullmatch(title) else "", "outline": ""}
    body = root.first("itemBody") or root
    if not _divisions(body) and (len(found) == 1 or gaps):
        return raw | _question(root, body, found)
    return raw | _composite(root, body, found)


def _question(root: Node, body: Node, found: list[Node]) -> dict[str, Any]:
    """One question: the text of the body or division, and what its interactions say."""
    declared = {node.attributes.get("identifier", ""): node for node in root.all("responseDeclaration")}
    raw: dict[str, Any] = {"stem": _stem(body, found)}
    if found[0].tag == "textEntryInteraction":
        raw |= _gaps(root, found, declared)
    else:
        node = found[0]
        response = declared.get(node.attributes.get("responseIdentifier", ""), Node("", {}, node.line))
        raw |= _READERS[node.tag](node, response)
    if rubric := _rubric(body):
        raw["model_answer" if raw["type"] == "short_answer" else "rationale"] = rubric
    return raw


def _divisions(body: Node) -> list[Node]:
    """Where we, or another program, keep the parts of a composite item together."""
    return [node for node in body.walk() if node.tag == "div" and "part" in node.attributes.get("class", "").split()]


def _composite(root: Node, body: Node, found: list[Node]) -> dict[str, Any]:
    """Several interactions about one text: a case. Each has its division, or its prompt alone."""
    inside = {id(each): node for node in _divisions(body) for each in node.walk()}
    groups: dict[int, tuple[Node, list[Node]]] = {}
    for node in found:
        place = inside.get(id(node), node)
        if place is node and node.tag == "textEntryInteraction":
            raise _Unheld(node.line, "bank.qti_interaction", kind=node.tag)
        groups.setdefault(id(place), (place, []))[1].append(node)
    rubrics = _rubrics_of_parts(body)
    parts = [
        {"points": _share(root, own), **_question(root, place, own), **_said(own, rubrics.get(id(place), []))}
        for place, own in groups.values()
    ]
    for node in body.walk():
        node.parts = [part for part in node.parts if isinstance(part, str) or id(part) not in groups]
        node.children = [child for child in node.children if id(child) not in groups]
    raw = {"type": "case", "stem": _stem(body, []), "parts": parts}
    return raw | ({"rationale": rubric} if (rubric := _rubric(body)) else {})


def _rubrics_of_parts(body: Node) -> dict[int, list[str]]:
    """By division: the rubrics marked as a part's that stand before it."""
    found: dict[int, list[str]] = {}
    waiting: list[str] = []
    for node in body.children:
        if node.tag == "rubricBlock" and node.attributes.get("class") == "part":
            waiting.append(from_html(_html(node)))
        elif waiting:
            found[id(node)], waiting = waiting, []
    return found


def _said(found: list[Node], rubrics: list[str]) -> dict[str, str]:
    keys = ("model_answer", "rationale") if found[0].tag == "extendedTextInteraction" else ("rationale",)
    return dict(zip(keys, rubrics, strict=False))


def _share(root: Node, found: list[Node]) -> str:
    """What the response processing adds for a right answer; 1 where it does not say."""
    names = {node.attributes.get("responseIdentifier", "") for node in found}
    for condition in (node for node in root.walk() if node.tag == "responseIf"):
        asked = {
            node.attributes.get("identifier") for node in condition.walk() if node.tag in ("variable", "mapResponse")
        }
        added = [node for node in condition.walk() if node.tag == "sum"]
        values = [each.text.strip() for node in added for each in node.all("baseValue")]
        if names & asked and values and _positive(values[0]):
            return values[0]
    return "1"


def _rubric(root: Node) -> str:
    blocks = [
        node
        for node in root.walk()
        if node.tag == "rubricBlock"
        and "scorer" in node.attributes.get("view", "")
        and node.attributes.get("class") != "part"
    ]
    return "\n\n".join(from_html(_html(block)) for block in blocks)


def _stem(body: Node, gaps: list[Node]) -> str:
    numbers = {id(node): str(place) for place, node in enumerate(gaps, 1) if node.tag == "textEntryInteraction"}
    shown = from_html(_html(body, numbers)) if body.tag not in INTERACTIONS else ""
    prompts = [from_html(_html(prompt)) for node in body.walk() for prompt in node.all("prompt")]
    return re.sub("\x02(\\d+)\x03", r"{{\1}}", "\n\n".join(each for each in (shown, *prompts) if each))


def _html(node: Node, gaps: dict[int, str] | None = None) -> str:
    """The content as HTML, without what is no text of the question; gaps are marked by their number."""
    parts = []
    for part in node.parts:
        if isinstance(part, str):
            parts.append(part.replace("&", "&amp;").replace("<", "&lt;"))
        elif gaps and id(part) in gaps:
            parts.append(f"\x02{gaps[id(part)]}\x03")
        elif part.tag not in UNSEEN:
            inner = _html(part, gaps)
            shown = "".join(f" {key}={quoteattr(part.attributes.get(key, ''))}" for key in ("alt", "src"))
            head = f"{part.tag}{shown if part.tag == 'img' else ''}"
            parts.append(f"<{head}>{inner}</{part.tag}>" if part.tag not in ("br", "img") else f"<{head}>")
    return "".join(parts)


def _correct(response: Node) -> list[str]:
    right = response.first("correctResponse")
    return [value.text.strip() for value in right.all("value")] if right else []


def _mapped(response: Node) -> list[str]:
    mapping = response.first("mapping")
    entries = mapping.all("mapEntry") if mapping else []
    return [each.attributes.get("mapKey", "") for each in entries if _positive(each.attributes.get("mappedValue", ""))]


def _positive(text: str) -> bool:
    try:
        return Decimal(text) > 0
    except InvalidOperation:
        return False


def _letters(choices: list[Node], letters: str, line: int) -> tuple[dict[str, str], dict[str, str]]:
    """identifier → letter, and letter → text."""
    if len(choices) > len(letters):
        raise _Unheld(line, "bank.gift_too_many")
    names = {node.attributes.get("identifier", ""): letter for node, letter in zip(choices, letters, strict=False)}
    return names, {letter: from_html(_html(node)) for node, letter in zip(choices, letters, strict=False)}


def _right(response: Node, names: dict[str, str], line: int) -> list[str]:
    keys = _correct(response) or _mapped(response)
    if not keys:
        raise _Unheld(line, "bank.gift_none_right")
    if any(key not in names for key in keys):
        raise _Unheld(line, "bank.qti_key", key=next(key for key in keys if key not in names))
    return [names[key] for key in keys]


def _choice(node: Node, response: Node) -> dict[str, Any]:
    names, options = _letters(node.all("simpleChoice"), LETTERS, node.line)
    keys = _right(response, names, node.line)
    if set(names) == {"true", "false"}:
        return {"type": "judgement", "key": keys == [names["true"]]}
    fixed = [
        names[each.attributes["identifier"]]
        for each in node.all("simpleChoice")
        if each.attributes.get("fixed") == "true"
    ]
    more = {"fixed": fixed} if fixed else {}
    if response.attributes.get("cardinality") == "multiple":
        return {"type": "multiple", "options": options, "key": sorted(keys), **more}
    return {"type": "single", "options": options, "key": keys[0], **more}


def _order(node: Node, response: Node) -> dict[str, Any]:
    names, options = _letters(node.all("simpleChoice"), LETTERS, node.line)
    return {"type": "ordering", "options": options, "key": _right(response, names, node.line)}


def _match(node: Node, response: Node) -> dict[str, Any]:
    sets = node.all("simpleMatchSet")
    if len(sets) != 2:
        raise _Unheld(node.line, "bank.qti_interaction", kind="matchInteraction")
    left, options = _letters(sets[0].all("simpleAssociableChoice"), LETTERS, node.line)
    right, matches = _letters(sets[1].all("simpleAssociableChoice"), RIGHT, node.line)
    key = {}
    for pair in _correct(response) or _mapped(response):
        one, _, other = pair.partition(" ")
        if one not in left or other not in right:
            raise _Unheld(node.line, "bank.qti_key", key=pair)
        key[left[one]] = right[other]
    return {"type": "matching", "options": options, "matches": matches, "key": key}


def _essay(_node: Node, _response: Node) -> dict[str, Any]:
    return {"type": "short_answer"}


def _gaps(root: Node, found: list[Node], declared: dict[str, Node]) -> dict[str, Any]:
    blanks = {}
    for place, node in enumerate(found, 1):
        name = node.attributes.get("responseIdentifier", "")
        response = declared.get(name, Node("", {}, node.line))
        kind = response.attributes.get("baseType", "string")
        forms = list(dict.fromkeys([*_mapped(response), *_correct(response), *_compared(root, name)]))
        if not forms:
            raise _Unheld(node.line, "bank.gift_none_right")
        blanks[str(place)] = (
            _numeric(root, name, forms[0], node.line) if kind in ("float", "integer") else {"accept": forms}
        )
    return {"type": "fill_in", "blanks": blanks}


def _compared(root: Node, name: str) -> Iterator[str]:
    """Texts that the response processing compares with."""
    for node in root.walk():
        if node.tag == "stringMatch" and any(
            each.attributes.get("identifier") == name for each in node.all("variable")
        ):
            yield from (each.text.strip() for each in node.all("baseValue"))


def _numeric(root: Node, name: str, value: str, line: int) -> dict[str, str]:
    try:
        found = {"value": str(Decimal(value))}
        for node in root.walk():
            of = any(each.attributes.get("identifier") == name for each in node.all("variable"))
            if node.tag == "equal" and of and node.attributes.get("toleranceMode") == "absolute":
                tolerance = Decimal(node.attributes.get("tolerance", "0").split()[0])
                found |= {"tolerance": str(tolerance)} if tolerance else {}
    except (InvalidOperation, IndexError):
        raise _Unheld(line, "bank.gift_number", number=value) from None
    return found


_READERS = {
    "choiceInteraction": _choice,
    "orderInteraction": _order,
    "matchInteraction": _match,
    "extendedTextInteraction": _essay,
}
