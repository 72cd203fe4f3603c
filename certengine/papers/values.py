"""The values of a draw: the rules that a paper follows, and the paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Protocol

from certengine.foundation.canonical import canonical_hash

ALGORITHM = "1"


class Option(Protocol):
    @property
    def id(self) -> str: ...


class Drawable(Protocol):
    """What the draw needs to know of a released item; bank.ReleasedItem has it."""

    @property
    def id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def type(self) -> Any: ...
    @property
    def outline(self) -> str: ...
    @property
    def directions(self) -> Sequence[str]: ...
    @property
    def cognition(self) -> Any: ...
    @property
    def difficulty(self) -> float: ...
    @property
    def discrimination(self) -> float: ...
    @property
    def guessing(self) -> float: ...
    @property
    def options(self) -> Sequence[Option]: ...
    @property
    def matches(self) -> Sequence[Option]: ...
    @property
    def fixed(self) -> frozenset[str]: ...
    @property
    def enemies(self) -> frozenset[str]: ...
    @property
    def family(self) -> str | None: ...


@dataclass(frozen=True)
class SectionRule:
    """So many items of a type, at so many points; partial is the rule for half-right answers ("none" or its name)."""

    type: str
    count: int
    points: Decimal
    partial: str = "none"

    @property
    def thousandths(self) -> int:
        return int(self.points.scaleb(3))


@dataclass(frozen=True)
class NodeRule:
    """An outline node with its weight and how many items of each section come from it."""

    node: str
    weight: Decimal
    counts: tuple[int, ...]


@dataclass(frozen=True)
class CognitionRule:
    """A paper has at least `low` and at most `high` items of this cognitive level."""

    level: str
    low: int
    high: int


@dataclass(frozen=True)
class Band:
    """A quantity of a paper stays within target ± band, in millionths (of a point, or of a unit of information)."""

    quantity: str
    target: int
    band: int


@dataclass(frozen=True)
class Caps:
    """What a paper maker may ask for besides the layout; see PaperRules."""

    exposure: int | None = None
    overlap: int | None = None
    forms: int = 0


@dataclass(frozen=True)
class PaperRules:
    """All that decides a paper besides the release, the seed and the registration."""

    field: str
    level: str
    direction: str | None
    release: str
    sections: tuple[SectionRule, ...]
    nodes: tuple[NodeRule, ...]
    cognition: tuple[CognitionRule, ...]
    bands: tuple[Band, ...]
    algorithm: str = ALGORITHM
    # Optional: an item is in at most so many of a hundred papers; neighbours share at most so many items; so many
    # fixed forms instead of a paper for each candidate (0).
    exposure: int | None = None
    overlap: int | None = None
    forms: int = 0

    def as_json(self) -> dict[str, Any]:
        caps = {"exposure": self.exposure, "overlap": self.overlap, "forms": self.forms or None}
        return {
            # Only what is asked for, so that rules without caps keep the hash that they always had.
            **{name: value for name, value in caps.items() if value is not None},
            "algorithm": self.algorithm,
            "field": self.field,
            "level": self.level,
            "direction": self.direction,
            "release": self.release,
            "sections": [
                {"type": s.type, "count": s.count, "points": str(s.points), "partial": s.partial} for s in self.sections
            ],
            "nodes": [{"node": n.node, "weight": str(n.weight), "counts": list(n.counts)} for n in self.nodes],
            "cognition": [{"level": c.level, "low": c.low, "high": c.high} for c in self.cognition],
            "bands": [{"quantity": b.quantity, "target": b.target, "band": b.band} for b in self.bands],
        }

    @property
    def minds_neighbours(self) -> bool:
        return self.overlap is not None or self.forms > 0

    @property
    def minds_others(self) -> bool:
        return self.minds_neighbours or self.exposure is not None

    @cached_property
    def hash(self) -> str:
        return canonical_hash(self.as_json())

    @property
    def items(self) -> int:
        return sum(section.count for section in self.sections)

    @property
    def points(self) -> Decimal:
        return sum((section.count * section.points for section in self.sections), Decimal(0))

    def node_points(self, node: NodeRule) -> Decimal:
        return sum((n * s.points for n, s in zip(node.counts, self.sections, strict=True)), Decimal(0))


def rules_from_json(value: Mapping[str, Any]) -> PaperRules:
    """Raises KeyError, TypeError or ValueError for what as_json never writes."""
    return PaperRules(
        field=str(value["field"]),
        level=str(value["level"]),
        direction=value["direction"],
        release=str(value["release"]),
        sections=tuple(
            SectionRule(each["type"], int(each["count"]), Decimal(each["points"]), each["partial"])
            for each in value["sections"]
        ),
        nodes=tuple(
            NodeRule(each["node"], Decimal(each["weight"]), tuple(int(n) for n in each["counts"]))
            for each in value["nodes"]
        ),
        cognition=tuple(
            CognitionRule(each["level"], int(each["low"]), int(each["high"])) for each in value["cognition"]
        ),
        bands=tuple(Band(each["quantity"], int(each["target"]), int(each["band"])) for each in value["bands"]),
        algorithm=str(value["algorithm"]),
        exposure=value.get("exposure"),
        overlap=value.get("overlap"),
        forms=int(value.get("forms", 0)),
    )


@dataclass(frozen=True)
class PaperItem:
    """An item in its place; options (and the right-hand sides of a matching item) are ids in shown order."""

    item: str
    version: int
    options: tuple[str, ...]
    points: Decimal
    section: int
    matches: tuple[str, ...] = ()


@dataclass(frozen=True)
class Paper:
    registration: str
    paper_hash: str
    items: tuple[PaperItem, ...]
    # At θ −1, 0 and 1, in points.
    expected: tuple[Decimal, Decimal, Decimal]
    # The letter of the fixed form that its items are from.
    form: str = ""
