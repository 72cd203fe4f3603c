"""What stands between GIFT's braces → type, options and key of a raw item."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from certengine.bank.formats.gift_text import UNESCAPED, GiftError, Piece, bare, piece_text, unescape

WEIGHT = re.compile(r"\s*%(-?\d+(?:\.\d+)?)%")
MARKER = re.compile(UNESCAPED + r"([=~])")
FEEDBACK = re.compile(UNESCAPED + r"#")
GENERAL = re.compile(UNESCAPED + r"####")
TRUTH = {"T": True, "TRUE": True, "F": False, "FALSE": False}
LEFT = "abcdefghijklmno"
RIGHT = "pqrstuvwxyz"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
Notes = list[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class _Answer:
    marker: str
    weight: Decimal | None
    piece: Piece
    feedback: str

    @property
    def right(self) -> bool:
        return self.weight == 100 if self.weight is not None else self.marker == "="

    @property
    def partly(self) -> bool:
        return self.weight is not None and 0 < self.weight < 100


def answer_of(raw: dict[str, Any], answers: Piece, syntax: str, stem: str, tail: str) -> Notes:
    """Fills the raw item in; returns what could not be taken over. Raises GiftError."""
    general = GENERAL.search(answers.text)
    remarks = []
    if general:
        remarks.append(piece_text(Piece(answers.text[general.end() :], 0), syntax)[1])
        answers = Piece(answers.text[: general.end() - 4], answers.offset)
    text = bare(answers.text).strip()
    raw["stem"] = f"{stem}{tail}" if tail and not text else stem
    notes: Notes = []
    if not text:
        raw["type"] = "short_answer"
        notes.append(("bank.gift_essay", {}))
    elif text.startswith("#"):
        _numeric(raw, answers, remarks, notes)
    elif MARKER.search(text) and "~" in [each[1] for each in MARKER.finditer(text)]:
        _choice(raw, answers, syntax, remarks, notes)
    elif MARKER.search(text) and "->" in text:
        _matching(raw, answers, syntax)
    elif FEEDBACK.split(text, 1)[0].strip().upper() in TRUTH:
        parts = [unescape(each.strip()) for each in FEEDBACK.split(text)]
        raw |= {"type": "judgement", "key": TRUTH[parts[0].upper()]}
        remarks[:0] = [piece_text(Piece(each, 0), syntax)[1] for each in parts[1:3] if each]
    else:
        _short(raw, answers, remarks, notes)
    if raw["type"] == "fill_in":
        raw["stem"] = f"{stem}{{{{1}}}}{tail}" if tail or stem.endswith("\n") else f"{stem.rstrip()} {{{{1}}}}"
    elif tail:
        raw["stem"] = f"{stem.rstrip()} ____ {tail.lstrip()}"
    rationale = "\n\n".join(each for each in remarks if each)
    if rationale:
        raw["rationale"] = rationale
    return notes


def _split(answers: Piece, leading: bool = False) -> list[_Answer]:
    """The answers by their = and ~; with leading, text before the first mark is one too."""
    marks = list(MARKER.finditer(answers.text))
    found = []
    first = answers.text[: marks[0].start(1)] if marks else answers.text
    if leading and bare(first).strip():
        found.append(_answer("=", first, answers.offset))
    for place, mark in enumerate(marks):
        end = marks[place + 1].start(1) if place + 1 < len(marks) else len(answers.text)
        found.append(_answer(mark[1], answers.text[mark.end() : end], answers.offset + mark.end()))
    return found


def _answer(marker: str, text: str, offset: int) -> _Answer:
    weight = WEIGHT.match(text)
    skipped = weight.end() if weight else 0
    content, *feedback = FEEDBACK.split(text[skipped:], maxsplit=1)
    # An even run of backslashes before the sign belongs to the content, which the split has cut off.
    if feedback:
        content = text[skipped : len(text) - len(feedback[0]) - 1]
    return _Answer(
        marker, Decimal(weight[1]) if weight else None, Piece(content, offset + skipped), "".join(feedback).strip()
    )


def _choice(raw: dict[str, Any], answers: Piece, syntax: str, remarks: list[str], notes: Notes) -> None:
    found = _split(answers)
    if len(found) > len(LETTERS):
        raise GiftError(found[len(LETTERS)].piece.offset, "bank.gift_too_many")
    right = _right_ones(found, answers, notes)
    raw["options"] = {letter: piece_text(each.piece, syntax)[1] for letter, each in zip(LETTERS, found, strict=False)}
    keys = [letter for letter, each in zip(LETTERS, found, strict=False) if each in right]
    raw["type"] = "single" if len(keys) == 1 else "multiple"
    raw["key"] = keys[0] if len(keys) == 1 else keys
    said = []
    for letter, each in zip(LETTERS, found, strict=False):
        if each.feedback:
            said.append(f"{raw['options'][letter]}：{piece_text(Piece(each.feedback, 0), syntax)[1]}")
    remarks.extend(said)


def _right_ones(found: list[_Answer], answers: Piece, notes: Notes) -> list[_Answer]:
    marked = [each for each in found if each.marker == "="]
    full = [each for each in marked if each.right]
    positive = [each for each in found if each.weight is not None and each.weight > 0]
    if marked and (full or len(positive) < 2):
        if len(full) > 1:
            raise GiftError(full[1].piece.offset, "bank.gift_two_right")
        if any(each.partly for each in found):
            notes.append(("bank.gift_partial", {}))
        if full:
            return full
    if not positive:
        raise GiftError(answers.offset, "bank.gift_none_right")
    if len({each.weight for each in positive}) > 1:
        notes.append(("bank.gift_partial", {}))
    return positive


def _matching(raw: dict[str, Any], answers: Piece, syntax: str) -> None:
    left: dict[str, str] = {}
    right: dict[str, str] = {}
    key: dict[str, str] = {}
    for each in _split(answers):
        text = each.piece.text
        before, arrow, after = text.partition("->")
        if not arrow:
            raise GiftError(each.piece.offset, "bank.gift_no_arrow")
        partner = piece_text(Piece(after, each.piece.offset), syntax)[1]
        question = piece_text(Piece(before, each.piece.offset), syntax)[1]
        ids = {shown: letter for letter, shown in right.items()}
        if partner not in ids:
            if len(right) == len(RIGHT) or len(left) == len(LEFT):
                raise GiftError(each.piece.offset, "bank.gift_too_many")
            ids[partner] = RIGHT[len(right)]
            right[ids[partner]] = partner
        if question:
            letter = LEFT[len(left)]
            left[letter] = question
            key[letter] = ids[partner]
    raw |= {"type": "matching", "options": left, "matches": right, "key": key}


def _numeric(raw: dict[str, Any], answers: Piece, remarks: list[str], notes: Notes) -> None:
    start = answers.text.index("#") + 1
    cut = re.search(UNESCAPED + "~", answers.text[start:])
    body = answers.text[start : start + cut.end() - 1] if cut else answers.text[start:]
    found = _split(Piece(body, answers.offset + start), leading=True)
    if cut:
        remarks.append(unescape(answers.text[start + cut.end() :].lstrip("#").strip()))
    remarks.extend(piece_text(Piece(each.feedback, 0))[1] for each in found)
    full = [each for each in found if each.right]
    if not full:
        raise GiftError(answers.offset, "bank.gift_none_right")
    if len(found) > 1 and any(each.partly for each in found):
        notes.append(("bank.gift_partial", {}))
    value, tolerance = _number(full[0].piece)
    raw |= {"type": "fill_in", "blanks": {"1": {"value": value, "tolerance": tolerance}}}
    if len(full) > 1:
        raise GiftError(full[1].piece.offset, "bank.gift_two_right")


def _number(piece: Piece) -> tuple[str, str]:
    """3, 3:2 or 1..5 as value and tolerance."""
    text = bare(piece.text).strip()
    try:
        if ".." in text:
            low, high = (Decimal(each.strip()) for each in text.split("..", 1))
            return str((low + high) / 2), str((high - low) / 2)
        value, _colon, tolerance = text.partition(":")
        return str(Decimal(value.strip())), str(Decimal(tolerance.strip() or "0"))
    except InvalidOperation:
        raise GiftError(piece.offset, "bank.gift_number", value=text[:40]) from None


def _short(raw: dict[str, Any], answers: Piece, remarks: list[str], notes: Notes) -> None:
    accept = []
    for each in _split(answers, leading=True):
        text = unescape(bare(each.piece.text).strip())
        if each.feedback:
            remarks.append(f"{text}：{piece_text(Piece(each.feedback, 0))[1]}")
        if each.partly:
            notes.append(("bank.gift_partial", {}))
        if not each.right:
            continue
        if re.search(r"(?<!\\)\*", text):
            raise GiftError(each.piece.offset, "bank.gift_wildcard")
        accept.append(text.replace("\\*", "*"))
    if not any(accept):
        raise GiftError(answers.offset, "bank.gift_none_right")
    raw |= {"type": "fill_in", "blanks": {"1": {"accept": accept}}}
