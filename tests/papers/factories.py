"""Banks for the draw, made without chance so that golden vectors can stand on them."""

from dataclasses import dataclass
from decimal import Decimal

from certengine.papers.making import make_rules
from certengine.papers.rules import PaperRules, SectionRule

RELEASE = "11" * 32


@dataclass(frozen=True)
class AnOption:
    id: str


@dataclass(frozen=True)
class AnItem:
    id: str
    type: str = "single"
    outline: str = "1.1"
    cognition: str = "knows"
    difficulty: float = 0.0
    discrimination: float = 1.0
    guessing: float = 0.0
    options: tuple[AnOption, ...] = tuple(AnOption(letter) for letter in "abcd")
    matches: tuple[AnOption, ...] = ()
    fixed: frozenset[str] = frozenset()
    enemies: frozenset[str] = frozenset()
    family: str | None = None
    directions: tuple[str, ...] = ()
    version: int = 1


def options(letters: str) -> tuple[AnOption, ...]:
    return tuple(AnOption(letter) for letter in letters)


OPTIONS = {
    "single": options("abcd"),
    "multiple": options("abcde"),
    "judgement": (AnOption("true"), AnOption("false")),
    "matching": options("abc"),
}
WEIGHTS = {"1": Decimal(20), "2.1": Decimal(30), "2.2": Decimal(10), "3": Decimal(40)}
SECTIONS = (
    SectionRule("single", 12, Decimal("1.5")),
    SectionRule("multiple", 5, Decimal("2.5"), "half"),
    SectionRule("judgement", 6, Decimal(1)),
    SectionRule("matching", 2, Decimal(3)),
)


def spread(number: int, count: int) -> float:
    """Difficulties from −2 to 2 in a fixed scatter, with two decimals."""
    return round(((number * 389) % count) / count * 4 - 2, 2)


def bank(size: int = 240) -> list[AnItem]:
    """Items over four nodes and four types, with enemies, fixed options, families and matches among them."""
    nodes = ("1.1", "1.2", "2.1.1", "2.2.3", "3.1.1", "3.2")
    kinds = ("single", "single", "single", "multiple", "judgement", "matching")
    made = []
    for number in range(size):
        kind = kinds[(number // len(nodes)) % len(kinds)]
        made.append(
            AnItem(
                id=f"t-j-{number:03}",
                type=kind,
                outline=nodes[number % len(nodes)],
                cognition=("knows", "understands", "applies")[number % 7 % 3],
                difficulty=spread(number, size),
                discrimination=1 + (number % 5 - 2) / 10,
                guessing=0.2 if kind == "single" else 0.0,
                options=OPTIONS[kind],
                matches=options("pqrs") if kind == "matching" else (),
                fixed=frozenset("d") if kind == "single" and number % 4 == 0 else frozenset(),
                enemies=frozenset({f"t-j-{number + 36:03}"}) if number % 9 == 0 and number + 36 < size else frozenset(),
                family=f"t-j-f{number // 90:02}" if number % 30 == 7 else None,
            )
        )
    return made


def rules(items: list[AnItem] | None = None) -> PaperRules:
    return make_rules(
        items or bank(),
        release=RELEASE,
        field="testing",
        level="junior",
        direction=None,
        sections=SECTIONS,
        weights=WEIGHTS,
    )
