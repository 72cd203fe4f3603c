"""Moodle XML: what Moodle writes and what others write for it, tags missing or in another order included."""

import base64
import re
from binascii import Error as Base64Error
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import unquote

from certengine.bank.formats.gift import LEAF, LISTED, TAGGED
from certengine.bank.formats.gift_answers import LETTERS, RIGHT
from certengine.bank.formats.html_text import from_html, from_plain, looks_like_html
from certengine.bank.formats.xml_tree import Node, read_tree
from certengine.bank.parsing import Place, parse_item
from certengine.bank.pictures import Album
from certengine.bank.reading import BankFile, Row
from certengine.foundation.errors import Problem

# A gap of an embedded question: {points:KIND:answers}.
CLOZE = re.compile(r"\{(\d*):([A-Z_]+):((?:[^{}\\]|\\.)*)\}", re.DOTALL)
CLOZE_TEXT = ("SHORTANSWER", "SA", "MW", "SHORTANSWER_C", "SAC", "MWC")
CLOZE_NUMBER = ("NUMERICAL", "NM")
OUR_ID = re.compile(r"[a-z]{2,4}-[jis]-[a-z0-9-]+")


class _Unheld(Exception):
    def __init__(self, line: int, code: str, **values: Any) -> None:
        super().__init__(code)
        self.line, self.code, self.values = line, code, values


def read_moodle_xml(text: str, name: str) -> BankFile:
    """Every question as a row; one that cannot be held names its line."""
    root = read_tree(text, name)
    album = Album()
    rows = []
    category = ""
    for question in root.all("question"):
        kind = question.attributes.get("type", "")
        if kind == "category":
            category = question.said("category", "text").strip()
        elif kind != "description":
            rows.append(_row(question, kind, category, name, album))
    problems = () if rows else (Problem(f"{name}:1", "bank.moodle_nothing"),)
    return BankFile(name, "", "", "", tuple(rows), problems=problems, pictures=album.kept)


def _row(question: Node, kind: str, category: str, name: str, album: Album) -> Row:
    place = f"{name}:{question.line}"
    faults: list[Problem] = []
    refused = _adopt(question, album)
    try:
        raw = _raw(question, kind, category)
    except _Unheld as error:
        faults.append(Problem(f"{name}:{error.line}", error.code, error.values))
        raw = {"id": "", "outline": "", "type": "short_answer", "stem": _text(question.first("questiontext"))[:400]}
    unheld = bool(faults)

    def wrong(_place: Place, code: str, **values: Any) -> None:
        # The number is given by the bank, and the leaf is chosen before the item is approved.
        if not unheld and not (code == "bank.missing" and values["key"] in ("id", "outline")):
            faults.append(Problem(place, code, values))

    item = parse_item({"cognition": "understands", **raw}, wrong)
    notes = tuple(Problem(place, "bank.moodle_file", {"file": file}) for file in refused)
    return Row(place, item, tuple(faults), notes=notes)


def _adopt(question: Node, album: Album) -> list[str]:
    """Makes the pictures of all texts ours; returns the names of the files that are not taken over."""
    left: list[str] = []
    for node in question.walk():
        files = {each.attributes.get("name", ""): each.text for each in node.all("file")}
        text = node.first("text")
        if text is None or not (files or "data:" in text.text):
            continue
        used: set[str] = set()

        def load(address: str, files: dict[str, str] = files, used: set[str] = used) -> bytes | None:
            name = address.removeprefix("@@PLUGINFILE@@/").partition("?")[0]
            if name not in files or not address.startswith("@@PLUGINFILE@@/"):
                return None
            used.add(name)
            return _decoded(files[name])

        before = len(album.refused)
        text.text = album.adopt(text.text, load)
        left += [unquote(each.removeprefix("@@PLUGINFILE@@/")) for each in album.refused[before:]]
        left += sorted(set(files) - used)
    return left


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()))
    except Base64Error:
        return b""


