"""Benches of an installation that is served: answers, starts, sign-ins and look-ups over HTTP, on data of their own."""

import os
import random
import selectors
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from sqlalchemy import select

from certengine.certificates import bench as certificate_bench
from certengine.certificates import service as certificates
from certengine.certificates.sealing import seal_all
from certengine.delivery.simulation import TOKEN, Browser, answer_for, found, sign_in_all
from certengine.ledger import service as ledger
from certengine.people import service as people
from certengine.people.models import Organisation
from certengine.people.permissions import Role
from certengine.rehearse import HOST, Stage, free_port, stage


def bench_answers(candidates: int = 100, seconds: float = 4, rounds: int = 3) -> dict[str, Any]:
    """Answers acknowledged as durable over HTTP by signed-in candidates, beside bare durable commits of one row."""
    ours, limit, latencies = [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with stage(folder, candidates) as made:
            signed_in = sign_in_all(made.addresses, made.sitting_id, made.tickets)
            for _round in range(rounds):
                load = answer_for(made.addresses, signed_in, seconds)
                ours.append(load.saves / load.seconds)
                latencies.append((load.percentile(0.5), load.percentile(0.99)))
                limit.append(_bare_commits(folder / "bare.db", seconds / 2))
    return {
        "name": "answers",
        "unit": "answers/s",
        "ours": median(ours),
        "limit": median(limit),
        "ratio": median(ours) / median(limit),
        "conditions": {
            "ours": "one answer a request over 64 kept connections, cookie and CSRF token checked, SQLite, one worker",
            "limit": "one row a transaction from one connection, SQLite, WAL, synchronous=FULL, no HTTP",
            "candidates": candidates,
            "p50 ms": round(median(each[0] for each in latencies), 1),
            "p99 ms": round(median(each[1] for each in latencies), 1),
            "processors": os.cpu_count(),
        },
    }


def _bare_commits(path: Path, seconds: float) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS bare (number INTEGER PRIMARY KEY, attempt TEXT, content TEXT)")
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO bare (attempt, content) VALUES (?, ?)", ("0" * 32, '{"a":"b","f":false}'))
        connection.execute("COMMIT")
        count += 1
    rate = count / (time.perf_counter() - started)
    connection.close()
    return rate


def bench_starts(candidates: int = 200) -> dict[str, Any]:
    """Candidates from the front door to the open screen, each over eight requests, beside bare pages."""
    with (
        tempfile.TemporaryDirectory() as name,
        stage(Path(name), candidates) as made,
    ):
        started = time.perf_counter()
        sign_in_all(made.addresses, made.sitting_id, made.tickets)
        ours = candidates / (time.perf_counter() - started)
        started = time.perf_counter()
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda _number: _bare_pages(made.servers[0].port), range(candidates)))
        limit = candidates / (time.perf_counter() - started)
    return {
        "name": "starts",
        "unit": "candidates/s",
        "ours": ours,
        "limit": limit,
        "ratio": ours / limit,
        "conditions": {
            "ours": "front door, sign-in, identity, start, whole paper, screen opened: eight requests, one worker",
            "limit": "eight requests to /healthz from the same clients",
            "candidates": candidates,
            "processors": os.cpu_count(),
        },
    }


def _bare_pages(port: int) -> None:
    browser = Browser(HOST, port)
    for _number in range(8):
        browser.get("/healthz")
    browser.close()


def bench_sign_ins(accounts: int = 30, times: int = 10, seconds: float = 10) -> dict[str, Any]:
    """Staff who sign in by password while candidates answer: as fast as can be, and as they come on the morning."""
    password = "correct horse battery"
    with tempfile.TemporaryDirectory() as name, stage(Path(name), 50) as made:
        logins = _staff(made, accounts, password) * times
        signed_in = sign_in_all(made.addresses, made.sitting_id, made.tickets)
        sign_in = partial(_sign_in, made.servers[0].port, password)
        with ThreadPoolExecutor(17) as pool:
            answering = pool.submit(answer_for, made.addresses, signed_in, seconds, 8)
            began = time.perf_counter()
            list(pool.map(sign_in, logins))
            ours = len(logins) / (time.perf_counter() - began)
            crowd = answering.result()
        with ThreadPoolExecutor(65) as pool:
            answering = pool.submit(answer_for, made.addresses, signed_in, seconds, 8)
            first = time.perf_counter()
            due = [first + seconds * number / len(logins) for number in range(len(logins))]
            waits = list(pool.map(lambda at, login: _arrives(at, partial(sign_in, login)), due, logins))
            morning = answering.result()
    limit = _bare_checks(password)
    return {
        "name": "sign-ins",
        "unit": "sign-ins/s",
        "ours": ours,
        "limit": limit,
        "ratio": ours / limit,
        "conditions": {
            "ours": "page and form with password, 16 at once, one worker, while candidates answer over 8 connections",
            "limit": "the password checked against its hash alone, nothing beside it",
            "sign-ins": len(logins),
            "answers/s beside": round(crowd.saves / crowd.seconds),
            "p99 ms of an answer beside": round(crowd.percentile(0.99), 1),
            f"coming within {seconds:g} s: p99 ms of a sign-in": round(1000 * quantiles(waits, n=100)[98]),
            "answers/s beside these": round(morning.saves / morning.seconds),
            "p99 ms of an answer beside these": round(morning.percentile(0.99), 1),
            "answers refused": crowd.failures + morning.failures,
            "processors": os.cpu_count(),
        },
    }


def _staff(made: Stage, accounts: int, password: str) -> list[str]:
    logins = [f"staff{number}" for number in range(accounts)]
    with made.runtime.unit_of_work() as session:
        owner = session.scalars(select(Organisation)).one()
        for login in logins:
            people.create_account(
                session,
                login=login,
                password=password,
                name="演练",
                organisation=owner,
                roles=frozenset({Role.PROCTOR}),
                now=made.runtime.clock.now(),
            )
    return logins


