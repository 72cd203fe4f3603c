"""Draws and marks done again from an export of the ledger, by whoever does not trust who did them. Pure."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from certengine.bank.release_file import ReleaseFile
from certengine.foundation.canonical import canonical_hash
from certengine.foundation.errors import Invalid
from certengine.ledger.archive import ArchivedEntry
from certengine.marking.rules import item_score
from certengine.marking.rulings import Ruling, ruled, total
from certengine.oversight.ruling_log import DECIDED, PROPOSED, RulingLog
from certengine.oversight.written import WrittenLog, is_whole, shares
from certengine.papers.beside import FORM, Earlier, Surroundings
from certengine.papers.commitments import COMMITTED, DISCLOSED, SEED_COMMITTED, neighbours_hash
from certengine.papers.rules import Paper, draw
from certengine.papers.values import PaperRules, rules_from_json


@dataclass(frozen=True)
class Finding:
    """What was done again. holds None: it could not be, for the reason that the code names."""

    entry: int
    code: str
    holds: bool | None
    values: Mapping[str, Any]


@dataclass
class _Draw:
    entry: int
    sitting: str
    seed_hash: str
    rules: PaperRules
    commitments: dict[int, tuple[int, list[str]]]
    registrations: dict[int, list[str]]
    neighbours: dict[int, list[list[int]]] = field(default_factory=dict)
    neighbour_hashes: dict[int, str] = field(default_factory=dict)
    seed: str = ""


def replay(entries: Iterable[ArchivedEntry], releases: Mapping[str, ReleaseFile]) -> list[Finding]:
    """releases: digest → the release. Marks are done again where the export discloses scripts and marks."""
    draws: dict[str, _Draw] = {}
    scripts: dict[str, dict[str, Any]] = {}
    marks: list[ArchivedEntry] = []
    people, rulings = WrittenLog(), RulingLog()
    for entry in entries:
        kind, public = entry.leaf["kind"], entry.leaf["public"]
        people.take(entry)
        if kind == SEED_COMMITTED:
            rules = rules_from_json(public["rules"])
            draws[public["draw"]] = _Draw(entry.index, public["sitting"], public["seed_hash"], rules, {}, {})
        elif kind == COMMITTED and public["draw"] in draws:
            draws[public["draw"]].commitments[public["batch"]] = entry.index, public["commitments"]
            draws[public["draw"]].neighbour_hashes[public["batch"]] = public.get("neighbours", "")
        elif kind == DISCLOSED and public["draw"] in draws:
            draws[public["draw"]].seed = public["seed"]
            draws[public["draw"]].registrations[public["batch"]] = public["registrations"]
            draws[public["draw"]].neighbours[public["batch"]] = public.get("neighbours", [])
        elif kind == "attempt.submitted" and entry.disclosed:
            scripts[entry.disclosed["private"]["registration"] + public["sitting"]] = entry.disclosed["private"]
        elif kind in (PROPOSED, DECIDED):
            rulings.add(entry)
        elif kind == "marks.computed":
            marks.append(entry)
    findings: list[Finding] = []
    papers: dict[str, dict[str, Paper]] = defaultdict(dict)
    for each in draws.values():
        findings.extend(_drawn_again(each, releases, papers[each.sitting]))
    rules_of = {each.sitting: each.rules for each in draws.values()}
    for entry in marks:
        findings.append(_marked_again(entry, scripts, papers, rules_of, releases, rulings.over(entry)))
        if "written" in entry.leaf["public"]:
            findings.append(_written_again(entry, people, scripts))
    findings.extend(Finding(index, "replay.ruling", holds, values) for index, holds, values in rulings.checked(marks))
    return findings


def _drawn_again(each: _Draw, releases: Mapping[str, ReleaseFile], papers: dict[str, Paper]) -> Iterable[Finding]:
    values = {"sitting": each.sitting}
    if not each.seed:
        yield Finding(each.entry, "replay.not_disclosed", None, values)
        return
    seed = bytes.fromhex(each.seed)
    yield Finding(each.entry, "replay.seed", hashlib.sha256(seed).hexdigest() == each.seed_hash, values)
    release = releases.get(each.rules.release)
    if release is None:
        yield Finding(each.entry, "replay.no_release", None, {"release": each.rules.release})
        return
    everyone: list[str] = []
    earlier: dict[str, Earlier] = {}
    for batch, (entry, commitments) in sorted(each.commitments.items()):
        names = each.registrations.get(batch, [])
        everyone.extend(names)
        try:
            pairs = [(everyone[one], everyone[other]) for one, other in each.neighbours.get(batch, [])]
            drawn = draw(release.items, each.rules, seed, names, Surroundings(tuple(pairs), earlier))
        except (Invalid, IndexError):
            drawn = []
        papers.update({paper.registration: paper for paper in drawn})
        earlier |= {paper.registration: Earlier(tuple(i.item for i in paper.items), paper.form) for paper in drawn}
        same = sorted(paper.paper_hash for paper in drawn) == sorted(commitments)
        stated = [(one, other) for one, other in each.neighbours.get(batch, [])]
        same = same and each.neighbour_hashes.get(batch, "") in ("", neighbours_hash(stated))
        yield Finding(entry, "replay.papers", same, {**values, "count": len(commitments)})


def _answered(papers: Mapping[str, Paper], registration: str, paper_hash: str) -> Paper | None:
    """Their own paper, or a printed form of the same sitting; None where the script names no such paper."""
    theirs = [paper for name, paper in papers.items() if name == registration or name.startswith(FORM)]
    return next((paper for paper in theirs if paper.paper_hash == paper_hash), None)


def _marked_again(
    entry: ArchivedEntry,
    scripts: Mapping[str, dict[str, Any]],
    papers: Mapping[str, Mapping[str, Paper]],
    rules_of: Mapping[str, PaperRules],
    releases: Mapping[str, ReleaseFile],
    rulings: Sequence[Ruling] | None,
) -> Finding:
    sitting = entry.leaf["public"]["sitting"]
    values = {"sitting": sitting, "count": entry.leaf["public"]["count"]}
    if entry.disclosed is None or not papers.get(sitting):
        return Finding(entry.index, "replay.marks_closed", None, values)
    stated: dict[str, Any] = entry.disclosed["private"]["marks"]
    written: dict[str, Any] = entry.disclosed["private"].get("written", {})
    hashed = canonical_hash(written) if written else None
    if canonical_hash(stated) != entry.leaf["public"]["marks"] or hashed != entry.leaf["public"].get("written"):
        return Finding(entry.index, "replay.marks_hash", False, values)
    if rulings is None:
        return Finding(entry.index, "replay.marks_rulings", False, values)
    rules = rules_of[sitting]
    items = {item.id: item for item in releases[rules.release].items}
    for registration, mark in stated.items():
        script = scripts.get(registration + sitting)
        paper = _answered(papers[sitting], registration, script["paper_hash"]) if script else None
        if script is None or paper is None:
            return Finding(entry.index, "replay.marks", False, {**values, "registration": registration})
        earned = [
            item_score(
                items[placed.item],
                script["answers"].get(placed.item),
                placed.points,
                rules.sections[placed.section].partial,
                shares(written, registration, placed.item),
            )
            for placed in paper.items
        ]
        whole = all(
            is_whole(items[each.item], script["answers"].get(each.item), shares(written, registration, each.item))
            for each in paper.items
        )
        partial = [section.partial for section in rules.sections]
        by_item = {placed.item: score for placed, score in zip(paper.items, earned, strict=True)}
        people = {placed.item: shares(written, registration, placed.item) for placed in paper.items}
        after = ruled(paper.items, by_item, script["answers"], rulings, items, partial, people)
        again = {item: int(score.scaleb(2)) for item, score in after.items()}
        score = total({placed.item: placed.points for placed in paper.items}, after)
        if not whole or again != mark["items"] or f"{score:.2f}" != mark["score"]:
            return Finding(entry.index, "replay.marks", False, {**values, "registration": registration})
    return Finding(entry.index, "replay.marks", True, values)


def _written_again(entry: ArchivedEntry, people: WrittenLog, scripts: Mapping[str, dict[str, Any]]) -> Finding:
    """Whether what the totals took from people is what their marks, each in an entry of its own, had come to."""
    sitting = entry.leaf["public"]["sitting"]
    values = {"sitting": sitting}
    if entry.disclosed is None or sitting in people.closed:
        return Finding(entry.index, "replay.written_closed", None, values)
    again = people.settled(sitting, datetime.fromisoformat(entry.leaf["at"]))
    same = sitting not in people.false and again == entry.disclosed["private"].get("written")
    for registration, item, part in people.blank(sitting):
        answer = scripts.get(registration + sitting, {}).get("answers", {}).get(item)
        text = answer.get(part) if part and isinstance(answer, dict) else answer
        same = same and not (isinstance(text, str) and text.strip())
    return Finding(entry.index, "replay.written", same, {**values, "count": sum(len(each) for each in again.values())})
