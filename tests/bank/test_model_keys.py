"""Keys that a machine can find: each variant of a family calculated anew, each Python program in a stem run."""

import ast
import itertools
import math
import operator
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certengine.bank.families import rounded
from certengine.bank.rules import Family, Item, ItemType
from tests.bank.model_banks import BANKS, families, items

FAMILIES = [family for bank in BANKS for family in families(bank)]
Names = Mapping[str, Fraction]

# Families again, by exact fractions where the program calculates with floats

OPERATORS: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "min": min, "max": max, "abs": abs, "round": round, "int": int, "floor": math.floor, "ceil": math.ceil,
    "sqrt": math.sqrt, "log": math.log, "log2": math.log2, "exp": math.exp,
}  # fmt: skip


def calculated(expression: str, names: Names) -> Fraction:
    """The value of an expression; exact but for roots, logarithms, exponentials and broken powers."""
    return Fraction(_value(ast.parse(expression, mode="eval").body, names))


def _value(node: ast.expr, names: Names) -> Fraction:
    match node:
        case ast.Constant(value=int() | float() as number):
            return Fraction(str(number))
        case ast.Name(id=name):
            return names[name]
        case ast.BinOp(left=left, op=sign, right=right):
            return Fraction(OPERATORS[type(sign)](_value(left, names), _value(right, names)))
        case ast.UnaryOp(op=sign, operand=operand):
            return Fraction(OPERATORS[type(sign)](_value(operand, names)))
        case ast.Compare(left=left, ops=[sign], comparators=[right]):
            return Fraction(OPERATORS[type(sign)](_value(left, names), _value(right, names)))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return Fraction(FUNCTIONS[name](*(_value(each, names) for each in arguments)))
    raise AssertionError(f"no arithmetic: {ast.dump(node)}")


def half_up(value: Fraction, decimals: int) -> str:
    """Rounded half away from zero, with so many decimals."""
    whole = math.floor(abs(value) * 10**decimals + Fraction(1, 2))
    digits = str(whole).rjust(decimals + 1, "0")
    sign = "-" if value < 0 and whole else ""
    return sign + (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits)


def shown(text: str, names: Names) -> str:
    """The text with {name} and {name:.2f} filled in; {{1}} is a blank and stays."""

    def put(found: re.Match[str]) -> str:
        if found[1] not in names:
            return found[0]
        if found[2]:
            return half_up(names[found[1]], int(found[2]))
        number = half_up(names[found[1]], 10)
        return number.rstrip("0").rstrip(".")

    return re.sub(r"(?<!\{)\{([A-Za-z_]\w*)(?::\.(\d+)f)?\}(?!\})", put, text)


def axis(spec: Mapping[str, Any]) -> list[Fraction]:
    if "values" in spec:
        return [Fraction(str(each)) for each in spec["values"]]
    first, last, step = (Fraction(str(each)) for each in spec["range"])
    return [first + step * number for number in range(math.floor((last - first) / step) + 1)]


def admitted(template: Mapping[str, Any]) -> Iterator[Names]:
    """Each combination of the parameters with what is computed from it, unless a reject rule holds."""
    axes = {key: axis(spec) for key, spec in template["parameters"].items()}
    for combination in itertools.product(*axes.values()):
        names = dict(zip(axes, combination, strict=True))
        try:
            for key, expression in template.get("compute", {}).items():
                names[key] = calculated(expression, names)
            if not any(calculated(rule, names) for rule in template.get("reject", [])):
                yield names
        except ZeroDivisionError:
            continue


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.id)
def test_every_variant_comes_to_its_key_when_it_is_calculated_anew(family: Family) -> None:
    template = family.template
    answer = template["answer"]
    by_stem: dict[str, list[Names]] = defaultdict(list)
    for names in admitted(template):
        by_stem[shown(template["stem"], names).strip()].append(names)
    decimals = answer.get("decimals", 0)
    assert len(family.variants) == template.get("variants", 20)
    for variant in family.variants:
        # Found among the admitted combinations: no reject rule holds for its numbers.
        found = by_stem[variant.stem.strip()]
        assert found, variant.stem
        results = {half_up(calculated(answer["expression"], names), decimals) for names in found}
        assert len(results) == 1, f"{variant.stem} has several answers: {results}"
        (right,) = results
        if variant.type is ItemType.SINGLE:
            assert variant.option(str(variant.key)).text == right, variant.stem
            wrong = [half_up(calculated(each, found[0]), decimals) for each in template["distractors"]]
            assert sorted(option.text for option in variant.options) == sorted([right, *wrong]), variant.stem
            assert len({right, *wrong}) == 4, variant.stem
        else:
            (blank,) = variant.blanks
            assert str(blank.value) == right, variant.stem
            assert f"{{{{{blank.id}}}}}" in variant.stem
        told = re.findall(r"-?\d+(?:\.\d+)?", variant.rationale)
        assert right in {half_up(Fraction(number), decimals) for number in told}, variant.rationale


