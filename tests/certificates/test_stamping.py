"""Our time-stamp authority answers as RFC 3161 says, and another one may take its place."""

import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from asn1crypto import core, tsp
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from certengine.certificates import authority, stamping
from certengine.certificates.models import Certificate, SigningCertificate
from certengine.certificates.profiles import Issuer, Role, make, name_of, require_use
from certengine.certificates.stamping import POLICY, QUERY, BadStamp, Stamper
from certengine.certificates.verify import Known, verify
from certengine.foundation.errors import Conflict
from certengine.foundation.runtime import Runtime, use
from tests.certificates.factories import issued, sealed
from tests.conftest import NOON


def openssl(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    command = ["openssl", "ts", *(str(each) for each in arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_openssl_asks_and_accepts_the_answer(runtime: Runtime, client: FlaskClient, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"something")
    for algorithm in ("sha256", "sha384", "sha512"):
        openssl("-query", "-data", "data", f"-{algorithm}", "-cert", "-out", "q.tsq", folder=tmp_path)
        answer = client.post("/tsa", data=(tmp_path / "q.tsq").read_bytes(), content_type=QUERY)
        assert answer.content_type == "application/timestamp-reply"
        (tmp_path / "r.tsr").write_bytes(answer.data)
        (tmp_path / "root.pem").write_bytes(client.get("/root.pem").data)
        done = openssl(
            "-verify", "-queryfile", "q.tsq", "-in", "r.tsr", "-CAfile", "root.pem",
            "-attime", int(runtime.clock.now().timestamp()) + 60, folder=tmp_path,
        )  # fmt: skip
        assert "Verification: OK" in done.stdout, done.stderr
    text = openssl("-reply", "-in", "r.tsr", "-text", folder=tmp_path).stdout
    assert "Granted" in text and "Nov 25 04:00:00 2026 GMT" in text


def status(answer: bytes) -> tuple[str, set[str]]:
    read = tsp.PKIStatusInfo.load(core.Sequence.load(answer)[0].dump())
    return read["status"].native, read["fail_info"].native or set()


def test_a_request_that_cannot_be_granted_is_refused_with_its_reason(client: FlaskClient) -> None:
    def asked(algorithm: str = "sha256", digest: bytes = b"0" * 32, **more: object) -> bytes:
        imprint = {"hash_algorithm": {"algorithm": algorithm}, "hashed_message": digest}
        return bytes(tsp.TimeStampReq({"version": 1, "message_imprint": imprint, **more}).dump())

    for query, reason in (
        (b"nonsense", "bad_data_format"),
        (asked("sha1", b"0" * 20), "bad_alg"),
        (asked("sha256", b"0" * 20), "bad_alg"),
        (asked(req_policy="1.2.3.4"), "unaccepted_policy"),
    ):
        assert status(client.post("/tsa", data=query).data) == ("rejection", {reason})
    assert status(client.post("/tsa", data=asked(req_policy=POLICY, nonce=7)).data)[0] == "granted"


class Authority:
    """A time-stamp authority of somebody else's, with a root of its own."""

    def __init__(self, at: datetime = NOON) -> None:
        root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        ends = at + timedelta(days=4000)
        root = make(Role.ROOT, name_of("other root", "other"), root_key.public_key(), None, root_key, at, ends)
        issuer = Issuer(root, root_key, "https://tsa.example.net/root.crl")
        made = make(Role.STAMPER, name_of("other stamps", "other"), key.public_key(), issuer, key, at, ends)
        self.root = root.public_bytes(serialization.Encoding.DER)
        self.root_pem = root.public_bytes(serialization.Encoding.PEM)
        self.stamper = Stamper(key, made.public_bytes(serialization.Encoding.DER), [self.root])


STRANGER = Authority()


@given(st.binary(max_size=120))
def test_any_request_has_an_answer(query: bytes) -> None:
    assert status(STRANGER.stamper.answer(query, NOON))[0] in ("rejection", "granted")


@pytest.fixture
def elsewhere(runtime: Runtime) -> Iterator[str]:
    """The stranger's service over HTTP."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(STRANGER.stamper.answer(query, runtime.clock.now()))

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/tsa"
    server.shutdown()
    thread.join()
    server.server_close()


def with_outside(runtime: Runtime, address: str, folder: Path) -> Runtime:
    (folder / "tsa.pem").write_bytes(STRANGER.root_pem)
    return use(Runtime(replace(runtime.settings, tsa_url=address, tsa_roots=folder / "tsa.pem"), runtime.clock))


def test_an_outside_authority_of_the_settings_stamps_instead(runtime: Runtime, elsewhere: str, tmp_path: Path) -> None:
    other = with_outside(runtime, elsewhere, tmp_path)
    pdf = other.files.get(sealed(other).file)
    with other.unit_of_work(read_only=True) as session:
        roots = authority.roots(session)
    verdict = verify(pdf, roots, Known(stamp_roots=[STRANGER.root]))
    assert verdict.valid and verdict.level == "B-LTA"
    assert {each.authority for each in (verdict.stamp, *verdict.stamps) if each} == {"other stamps"}
    # Its root is trusted for the time and for nothing else, and only by whoever says so.
    assert {"verify.stamp", "verify.evidence"} <= set(verify(pdf, roots).problems)
    assert "verify.untrusted" in verify(pdf, [STRANGER.root]).problems
    other.engine.dispose()


def test_where_nobody_tells_the_time_nothing_is_issued(runtime: Runtime, tmp_path: Path) -> None:
    other = with_outside(runtime, "http://127.0.0.1:9/tsa", tmp_path)
    with pytest.raises(Conflict, match="no_time_stamp"):
        issued(other)
    with other.unit_of_work(read_only=True) as session:
        assert session.scalars(select(Certificate)).all() == []
    other.engine.dispose()


def test_a_token_over_something_else_or_changed_is_no_time_stamp() -> None:
    roots = [x509.load_der_x509_certificate(STRANGER.root)]
    token = STRANGER.stamper.token(b"1" * 32, NOON)
    assert stamping.read(token, b"1" * 32, roots).at == NOON
    with pytest.raises(BadStamp):
        stamping.read(token, b"2" * 32, roots)
    with pytest.raises(BadStamp):
        stamping.read(token, b"1" * 32, [])

    @given(st.integers(0, len(token) - 1), st.integers(1, 255))
    def changed(place: int, bits: int) -> None:
        copy = bytearray(token)
        copy[place] ^= bits
        try:
            assert stamping.read(bytes(copy), b"1" * 32, roots).at == NOON
        except BadStamp:
            return

    changed()


@pytest.mark.parametrize("role", Role)
def test_keys_are_set_up_only_with_the_use_that_they_are_for(role: Role) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    ends = NOON + timedelta(days=100)
    made = make(role, name_of("x", "x"), key.public_key(), None, key, NOON, ends)
    require_use(made, role, key.public_key())
    for other in set(Role) - {role, *({Role.ROOT, Role.ISSUING} if role in (Role.ROOT, Role.ISSUING) else ())}:
        with pytest.raises(Conflict, match="key_usage"):
            require_use(made, other)
    with pytest.raises(Conflict, match="key_other"):
        require_use(made, role, ec.generate_private_key(ec.SECP256R1()).public_key())


def test_a_signer_without_non_repudiation_signs_nothing(runtime: Runtime) -> None:
    issued(runtime)
    with runtime.unit_of_work() as session:
        row = session.scalars(select(SigningCertificate).where(SigningCertificate.role == Role.SIGNER)).one()
        key = runtime.keys.p256(row.key_name)
        other = make(Role.STAMPER, name_of("x", "x"), key.public_key(), None, key, NOON, row.not_after)
        row.der = other.public_bytes(serialization.Encoding.DER)
    with pytest.raises(Conflict, match="key_usage"):
        issued(runtime, subject="registration:2")
