"""Which documents prove that a candidate meets the conditions. Pure."""

import enum
from collections.abc import Collection, Iterable

from certengine.standards.rules import ConditionVerdict, Judgement


class ProofKind(enum.Enum):
    HOURS = "hours"
    DEGREE = "degree"
    TITLE = "title"
    WORK = "work"
    CERTIFICATE = "certificate"
    OTHER = "other"


# What proves each kind of condition (standard.yaml, eligibility).
PROVES = {
    "hours": ProofKind.HOURS,
    "degree": ProofKind.DEGREE,
    "final_year": ProofKind.DEGREE,
    "related": ProofKind.DEGREE,
    "title": ProofKind.TITLE,
    "years": ProofKind.WORK,
    "certificate": ProofKind.CERTIFICATE,
}


def proof_of(condition: ConditionVerdict) -> ProofKind:
    return PROVES[condition.kind]


def missing(judgement: Judgement, have: Collection[ProofKind]) -> list[ProofKind]:
    """What is still wanted: proof of what all need, and of the one met combination that wants the least besides.

    Of conditions that are not met nothing is wanted: no document would help.
    """
    required = _kinds(judgement.required)
    ways = [_kinds(each.conditions) for each in judgement.alternatives if each.met]
    way = min(ways, key=lambda kinds: len([each for each in kinds if each not in have]), default=[])
    wanted = dict.fromkeys([*required, *way])
    return [each for each in wanted if each not in have]


def _kinds(conditions: Iterable[ConditionVerdict]) -> list[ProofKind]:
    return list(dict.fromkeys(proof_of(each) for each in conditions if each.met))
