"""Arbitrary valid items."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import strategies as st

from certengine.bank.rules import JUDGEMENT_OPTIONS, AnswerPoint, Blank, Cognition, Item, ItemType, Option

# Everything that GIFT, YAML and spreadsheets treat as a mark, next to ordinary characters.
ALPHABET = "abcAZ09 中文题干，。：=~#{}\\%*[]()<>&$'\"|/-+_!?@;:\n\t—é𠮷"


def texts(longest: int = 40) -> st.SearchStrategy[str]:
    return (
        st.text(ALPHABET, min_size=1, max_size=longest)
        .map(lambda text: "\n".join(line.rstrip() for line in text.split("\n")).strip())
        .filter(lambda text: text and "{{" not in text and "}}" not in text)
    )


def options(letters: str) -> st.SearchStrategy[tuple[Option, ...]]:
    return st.lists(texts(), min_size=len(letters), max_size=len(letters), unique=True).map(
        lambda found: tuple(Option(letter, text) for letter, text in zip(letters, found, strict=True))
    )


numbers = st.integers(-300, 300).map(lambda hundredths: hundredths / 100)
common = {
    "id": st.integers(1, 999).map(lambda number: f"ai-j-{number:03}"),
    "outline": st.just("0.2.2"),
    "cognition": st.sampled_from(Cognition),
    "difficulty": numbers,
    "rationale": st.one_of(st.just(""), texts()),
    "reference": st.sampled_from(["", "GB/T 1.1 [修改]", "RFC 8259"]),
    "enemies": st.frozensets(st.sampled_from(["ai-j-801", "ai-j-802"])),
    "directions": st.sampled_from([(), ("computer_vision",)]),
}
decimals = st.decimals(-1000, 1000, places=3)
forms = st.text("abcXYZ中文0.5/- ", min_size=1, max_size=8).map(str.strip).filter(bool)


@st.composite
def items(draw: st.DrawFn, kinds: tuple[ItemType, ...] = tuple(ItemType)) -> Item:
    kind = draw(st.sampled_from(kinds))
    base = {name: draw(strategy) for name, strategy in common.items()}
    base |= {"type": kind, "stem": draw(texts(80))}
    if kind in (ItemType.SINGLE, ItemType.MULTIPLE, ItemType.ORDERING):
        letters = "abcdef"[: draw(st.integers(3, 6))]
        base["options"] = draw(options(letters))
        if kind is ItemType.SINGLE:
            base["key"] = draw(st.sampled_from(letters))
            base["fixed"] = draw(st.sampled_from([frozenset(), frozenset(letters[-1])]))
        elif kind is ItemType.MULTIPLE:
            keys = draw(st.lists(st.sampled_from(letters), min_size=2, max_size=len(letters) - 1, unique=True))
            base["key"] = tuple(sorted(keys))
        else:
            base["key"] = tuple(draw(st.permutations(letters)))
    elif kind is ItemType.JUDGEMENT:
        base |= {"options": JUDGEMENT_OPTIONS, "key": draw(st.sampled_from(["true", "false"]))}
    elif kind is ItemType.MATCHING:
        base |= {"options": draw(options("abc")), "matches": draw(options("pqrs"))}
        base["key"] = dict(zip("abc", draw(st.permutations("pqrs")), strict=False))
    elif kind is ItemType.FILL_IN:
        base["stem"] += " {{1}}" + draw(st.sampled_from(["", "（保留两位小数）", " 是多少？"]))
        value = draw(st.one_of(st.none(), decimals))
        tolerance = Decimal("0.005") if value is not None else Decimal(0)
        accept = tuple(draw(st.lists(forms, min_size=1, max_size=3, unique=True))) if value is None else ()
        base["blanks"] = (Blank("1", value, tolerance, accept),)
    elif kind is ItemType.CASE:
        base["parts"] = tuple(draw(parts(str(number))) for number in range(1, draw(st.integers(2, 4))))
    else:
        base["points_of_answer"] = (AnswerPoint(draw(texts().filter(lambda text: "\n" not in text)), Decimal(4)),)
        base["model_answer"] = draw(texts())
    return Item(**base)


@st.composite
def parts(draw: st.DrawFn, number: str) -> Item:
    """A question of a case: an item without place in the outline of its own."""
    found = draw(items(tuple(kind for kind in ItemType if kind is not ItemType.CASE)))
    share = Decimal(draw(st.sampled_from(["1", "2.5", "4"])))
    return replace(
        found, id=number, outline="", cognition=Cognition.APPLIES, difficulty=0.0, enemies=frozenset(), directions=(),
        share=share,
    )  # fmt: skip
