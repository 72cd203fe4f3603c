"""The demonstration tells a story: exams that are over, one that is marked, one that runs, one that is planned."""

import json
import re
from collections import Counter
from functools import cache
from typing import Any
from uuid import UUID

from flask import Flask

from certengine import demo
from certengine.app import create_app
from certengine.demo.pulse import Pulse
from certengine.demo.story import path_of
from certengine.foundation.runtime import Runtime, use
from certengine.marking import releases
from certengine.marking.models import Verdict
from certengine.marking.standings import plan_marks
from certengine.proctoring import service as proctoring
from certengine.proctoring.rules import Seat

Filled = tuple[Runtime, dict[str, Any]]


def seats(filled: Filled) -> list[tuple[str, Seat, int]]:
    """ticket, what the board says, and how many answers are saved."""
    runtime, facts = filled
    sitting_id, room_id = (UUID(each) for each in facts["board_url"].split("/")[-2:])
    with runtime.unit_of_work(read_only=True) as session:
        board = proctoring.board(session, sitting_id, room_id, runtime.clock.now())
        return [(each.candidate.ticket_number, each.seat, each.candidate.answered) for each in board.places]


def test_the_room_looks_like_one_where_an_exam_runs(demonstration: Filled) -> None:
    shown = seats(demonstration)
    counts = Counter(seat for _ticket, seat, _answered in shown)
    assert counts[Seat.RUNNING] + counts[Seat.SILENT] == 16
    assert (counts[Seat.SUSPENDED], counts[Seat.SUBMITTED], counts[Seat.CHECKED_IN]) == (1, 2, 1)
    assert len({answered for _ticket, _seat, answered in shown}) > 8


def test_whoever_is_left_to_visitors_has_not_come_yet(demonstration: Filled) -> None:
    tickets = {each["ticket"] for each in demonstration[1]["candidates"]}
    assert {seat for ticket, seat, _answered in seats(demonstration) if ticket in tickets} == {Seat.AWAITED}
    assert len(tickets) == 7


def test_the_room_stays_alive_while_it_is_served(demonstration: Filled) -> None:
    runtime, facts = demonstration
    path = path_of(runtime)
    path.write_text(json.dumps(facts))
    before = {ticket: answered for ticket, _seat, answered in seats(demonstration)}
    pulse = Pulse(runtime, rarely=1)
    pulse.beat()
    after = seats(demonstration)
    path.unlink()
    assert Counter(seat for _ticket, seat, _answered in after)[Seat.RUNNING] == len(facts["answering"]) == 15
    assert sum(answered - before[ticket] for ticket, _seat, answered in after) == 15


@cache
def served(runtime: Runtime) -> Flask:
    return create_app(use(runtime), TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)


def look(filled: Filled, login: str, path: str) -> str:
    client = served(filled[0]).test_client()
    client.post("/sign-in", data={"login": login, "password": demo.PASSWORD})
    return client.get(path.removeprefix(filled[1]["base_url"])).text


def test_a_department_looks_at_the_certificates_of_one_of_its_institutions(demonstration: Filled) -> None:
    found = re.search(
        r'<option value="([0-9a-f-]{36})">青岛工业互联网评价中心', look(demonstration, "supervisor", "/certificates")
    )
    assert found is not None
    page = look(demonstration, "supervisor", f"/certificates?institution={found[1]}")
    assert set(re.findall(r">([A-Z]{4}G)\d+<", page)) == {"QDPJG"}
    assert "发证机构" not in look(demonstration, "issuer-qd", f"/certificates?institution={found[1]}")


def test_a_department_sees_which_exams_of_its_region_have_results(demonstration: Filled) -> None:
    names = {each["institution"] for each in demonstration[1]["story"]}
    assert all(name in look(demonstration, "supervisor", "/results") for name in names)
    assert {name for name in names if name in look(demonstration, "city2", "/results")} == {"青岛工业互联网评价中心"}


def test_the_list_of_results_counts_what_the_page_of_an_exam_shows(demonstration: Filled) -> None:
    runtime, facts = demonstration
    plan_id = UUID(facts["story"][0]["address"].rpartition("/")[2])
    with runtime.unit_of_work(read_only=True) as session:
        counted, standings = releases.counts(session, [plan_id])[plan_id], plan_marks(session, plan_id).standings
    assert counted.candidates == len(standings) == 27
    assert counted.passed == sum(each.verdict is Verdict.PASSED for each in standings)


def test_accounts_are_found_by_their_institution(demonstration: Filled) -> None:
    page = look(demonstration, "administrator", "/accounts?q=烟台智能制造")
    assert "officer-yt" in page and "officer-qd" not in page


def test_the_board_says_whom_an_incident_and_an_act_are_about(demonstration: Filled) -> None:
    page = look(demonstration, "proctor", demonstration[1]["board_url"])
    assert len(re.findall(r"<strong>[^<]+</strong> · \d+号 ", page)) == 3
    assert re.search(r"<td[^>]*>\d+号 [^<]+</td><td>暂停作答 · 考生身体不适", page)


def test_each_exam_of_the_story_opens_at_its_address_for_its_login(demonstration: Filled) -> None:
    story = demonstration[1]["story"]
    assert [each["state"] for each in story] == ["finished", "finished", "marking", "running", "planned"]
    assert len({each["institution"] for each in story}) == 3
    for each in story:
        assert each["title"] in look(demonstration, each["login"], each["address"])
