"""What sittings say about items: pooled over sittings, only of the newest version that was used, and flagged."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from certengine.bank import service
from certengine.bank.models import Bank
from certengine.bank.statistics import Observed, charts, flags, record_statistics, statistics_of, used_before
from certengine.foundation.runtime import Runtime
from tests.bank.factories import AUTHOR, REVIEWER, empty_bank, single

CODE = "ai-j-901"


def observed(responses: int, facility: float | None, discrimination: float | None, number: int = 1) -> Observed:
    right = int(responses * (facility or 0) / 100)
    return Observed(
        CODE, number, "", responses, facility, discrimination,
        {"a": responses - right, "b": right, "c": 0, "d": 0}, {"a": 55.0, "b": 50.0},
    )  # fmt: skip


@pytest.fixture
def bank(session: Session, runtime: Runtime) -> Bank:
    made = empty_bank(session, runtime)
    version = service.propose(session, bank_id=made.id, entry=single(CODE), actor=AUTHOR, now=runtime.clock.now())
    service.approve(session, version.id, REVIEWER, runtime.clock.now())
    return made


def test_sittings_are_pooled_by_how_many_answered(session: Session, runtime: Runtime, bank: Bank) -> None:
    now = runtime.clock.now()
    record_statistics(session, bank.id, "sitting:1", [observed(100, 80.0, 40.0)], now)
    assert record_statistics(session, bank.id, "sitting:2", [observed(300, 40.0, 20.0)], now) == 0
    item = service.item(session, bank.id, CODE)
    assert (item.uses, item.facility, item.discrimination, item.poor) == (400, 50.0, 25.0, False)
    # The same sitting analysed again takes the place of what it said before.
    record_statistics(session, bank.id, "sitting:2", [observed(100, 60.0, 0.0)], now)
    assert (item.uses, item.facility, item.discrimination) == (200, 70.0, 20.0)


def test_what_was_used_before_a_moment_is_known_by_its_version(session: Session, runtime: Runtime, bank: Bank) -> None:
    now = runtime.clock.now()
    record_statistics(session, bank.id, "sitting:1", [observed(100, 80.0, 40.0)], now)
    later = now + timedelta(days=1)
    record_statistics(session, bank.id, "sitting:2", [observed(9, None, None, number=2)], later)
    assert used_before(session, bank.id, now) == set()
    assert used_before(session, bank.id, later) == {(CODE, 1)}
    assert used_before(session, bank.id, later + timedelta(days=1)) == {(CODE, 1), (CODE, 2)}


def test_a_new_version_starts_with_its_own_figures(session: Session, runtime: Runtime, bank: Bank) -> None:
    now = runtime.clock.now()
    record_statistics(session, bank.id, "sitting:1", [observed(100, 97.0, 2.0)], now)
    item = service.item(session, bank.id, CODE)
    assert item.poor
    record_statistics(session, bank.id, "sitting:2", [observed(50, 60.0, 30.0, number=2)], now)
    assert (item.uses, item.facility, item.poor) == (150, 60.0, False)


def test_too_few_answers_leave_the_figures_open(session: Session, runtime: Runtime, bank: Bank) -> None:
    record_statistics(session, bank.id, "sitting:1", [observed(3, None, None)], runtime.clock.now())
    item = service.item(session, bank.id, CODE)
    assert (item.uses, item.facility, item.poor) == (3, None, False)


def test_items_of_another_bank_are_left_alone(session: Session, runtime: Runtime, bank: Bank) -> None:
    stranger = replace(observed(9, 50.0, 30.0), code="ai-j-555")
    assert record_statistics(session, bank.id, "sitting:1", [stranger], runtime.clock.now()) == 0


@pytest.mark.parametrize(
    ("facility", "discrimination", "codes"),
    [
        (None, None, []),
        (60.0, 30.0, []),
        (9.9, 30.0, ["bank.too_hard"]),
        (95.1, None, ["bank.too_easy"]),
        (60.0, -5.0, ["bank.discriminates_little"]),
        (5.0, 0.0, ["bank.too_hard", "bank.discriminates_little"]),
    ],
)
def test_flags_say_what_is_wrong(facility: float | None, discrimination: float | None, codes: list[str]) -> None:
    assert [each.code for each in flags(facility, discrimination)] == codes


def test_the_chart_marks_options_that_nobody_chose_or_that_better_people_chose(
    session: Session, runtime: Runtime, bank: Bank
) -> None:
    record_statistics(session, bank.id, "sitting:1", [observed(100, 60.0, 20.0)], runtime.clock.now())
    item = service.item(session, bank.id, CODE)
    [chart] = charts(single(CODE), statistics_of(session, item.id), open_key=True)
    bars = {bar.option: bar for bar in chart.bars}
    assert chart.responses == 100 and bars["b"].right and bars["b"].share == 60
    assert bars["a"].weak, "stronger candidates chose it than the key"
    assert bars["c"].weak, "nobody chose it"
    assert not bars["b"].weak
    [hidden] = charts(single(CODE), statistics_of(session, item.id), open_key=False)
    assert {bar.right for bar in hidden.bars} == {None} and not any(bar.weak for bar in hidden.bars)
