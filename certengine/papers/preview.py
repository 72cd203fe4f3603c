"""What a release would give: a thousand papers simulated under its rules, and one of them to read."""

from dataclasses import dataclass

from certengine.bank.service import ReleaseView
from certengine.papers import service
from certengine.papers.rules import Paper, PaperRules, draw, simulate
from certengine.papers.statistics import Statistics, of_sample

SIMULATED = 1000
# Not a secret: no sitting ever draws with it, for a sitting's seed is 32 random bytes.
SEED = b"preview"


@dataclass(frozen=True)
class Preview:
    rules: PaperRules
    figures: Statistics
    paper: Paper
    stems: dict[str, str]


def preview(release: ReleaseView, direction: str | None) -> Preview:
    """Raises Invalid with the shortfalls."""
    rules = service.rules_for(release.field, release.level, direction, release.items, release.digest)
    drawn = simulate(release.items, rules, SEED, [f"preview {number}" for number in range(SIMULATED)])
    (paper,) = draw(release.items, rules, SEED, ["preview 0"])
    return Preview(rules, of_sample(drawn), paper, {item.id: item.stem for item in release.items})
