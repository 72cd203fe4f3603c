"""Bringing lists and photographs in: looked at first, then applied as the user chose."""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from pathlib import PurePosixPath
from uuid import UUID

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, Problem
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people import service as people
from certengine.people.models import DocumentType
from certengine.people.rules import parse_document
from certengine.sittings import portraits, service
from certengine.sittings.candidate_list import CandidateList, read_candidates
from certengine.sittings.models import ExamPlan, Registration
from certengine.sittings.service import CandidateFacts

LARGEST_PHOTO = 10 * 1024 * 1024
PHOTO_SIZE = (358, 478)


@dataclass(frozen=True)
class Imported:
    added: int
    unchanged: int
    refused: int


def look(content: bytes, name: str, now: datetime) -> CandidateList:
    return read_candidates(content, name, now.astimezone(CHINA).date())


def apply(
    session: Session,
    runtime: Runtime,
    plan: ExamPlan,
    content: bytes,
    name: str,
    *,
    keep_good: bool,
    actor: str,
    now: datetime,
) -> Imported:
    """Registers the rows. Raises Invalid with every fault, and registers nobody, unless keep_good was chosen."""

    def register(facts: CandidateFacts) -> bool:
        return service.register(session, runtime.cipher, plan, facts, actor, now)[1]

    done = each_row(look(content, name, now), name, register, keep_good=keep_good)
    ledger.record(
        session,
        kind="candidates.imported",
        actor=actor,
        subject=f"exam_plan:{plan.id}",
        now=now,
        public={"added": done.added, "unchanged": done.unchanged, "refused": done.refused},
        private={"sha256": sha256(content).hexdigest(), "name": name},
    )
    return done


def each_row(found: CandidateList, name: str, act: Callable[[CandidateFacts], bool], *, keep_good: bool) -> Imported:
    """Acts for each good row; `act` says whether it was new. Raises Invalid with every fault unless keep_good."""
    problems = list(found.problems)
    added = unchanged = 0
    for row in found.rows:
        try:
            new = act(row.facts)
        except Invalid as error:
            problems.extend(
                Problem(f"{name}:{row.number}", each.code, {**each.values, "row": row.number})
                for each in error.problems
            )
        except Conflict as error:
            problems.append(Problem(f"{name}:{row.number}", error.code, {**error.values, "row": row.number}))
        else:
            added += new
            unchanged += not new
    if problems and not keep_good:
        raise Invalid(problems)
    if not added and not unchanged:
        raise Invalid([*problems, Problem(name, "candidates.nothing_good")])
    return Imported(added, unchanged, len({problem.values["row"] for problem in problems}))


def set_photo(session: Session, runtime: Runtime, registration: Registration, content: bytes) -> None:
    """Raises Invalid for what is no picture."""
    portraits.replace(session, runtime, registration.person_id, runtime.files.put(portrait(content)))


def add_photos(
    session: Session, runtime: Runtime, exam_plan_id: UUID, content: bytes, now: datetime
) -> tuple[int, list[Problem]]:
    """Pictures from a ZIP, each named by ticket or document number; (how many, what was wrong with the others)."""
    rows = session.scalars(
        select(Registration).options(joinedload(Registration.person)).where(Registration.exam_plan_id == exam_plan_id)
    ).all()
    find = by_number(runtime, rows, now)
    done = 0
    problems: list[Problem] = []
    for name, picture in members(content, LARGEST_PHOTO):
        stem = PurePosixPath(name).stem.strip()
        row = find(stem)
        if row is None:
            problems.append(Problem(name, "photos.nobody", {"name": stem}))
            continue
        try:
            set_photo(session, runtime, row, picture)
            done += 1
        except Invalid as error:
            problems.extend(Problem(name, each.code, each.values) for each in error.problems)
    return done, problems


def by_number(runtime: Runtime, rows: Sequence[Registration], now: datetime) -> Callable[[str], Registration | None]:
    """Finds one of the registrations by its ticket or document number; the persons are loaded already."""
    by_ticket = {row.ticket_number: row for row in rows}
    by_document = {row.person.document_index: row for row in rows}

    def find(text: str) -> Registration | None:
        known = indexes(runtime, text, now)
        return by_ticket.get(text) or next((by_document[each] for each in known if each in by_document), None)

    return find


def indexes(runtime: Runtime, number: str, now: datetime) -> Iterator[str]:
    """Under which a document with this number may be known, by its kind."""
    for kind in DocumentType:
        parsed = parse_document(kind, number, now.date())
        if not isinstance(parsed, str):
            yield people.document_index(runtime.cipher, kind, parsed[0])


def members(content: bytes, largest: int) -> Iterator[tuple[str, bytes]]:
    """The files of an archive that somebody made, by their names. Raises Invalid for one that is larger, or no archive."""
    try:
        yield from _members(zipfile.ZipFile(BytesIO(content)), largest)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        raise Invalid([Problem("", "photos.unreadable")]) from None


def _members(archive: zipfile.ZipFile, largest: int) -> Iterator[tuple[str, bytes]]:
    for member in archive.infolist():
        hidden = PurePosixPath(member.filename).name.startswith(".") or member.filename.startswith("__MACOSX")
        if member.is_dir() or hidden:
            continue
        if member.file_size > largest:
            raise Invalid([Problem(member.filename, "photos.too_large")])
        yield _named(member), archive.read(member)


def _named(member: zipfile.ZipInfo) -> str:
    """The name as it was typed: archives made on Chinese Windows hold GBK without saying so."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gbk")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return member.filename


def portrait(content: bytes) -> bytes:
    """The picture upright, cut to 3:4 and written anew, so that nothing else that the file held is kept."""
    return _written(ImageOps.fit(_upright(content), PHOTO_SIZE))


def photograph(content: bytes) -> bytes:
    """A picture of whatever it is, upright, at most 2,000 pixels wide and high, without place and camera."""
    picture = _upright(content)
    picture.thumbnail((2000, 2000))
    return _written(picture)


def _upright(content: bytes) -> Image.Image:
    try:
        with Image.open(BytesIO(content)) as image:
            if image.width * image.height > 60_000_000:
                raise Invalid([Problem("", "photos.too_large")])
            return ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        raise Invalid([Problem("", "photos.not_an_image")]) from None


def _written(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=88)
    return out.getvalue()
