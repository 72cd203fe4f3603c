"""Parametric items: all combinations of the parameters, in an order fixed by the family's id, computed, checked."""

import hashlib
import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from simpleeval import SimpleEval, safe_power

from certengine.bank.parsing import COMMON, Wrong, parse_item
from certengine.bank.rules import Family, Item, ItemType

KEYS = COMMON | {"parameters", "compute", "reject", "answer", "distractors", "variants"}
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "round": round,
    "floor": math.floor,
    "ceil": math.ceil,
    "sqrt": math.sqrt,
    "log": math.log,
    "log2": math.log2,
    "exp": math.exp,
    "int": int,
}
# More combinations than this are sampled by stride, so that a careless range cannot stop an import.
MOST_COMBINATIONS = 20_000
MOST_VARIANTS = 200
PLACE = re.compile(r"(?<!\{)\{([A-Za-z_]\w*)(?::([^{}]*))?\}(?!\})")
SPECIFICATION = re.compile(r"^(,)?(\.\d{1,2})?[fdeg%]?$")


class Faulty(Exception):
    """The family itself is wrong: code and values for the message."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code, self.values = code, values


def parse_family(raw: Mapping[str, Any], wrong: Wrong) -> Family:
    """The family with its frozen variants; faults of a variant are told once, at the family."""
    for key in raw:
        if key not in KEYS:
            wrong((key,), "bank.unknown_key", key=key)
    name = str(raw.get("id") or "")
    try:
        variants = tuple(_variants(raw, name, wrong))
    except Faulty as fault:
        wrong((), fault.code, **fault.values)
        variants = ()
    return Family(name, _plain(raw), variants)


def evaluate(expression: str, names: Mapping[str, Any]) -> Any:
    """Restricted arithmetic: numbers, comparisons, the functions above. Raises Faulty."""
    evaluator = SimpleEval(names=dict(names), functions=dict(FUNCTIONS))
    evaluator.operators = {**evaluator.operators, __import__("ast").Pow: safe_power}
    try:
        value = evaluator.eval(expression)
    except ZeroDivisionError:
        raise
    except Exception as error:
        raise Faulty("bank.expression", expression=expression, detail=str(error)) from None
    if not isinstance(value, bool | int | float) or (isinstance(value, float) and not math.isfinite(value)):
        raise Faulty("bank.expression", expression=expression, detail=repr(value)[:60])
    return value


def _variants(raw: Mapping[str, Any], name: str, wrong: Wrong) -> Iterator[Item]:
    wanted = raw.get("variants", 20)
    if not isinstance(wanted, int) or not 1 <= wanted <= MOST_VARIANTS:
        raise Faulty("bank.variants_number", most=MOST_VARIANTS)
    if raw.get("type") not in ("single", "fill_in"):
        raise Faulty("bank.family_type")
    made: list[Item] = []
    stems: set[str] = set()
    for values in _combinations(raw, name):
        variant = _variant(raw, f"{name}-v{len(made) + 1:02}", name, values, wrong if not made else _silent)
        if variant is None or variant.stem in stems:
            continue
        stems.add(variant.stem)
        made.append(variant)
        if len(made) == wanted:
            break
    if len(made) < wanted:
        raise Faulty("bank.too_few_variants", made=len(made), wanted=wanted)
    yield from made


def _combinations(raw: Mapping[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """Every combination once, in an order that hangs on the family's id alone."""
    axes = {key: _axis(key, each) for key, each in _mapping(raw, "parameters").items()}
    total = math.prod(len(axis) for axis in axes.values())
    stride = -(-total // MOST_COMBINATIONS)
    chosen = itertools.islice(itertools.product(*axes.values()), 0, None, stride)
    keyed = [
        (hashlib.sha256(f"{name}|{place}".encode()).digest(), combination) for place, combination in enumerate(chosen)
    ]
    for _digest, combination in sorted(keyed, key=lambda each: each[0]):
        yield dict(zip(axes, combination, strict=True))


def _axis(key: str, spec: Any) -> list[Any]:
    if isinstance(spec, Mapping) and isinstance(spec.get("values"), list) and spec["values"]:
        return [_number(key, each) for each in spec["values"]]
    if isinstance(spec, Mapping) and isinstance(spec.get("range"), list) and len(spec["range"]) == 3:
        first, last, step = (Decimal(str(_number(key, each))) for each in spec["range"])
        if step <= 0 or last < first or (last - first) / step > 10_000:
            raise Faulty("bank.parameter", parameter=key)
        steps = int((last - first) / step)
        return [_simple(first + step * n) for n in range(steps + 1)]
    raise Faulty("bank.parameter", parameter=key)


def _number(key: str, value: Any) -> int | float:
    try:
        return _simple(Decimal(str(value)))
    except InvalidOperation:
        raise Faulty("bank.parameter", parameter=key) from None


def _simple(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _mapping(raw: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = raw.get(key)
    if not isinstance(value, Mapping):
        raise Faulty("bank.missing", key=key)
    return dict(value)


def _variant(raw: Mapping[str, Any], code: str, family: str, values: dict[str, Any], wrong: Wrong) -> Item | None:
    """One variant, or None where it is rejected: by a rule, by a division by zero, by options that coincide."""
    answer = _mapping(raw, "answer")
    try:
        for key, expression in (_mapping(raw, "compute") if raw.get("compute") else {}).items():
            values[key] = evaluate(str(expression), values)
        if any(evaluate(str(rule), values) for rule in raw.get("reject") or []):
            return None
        decimals = answer.get("decimals", 0)
        if not isinstance(decimals, int) or not 0 <= decimals <= 9:
            raise Faulty("bank.decimals")
        right = rounded(evaluate(str(answer.get("expression")), values), decimals)
        others = [rounded(evaluate(str(each), values), decimals) for each in raw.get("distractors") or []]
    except ZeroDivisionError:
        return None
    body: dict[str, Any] = {key: raw[key] for key in COMMON if key in raw}
    body |= {"id": code, "stem": fill(str(raw.get("stem") or ""), values)}
    body["rationale"] = fill(str(raw.get("rationale") or ""), values)
    if raw["type"] == ItemType.SINGLE.value:
        if len(others) != 3:
            raise Faulty("bank.distractors")
        if len({right, *others}) < 4:
            return None
        # By size, as numbers are listed; the paper shuffles them anyway.
        texts = sorted([right, *others], key=Decimal)
        body["options"] = dict(zip("abcd", texts, strict=True))
        body["key"] = "abcd"[texts.index(right)]
    else:
        body["blanks"] = {"1": {"value": right, "tolerance": str(answer.get("tolerance", "0"))}}
    return replace(parse_item(body, lambda place, code, **given: wrong(place[:1], code, **given)), family=family)


def _silent(_place: Any, _code: str, **_values: Any) -> None:
    """The first variant has told it."""


def rounded(value: Any, decimals: int) -> str:
    """As people round: half away from zero, of the number that is shown; never -0."""
    exact = Decimal(repr(round(float(value), 12))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return format(abs(exact) if exact == 0 else exact, "f")


def fill(text: str, values: Mapping[str, Any]) -> str:
    """Puts {name} and {name:.3f} in; {{1}} stays. Raises Faulty for a name that is not there."""

    def put(found: re.Match[str]) -> str:
        name, spec = found[1], found[2] or ""
        if name not in values:
            # Braces belong to LaTeX and code as well: \\frac{a}{b} stays as it is.
            return found[0]
        if not SPECIFICATION.match(spec):
            raise Faulty("bank.format", name=name, spec=spec)
        value = values[name]
        if spec.endswith("f"):
            return rounded(value, int(spec[1:-1])) if spec.startswith(".") else format(value, spec)
        if spec:
            return format(value, spec)
        return str(_simple(Decimal(repr(round(float(value), 10)))))

    return PLACE.sub(put, text)


def _plain(value: Any) -> Any:
    """Dicts, lists and texts only, as canonical JSON wants them."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, float) else value