def _raw(question: Node, kind: str, category: str) -> dict[str, Any]:
    raw: dict[str, Any] = {"id": _id(question), "outline": "", "stem": _text(question.first("questiontext"))}
    raw |= _tagged(question)
    read = _KINDS.get(kind)
    if read is None:
        raise _Unheld(question.line, "bank.moodle_kind", kind=kind)
    raw |= read(question, raw["stem"])
    remarks = [_text(question.first("generalfeedback"))]
    if kind in ("multichoice", "truefalse"):
        remarks += list(_feedback(question, kind))
    rationale = "\n\n".join(each for each in remarks if each)
    if rationale:
        raw["rationale"] = rationale
    if not raw["outline"]:
        leaf = LEAF.match(category.rpartition("/")[2].strip())
        raw["outline"] = leaf[1] if leaf else ""
    return raw


def _id(question: Node) -> str:
    number, name = question.said("idnumber").strip(), question.said("name", "text").strip()
    return number if OUR_ID.fullmatch(number) else name if OUR_ID.fullmatch(name) else ""


def _text(node: Node | None) -> str:
    """A text by its format, as our Markdown."""
    if node is None:
        return ""
    inner = node.first("text")
    text = (inner.text if inner is not None else node.text).replace("\r\n", "\n").strip()
    shape = node.attributes.get("format", "html")
    if shape == "markdown":
        return text
    if shape == "plain_text" or not (shape == "html" or looks_like_html(text)):
        return from_plain(text)
    return from_html(text)


def _tagged(question: Node) -> dict[str, Any]:
    found: dict[str, Any] = {}
    tags = question.first("tags")
    for tag in tags.all("tag") if tags else []:
        key, equals, value = tag.said("text").strip().partition("=")
        if equals and key in TAGGED:
            found[key] = value
        elif equals and key in LISTED:
            found.setdefault(key, []).append(value)
    return found


def _feedback(question: Node, kind: str) -> Iterator[str]:
    for answer in question.all("answer"):
        said = _text(answer.first("feedback"))
        if said:
            shown = _text(answer)
            yield said if kind == "truefalse" else f"{shown}：{said}"


def _fraction(answer: Node) -> Decimal:
    try:
        return Decimal(answer.attributes.get("fraction", "0") or "0")
    except InvalidOperation:
        raise _Unheld(answer.line, "bank.moodle_fraction", fraction=answer.attributes["fraction"]) from None


def _choice(question: Node, _stem: str) -> dict[str, Any]:
    answers = question.all("answer")
    if len(answers) > len(LETTERS):
        raise _Unheld(question.line, "bank.gift_too_many")
    options = {letter: _text(answer) for letter, answer in zip(LETTERS, answers, strict=False)}
    shares = [_fraction(answer) for answer in answers]
    one = question.said("single").strip().lower() not in ("false", "0")
    keys = [letter for letter, share in zip(LETTERS, shares, strict=False) if share > 0]
    if one:
        keys = [letter for letter, share in zip(LETTERS, shares, strict=False) if share == 100]
        if len(keys) != 1:
            raise _Unheld(question.line, "bank.gift_two_right" if keys else "bank.gift_none_right")
        return {"type": "single", "options": options, "key": keys[0]}
    if not keys:
        raise _Unheld(question.line, "bank.gift_none_right")
    return {"type": "multiple", "options": options, "key": keys}


def _judgement(question: Node, _stem: str) -> dict[str, Any]:
    right = [answer.said("text").strip().lower() for answer in question.all("answer") if _fraction(answer) == 100]
    if right not in (["true"], ["false"]):
        raise _Unheld(question.line, "bank.gift_none_right")
    return {"type": "judgement", "key": right[0] == "true"}


def _with_gap(stem: str) -> str:
    """Moodle leaves the place of a gap to the reader: a line of underscores, else the end."""
    marked = re.sub(r"\\?_(?:\\?_){2,}", "{{1}}", stem, count=1)
    return marked if "{{1}}" in marked else f"{stem.rstrip()} {{{{1}}}}"


def _short(question: Node, stem: str) -> dict[str, Any]:
    forms = [_form(answer.said("text"), answer.line) for answer in question.all("answer") if _fraction(answer) == 100]
    if not forms:
        raise _Unheld(question.line, "bank.gift_none_right")
    return {"type": "fill_in", "stem": _with_gap(stem), "blanks": {"1": {"accept": forms}}}


