"""An institution's own sheets and numbers: every version of a sheet is kept, and a certificate keeps its version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from uuid import UUID

from PIL import Image, UnidentifiedImageError
from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.certificates import layouts, numbers
from certengine.certificates.layouts import DEFAULT, Layout
from certengine.certificates.models import NumberRule, SheetDesign
from certengine.certificates.rules import CertificateKind
from certengine.foundation.errors import Invalid, NotFound, Problem
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger

LARGEST_PICTURE = 6_000_000
# A4 across at 200 dots to an inch; a seal of 5 cm at 400.
BACKGROUND, SEAL = (2338, 1654), (800, 800)
MOST_PIXELS = 60_000_000


@dataclass(frozen=True)
class Design:
    """What a sheet is set with; id None: the built-in one."""

    id: UUID | None
    layout: Layout
    background: bytes | None
    seal: bytes | None


def newest(session: Session, runtime: Runtime, organisation_id: UUID, kind: CertificateKind) -> Design:
    """The design in force."""
    row = newest_row(session, organisation_id, kind)
    return Design(None, DEFAULT, None, None) if row is None else opened(runtime, row)


def newest_row(session: Session, organisation_id: UUID, kind: CertificateKind) -> SheetDesign | None:
    return next(iter(versions(session, organisation_id, kind)), None)


def versions(session: Session, organisation_id: UUID, kind: CertificateKind) -> Sequence[SheetDesign]:
    """Newest first."""
    query = select(SheetDesign).where(SheetDesign.organisation_id == organisation_id, SheetDesign.kind == kind)
    return session.scalars(query.order_by(SheetDesign.version.desc())).all()


def opened(runtime: Runtime, row: SheetDesign) -> Design:
    pictures = [runtime.files.get(name) if name else None for name in (row.background, row.seal)]
    return Design(row.id, layouts.from_json(row.layout), pictures[0], pictures[1])


def version(session: Session, organisation_id: UUID, design_id: UUID) -> SheetDesign:
    """Raises NotFound, for another institution's too."""
    found = session.get(SheetDesign, design_id)
    if found is None or found.organisation_id != organisation_id:
        raise NotFound("certificate.no_design")
    return found


def save(
    session: Session,
    runtime: Runtime,
    organisation_id: UUID,
    kind: CertificateKind,
    layout: Layout,
    pictures: tuple[str, str],
    actor: str,
    now: datetime,
) -> SheetDesign:
    """The next version; pictures: names in the file store of background and seal, or empty. Raises Invalid naming each
    part that overlaps, leaves the sheet or is too small."""
    if found := layouts.problems(layout):
        raise Invalid(found)
    last = newest_row(session, organisation_id, kind)
    row = SheetDesign(
        organisation_id=organisation_id,
        kind=kind,
        version=last.version + 1 if last else 1,
        layout=layouts.to_json(layout),
        background=pictures[0] or None,
        seal=pictures[1] or None,
        created_at=now,
        created_by=actor,
    )
    session.add(row)
    session.flush()
    ledger.record(
        session,
        kind="certificate.design_saved",
        actor=actor,
        subject=f"organisation:{organisation_id}",
        now=now,
        private={"kind": kind.value, "version": row.version},
    )
    return row


def picture_of(content: bytes, *, seal: bool) -> bytes:
    """A picture as it is printed, no larger than print needs: a background as JPEG, a seal as PNG with what is
    transparent. Raises Invalid."""
    place = "seal_picture" if seal else "background_picture"
    try:
        if len(content) > LARGEST_PICTURE:
            raise ValueError
        picture = Image.open(BytesIO(content), formats=("PNG", "JPEG"))
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError
        made = picture.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Invalid([Problem(place, "certificate.picture")]) from None
    made.thumbnail(SEAL if seal else BACKGROUND)
    out = BytesIO()
    if seal:
        made.save(out, "PNG")
    else:
        ground = Image.new("RGB", made.size, "white")
        ground.paste(made, mask=made.getchannel("A"))
        ground.save(out, "JPEG", quality=82)
    return out.getvalue()


def pattern_of(session: Session, organisation_id: UUID) -> str:
    row = session.get(NumberRule, organisation_id)
    return row.pattern if row else numbers.DEFAULT


def set_pattern(session: Session, organisation_id: UUID, pattern: str, actor: str, now: datetime) -> None:
    """Of certificates issued from now on; those issued keep their numbers. Raises Invalid."""
    pattern = pattern.strip()
    if found := numbers.problems(pattern):
        raise Invalid(found)
    row = session.get(NumberRule, organisation_id, with_for_update=True)
    if row is None:
        row = NumberRule(organisation_id=organisation_id, pattern=pattern, set_at=now, set_by=actor)
        session.add(row)
    row.pattern, row.set_at, row.set_by = pattern, now, actor
    session.flush()
    ledger.record(
        session,
        kind="certificate.numbers_set",
        actor=actor,
        subject=f"organisation:{organisation_id}",
        now=now,
        public={"pattern": pattern},
    )
