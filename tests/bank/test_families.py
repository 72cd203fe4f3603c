import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certengine.bank.families import Faulty, evaluate, fill, parse_family, rounded
from certengine.bank.rules import Family

FAMILY: dict[str, Any] = {
    "id": "ai-j-f99",
    "type": "single",
    "outline": "1.1.4",
    "cognition": "applies",
    "difficulty": 0.1,
    "parameters": {"tp": {"range": [40, 90, 5]}, "fp": {"values": [5, 10, 20]}},
    "compute": {"precision": "tp / (tp + fp)"},
    "reject": ["precision > 0.93"],
    "stem": "TP = {tp}、FP = {fp} 时，精确率是 $\\frac{tp}{x}$",
    "answer": {"expression": "precision", "decimals": 3},
    "distractors": ["fp / (tp + fp)", "tp / (tp + 2 * fp)", "precision / 2"],
    "rationale": "{tp}/({tp}+{fp}) = {precision:.3f}",
    "variants": 12,
}


def made(**changes: Any) -> tuple[Family, list[str]]:
    faults: list[str] = []
    return parse_family({**FAMILY, **changes}, lambda _place, code, **_values: faults.append(code)), faults


def test_every_variant_has_its_own_numbers_and_its_right_answer() -> None:
    family, faults = made()
    assert faults == [] and len(family.variants) == 12
    assert len({variant.stem for variant in family.variants}) == 12
    for variant in family.variants:
        tp, fp = (int(number) for number in re.findall(r"= (\d+)", variant.stem))
        assert float(variant.option(str(variant.key)).text) == pytest.approx(tp / (tp + fp), abs=0.0005)
        assert tp / (tp + fp) <= 0.93
        assert variant.family == "ai-j-f99"
        assert len({option.text for option in variant.options}) == 4


def test_the_same_file_gives_the_same_variants() -> None:
    assert made()[0] == made()[0]
    assert made(id="ai-j-f98")[0].variants[0].stem != made()[0].variants[0].stem


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"variants": 150}, "bank.too_few_variants"),
        ({"variants": 0}, "bank.variants_number"),
        ({"type": "multiple"}, "bank.family_type"),
        ({"parameters": {"tp": {"range": [9, 1, 1]}}}, "bank.parameter"),
        ({"parameters": {"tp": {"range": [0, 1, 0]}}}, "bank.parameter"),
        ({"parameters": None}, "bank.missing"),
        ({"compute": {"precision": "open('/etc/passwd')"}}, "bank.expression"),
        ({"compute": {"precision": "tp.__class__"}}, "bank.expression"),
        ({"compute": {"precision": "9 ** 9 ** 9 ** 9"}}, "bank.expression"),
        ({"compute": {"precision": "'a' * 9"}}, "bank.expression"),
        ({"distractors": ["1"]}, "bank.distractors"),
        ({"rationale": "{precision:>100}"}, "bank.format"),
        ({"answer": {"expression": "precision", "decimals": 99}}, "bank.decimals"),
        ({"typo": 1}, "bank.unknown_key"),
    ],
)
def test_a_faulty_family_is_refused_by_name(changes: dict[str, Any], code: str) -> None:
    assert code in made(**changes)[1]


def test_a_division_by_zero_drops_the_variant_only() -> None:
    parameters = {"tp": {"range": [40, 90, 5]}, "fp": {"values": [0, 10, 20]}}
    family, faults = made(parameters=parameters, compute={"precision": "tp / (tp + fp)", "other": "tp / fp"})
    assert faults == [] and all("FP = 0" not in variant.stem for variant in family.variants)


@given(st.integers(-(10**6), 10**6), st.integers(0, 4))
def test_rounding_is_as_people_do_it(thousandths: int, decimals: int) -> None:
    text = rounded(thousandths / 1000, decimals)
    assert abs(float(text) - thousandths / 1000) <= 0.5 * 10**-decimals + 1e-9
    assert not text.startswith("-0") or float(text) != 0


def test_half_goes_up_and_braces_of_latex_stay() -> None:
    assert rounded(0.125, 2) == "0.13" and rounded(2.5, 0) == "3" and rounded(-0.0001, 2) == "0.00"
    assert fill("\\frac{a}{b} {{1}} {x:.2f} {x}", {"x": 0.5}) == "\\frac{a}{b} {{1}} 0.50 0.5"


@pytest.mark.parametrize("expression", ["lambda: 1", "[x for x in (1,)]", "x", "exec('1')", "1 if", "max"])
def test_only_arithmetic_is_evaluated(expression: str) -> None:
    with pytest.raises(Faulty):
        evaluate(expression, {})