def _form(text: str, line: int) -> str:
    if re.search(r"(?<!\\)\*", text):
        raise _Unheld(line, "bank.gift_wildcard")
    return text.replace("\\*", "*").strip()


def _number(question: Node, stem: str) -> dict[str, Any]:
    right = [answer for answer in question.all("answer") if _fraction(answer) == 100]
    if not right:
        raise _Unheld(question.line, "bank.gift_none_right")
    blank = _numeric(right[0].said("text"), right[0].said("tolerance"), right[0].line)
    return {"type": "fill_in", "stem": _with_gap(stem), "blanks": {"1": blank}}


def _numeric(value: str, tolerance: str, line: int) -> dict[str, str]:
    try:
        found = {"value": str(Decimal(value.strip()))}
        if tolerance.strip() and Decimal(tolerance.strip()):
            found["tolerance"] = str(Decimal(tolerance.strip()))
    except InvalidOperation:
        raise _Unheld(line, "bank.gift_number", number=value) from None
    return found


def _matching(question: Node, _stem: str) -> dict[str, Any]:
    left: dict[str, str] = {}
    right: dict[str, str] = {}
    key: dict[str, str] = {}
    ids: dict[str, str] = {}
    for pair in question.all("subquestion"):
        shape = {"format": pair.attributes.get("format", "html")}
        answer = pair.first("answer")
        partner = _text(Node("answer", shape, pair.line, children=answer.children if answer else []))
        if partner not in ids:
            if len(right) == len(RIGHT):
                raise _Unheld(pair.line, "bank.gift_too_many")
            ids[partner] = RIGHT[len(right)]
            right[ids[partner]] = partner
        asked = _text(pair)
        if asked:
            letter = LETTERS[len(left)]
            left[letter], key[letter] = asked, ids[partner]
    return {"type": "matching", "options": left, "matches": right, "key": key}


def _ordering(question: Node, _stem: str) -> dict[str, Any]:
    options = {letter: _text(each) for letter, each in zip(LETTERS, question.all("answer"), strict=False)}
    return {"type": "ordering", "options": options, "key": list(options)}


def _essay(question: Node, _stem: str) -> dict[str, Any]:
    answer = _text(question.first("graderinfo"))
    return {"type": "short_answer"} | ({"model_answer": answer} if answer else {})


def _cloze(question: Node, _stem: str) -> dict[str, Any]:
    node = question.first("questiontext")
    if node is None:
        raise _Unheld(question.line, "bank.moodle_kind", kind="cloze")
    blanks: dict[str, Any] = {}
    inner = node.first("text")
    source = inner.text if inner is not None else node.text

    def gap(found: re.Match[str]) -> str:
        number = str(len(blanks) + 1)
        blanks[number] = _embedded(found[2], found[3], question.line)
        return f"\x02{number}\x03"

    shown = _text(Node("questiontext", node.attributes, node.line, CLOZE.sub(gap, source)))
    if not blanks:
        raise _Unheld(question.line, "bank.gift_none_right")
    return {"type": "fill_in", "stem": re.sub("\x02(\\d+)\x03", r"{{\1}}", shown), "blanks": blanks}


def _embedded(kind: str, answers: str, line: int) -> dict[str, Any]:
    right = []
    for part in re.split(r"(?<!\\)~", answers):
        share = re.match(r"(?:%(-?\d+(?:\.\d+)?)%|(=))", part)
        if share and (share[2] or Decimal(share[1]) == 100):
            right.append(re.split(r"(?<!\\)#", part[share.end() :], maxsplit=1)[0])
    if not right:
        raise _Unheld(line, "bank.gift_none_right")
    if kind in CLOZE_NUMBER:
        value, _, tolerance = right[0].partition(":")
        return _numeric(value, tolerance, line)
    if kind not in CLOZE_TEXT:
        raise _Unheld(line, "bank.moodle_kind", kind=f"cloze {kind}")
    return {"accept": [_form(re.sub(r"\\([~=#}{\\])", r"\1", each), line) for each in right]}


_KINDS = {
    "multichoice": _choice,
    "truefalse": _judgement,
    "shortanswer": _short,
    "numerical": _number,
    "matching": _matching,
    "ordering": _ordering,
    "essay": _essay,
    "cloze": _cloze,
}
