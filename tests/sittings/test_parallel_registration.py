"""Many register at the same moment: no place is given twice, and no ticket number."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from certengine.foundation.errors import Conflict
from certengine.foundation.runtime import Runtime
from certengine.people.models import DocumentType
from certengine.people.service import PersonFacts
from certengine.sittings import service
from certengine.sittings.models import Registration
from certengine.sittings.service import CandidateFacts
from certengine.standards.rules import Evidence
from tests.factories import organisation, resident_id
from tests.sittings.factories import OFFICER, plan

MANY = 200


def test_two_hundred_at_once_get_a_number_each_and_the_last_place_goes_to_one(runtime: Runtime) -> None:
    with runtime.unit_of_work() as session:
        made = plan(session, runtime, capacity=MANY - 20)
        plan_id, own = made.id, organisation(session, runtime).id

    def register(number: int) -> bool:
        person = PersonFacts(
            f"考生{'甲乙丙丁戊己庚辛壬癸'[number % 10]}", DocumentType.RESIDENT_ID, resident_id(number)
        )
        facts = CandidateFacts(person, Evidence(hours=64, degree="bachelor"))
        try:
            with runtime.unit_of_work() as session:
                locked = service.plan_of(session, own, plan_id, lock=True)
                service.register(session, runtime.cipher, locked, facts, OFFICER, runtime.clock.now())
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(register, range(MANY)))
    assert sum(outcomes) == MANY - 20
    with runtime.unit_of_work(read_only=True) as session:
        numbers = sorted(session.scalars(select(Registration.ticket_number)))
    # The rule: numbers run from 1 without a gap as long as nobody withdraws.
    # Eight digits of the exam, the number, a check digit.
    assert [int(each[8:-1]) for each in numbers] == list(range(1, MANY - 19))
