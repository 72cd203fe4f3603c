"""The columns of the spreadsheet, their words for types and answers, and both directions of an answer cell."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from certengine.bank.rules import Blank, Cognition, Item, ItemType

SHEET = "试题"
TYPES = {
    "单选题": "single",
    "多选题": "multiple",
    "判断题": "judgement",
    "填空题": "fill_in",
    "排序题": "ordering",
    "匹配题": "matching",
    "简答题": "short_answer",
}
COGNITION = {"了解": "knows", "理解": "understands", "应用": "applies"}
TYPE_WORDS = {ItemType(code): word for word, code in TYPES.items()}
COGNITION_WORDS = {Cognition(code): word for word, code in COGNITION.items()}
# Header → key of the raw item. Options and right-hand sides come as 选项A…, 右项P….
COLUMNS = {
    "编号": "id",
    "题型": "type",
    "大纲编号": "outline",
    "方向": "directions",
    "认知层次": "cognition",
    "难度": "difficulty",
    "题干": "stem",
    "答案": "key",
    "固定选项": "fixed",
    "解析": "rationale",
    "依据": "reference",
    "互斥题": "enemies",
    "采分点": "points_of_answer",
    "区分度": "discrimination",
    "猜测度": "guessing",
}
ALIASES = {
    "id": "编号",
    "type": "题型",
    "outline": "大纲编号",
    "directions": "方向",
    "cognition": "认知层次",
    "difficulty": "难度",
    "stem": "题干",
    "key": "答案",
    "answer": "答案",
    "rationale": "解析",
    "reference": "依据",
    "考核点": "大纲编号",
    "正确答案": "答案",
    "题目": "题干",
    "试题解析": "解析",
}
REQUIRED = ("题型", "题干", "答案")
# Cells that an author merges down over the rows they hold for.
CONTEXT = frozenset({"题型", "大纲编号", "方向", "认知层次"})
OPTION_HEADER = re.compile(r"^选项\s*([A-Za-z])$")
MATCH_HEADER = re.compile(r"^右项\s*([A-Za-z])$")
TRUE_WORDS = frozenset({"正确", "对", "√", "T", "TRUE", "是", "Y"})
FALSE_WORDS = frozenset({"错误", "错", "×", "X", "F", "FALSE", "否", "N"})
SEPARATORS = re.compile(r"[,，、;；\s]+")


def listed(text: str) -> list[str]:
    return [each for each in SEPARATORS.split(text) if each]


def letters(text: str) -> list[str]:
    """A,C or AC or A、C as option ids."""
    parts = listed(text)
    if len(parts) == 1 and re.fullmatch(r"[A-Za-z]+", parts[0]):
        parts = list(parts[0])
    return [each.lower() for each in parts]


def key_of(kind: str, text: str) -> dict[str, Any]:
    """The raw keys that an answer cell stands for."""
    if kind == "single":
        return {"key": text.strip().lower()}
    if kind in ("multiple", "ordering"):
        return {"key": letters(text)}
    if kind == "judgement":
        word = text.strip().upper()
        return {"key": True if word in TRUE_WORDS else False if word in FALSE_WORDS else text}
    if kind == "matching":
        pairs = [each.replace("－", "-").replace("→", "-").split("-", 1) for each in listed(text)]
        if any(len(pair) != 2 for pair in pairs):
            return {"key": text}
        return {"key": {left.strip().lower(): right.strip().lower() for left, right in pairs}}
    if kind == "short_answer":
        return {"model_answer": text}
    return {"blanks": blanks_of(text)} if text else {}


def blanks_of(text: str) -> dict[str, Any]:
    """One gap a line: `1: 0.80±0.005 | 4/5`; the number may be left away where there is one gap."""
    found: dict[str, Any] = {}
    for number, line in enumerate((each for each in text.split("\n") if each.strip()), 1):
        named = re.match(r"\s*(\w+)\s*[:：]\s*(.*)", line)
        name, forms = (named[1], named[2]) if named else (str(number), line.strip())
        blank: dict[str, Any] = {}
        accept = []
        for form in (each.strip() for each in forms.split("|")):
            value, sign, tolerance = form.partition("±")
            if blank.get("value") is None and _is_number(value.strip()) and (not sign or _is_number(tolerance.strip())):
                blank |= {"value": value.strip()} | ({"tolerance": tolerance.strip()} if sign else {})
            elif form:
                quoted = re.fullmatch(r'"(.*)"', form)
                accept.append(quoted[1] if quoted else form)
        if accept:
            blank["accept"] = accept
        found[name] = blank
    return found


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite() and re.fullmatch(r"[-+.\dEe]+", text) is not None
    except InvalidOperation:
        return False


def points_of(text: str) -> list[dict[str, str]]:
    """One point of the answer a line: 4：text."""
    found = []
    for line in (each for each in text.split("\n") if each.strip()):
        points, _colon, said = line.replace("：", ":", 1).partition(":")
        found.append({"points": points.strip().removesuffix("分"), "text": said.strip()})
    return found


class CannotHold(Exception):
    """A cell has no spelling for this answer."""


def answer_cell(item: Item) -> str:
    """What key_of reads back. Raises CannotHold."""
    if item.type is ItemType.JUDGEMENT:
        return "正确" if item.key == "true" else "错误"
    if item.type is ItemType.FILL_IN:
        return "\n".join(f"{blank.id}: {_blank_cell(blank)}" for blank in item.blanks)
    if item.type is ItemType.SHORT_ANSWER:
        return item.model_answer
    if isinstance(item.key, Mapping):
        return ", ".join(f"{left.upper()}-{right.upper()}" for left, right in item.key.items())
    return ",".join(each.upper() for each in item.key) if isinstance(item.key, tuple) else str(item.key).upper()


def _blank_cell(blank: Blank) -> str:
    forms = [] if blank.value is None else [f"{blank.value}±{blank.tolerance}"]
    for form in blank.accept:
        if "|" in form or "\n" in form or form != form.strip():
            raise CannotHold
        forms.append(f'"{form}"' if _is_number(form) or "±" in form or form.startswith('"') else form)
    return " | ".join(forms)


def points_cell(item: Item) -> str:
    if any("\n" in each.text for each in item.points_of_answer):
        raise CannotHold
    return "\n".join(f"{each.points}：{each.text}" for each in item.points_of_answer)
