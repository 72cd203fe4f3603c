"""What programs take: credentials and status lists as JWTs, and many files or rows with one answer."""

import json
import zipfile
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from certengine.app import create_app
from certengine.certificates import authority, credential, lifecycle, many, service
from certengine.certificates.rules import ReasonClass
from certengine.foundation.errors import Invalid
from certengine.foundation.runtime import Runtime
from tests.certificates.factories import ISSUER, RARE, SECOND, content, issued


def claims_of(runtime: Runtime, token: str) -> dict[str, Any]:
    with runtime.unit_of_work(read_only=True) as session:
        claims = credential.read_signed(token, authority.published_keys(session))
    assert claims is not None
    return claims


def test_the_credential_is_a_signed_open_badge_with_what_is_printed(runtime: Runtime, client: FlaskClient) -> None:
    row = issued(runtime, expires_on=date(2029, 11, 25))
    answer = client.get(f"/api/v1/certificates/{row.code}/credential")
    assert answer.content_type == "application/vc+jwt"
    claims = claims_of(runtime, answer.text)
    assert claims["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert claims["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert claims["iss"] == claims["issuer"]["id"] == "https://exam.example.org/api/v1/issuers/SDPJ"
    assert claims["jti"] == claims["id"] == row.content["address"]
    assert claims["validUntil"] == "2029-11-25T15:59:59Z" and claims["exp"] > claims["nbf"]
    assert claims["credentialSubject"]["licenseNumber"] == row.number
    assert {each["value"] for each in claims["credentialSubject"]["result"]} == {"75.50", "60.00"}
    plain = client.get(f"/api/v1/certificates/{row.code}/credential.json").get_json()
    assert plain == {name: value for name, value in claims.items() if name not in ("iss", "jti", "nbf", "exp")}
    assert client.get(f"/api/v1/certificates/{'0' * 16}/credential").status_code == 404
    assert client.get("/api/v1/issuers/SDPJ").get_json()["name"] == row.content["institution"]
    assert client.get("/api/v1/issuers/NONE").status_code == 404


def test_nothing_personal_is_said_that_is_not_printed(runtime: Runtime, client: FlaskClient) -> None:
    row = issued(runtime)
    text = client.get(f"/api/v1/certificates/{row.code}/credential.json").text
    assert RARE in json.loads(text)["credentialSubject"]["identifier"][0]["identityHash"]
    assert row.document_index not in text and row.subject not in text and str(row.id) not in text


def test_the_header_names_a_published_key_and_a_changed_token_is_worth_nothing(
    runtime: Runtime, client: FlaskClient
) -> None:
    token = client.get(f"/api/v1/certificates/{issued(runtime).code}/credential").text
    kids = {key["kid"] for key in client.get("/.well-known/jwks.json").get_json()["keys"]}
    header = json.loads(credential._from_base64url(token.split(".")[0]))
    assert header["kid"] in kids and header["alg"] == "ES256" and header["typ"] == "vc+jwt"
    with runtime.unit_of_work(read_only=True) as session:
        keys = authority.published_keys(session)
    head, payload, signature = token.split(".")
    none = credential._base64url(json.dumps({**header, "alg": "none"}).encode())
    for wrong in (f"{head}.{payload[:-1]}.{signature}", f"{none}.{payload}.{signature}", f"{head}.{payload}.", "x", ""):
        assert credential.read_signed(wrong, keys) is None
    assert credential.read_signed(token, {}) is None


def test_the_lists_say_at_once_what_the_page_says(runtime: Runtime, client: FlaskClient) -> None:
    rows = [issued(runtime, subject=f"registration:{number}") for number in range(4)]
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        service.revoke(session, rows[1].id, "x", ISSUER, SECOND, now)
        service.supersede(session, runtime, rows[2].id, content(session, runtime), "更正", ISSUER, now)
        lifecycle.suspend(session, rows[3].id, ReasonClass.ERROR, "x", ISSUER, now)
    marked = {}
    for place, row in enumerate(rows):
        claims = claims_of(runtime, client.get(f"/api/v1/certificates/{row.code}/credential").text)
        for entry in claims["credentialStatus"]:
            address = entry["statusListCredential"].removeprefix("https://exam.example.org")
            listed = claims_of(runtime, client.get(address).text)["credentialSubject"]
            assert listed["statusPurpose"] == entry["statusPurpose"]
            bit = credential.is_marked(listed["encodedList"], int(entry["statusListIndex"]))
            marked[place, entry["statusPurpose"]] = bit
    assert {key for key, bit in marked.items() if bit} == {(1, "revocation"), (2, "revocation"), (3, "suspension")}
    for wrong in ("SDPJ/2026/message", "SDPJ/1999/revocation", "NONE/2026/revocation"):
        assert client.get(f"/api/v1/status/{wrong}").status_code == 404


@settings(deadline=None)
@given(st.sets(st.integers(0, 999_999), max_size=20))
def test_a_list_marks_those_numbers_alone(serials: set[int]) -> None:
    encoded = credential.encoded_list(serials)
    near = {number + step for number in serials for step in (-1, 0, 1)} & set(range(1_000_000))
    assert {number for number in near if credential.is_marked(encoded, number)} == serials


def packed(files: dict[str, bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in files.items():
            archive.writestr(name, file)
    return out.getvalue()


def test_many_files_have_one_answer_sheet(runtime: Runtime, client: FlaskClient) -> None:
    row, other = issued(runtime), issued(runtime, subject="registration:2", name="别人")
    with runtime.unit_of_work() as session:
        service.revoke(session, other.id, "x", ISSUER, SECOND, runtime.clock.now())
    good = runtime.files.get(row.pdf)
    archive = packed(
        {
            "a/王.pdf": good,
            "b.pdf": runtime.files.get(other.pdf),
            "c.pdf": good + b" ",
            "=d.txt": b"nothing",
            "__MACOSX/._b.pdf": b"",
        }
    )
    answers = client.post("/api/v1/verify/files", data=archive, content_type="application/zip").get_json()
    assert [(each["file"], each["outcome"]) for each in answers] == [
        ("=d.txt", "unknown"),
        ("a/王.pdf", "valid"),
        ("b.pdf", "revoked"),
        ("c.pdf", "damaged"),
    ]
    assert [each["code"] for each in answers[3]["problems"]] == ["verify.appended"] and answers[1]["name"] == RARE
    page = client.post("/verify/files", data={"files": (BytesIO(archive), "a.zip")}).text
    assert "outcome-revoked" in page and "签名后又在文件末尾追加" in page
    sheet = client.post("/verify/files", data={"files": (BytesIO(archive), "a.zip"), "as": "xlsx"}).data
    cells = list(load_workbook(BytesIO(sheet)).active)
    assert len(cells) == 5 and cells[1][0].value == "=d.txt" and cells[1][0].data_type == "s"
    assert client.post("/api/v1/verify/files", data=b"no zip").status_code == 422


def test_an_archive_is_kept_within_limits(runtime: Runtime) -> None:
    with runtime.unit_of_work(read_only=True) as session:
        with pytest.raises(Invalid) as refused:
            many.check_zip(session, runtime, packed({f"{number}.pdf": b"" for number in range(many.MOST_FILES + 1)}))
        assert refused.value.problems[0].code == "certificate.zip_many"
        bomb = packed({"bomb.pdf": b"%PDF-1.7\n" + b"\0" * 50_000_000})
        assert [each.check for each in many.check_zip(session, runtime, bomb)] == [None]


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, 150), st.integers(1, 255))
def test_a_broken_archive_is_said_to_be_one_or_its_files_are_no_certificates(
    content: bytes, place: int, bits: int
) -> None:
    archive = bytearray(packed({"a.pdf": content}))
    archive[place % len(archive)] ^= bits
    try:
        members = list(many._members(bytes(archive)))
    except Invalid:
        return
    assert len(members) <= 1


def test_a_name_that_chinese_windows_wrote_is_read(runtime: Runtime) -> None:
    member = zipfile.ZipInfo("证书.pdf".encode("gbk").decode("cp437"), (2026, 1, 1, 0, 0, 0))
    assert many._name(member) == "证书.pdf"


def test_a_list_is_answered_row_by_row(runtime: Runtime, client: FlaskClient) -> None:
    row = issued(runtime)
    workbook = Workbook()
    for line in (["证书编号", "姓名"], [row.number, RARE], [row.number, "别人"]):
        workbook.active.append(line)
    out = BytesIO()
    workbook.save(out)
    answers = client.post("/api/v1/verify/list", data=out.getvalue()).get_json()
    assert [(each["row"], each["outcome"], each["number"]) for each in answers] == [
        (2, "valid", row.number),
        (3, "unknown", None),
    ]
    assert client.post("/api/v1/verify/list", data=b"x").status_code == 422


def test_whoever_asks_too_often_is_told_to_wait(runtime: Runtime) -> None:
    client = create_app(runtime, TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=True).test_client()
    answers = [client.post("/api/v1/verify/files", data=packed({})).status_code for _ in range(7)]
    assert answers == [200] * 6 + [429]
