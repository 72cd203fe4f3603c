"""What people's marks of written answers come to, done again from the entries in which they were kept. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from certengine.bank.rules import Item
from certengine.foundation.canonical import canonical_hash
from certengine.ledger.archive import ArchivedEntry
from certengine.marking.answer_models import MarkingMode
from certengine.marking.answer_rules import NOTHING, TOLERANCE, fraction_text, pieces, settle, wanted_marks

# registration → item → part → "13/20"
Written = dict[str, dict[str, dict[str, str]]]
MARKED = ("answers.marked", "answers.dispute_decided")


@dataclass(frozen=True)
class _Mark:
    marker: str
    number: int
    at: datetime
    share: Fraction


@dataclass(frozen=True)
class _Place:
    registration: str
    item: str
    part: str
    blank: bool


class WrittenLog:
    """The entries of people's marking, sitting by sitting."""

    def __init__(self) -> None:
        self._places: dict[str, dict[str, _Place]] = defaultdict(dict)
        self._marks: dict[str, dict[str, list[_Mark]]] = defaultdict(lambda: defaultdict(list))
        self._returned: dict[str, list[tuple[str, str, int, datetime]]] = defaultdict(list)
        self._modes: dict[tuple[str, str, str], tuple[MarkingMode, int]] = {}
        # Sittings of which something is not disclosed, and those where a content is not what its hash says.
        self.closed: set[str] = set()
        self.false: set[str] = set()

    def take(self, entry: ArchivedEntry) -> None:
        kind, public = entry.leaf["kind"], entry.leaf["public"]
        if kind not in ("answers.opened", "answers.mode_set", "answers.sent_back", *MARKED):
            return
        sitting = public["sitting"]
        if entry.disclosed is None:
            self.closed.add(sitting)
            return
        private = entry.disclosed["private"]
        if kind == "answers.mode_set":
            mode = MarkingMode(public["mode"]), public["tolerance"]
            self._modes[sitting, private["item"], private["part"]] = mode
            return
        name = "answers" if kind == "answers.opened" else "marks"
        if canonical_hash(private[name]) != public[name]:
            self.false.add(sitting)
        elif kind == "answers.opened":
            self._places[sitting] |= {code: _Place(*place) for code, place in private[name].items()}
        elif kind == "answers.sent_back":
            at = datetime.fromisoformat(entry.leaf["at"])
            self._returned[sitting].extend((code, marker, number, at) for code, marker, number in private[name])
        else:
            for each in private[name]:
                share = sum((Fraction(given) for given in each["points"].values()), NOTHING) / Fraction(each["whole"])
                mark = _Mark(private["marker"], each["number"], datetime.fromisoformat(each["at"]), share)
                self._marks[sitting][each["code"]].append(mark)

    def blank(self, sitting: str) -> set[tuple[str, str, str]]:
        """(registration, item, part) of what was settled as blank."""
        return {(each.registration, each.item, each.part) for each in self._places[sitting].values() if each.blank}

    def settled(self, sitting: str, until: datetime) -> Written:
        """What had come of the marks at a time; what waited for marks is left out."""
        found: Written = {}
        for code, place in self._places[sitting].items():
            share = NOTHING if place.blank else self._share(sitting, code, place, until)
            if share is not None:
                items = found.setdefault(place.registration, {})
                items.setdefault(place.item, {})[place.part] = fraction_text(share)
        return found

    def _share(self, sitting: str, code: str, place: _Place, until: datetime) -> Fraction | None:
        given = [each for each in self._marks[sitting][code] if each.at <= until]
        newest: dict[str, _Mark] = {each.marker: each for each in sorted(given, key=lambda mark: mark.number)}
        for returned, marker, number, at in self._returned[sitting]:
            if returned == code and at <= until and marker in newest and newest[marker].number <= number:
                del newest[marker]
        mode, tolerance = self._modes.get((sitting, place.item, place.part), (MarkingMode.SINGLE, TOLERANCE))
        return settle([each.share for each in newest.values()], wanted_marks(mode), Fraction(tolerance, 100)).share


def shares(written: Mapping[str, Any], registration: str, item: str) -> dict[str, Fraction]:
    """part → the part of its points that people gave."""
    return {part: Fraction(share) for part, share in written.get(registration, {}).get(item, {}).items()}


def is_whole(item: Item, answer: Any, given: Mapping[str, Fraction]) -> bool:
    """Whether people marked all that they had to in an answer: nothing written was left out of the marking."""
    return all(part in given or not text.strip() for part, text in pieces(item, answer))
