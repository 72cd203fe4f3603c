from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from certengine.delivery import service
from certengine.delivery.journal import Arrived, Journal, Saved
from certengine.delivery.models import AnswerEntry, Attempt, AttemptState
from certengine.delivery.scripts import Scripts
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict, Invalid, NotFound
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.papers import service as papers
from tests.sittings.factories import OFFICER, Exam, exam

PROCTOR = "account:proctor"


def begun(runtime: Runtime, clock: SetClock, made: Exam, number: int = 0) -> Attempt:
    """A candidate at the beginning of the exam, with an open screen."""
    with runtime.unit_of_work(read_only=True) as session:
        starts = service.sittings.sitting(session, made.theory_id).starts_at
    clock.at = max(clock.at, starts)
    registration_id = made.registrations[number]
    with runtime.unit_of_work() as session:
        service.confirm(session, made.theory_id, registration_id, clock.now())
        service.start(session, made.theory_id, registration_id, clock.now())
        return service.open_screen(session, made.theory_id, registration_id, clock.now())


def first_item(runtime: Runtime, made: Exam, number: int = 0) -> str:
    with runtime.unit_of_work(read_only=True) as session:
        key = service.registration_key(made.registrations[number])
        return service.papers.paper(session, service.sitting_key(made.theory_id), key).items[0].item


def send(runtime: Runtime, attempt: Attempt, *answers: tuple[str, int, str | None], generation: int = 1) -> Saved:
    rows = [(item, number, {"a": answer, "f": False}) for item, number, answer in answers]
    return Journal(runtime).save(Arrived(attempt.id, generation, rows))


def kept(runtime: Runtime, attempt: Attempt) -> dict[str, object]:
    with runtime.unit_of_work(read_only=True) as session:
        return dict(service.answers_of(session, [attempt.id]).get(attempt.id, {}))


def test_entry_opens_and_closes_by_the_servers_clock(runtime: Runtime, clock: SetClock) -> None:
    made = exam(runtime)
    registration_id = made.registrations[0]

    def confirm() -> None:
        with runtime.unit_of_work() as session:
            service.confirm(session, made.theory_id, registration_id, clock.now())

    with pytest.raises(Conflict, match="too_early"):
        confirm()
    clock.advance(hours=1, minutes=30)
    confirm()
    with runtime.unit_of_work() as session, pytest.raises(Conflict, match="not_started"):
        service.start(session, made.theory_id, registration_id, clock.now())
    clock.advance(hours=1, seconds=1)
    with runtime.unit_of_work() as session, pytest.raises(Conflict, match="too_late"):
        service.start(session, made.theory_id, registration_id, clock.now())
    with runtime.unit_of_work() as session, pytest.raises(NotFound):
        service.confirm(session, made.theory_id, UUID(int=1), clock.now())


def test_a_repeat_is_harmless_and_an_old_answer_never_wins(runtime: Runtime, clock: SetClock) -> None:
    made = exam(runtime)
    attempt, item = begun(runtime, clock, made), first_item(runtime, made)
    assert send(runtime, attempt, (item, 5, "b")).problem is None
    assert send(runtime, attempt, (item, 5, "b")).problem is None
    assert send(runtime, attempt, (item, 4, "a")).problem is None
    assert kept(runtime, attempt) == {item: "b"}
    assert send(runtime, attempt, (item, 6, None)).problem is None
    assert kept(runtime, attempt) == {}


def test_a_second_screen_takes_over_and_the_stale_one_changes_nothing(runtime: Runtime, clock: SetClock) -> None:
    made = exam(runtime)
    attempt, item = begun(runtime, clock, made), first_item(runtime, made)
    send(runtime, attempt, (item, 1, "a"))
    with runtime.unit_of_work() as session:
        service.open_screen(session, made.theory_id, made.registrations[0], clock.now())
    assert send(runtime, attempt, (item, 2, None), generation=1).problem == "delivery.taken_over"
    assert kept(runtime, attempt) == {item: "a"}
    assert send(runtime, attempt, (item, 3, "b"), generation=2).problem is None


def test_answers_that_arrive_together_are_all_kept(runtime: Runtime, clock: SetClock) -> None:
    made = exam(runtime, candidates=6)
    attempts = [begun(runtime, clock, made, number) for number in range(6)]
    journal = Journal(runtime)

    def answer(number: int) -> bool:
        attempt = attempts[number % 6]
        return journal.save(Arrived(attempt.id, 1, [("x", number + 1, {"a": str(number), "f": False})])).problem is None

    with ThreadPoolExecutor(24) as pool:
        assert all(pool.map(answer, range(240)))
    with runtime.unit_of_work(read_only=True) as session:
        assert len(session.scalars(select(AnswerEntry)).all()) == 240


def test_one_candidates_lateness_is_not_anothers(runtime: Runtime, clock: SetClock) -> None:
    made = exam(runtime)
    attempt = begun(runtime, clock, made)
    batch = [Arrived(attempt.id, 1, []), Arrived(attempt.id, 0, []), Arrived(UUID(int=1), 1, [])]
    Journal(runtime).commit(batch)
    assert isinstance(batch[0].outcome, Saved) and batch[0].outcome.problem is None
    assert isinstance(batch[1].outcome, Saved) and batch[1].outcome.problem == "delivery.taken_over"
    assert isinstance(batch[2].outcome, KeyError)


