import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from certengine.certificates import authority, signed_code
from certengine.certificates.layouts import DEFAULT
from certengine.certificates.rules import CertificateKind
from certengine.certificates.signed_code import FIELDS, NotACode, PublishedKey, SignedCode
from certengine.foundation.runtime import Runtime
from tests.certificates.factories import RARE, issued

KEY, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
IDENTIFIER = b"12345678"
FACTS = {"kind": "grade", "code": "0" * 16, "name": RARE, "number": "SDPJG20261000001", "theory": "75.50"}


def published(key: ec.EllipticCurvePrivateKey, start: datetime = NOW - timedelta(days=1)) -> dict[bytes, PublishedKey]:
    return {IDENTIFIER: PublishedKey(key.public_key(), "某机构", start, start + timedelta(days=900))}


def encoded(facts: dict[str, Any]) -> str:
    return signed_code.encode(
        facts, "https://exam.example.org", NOW, IDENTIFIER, lambda message: KEY.sign(message, ec.ECDSA(hashes.SHA256()))
    )


def read(text: str) -> SignedCode:
    return signed_code.decode(text)


def test_base45_is_that_of_the_standard() -> None:
    for content, text in (
        (b"AB", "BB8"),
        (b"Hello!!", "%69 VD92EX0"),
        (b"base-45", "UJCLQE7W581"),
        (b"ietf!", "QED8WEX0"),
    ):
        assert signed_code.base45(content) == text and signed_code.from_base45(text) == content
    for bad in ("A", "GGW", "::", "ab"):
        with pytest.raises(ValueError):
            signed_code.from_base45(bad)


@given(st.binary(max_size=80))
def test_base45_loses_nothing(content: bytes) -> None:
    assert signed_code.from_base45(signed_code.base45(content)) == content


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(min_size=1, max_size=30)))
def test_a_code_says_what_was_signed_under_the_published_key(facts: dict[str, str]) -> None:
    code = read(encoded(facts))
    assert code.facts == facts and code.issued_at == NOW and code.issuer == "https://exam.example.org"
    hidden = None if "code" in facts else "verify.no_status_address"
    assert signed_code.problem_of(code, published(KEY)) == hidden
    assert signed_code.differences(code, facts) == []


TEXT = encoded(FACTS)


@given(st.integers(4, len(TEXT) - 1), st.sampled_from(signed_code.ALPHABET))
def test_one_changed_character_is_never_valid(place: int, character: str) -> None:
    changed = TEXT[:place] + character + TEXT[place + 1 :]
    if changed == TEXT:
        return
    try:
        code = read(changed)
    except NotACode:
        return
    assert signed_code.problem_of(code, published(KEY)) in ("verify.code_changed", "verify.code_unknown_key")


@given(st.one_of(st.text(max_size=60), st.binary(max_size=60).map(lambda each: "CE1:" + signed_code.base45(each))))
def test_what_is_no_code_is_called_so(text: str) -> None:
    with pytest.raises(NotACode):
        read(text)


def test_a_key_that_is_not_published_or_not_in_force_vouches_for_nothing() -> None:
    code = read(TEXT)
    assert signed_code.problem_of(code, {}) == "verify.code_unknown_key"
    assert signed_code.problem_of(code, published(OTHER)) == "verify.code_changed"
    assert signed_code.problem_of(code, published(KEY, NOW + timedelta(days=1))) == "verify.expired"


def printed_codes(runtime: Runtime, folder: Path, **parts: Any) -> tuple[list[str], dict[str, Any]]:
    """What zbar reads from a print at 200 dpi that was laid askew, copied with noise and out of focus."""
    row = issued(runtime, **parts)
    (folder / "c.pdf").write_bytes(runtime.files.get(row.pdf))
    subprocess.run(["pdftoppm", "-r", "200", "-gray", "-png", "-singlefile", "c.pdf", "c"], cwd=folder, check=True)
    askew = Image.open(folder / "c.png").convert("L").rotate(1.5, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    grain = Image.effect_noise(askew.size, 40)
    worn = Image.blend(askew, grain, 0.25).filter(ImageFilter.GaussianBlur(1))
    worn.save(folder / "worn.png")
    scanned = subprocess.run(["zbarimg", "-q", "--raw", "worn.png"], cwd=folder, capture_output=True, text=True)
    return scanned.stdout.splitlines(), row.content


@pytest.mark.parametrize(
    "parts", [{}, {"name": "阿卜杜拉·" * 8, "kind": CertificateKind.TRAINING, "course": "课" * 60}]
)
def test_both_codes_of_a_worn_print_are_read_and_the_larger_one_says_every_printed_field(
    runtime: Runtime, tmp_path: Path, parts: dict[str, Any]
) -> None:
    lines, facts = printed_codes(runtime, tmp_path, **parts)
    assert f"https://exam.example.org/v/{facts['code']}" in lines
    code = read(next(line for line in lines if line.startswith(signed_code.PREFIX)))
    with runtime.unit_of_work(read_only=True) as session:
        assert signed_code.problem_of(code, authority.published_keys(session)) is None
    assert signed_code.differences(code, facts) == []
    hidden = {"photo", "field", "format", "institution_en", "address"}
    assert {name for name, value in facts.items() if value} - hidden == set(code.facts)


@pytest.mark.parametrize("degrees", [0, 7, 90, 180, 341])
def test_a_photocopy_at_any_angle_is_read(runtime: Runtime, tmp_path: Path, degrees: int) -> None:
    """Printed at 200 dpi, where a code is 20 mm wide without its margin; copied in black and white, turned, blurred."""
    row = issued(runtime)
    (tmp_path / "c.pdf").write_bytes(runtime.files.get(row.pdf))
    subprocess.run(["pdftoppm", "-r", "200", "-png", "-singlefile", "c.pdf", "c"], cwd=tmp_path, check=True)
    modules = 33 + 2 * 4
    assert DEFAULT.address_code.height * 33 / modules >= 20
    copied = ["-attenuate", "0.4", "+noise", "Gaussian", "-blur", "0x1.2", "-level", "20%,75%", "-colorspace", "Gray"]
    turned = ["-background", "white", "-rotate", str(degrees), "-blur", "0x0.8"]
    convert = next(filter(None, map(shutil.which, ("magick", "convert-im6.q16", "convert"))))
    subprocess.run([convert, "c.png", *copied, *turned, "copy.png"], cwd=tmp_path, check=True)
    scanned = subprocess.run(["zbarimg", "-q", "--raw", "copy.png"], cwd=tmp_path, capture_output=True, text=True)
    assert f"https://exam.example.org/v/{row.code}" in scanned.stdout.splitlines()


def test_the_published_keys_carry_the_identifiers_of_the_codes(runtime: Runtime, client: FlaskClient) -> None:
    issued(runtime)
    with runtime.unit_of_work(read_only=True) as session:
        identifiers = {each.hex() for each in authority.published_keys(session)}
    assert identifiers <= {key["kid"] for key in client.get("/.well-known/jwks.json").get_json()["keys"]}
