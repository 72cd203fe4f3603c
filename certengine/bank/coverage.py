"""A bank against its outline: how many items hang on each point, beside what the weights ask for."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from certengine.bank.rules import Entry, Family, Item, PracticalTask
from certengine.bank.summary import BANDS, band
from certengine.standards.rules import Level, Node, Part, Standard


@dataclass(frozen=True)
class CoverageRow:
    """One node of the outline: a head with its weight, or a leaf with its items."""

    node: Node
    depth: int
    leaf: bool
    weight: Decimal | None
    items: int
    families: int
    tasks: int
    types: dict[str, int]
    bands: tuple[tuple[str, int], ...]
    # The share of all items and of the weights, in percent; None where the node has no weight of its own.
    share: int


def coverage_of(entries: Sequence[Entry], standard: Standard, level: Level) -> list[CoverageRow]:
    weights = standard.weights(level, Part.THEORY)
    total = sum(not isinstance(each, PracticalTask) for each in entries) or 1
    rows = []
    for node in standard.nodes():
        if not any(level in each.levels for each in node.walk()):
            continue
        here = [each for each in entries if _under(each, node.id)]
        items = [each for each in here if isinstance(each, Item)]
        families = sum(isinstance(each, Family) for each in here)
        bands = Counter(band(item.difficulty) for item in items)
        rows.append(
            CoverageRow(
                node=node,
                depth=node.id.count("."),
                leaf=not node.children,
                weight=weights.get(node.id),
                items=len(items),
                families=families,
                tasks=sum(isinstance(each, PracticalTask) for each in here),
                types=dict(Counter(item.type.value for item in items)),
                bands=tuple((name, bands[name]) for name, _below in BANDS),
                share=round(100 * (len(items) + families) / total),
            )
        )
    return rows


def _under(entry: Entry, node: str) -> bool:
    if isinstance(entry, PracticalTask):
        leaves = entry.outline
    else:
        leaves = (entry.outline,) if isinstance(entry, Item) else (str(entry.template.get("outline") or ""),)
    return any(leaf == node or leaf.startswith(f"{node}.") for leaf in leaves)
