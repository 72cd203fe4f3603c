"""The demonstration tells a story: exams that are over, one that is marked, one that runs, one that is planned."""

import json
from collections import Counter
from typing import Any
from uuid import UUID

from certengine import demo
from certengine.app import create_app
from certengine.demo.pulse import Pulse
from certengine.demo.story import path_of
from certengine.foundation.runtime import Runtime, use
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


def test_each_exam_of_the_story_opens_at_its_address_for_its_login(demonstration: Filled) -> None:
    runtime, facts = demonstration
    app = create_app(use(runtime), TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    assert [each["state"] for each in facts["story"]] == ["finished", "finished", "marking", "running", "planned"]
    assert len({each["institution"] for each in facts["story"]}) == 3
    for each in facts["story"]:
        client = app.test_client()
        client.post("/sign-in", data={"login": each["login"], "password": demo.PASSWORD})
        page = client.get(each["address"].removeprefix(facts["base_url"]))
        assert page.status_code == 200 and each["title"] in page.text