def test_time_is_added_before_and_after_the_end_but_not_after_the_hand_in(runtime: Runtime, clock: SetClock) -> None:
    made = exam(runtime)
    attempt, item = begun(runtime, clock, made), first_item(runtime, made)
    end = attempt.deadline_at
    clock.at = end + timedelta(seconds=6)
    assert send(runtime, attempt, (item, 1, "a")).problem == "delivery.closed"
    with runtime.unit_of_work() as session:
        service.extend(session, attempt.id, 10, "断电", PROCTOR, clock.now())
    saved = send(runtime, attempt, (item, 1, "a"))
    assert saved.problem is None and saved.deadline_at == end + timedelta(minutes=10)
    for minutes, reason in ((0, "x"), (121, "x"), (5, " ")):
        with runtime.unit_of_work() as session, pytest.raises(Invalid):
            service.extend(session, attempt.id, minutes, reason, PROCTOR, clock.now())
    with runtime.unit_of_work() as session:
        service.submit(session, attempt.id, "registration:1", clock.now())
    with runtime.unit_of_work() as session, pytest.raises(Conflict, match="already_submitted"):
        service.extend(session, attempt.id, 10, "断电", PROCTOR, clock.now())


def test_a_stopped_clock_gives_back_what_was_left(runtime: Runtime, clock: SetClock) -> None:
    made = exam(runtime)
    attempt, item = begun(runtime, clock, made), first_item(runtime, made)
    clock.advance(minutes=20)
    with runtime.unit_of_work() as session:
        service.suspend(session, attempt.id, "设备故障", PROCTOR, clock.now())
    assert send(runtime, attempt, (item, 1, "a")).problem == "delivery.suspended"
    clock.advance(hours=3)
    assert service.close_expired(runtime) == 0
    with runtime.unit_of_work() as session:
        resumed = service.resume(session, attempt.id, PROCTOR, clock.now())
        assert resumed.deadline_at - clock.now() == timedelta(minutes=40)
    assert send(runtime, attempt, (item, 1, "a")).problem is None


def test_what_runs_out_of_time_is_handed_in_by_the_clock_with_its_answers(runtime: Runtime, clock: SetClock) -> None:
    made = exam(runtime)
    attempt, item = begun(runtime, clock, made), first_item(runtime, made)
    send(runtime, attempt, (item, 1, "a"))
    clock.at = attempt.deadline_at + timedelta(seconds=6)
    assert service.close_expired(runtime) == 1
    assert service.close_expired(runtime) == 0
    with runtime.unit_of_work(read_only=True) as session:
        closed = service.attempt(session, attempt.id)
        assert closed.state is AttemptState.SUBMITTED and closed.submitted_by == service.CLOCK
        assert service.final_answers(session, made.theory_id) == {made.registrations[0]: {item: "a"}}


def test_handing_in_twice_gives_one_receipt_that_the_ledger_proves(runtime: Runtime, clock: SetClock) -> None:
    made = exam(runtime)
    attempt, item = begun(runtime, clock, made), first_item(runtime, made)
    send(runtime, attempt, (item, 1, "a"))
    receipts = set()
    for _time in range(2):
        with runtime.unit_of_work() as session:
            receipts.add(service.submit(session, attempt.id, "registration:1", clock.now()).receipt_entry)
    (entry,) = receipts
    assert entry is not None
    ledger.sequence(runtime)
    with runtime.unit_of_work(read_only=True) as session:
        receipt = ledger.receipt(session, entry)
        assert not receipt.pending and receipt.public == {"sitting": f"sitting:{made.theory_id}"}
        private = ledger.history(session, f"attempt:{attempt.id}")[0].private
        assert private["answers"] == {item: "a"}
    assert send(runtime, attempt, (item, 2, "b")).problem == "delivery.closed"


def test_the_script_holds_no_key_and_each_answer_is_checked_against_it(runtime: Runtime, clock: SetClock) -> None:
    made = exam(runtime)
    attempt = begun(runtime, clock, made)
    scripts = Scripts()
    with runtime.unit_of_work(read_only=True) as session:
        script = scripts.script(session, attempt)
    items = [item for section in script["sections"] for item in section["items"]]
    assert len(items) == 65 and [len(section["items"]) for section in script["sections"]] == [40, 10, 15]
    assert {name for item in items for name in item} == {
        "id", "version", "type", "stem", "options", "matches", "blanks", "points"
    }  # fmt: skip
    single = items[0]
    assert scripts.problem(attempt.id, single["id"], single["options"][0]["id"]) is None
    assert scripts.problem(attempt.id, single["id"], "nothing") == "delivery.answer_malformed"
    assert scripts.problem(attempt.id, "ai-j-999", "a") == "delivery.item_unknown"


def test_the_seed_is_not_told_while_somebody_writes_on_with_extra_time_or_after_a_pause(
    runtime: Runtime, clock: SetClock
) -> None:
    made = exam(runtime)
    attempt = begun(runtime, clock, made)
    with runtime.unit_of_work() as session:
        draw = papers.draw_of(session, service.sitting_key(made.theory_id))
        assert draw is not None and draw.ends_at is not None
        service.suspend(session, attempt.id, "停电", OFFICER, clock.now())
        clock.at = draw.ends_at
        with pytest.raises(Conflict, match="still_written"):
            papers.disclose(session, draw.id, OFFICER, clock.now(), runtime.cipher)
        service.resume(session, attempt.id, OFFICER, clock.now())
        with pytest.raises(Conflict, match="still_written"):
            papers.disclose(session, draw.id, OFFICER, clock.now(), runtime.cipher)
        service.submit(session, attempt.id, "registration", clock.now())
        papers.disclose(session, draw.id, OFFICER, clock.now(), runtime.cipher)
