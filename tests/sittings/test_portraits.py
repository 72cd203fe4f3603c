"""A face is kept as long as something shows it, and no longer; a list of people for a day."""

from datetime import timedelta
from io import BytesIO

from PIL import Image
from sqlalchemy.orm import Session

from certengine.foundation import held_files, jobs
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.people import privacy
from certengine.people.models import Person
from certengine.sittings import applications, importing, service
from certengine.sittings.models import Application, Registration
from tests.sittings.factories import OFFICER, facts, plan
from tests.sittings.test_applications import apply, open_plan
from tests.sittings.test_applications import facts as applicant


def face(colour: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (358, 478), colour).save(out, "JPEG")
    return out.getvalue()


def digests(runtime: Runtime) -> set[str]:
    return set(runtime.files.digests())


def test_a_replaced_portrait_goes_unless_somebody_still_shows_it(runtime: Runtime) -> None:
    with runtime.unit_of_work() as session:
        made = plan(session, runtime)
        one, two = (
            service.register(session, runtime.cipher, made, facts(serial), OFFICER, runtime.clock.now())[0]
            for serial in (1, 2)
        )
        importing.set_photo(session, runtime, one, face("blue"))
        importing.set_photo(session, runtime, two, face("blue"))
    first = digests(runtime)
    with runtime.unit_of_work() as session:
        importing.set_photo(session, runtime, session.get_one(Registration, one.id), face("red"))
    assert digests(runtime) > first
    with runtime.unit_of_work() as session:
        importing.set_photo(session, runtime, session.get_one(Registration, two.id), face("red"))
    assert not digests(runtime) & first and len(digests(runtime)) == 1


def test_an_applicants_portraits_go_with_the_person(runtime: Runtime) -> None:
    with runtime.unit_of_work() as session:
        made = open_plan(session, runtime)
        found = apply(session, runtime, made, 1)
        applications.accept(session, runtime, found, OFFICER, runtime.clock.now(), originals_seen=True)
        person = _holder(session, found)
        # The candidate shows another face than the one that was applied with.
        importing.set_photo(session, runtime, session.get_one(Registration, found.registration_id), face("red"))
    assert len(digests(runtime)) == 2
    with runtime.unit_of_work() as session:
        privacy.forget(session, runtime, session.get_one(Person, person.id))
    assert digests(runtime) == set()


def _holder(session: Session, found: Application) -> Person:
    return session.get_one(Person, session.get_one(Registration, found.registration_id).person_id)


def test_who_sends_another_picture_leaves_the_first_one_nowhere(runtime: Runtime) -> None:
    with runtime.unit_of_work() as session:
        made, now = open_plan(session, runtime), runtime.clock.now()
        found = apply(session, runtime, made, 1)
        applications.decline(session, found, "照片不清楚", final=False, actor=OFFICER, now=now)
    first = digests(runtime)
    with runtime.unit_of_work() as session:
        applications.apply(session, runtime, session.merge(made), applicant(1), face("red"), now)
    assert len(digests(runtime)) == 1 and not digests(runtime) & first


def test_a_list_that_was_looked_at_is_gone_a_day_later(runtime: Runtime, clock: SetClock) -> None:
    with runtime.unit_of_work() as session:
        digest = held_files.hold(session, runtime, b"a list of people", runtime.clock.now())
    clock.advance(hours=23)
    assert jobs.resume_jobs(runtime) == 0 and digests(runtime) == {digest}
    clock.advance(hours=2)
    assert jobs.resume_jobs(runtime) == 1 and digests(runtime) == set()
    assert timedelta(days=1) == held_files.HELD