@given(st.decimals(-9999, 9999, places=4), st.integers(0, 3))
def test_both_ways_of_rounding_agree(number: Any, decimals: int) -> None:
    assert half_up(Fraction(number), decimals) == rounded(float(number), decimals)


@pytest.mark.parametrize("expression", ["open('x')", "[1, 2]", "a.b", "1 < 2 < 3", "'a'", "lambda: 1"])
def test_nothing_but_arithmetic_is_calculated(expression: str) -> None:
    with pytest.raises((AssertionError, KeyError)):
        calculated(expression, {})


# Programs in stems

FENCED = re.compile(r"^[ \t]*```[ \t]*(?:python|py)[ \t]*\n(.*?)^[ \t]*```", re.MULTILINE | re.DOTALL)
ASKS_FOR_OUTPUT = re.compile("输出|打印|结果是|返回|值为")
# The stem tells the output and asks what follows from it: the program must print what the stem says.
TOLD = frozenset({"cc-s-048"})
ARGUMENTS = {"cc-j-042": ("list", "--limit", "5")}
NOT_RUN = {
    "ai-i-043": "needs PyTorch, and asks what tracing records of the function",
    "ai-i-101": "a test whose function is not shown; asks how to mend the comparison",
}


def programs() -> Iterator[tuple[Item, str]]:
    for bank in BANKS:
        for item in items(bank):
            if item.type in (ItemType.SINGLE, ItemType.MULTIPLE, ItemType.FILL_IN):
                code = "".join(FENCED.findall(item.stem))
                if code and ASKS_FOR_OUTPUT.search(FENCED.sub("", item.stem)):
                    yield item, code


PROGRAMS = list(programs())


def test_there_are_programs_to_run_and_no_exception_without_its_item() -> None:
    found = {item.id for item, _code in PROGRAMS}
    assert len(found) >= 25
    assert found >= {*NOT_RUN, *TOLD, *ARGUMENTS}


@pytest.mark.parametrize(
    ("item", "code"), [pytest.param(*each, id=each[0].id) for each in PROGRAMS if each[0].id not in NOT_RUN]
)
def test_a_program_in_a_stem_prints_what_the_key_says(item: Item, code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, *ARGUMENTS.get(item.id, ())],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    printed = even(done.stdout)
    assert printed
    if item.id in TOLD:
        assert printed.replace(" ", "、") in item.stem
    elif item.type is ItemType.FILL_IN:
        assert [str(blank.value) if blank.accept == () else even(blank.accept[0]) for blank in item.blanks] == (
            printed.split("\n") if len(item.blanks) > 1 else [printed]
        )
    else:
        keys = {item.key} if isinstance(item.key, str) else set(item.key or ())
        assert {option.id for option in item.options if printed == even(option.text)} == keys


def even(text: str) -> str:
    """Without what a writer may set otherwise: marks of code, kind of quotes, spaces, a unit after a bare number."""
    text = text.strip().replace("`", "").replace('"', "'")
    text = re.sub(r"(?<=[,\[({:])[ \t]+", "", text)
    text = re.sub(r"[ \t]+", " ", re.sub(r"[ \t]*\n[ \t]*", "\n", text))
    return re.sub(r"^(-?[\d.]+) ?[次个行件条]$", r"\1", text)
