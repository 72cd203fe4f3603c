"""Many certificates issued as a job that is killed half way and taken up again: no gap, no double."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from certengine.certificates import batches, jobs
from certengine.certificates.models import Certificate, CertificateBatchLine
from certengine.certificates.rules import CertificateContent
from certengine.foundation.errors import Invalid
from certengine.foundation.jobs import Job, JobState, resume_jobs, run_job
from certengine.foundation.runtime import Runtime
from certengine.people.models import DocumentType, Sex
from certengine.standards.rules import Level
from tests.certificates.factories import ISSUER, content, issued
from tests.factories import PASSWORD, account

__all__ = ["jobs"]
COUNT = 120


def asked(runtime: Runtime, count: int = COUNT) -> Job:
    with runtime.unit_of_work() as session:
        contents = [content(session, runtime, subject=f"registration:{number}") for number in range(count)]
        return batches.issue_batch(session, runtime, contents[0].organisation_id, contents, ISSUER, runtime.clock.now())


def serials(runtime: Runtime) -> list[tuple[int, str]]:
    with runtime.unit_of_work(read_only=True) as session:
        query = select(Certificate.serial, Certificate.subject).order_by(Certificate.serial)
        return [(serial, subject) for serial, subject in session.execute(query)]


def whole(count: int) -> list[tuple[int, str]]:
    """In order, without gap or double."""
    return [(number + 1, f"registration:{number}") for number in range(count)]


def test_a_job_issues_all_in_order_and_keeps_no_content(runtime: Runtime) -> None:
    job = asked(runtime)
    assert serials(runtime) == []
    assert run_job(runtime, job.id)
    assert serials(runtime) == whole(COUNT)
    with runtime.unit_of_work(read_only=True) as session:
        row = session.get_one(Job, job.id)
        lines = session.scalars(select(CertificateBatchLine)).all()
        assert row.state is JobState.DONE and (row.done, row.total) == (COUNT, COUNT)
        assert {line.content for line in lines} == {None} and len({line.certificate_id for line in lines}) == COUNT
        found = batches.certificates_of_subjects(session, [f"registration:{number}" for number in range(COUNT)])
        assert len(found) == COUNT


def test_a_process_killed_half_way_leaves_what_it_committed_and_another_goes_on(runtime: Runtime) -> None:
    job = asked(runtime)
    # The process dies without a word in the middle of its second batch, with certificates made and not committed.
    program = f"""
import os
from uuid import UUID
from certengine import rooms
from certengine.certificates.press import Press
from certengine.foundation.jobs import run_job
from certengine.foundation.runtime import current
rooms.load_models(); rooms.load_jobs()
issue, made = Press.issue, []
def dying(self, *arguments, **named):
    if len(made) == 70:
        os._exit(9)
    made.append(1)
    return issue(self, *arguments, **named)
Press.issue = dying
run_job(current(), UUID("{job.id}"))
"""
    known = runtime.settings
    environment = {
        **os.environ,
        "CERTENGINE_DATABASE_URL": known.database_url,
        "CERTENGINE_SECRET_KEY": known.secret_key,
        "CERTENGINE_DATA": str(known.data),
        "CERTENGINE_BASE_URL": known.base_url,
    }
    killed = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert killed.returncode == 9, killed.stderr
    assert serials(runtime) == whole(batches.BATCH)
    # Some other certificate is issued meanwhile.
    other = issued(runtime, subject="registration:other")
    assert other.serial == batches.BATCH + 1
    # The dead process spoke by the real clock; after its silence the job is anybody's.
    with runtime.unit_of_work() as session:
        session.get_one(Job, job.id).heard_at = runtime.clock.now() - timedelta(minutes=3)
    assert resume_jobs(runtime) == 1
    found = serials(runtime)
    assert [serial for serial, _subject in found] == list(range(1, COUNT + 2))
    assert [subject for _serial, subject in found if subject != "registration:other"] == [
        subject for _serial, subject in whole(COUNT)
    ]
    assert resume_jobs(runtime) == 0


def test_who_holds_one_already_gets_no_second(runtime: Runtime) -> None:
    held = issued(runtime, subject="registration:3")
    job = asked(runtime, 6)
    run_job(runtime, job.id)
    with runtime.unit_of_work(read_only=True) as session:
        lines = session.scalars(select(CertificateBatchLine).order_by(CertificateBatchLine.position)).all()
        assert lines[3].certificate_id == held.id
    assert len(serials(runtime)) == 6


def test_what_would_stop_it_half_way_is_said_before_it_begins(runtime: Runtime) -> None:
    with runtime.unit_of_work() as session:
        good = content(session, runtime)
        bad = replace(good, holder_name="王\U0002fffe", subject="registration:2")
        with pytest.raises(Invalid) as refused:
            batches.issue_batch(session, runtime, good.organisation_id, [good, bad], ISSUER, runtime.clock.now())
        assert refused.value.problems[0].place == "王\U0002fffe"
    with runtime.unit_of_work(read_only=True) as session:
        assert session.scalars(select(Job)).all() == []


def test_an_issuer_sees_how_far_it_is_and_others_do_not(runtime: Runtime, client: FlaskClient) -> None:
    job = asked(runtime, 60)
    account(runtime, "issuer", ["issuer"])
    account(runtime, "stranger", ["issuer"], institution="别的机构", code="OTHR")
    client.post("/sign-in", data={"login": "stranger", "password": PASSWORD})
    assert client.get(f"/certificates/batches/{job.id}").status_code == 404
    client.post("/sign-in", data={"login": "issuer", "password": PASSWORD})
    assert "0 / 60" in client.get(f"/certificates/batches/{job.id}").text
    assert "0 / 60" in client.get("/certificates").text
    run_job(runtime, job.id)
    answer = client.get(f"/certificates/batches/{job.id}/progress").get_json()
    assert answer == {"state": "done", "done": 60, "total": 60}
    assert "60" in client.get(f"/certificates/batches/{job.id}").text


scores = st.none() | st.integers(0, 10_000).map(lambda hundredths: Decimal(hundredths).scaleb(-2))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(min_size=1, max_size=12), scores, scores, st.sampled_from(Level), st.none() | st.dates(date(2026, 1, 1)))
def test_a_content_that_waits_loses_nothing(
    name: str, theory: Decimal | None, practical: Decimal | None, level: Level, expires_on: date | None
) -> None:
    from certengine.certificates.bench import content as example
    from certengine.foundation.ids import new_id

    made: CertificateContent = replace(
        example(new_id(), name),
        theory=theory,
        practical=practical,
        level=level,
        expires_on=expires_on,
        sex=Sex.FEMALE,
        document_type=DocumentType.PASSPORT,
    )
    assert batches.from_json(batches.to_json(made)) == made
