"""What an export says was decided about bad items: which rulings marks must be under, and who decided them. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from certengine.ledger.archive import ArchivedEntry
from certengine.marking.rulings import Ruling, ruling_from

PROPOSED = "item.ruling_proposed"
DECIDED = "item.ruling_decided"
STATED = ("sitting", "item", "kind", "accepted")


@dataclass
class RulingLog:
    proposed: dict[str, ArchivedEntry] = field(default_factory=dict)
    decided: dict[str, ArchivedEntry] = field(default_factory=dict)

    def add(self, entry: ArchivedEntry) -> None:
        kept = self.proposed if entry.leaf["kind"] == PROPOSED else self.decided
        kept[entry.leaf["public"]["ruling"]] = entry

    def over(self, marks: ArchivedEntry) -> Sequence[Ruling] | None:
        """The rulings that marks say they are under; None where one was never decided, or one decided is left out."""
        public = marks.leaf["public"]
        named = public.get("rulings", [])
        mine = {
            name: entry for name, entry in self.decided.items() if entry.leaf["public"]["sitting"] == public["sitting"]
        }
        due = {name for name, entry in mine.items() if entry.leaf["at"] < marks.leaf["at"]}
        if not due <= set(named) <= set(mine):
            return None
        return [ruling_from(mine[name].leaf["public"]) for name in named]

    def checked(self, marks: Iterable[ArchivedEntry]) -> list[tuple[int, bool, dict[str, Any]]]:
        """(entry, holds, values) of each decision: proposed with the same words by another, and its marks were made."""
        made = {
            (name, entry.leaf["public"]["marks"]) for entry in marks for name in entry.leaf["public"].get("rulings", [])
        }
        found = []
        for name, entry in sorted(self.decided.items(), key=lambda each: each[1].index):
            public, first = entry.leaf["public"], self.proposed.get(name)
            holds = (
                first is not None
                and all(first.leaf["public"][each] == public[each] for each in STATED)
                and not _same_person(first, entry)
                and (name, public["marks"]) in made
            )
            found.append((entry.index, holds, {"sitting": public["sitting"], "item": public["item"]}))
        return found


def _same_person(first: ArchivedEntry, second: ArchivedEntry) -> bool:
    """False also where the export does not say who acted."""
    return bool(first.disclosed and second.disclosed and first.disclosed["actor"] == second.disclosed["actor"])
