"""certengine certificate: the check of a file, without database or network."""

import hashlib
import json
import sys
from pathlib import Path
from typing import NoReturn

import click
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from certengine.certificates import problems
from certengine.certificates.rules import fields_of
from certengine.certificates.tampering import named
from certengine.certificates.verify import Unreadable, verify
from certengine.foundation.errors import describe

__all__ = ["problems"]


@click.group("certificate")
def command() -> None:
    """Certificates as files."""


@command.command("verify")
@click.argument("path", metavar="FILE.pdf", type=click.Path(path_type=Path))
@click.option("--trust", type=click.Path(path_type=Path), help="The root (PEM); the installation's own otherwise.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def verify_command(path: Path, trust: Path | None, as_json: bool) -> None:
    """Exit 0: valid. 1: not valid, and why. 2: unreadable."""
    try:
        roots = _roots(trust)
        content = path.read_bytes()
        verdict = named(content, verify(content, roots))
    except (OSError, ValueError) as error:
        _unreadable(str(path), str(error), as_json)
    except Unreadable:
        _unreadable(str(path), describe("certificate.unreadable", {}), as_json)
    said = [{"code": code, "message": describe(code, {})} for code in verdict.problems]
    if as_json:
        signed_at = verdict.signed_at.isoformat() if verdict.signed_at else None
        facts = {"valid": verdict.valid, "problems": said, "signer": verdict.signer, "signed_at": signed_at}
        click.echo(json.dumps({**facts, "certificate": verdict.facts}, ensure_ascii=False))
    else:
        for each in said:
            click.echo(f"{path}: {each['message']}")
        if verdict.valid:
            click.echo(f"{path}: 有效 valid · {verdict.signer}")
            for label, value in fields_of(verdict.facts or {}):
                click.echo(f"  {label}: {value}")
            click.echo(f"  撤销状态未联网查询 status not asked: {(verdict.facts or {})['address']}")
    sys.exit(0 if verdict.valid else 1)


@command.command("verifier")
@click.argument("path", metavar="OUT.html", type=click.Path(path_type=Path, dir_okay=False))
def verifier_command(path: Path) -> None:
    """Writes the page that checks the signed codes of certificates offline, with the keys published so far."""
    from certengine.certificates import authority
    from certengine.certificates.verifier_page import verifier_page
    from certengine.foundation.clock import CHINA
    from certengine.foundation.runtime import current

    runtime = current()
    with runtime.unit_of_work(read_only=True) as session:
        keys = authority.published_keys(session)
    page = verifier_page(keys, runtime.clock.now().astimezone(CHINA).date()).encode()
    path.write_bytes(page)
    click.echo(f"{path}: {len(keys)} keys, SHA-256 {hashlib.sha256(page).hexdigest()}")


def _roots(trust: Path | None) -> list[bytes]:
    """The trusted roots, DER: of the file given, or of the installation of the environment."""
    if trust is not None:
        certificates = x509.load_pem_x509_certificates(trust.read_bytes())
        return [each.public_bytes(serialization.Encoding.DER) for each in certificates]
    from sqlalchemy.exc import SQLAlchemyError

    from certengine.certificates import authority
    from certengine.foundation.runtime import current

    try:
        with current().unit_of_work(read_only=True) as session:
            return authority.roots(session)
    except SQLAlchemyError:
        return []


def _unreadable(path: str, why: str, as_json: bool) -> NoReturn:
    if as_json:
        click.echo(json.dumps({"valid": False, "unreadable": why}, ensure_ascii=False))
    else:
        click.echo(f"{path}: {why}", err=True)
    sys.exit(2)
