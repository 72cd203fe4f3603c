"""The regulation on misconduct, read from a file: the acts, the tiers that they come under, and the time to object."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from certengine.conduct import problems
from certengine.conduct.rules import Act, Tier, Voids
from certengine.foundation.errors import Invalid, Problem
from certengine.foundation.runtime import current
from certengine.standards.marked_yaml import MarkedDict, load, read

__all__ = ["problems"]
OWN = Path(__file__).with_name("misconduct.yaml")
FOREVER = "forever"


@dataclass(frozen=True)
class Regulation:
    """tiers and acts by their codes, in the order of the file."""

    tiers: Mapping[str, Tier]
    acts: Mapping[str, Act]
    objection_time: timedelta


def regulation() -> Regulation:
    """That of this installation."""
    return _read(current().settings.misconduct or OWN)


def read_regulation(path: Path) -> Regulation:
    """Raises Invalid naming FILE:LINE of what is wrong."""
    found = load(read(path), path.name)
    faults: list[Problem] = []
    tiers, acts, days = (_part(found, name, kind, path, faults) for name, kind in PARTS)
    if type(days) is int and not 0 < days <= 90:
        faults.append(_fault(path, found.lines["objection_days"], "conduct.file_days"))
    made = {code: _tier(code, facts, tiers.lines[code], path, faults) for code, facts in (tiers or {}).items()}
    known = {code: _act(code, facts, acts.lines[code], set(made), path, faults) for code, facts in (acts or {}).items()}
    if faults:
        raise Invalid(faults)
    return Regulation(
        {code: tier for code, tier in made.items() if tier},
        {code: act for code, act in known.items() if act},
        timedelta(days=days),
    )


_read = cache(read_regulation)
PARTS: tuple[tuple[str, type], ...] = (("tiers", MarkedDict), ("acts", MarkedDict), ("objection_days", int))


def _part(found: Any, name: str, kind: type, path: Path, faults: list[Problem]) -> Any:
    value = found.get(name) if isinstance(found, MarkedDict) else None
    if type(value) is not kind or not value:
        line = found.lines.get(name, 1) if isinstance(found, MarkedDict) else 1
        faults.append(_fault(path, line, "conduct.file_part", name=name))
        return None
    return value


def _tier(code: str, facts: Any, line: int, path: Path, faults: list[Problem]) -> Tier | None:
    years = facts.get("record_years") if isinstance(facts, MarkedDict) else None
    voids = {each.value: each for each in Voids}.get(str(facts.get("voids"))) if isinstance(facts, MarkedDict) else None
    good = voids is not None and (years == FOREVER or (type(years) is int and 0 <= years <= 50))
    if not good or voids is None or not _named(facts):
        faults.append(_fault(path, line, "conduct.file_tier", name=code))
        return None
    return Tier(code, facts["zh"], facts["en"], voids, None if years == FOREVER else years)


def _act(code: str, facts: Any, line: int, tiers: set[str], path: Path, faults: list[Problem]) -> Act | None:
    if not isinstance(facts, MarkedDict) or not _named(facts) or facts.get("tier") not in tiers or len(code) > 40:
        faults.append(_fault(path, line, "conduct.file_act", name=code))
        return None
    return Act(code, facts["zh"], facts["en"], facts["tier"])


def _named(facts: Mapping[str, Any]) -> bool:
    return all(isinstance(facts.get(name), str) and facts[name].strip() for name in ("zh", "en"))


def _fault(path: Path, line: int, code: str, **values: Any) -> Problem:
    return Problem(f"{path.name}:{line}", code, values)
