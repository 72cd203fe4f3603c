"""Answers are saved while backups are made and reports are drawn up: not one is refused."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from itertools import count
from pathlib import Path

from certengine.backup.making import make
from certengine.delivery.simulation import SimulatedCandidate, sign_in_all
from certengine.foundation.runtime import Runtime
from certengine.oversight import statistics
from certengine.rehearse import HOST, stage

CANDIDATES, EACH = 12, 25


def statuses(port: int, candidate: SimulatedCandidate) -> list[int]:
    """Of so many answers, one after another over one connection."""
    connection, found = HTTPConnection(HOST, port, timeout=60), []
    for _number in range(EACH):
        request, _item, _sequence, _option = candidate.next_answer()
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
        connection.request("POST", f"/exam/answers/{candidate.attempt}", body, dict(lines))
        answer = connection.getresponse()
        answer.read()
        found.append(answer.status)
    connection.close()
    return found


def backing_up(runtime: Runtime, folder: Path) -> Callable[[], None]:
    numbers = count()
    return lambda: make(runtime, folder / f"backup-{next(numbers)}.tar.gz") and None


def reporting(runtime: Runtime) -> Callable[[], None]:
    def report() -> None:
        with runtime.unit_of_work(read_only=True) as session:
            assert statistics.board(session, "370000", 2026).year == 2026

    return report


def test_three_hundred_answers_are_taken_while_backups_and_reports_are_made(tmp_path: Path, database_url: str) -> None:
    url = database_url if database_url.startswith("postgresql") else None
    data, elsewhere = tmp_path / "data", tmp_path / "backups"
    data.mkdir()
    elsewhere.mkdir()
    with stage(data, CANDIDATES, url) as made:
        signed_in = sign_in_all(made.addresses, made.sitting_id, made.tickets)
        over, port = threading.Event(), made.addresses[0][1]

        def again(act: Callable[[], None]) -> int:
            """How often it was done until all answers were in; once at least."""
            for times in count(1):
                act()
                if over.is_set():
                    return times
            raise AssertionError

        with ThreadPoolExecutor(CANDIDATES + 2) as pool:
            beside = [pool.submit(again, act) for act in (backing_up(made.runtime, elsewhere), reporting(made.runtime))]
            answers = [pool.submit(statuses, port, candidate) for candidate in signed_in]
            found = [status for each in answers for status in each.result()]
            over.set()
            assert all(each.result() >= 1 for each in beside)
    assert found == [200] * (CANDIDATES * EACH)
    assert any(elsewhere.iterdir())
