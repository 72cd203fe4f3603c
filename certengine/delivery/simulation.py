"""Simulated candidates who sign in, start and answer over HTTP like real ones; for rehearsals and benchmarks."""

import json
import re
import selectors
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from certengine.bank import service as bank
from certengine.delivery.service import registration_key, sitting_key
from certengine.foundation.runtime import Runtime
from certengine.papers import service as papers
from certengine.people.models import DocumentType, Organisation, OrganisationKind
from certengine.people.rules import resident_id_check
from certengine.people.service import PersonFacts
from certengine.sittings import service as sittings
from certengine.sittings.models import Sitting
from certengine.sittings.service import CandidateFacts, PlanFacts, RoomFacts, SittingFacts
from certengine.standards.rules import Evidence, Level, Part

FIELD = "artificial_intelligence"
MINUTES = 300
DATA = re.compile(rb'<script type="application/json" id="data">(.*?)</script>', re.S)
TOKEN = re.compile(rb'name="csrf_token"[^>]*value="([^"]+)"')
META = re.compile(rb'name="csrf-token" content="([^"]+)"')


@dataclass(frozen=True)
class Ticket:
    number: str
    document: str


@dataclass
class SimulatedCandidate:
    """Signed in and with an open screen; sent counts what the server has acknowledged as durable."""

    ticket: Ticket
    cookie: str
    token: str
    attempt: str
    generation: int
    items: list[tuple[str, list[str]]]
    sequence: int = 0
    acknowledged: dict[str, tuple[int, str]] = field(default_factory=dict)

    def next_answer(self) -> tuple[bytes, str, int, str]:
        """The request for one more answer, with item, sequence and option."""
        self.sequence += 1
        item, options = self.items[self.sequence % len(self.items)]
        option = options[self.sequence // len(self.items) % len(options)]
        number = self.generation * 1_000_000 + self.sequence
        body = json.dumps({"generation": self.generation, "answers": [[item, number, option, False]]}).encode()
        head = (
            f"POST /exam/answers/{self.attempt} HTTP/1.1\r\nHost: localhost\r\nCookie: {self.cookie}\r\n"
            f"X-CSRFToken: {self.token}\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body, item, number, option


def prepare(runtime: Runtime, candidates: int) -> tuple[UUID, list[Ticket]]:
    """An institution with a sitting that has just begun; the sitting and its tickets."""
    now = runtime.clock.now()
    before = now - timedelta(hours=2)
    actor = "rehearsal"
    with runtime.unit_of_work() as session:
        owner = _institution(runtime)
        session.add(owner)
        session.flush()
        imported = bank.import_model_bank(session, owner.id, FIELD, Level.JUNIOR, "rehearsal author", before)
        assert imported.import_id is not None
        bank.approve_import(session, imported.import_id, "rehearsal reviewer", before)
        release = bank.release(session, bank_id=imported.bank_id, actor=actor, now=before)
        facts = PlanFacts("演练", FIELD, Level.JUNIOR, None, candidates)
        plan = sittings.plan_exam(session, owner.id, facts, token="rehearsal", actor=actor, now=before)
        tickets = [_registered(runtime, session, plan, number, before) for number in range(candidates)]
        part = SittingFacts(Part.THEORY, now - timedelta(seconds=1), MINUTES)
        sitting = sittings.add_sitting(session, plan, part, actor, before)
        session.get_one(Sitting, sitting.id).late_minutes = MINUTES
        for number in range(-(-candidates // 1600)):
            sittings.add_room(session, sitting.id, RoomFacts(f"{number + 1:02}", "", 40, 40))
        sittings.seat_candidates(session, sitting.id, actor, before)
        sittings.set_release(session, sittings.sitting(session, sitting.id), release.id, drawn=True)
        key = sitting_key(sitting.id)
        draw = papers.commit_seed(
            session, sitting=key, release_id=release.id, direction=None, actor=actor, now=before, cipher=runtime.cipher
        )
        keys = [registration_key(each.registration_id) for each in sittings.placements(session, sitting.id)]
        papers.draw_papers(session, draw, keys, actor, before, runtime.cipher)
        return sitting.id, tickets


def _institution(runtime: Runtime) -> Organisation:
    return Organisation(
        kind=OrganisationKind.EVALUATION_INSTITUTION, name="演练机构", code="YLJG", created_at=runtime.clock.now()
    )


def _registered(runtime: Runtime, session: Any, plan: Any, number: int, now: Any) -> Ticket:
    day, serial = divmod(number, 1000)
    first = f"370102{1960 + day // 336}{day % 336 // 28 + 1:02}{day % 28 + 1:02}{serial:03}"
    document = first + resident_id_check(first)
    person = PersonFacts("演练", DocumentType.RESIDENT_ID, document)
    evidence = Evidence(hours=64, degree="bachelor", years=Decimal(1))
    row, _new = sittings.register(session, runtime.cipher, plan, CandidateFacts(person, evidence), "rehearsal", now)
    return Ticket(row.ticket_number, document)


@dataclass
class Waiting:
    """In front of the button that starts the exam."""

    ticket: Ticket
    browser: "Browser"
    token: str


def enter(address: tuple[str, int], sitting_id: UUID, ticket: Ticket) -> Waiting:
    """From the front door to the waiting room, each step as a browser does it."""
    browser = Browser(*address)
    token = found(TOKEN, browser.get("/exam"))
    browser.post("/exam", {"csrf_token": token, "ticket": ticket.number, "number": ticket.document})
    token = found(TOKEN, browser.get(f"/exam/{sitting_id}"))
    browser.post(f"/exam/{sitting_id}/confirm", {"csrf_token": token})
    browser.close()
    return Waiting(ticket, browser, token)


def begin(sitting_id: UUID, waiting: Waiting) -> SimulatedCandidate:
    """From the button to the open screen with the whole paper."""
    browser = waiting.browser
    browser.post(f"/exam/{sitting_id}/start", {"csrf_token": waiting.token})
    page = browser.get(f"/exam/{sitting_id}/paper")
    data = json.loads(found(DATA, page))
    meta = found(META, page)
    opened = json.loads(browser.post(f"/exam/{sitting_id}/open", None, meta))
    items = [
        (item["id"], [option["id"] for option in item["options"]])
        for section in data["script"]["sections"]
        for item in section["items"]
        if item["type"] in ("single", "judgement")
    ]
    browser.close()
    return SimulatedCandidate(waiting.ticket, browser.cookie, meta, data["attempt"], opened["generation"], items)


def found(pattern: re.Pattern[bytes], page: bytes) -> str:
    match = pattern.search(page)
    if match is None:
        raise RuntimeError(f"the page lacks {pattern.pattern!r}: {page[:200]!r}")
    return match.group(1).decode()


class Browser:
    """One connection with its cookie; redirects are not followed, errors are."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = HTTPConnection(host, port, timeout=60)
        self.cookie = ""

    def get(self, path: str) -> bytes:
        self._connection.request("GET", path, headers={"Cookie": self.cookie, "Accept": "text/html"})
        return self._read()

    def post(self, path: str, fields: dict[str, str] | None, token: str = "") -> bytes:
        body = urlencode(fields) if fields is not None else "{}"
        kind = "application/x-www-form-urlencoded" if fields is not None else "application/json"
        headers = {"Cookie": self.cookie, "Content-Type": kind, "X-CSRFToken": token, "Accept": "text/html"}
        self._connection.request("POST", path, body, headers)
        return self._read()

    def close(self) -> None:
        self._connection.close()

    def _read(self) -> bytes:
        answer: HTTPResponse = self._connection.getresponse()
        content = answer.read()
        kept = dict(each.split("=", 1) for each in self.cookie.split("; ") if each)
        for set_cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = set_cookie.partition(";")[0].partition("=")
            kept[name] = value
        self.cookie = "; ".join(f"{name}={value}" for name, value in kept.items())
        if answer.status >= 400:
            raise RuntimeError(f"{answer.status}: {content[:300]!r}")
        return content


Addresses = Sequence[tuple[str, int]]


def enter_all(addresses: Addresses, sitting_id: UUID, tickets: Sequence[Ticket]) -> list[Waiting]:
    """Spread evenly over the servers."""
    given = [(addresses[number % len(addresses)], ticket) for number, ticket in enumerate(tickets)]
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(lambda pair: enter(pair[0], sitting_id, pair[1]), given))


def begin_all(sitting_id: UUID, waiting: Sequence[Waiting]) -> list[SimulatedCandidate]:
    """Everybody presses the button at once: the server sees as many connections as one process of clients can tend."""
    with ThreadPoolExecutor(64) as pool:
        return list(pool.map(lambda each: begin(sitting_id, each), waiting))


def sign_in_all(addresses: Addresses, sitting_id: UUID, tickets: Sequence[Ticket]) -> list[SimulatedCandidate]:
    return begin_all(sitting_id, enter_all(addresses, sitting_id, tickets))


@dataclass
class Load:
    """What came of a while of answering."""

    seconds: float
    latencies: list[float]
    failures: int

    @property
    def saves(self) -> int:
        return len(self.latencies)

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


class _Line:
    """A kept connection that works through its candidates, one answer at a time."""

    def __init__(self, addresses: Addresses, candidates: list[SimulatedCandidate]) -> None:
        self.addresses, self.candidates, self.turn = list(addresses), candidates, 0
        self.socket: socket.socket | None = None
        self.buffer = b""
        self.sent_at = 0.0
        self.waiting: tuple[SimulatedCandidate, str, int, str] | None = None

    def connect(self) -> bool:
        try:
            self.socket = socket.create_connection(self.addresses[0], timeout=5)
        except OSError:
            self.socket = None
            # As a balancer in front would do it: the next time another server.
            self.addresses.append(self.addresses.pop(0))
            return False
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        return True

    def ask(self) -> None:
        candidate = self.candidates[self.turn % len(self.candidates)]
        self.turn += 1
        request, item, number, option = candidate.next_answer()
        self.waiting = candidate, item, number, option
        self.sent_at = time.perf_counter()
        assert self.socket is not None
        self.socket.sendall(request)

    def heard(self) -> int | None:
        """The status once the whole answer is there; None before. Raises OSError when the line is gone."""
        assert self.socket is not None
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionResetError
        self.buffer += part
        head, separator, body = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            return None
        match = re.search(rb"content-length: (\d+)", head, re.I)
        if match is None or len(body) < int(match.group(1)):
            return None
        self.buffer = b""
        return int(head[9:12])


def answer_for(
    addresses: Addresses,
    candidates: Sequence[SimulatedCandidate],
    seconds: float,
    lines: int = 64,
    tick: Callable[[float], None] | None = None,
) -> Load:
    """Has the candidates answer for a while over so many connections; only what is acknowledged is counted.

    A line that breaks is made again, as a browser does it; tick is called with the seconds gone.
    """
    groups = [list(candidates[number::lines]) for number in range(lines)]
    turns = [[*addresses[number % len(addresses) :], *addresses[: number % len(addresses)]] for number in range(lines)]
    open_lines = [_Line(turn, group) for turn, group in zip(turns, groups, strict=True) if group]
    load = Load(0.0, [], 0)
    started = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        broken = list(open_lines)
        while (gone := time.perf_counter() - started) < seconds:
            if tick is not None:
                # What the tick takes (a server that starts again) is no time for answering.
                before = time.perf_counter()
                tick(gone)
                started += time.perf_counter() - before
            broken = [line for line in broken if not _joined(selector, line)]
            for key, _events in selector.select(0.05):
                _serve(selector, key.data, load, broken)
        load.seconds = time.perf_counter() - started
        _finish(selector, load)
    return load


def _joined(selector: selectors.BaseSelector, line: _Line) -> bool:
    if not line.connect():
        return False
    assert line.socket is not None
    selector.register(line.socket, selectors.EVENT_READ, line)
    try:
        line.ask()
    except OSError:
        selector.unregister(line.socket)
        return False
    return True


def _serve(selector: selectors.BaseSelector, line: _Line, load: Load, broken: list[_Line]) -> None:
    assert line.socket is not None
    try:
        status = line.heard()
        if status is None:
            return
        _count(line, status, load)
        line.ask()
    except OSError:
        selector.unregister(line.socket)
        line.socket.close()
        broken.append(line)


def _count(line: _Line, status: int, load: Load) -> None:
    assert line.waiting is not None
    candidate, item, number, option = line.waiting
    if status == 200:
        load.latencies.append(time.perf_counter() - line.sent_at)
        candidate.acknowledged[item] = (number, option)
    else:
        load.failures += 1


def _finish(selector: selectors.BaseSelector, load: Load) -> None:
    """Hears what is still under way, so that what was acknowledged is known exactly."""
    deadline = time.perf_counter() + 5
    while selector.get_map() and time.perf_counter() < deadline:
        for key, _events in selector.select(0.1):
            line: _Line = key.data
            try:
                status = line.heard()
                if status is None:
                    continue
                _count(line, status, load)
            except OSError:
                pass
            selector.unregister(key.fileobj)
            if line.socket is not None:
                line.socket.close()


def lost_answers(stored: Callable[[str], dict[str, tuple[int, Any]]], candidates: Iterable[SimulatedCandidate]) -> int:
    """How many acknowledged answers are not there; stored: attempt → item → (sequence, answer)."""
    lost = 0
    for candidate in candidates:
        kept = stored(candidate.attempt)
        for item, (number, option) in candidate.acknowledged.items():
            found = kept.get(item)
            # A later one may stand there that was written but whose acknowledgement never arrived.
            if found is None or found[0] < number or (found[0] == number and found[1] != option):
                lost += 1
    return lost
