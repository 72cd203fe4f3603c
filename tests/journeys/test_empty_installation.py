"""A fresh installation: nothing stands in it yet, and every page says so instead of showing an empty table."""

import re

import pytest

from certengine.foundation.runtime import Runtime
from certengine.people import service as people
from certengine.people.models import DocumentType, OrganisationKind
from certengine.people.permissions import Role
from tests.factories import PASSWORD, account, resident_id
from tests.journeys.test_every_page import client_of, crawl

# A heading row with nothing under it.
EMPTY_TABLE = re.compile(
    r"<table[^>]*>(?:\s*<caption.*?</caption>)?\s*<thead>.*?</thead>\s*(?:<tbody[^>]*>\s*</tbody>\s*)?</table>", re.S
)
EMPTY_LIST = re.compile(r"<(ul|ol|dl)\b[^>]*>\s*</\1>")
FILLED_BY_SCRIPTS = {"/verifier.html"}
# Where an account of the role is, when not in the evaluation institution.
HOMES = {
    **dict.fromkeys(
        (Role.SUPERVISOR, Role.DATA_OFFICER), (OrganisationKind.DEPARTMENT, "山东省人力资源和社会保障厅", "SDRST")
    ),
    Role.TRAINING_OFFICER: (OrganisationKind.TRAINING_INSTITUTION, "泉城数字技术培训学院", "QCPX"),
    Role.EMPLOYER: (OrganisationKind.EMPLOYER, "泰山智能装备有限公司", "TSZN"),
    Role.INDUSTRY_OFFICER: (OrganisationKind.INDUSTRY_AUTHORITY, "山东省工业和信息化厅", "SDGXT"),
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_page_of_a_fresh_installation_shows_an_empty_table(runtime: Runtime) -> None:
    with runtime.unit_of_work() as session:
        for kind, name, code in set(HOMES.values()):
            people.create_organisation(session, kind, name, code, runtime.clock.now())
    pages: dict[str, str] = {}
    for role in Role:
        home = HOMES[role][1] if role in HOMES else "山东数字技术评价中心"
        account(runtime, role.value, [role.value], institution=home)
        if role is Role.TRAINEE:
            _is_a_person(runtime, role.value)
        client = client_of(runtime)
        client.post("/sign-in", data={"login": role.value, "password": PASSWORD})
        # Everybody's first page is another.
        pages |= {f"{role.value} {address}": page for address, page in crawl(client, "/", FILLED_BY_SCRIPTS).items()}
    shown = {address: page.partition("<main")[2].partition("</main>")[0] for address, page in pages.items()}
    assert len(shown) > 150
    assert [address for address, page in shown.items() if EMPTY_TABLE.search(page) or EMPTY_LIST.search(page)] == []


def _is_a_person(runtime: Runtime, login: str) -> None:
    with runtime.unit_of_work() as session:
        facts = people.PersonFacts("王小明", DocumentType.RESIDENT_ID, resident_id(1))
        found = people.account_by_login(session, login)
        assert found is not None
        found.person_id = people.register_person(session, runtime.cipher, facts, runtime.clock.now()).id