def _arrives(at: float, sign_in: Callable[[], None]) -> float:
    """Seconds from the moment at which somebody came until they were signed in."""
    time.sleep(max(0.0, at - time.perf_counter()))
    sign_in()
    return time.perf_counter() - at


def _bare_checks(password: str, number: int = 200) -> float:
    hashed = people.hasher().hash(password)
    began = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda _number: people.hasher().verify(hashed, password), range(number)))
    return number / (time.perf_counter() - began)


def _sign_in(port: int, password: str, login: str) -> None:
    browser = Browser(HOST, port)
    token = found(TOKEN, browser.get("/sign-in"))
    page = browser.post("/sign-in", {"csrf_token": token, "login": login, "password": password})
    browser.close()
    if b"/sign-in" in page:
        raise RuntimeError("the sign-in was refused")


def bench_look_ups(number: int = 300, seconds: float = 4, rounds: int = 3, lines: int = 64) -> dict[str, Any]:
    """Pages of valid certificates, each asked for by another visitor, beside bare answers of the same length."""
    ours, limit, interface = [], [], []
    with tempfile.TemporaryDirectory() as name, stage(Path(name), 1) as made:
        codes = _issued(made, number)
        port = made.servers[0].port
        length = len(Browser(HOST, port).get(f"/v/{codes[0]}"))
        with _bare(length) as bare:
            for _round in range(rounds):
                ours.append(_asked(port, [f"/v/{code}" for code in codes], seconds, lines))
                interface.append(_asked(port, [f"/api/v1/certificates/{code}" for code in codes], seconds, lines))
                limit.append(_asked(bare, ["/"], seconds / 2, lines))
    return {
        "name": "look-ups",
        "unit": "look-ups/s",
        "ours": median(ours),
        "limit": median(limit),
        "ratio": median(ours) / median(limit),
        "conditions": {
            "ours": f"GET /v/CODE of {number} valid certificates by chance over {lines} kept connections, one worker, SQLite; "
            "each from another address, for of one address 120 a minute are answered",
            "limit": "as many bytes from a bare ASGI application in the same server",
            "GET /api/v1/certificates/CODE, look-ups/s": round(median(interface)),
            "bytes of a page": length,
            "processors": os.cpu_count(),
        },
    }


def bench_verification() -> dict[str, Any]:
    """Files checked, as before; and the page's look-ups over HTTP beside them."""
    files, pages = certificate_bench.bench_verification(), bench_look_ups()
    told = {"look-ups/s over HTTP": round(pages["ours"]), "bare answers/s over HTTP": round(pages["limit"])}
    return {**files, "conditions": {**files["conditions"], **told, "look-ups": pages["conditions"]["ours"]}}


def _issued(made: Stage, number: int) -> list[str]:
    codes = _issue(made, number)
    # As certificates stand for years: in the ledger and sealed, so that nothing of that goes on beside.
    while ledger.sequence(made.runtime):
        pass
    seal_all(made.runtime)
    return codes


def _issue(made: Stage, number: int) -> list[str]:
    now = made.runtime.clock.now()
    with made.runtime.unit_of_work() as session:
        owner = session.scalars(select(Organisation)).one()
        one = certificate_bench.content(owner.id, "王小明")
        contents = [replace(one, subject=f"bench:{each}") for each in range(number)]
        return [row.code for row in certificates.issue(session, made.runtime, contents, "bench", now)]


async def bare_application(scope: Any, receive: Any, send: Any) -> None:
    """As many bytes as the page that it is measured beside, and nothing else."""
    content = b"x" * int(os.environ["CERTENGINE_BARE_LENGTH"])
    headers = [(b"content-type", b"text/html"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


@contextmanager
def _bare(length: int) -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "asginl", "--no-ws", "--no-log", "--port", str(port)]
    environment = {**os.environ, "CERTENGINE_BARE_LENGTH": str(length)}
    with subprocess.Popen([*command, "certengine.served_benches:bare_application"], env=environment) as process:
        deadline = time.monotonic() + 30
        while True:
            with socket.socket() as probe:
                if probe.connect_ex((HOST, port)) == 0:
                    break
            if time.monotonic() > deadline:
                raise RuntimeError("the bare server does not start")
            time.sleep(0.05)
        try:
            yield port
        finally:
            process.terminate()


def _asked(port: int, paths: list[str], seconds: float, lines: int) -> float:
    """Answers a second: each line asks for one path by chance after the other."""
    chance, answered = random.Random(1), 0

    def ask(line: socket.socket) -> None:
        visitor = ".".join(str(chance.randrange(1, 255)) for _part in range(3))
        head = f"GET {chance.choice(paths)} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 10.{visitor}\r\n\r\n"
        line.sendall(head.encode())

    with selectors.DefaultSelector() as selector:
        buffers: dict[int, bytes] = {}
        for _line in range(lines):
            line = socket.create_connection((HOST, port), timeout=10)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(line, selectors.EVENT_READ)
            buffers[line.fileno()] = b""
            ask(line)
        started = time.perf_counter()
        while (gone := time.perf_counter() - started) < seconds:
            for key, _events in selector.select(0.1):
                line = key.fileobj  # type: ignore[assignment]
                read = buffers[key.fd] + line.recv(1 << 18)
                head, separator, body = read.partition(b"\r\n\r\n")
                if separator and len(body) >= int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]):
                    if not head.startswith(b"HTTP/1.1 200"):
                        raise RuntimeError(f"not answered: {head[:80]!r}")
                    answered, read = answered + 1, b""
                    ask(line)
                buffers[key.fd] = read
        for key in list(selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
    return answered / gone
