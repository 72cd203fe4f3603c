"""Where rooms above join in: what they look at before a release, and what they do with an analysis.

They know marking, and it does not know them: each adds a function when its module is loaded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from certengine.marking.sitting_report import Report


@dataclass(frozen=True)
class Check:
    """blocks: no release while it stands; otherwise the proposer says in a note what was found."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)
    blocks: bool = False


# exam plan → what speaks against the release of its results.
ReleaseChecks = Callable[[Session, UUID], list[Check]]
# What is done with a sitting's report, in the transaction that keeps it.
AnalysisTaker = Callable[[Session, UUID, Report, datetime], None]
release_checks: list[ReleaseChecks] = []
analysis_takers: list[AnalysisTaker] = []
