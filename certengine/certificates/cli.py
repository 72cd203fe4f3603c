"""certengine certificate: the check of a file, without database or network."""

import hashlib
import json
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import click

from certengine.certificates import folder, problems
from certengine.certificates.folder import read_pem
from certengine.certificates.rules import fields_of
from certengine.certificates.tampering import named
from certengine.certificates.trust import read as read_trust
from certengine.certificates.verify import NOTHING, Known, Unreadable, Verdict, verify
from certengine.foundation.clock import SystemClock
from certengine.foundation.errors import describe
from certengine.ledger import notes

__all__ = ["problems"]
LOST = "（密钥已泄露，不作数 key compromised, counts for nothing）"


@click.group("certificate")
def command() -> None:
    """Certificates as files."""


@command.command("verify")
@click.argument("path", metavar="FILE.pdf|FOLDER", type=click.Path(path_type=Path))
@click.option("--trust", type=click.Path(path_type=Path), help="The root (PEM); the installation's own otherwise.")
@click.option("--stamp-trust", type=click.Path(path_type=Path), help="Roots of another time-stamp authority (PEM).")
@click.option("--crl", "lists", multiple=True, type=click.Path(path_type=Path), help="A newer list of revocation.")
@click.option(
    "--ledger-key", "ledger_keys", multiple=True, help="The ledger's verifier key: the file must carry its proof."
)
@click.option(
    "--witness", "witnesses", multiple=True, help="A witness's verifier key: the proof must bear its signature."
)
@click.option("--countersigned", is_flag=True, help="The file must bear a department's signature.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object; of a folder one a line.")
def verify_command(
    path: Path,
    trust: Path | None,
    stamp_trust: Path | None,
    lists: tuple[Path, ...],
    ledger_keys: tuple[str, ...],
    witnesses: tuple[str, ...],
    countersigned: bool,
    as_json: bool,
) -> None:
    """Exit 0: valid. 1: not valid, and why. 2: unreadable. Of a folder: 0 when all are valid, else 1."""
    try:
        roots, known = _trusted(trust)
        known = replace(
            known,
            stamp_roots=read_pem(stamp_trust) if stamp_trust else (),
            lists=[each.read_bytes() for each in lists],
            log=notes.parse_verifier(ledger_keys[0]) if ledger_keys else known.log,
            former=[notes.parse_verifier(each) for each in ledger_keys[1:]] if ledger_keys else known.former,
            proof_demanded=bool(ledger_keys),
            witnesses=[notes.parse_verifier(each) for each in witnesses],
            countersigned=countersigned,
            now=SystemClock().now(),
        )
    except (OSError, ValueError, notes.BadNote) as error:
        _unreadable(str(trust or path), str(error), as_json)
    if path.is_dir():
        sys.exit(folder.check(path, roots, known, as_json))
    try:
        content = path.read_bytes()
        verdict = named(content, verify(content, roots, known))
    except OSError as error:
        _unreadable(str(path), str(error), as_json)
    except Unreadable:
        _unreadable(str(path), describe("certificate.unreadable", {}), as_json)
    if as_json:
        click.echo(json.dumps(folder.as_json(verdict), ensure_ascii=False))
    else:
        _say(path, verdict)
    sys.exit(0 if verdict.valid else 1)


def _say(path: Path, verdict: Verdict) -> None:
    for code in verdict.problems:
        click.echo(f"{path}: {describe(code, {})}")
    if not verdict.valid:
        return
    click.echo(f"{path}: 有效 valid · {verdict.signer} · PAdES {verdict.level}")
    for label, value in fields_of(verdict.facts or {}):
        click.echo(f"  {label}: {value}")
    for each in verdict.all_stamps:
        click.echo(
            f"  时间戳 time stamp: {each.at:%Y-%m-%d %H:%M:%S} UTC · {each.authority} · 至 until {each.until:%Y-%m-%d}"
            f"{'' if each.counts else LOST}"
        )
    for second in verdict.countersignatures:
        click.echo(
            f"  联署 countersigned: {second.department} · {second.stamp.at:%Y-%m-%d %H:%M:%S} UTC · "
            f"{second.stamp.authority}{LOST if second.compromised else ''}"
        )
    if proof := verdict.ledger:
        by = [proof.origin if proof.signed else f"{proof.origin}（未核对公钥 key not checked）", *proof.witnesses]
        click.echo(f"  账本 ledger: {proof.index} / {proof.size} · {'、'.join(by)}")
    click.echo(f"  撤销状态未联网查询 status not asked: {(verdict.facts or {})['address']}")


@command.command("seal")
def seal_command() -> None:
    """Completes certificates with their evidence for thirty years; `certengine serve` does so by itself."""
    from certengine.certificates import sealing
    from certengine.foundation.runtime import current

    click.echo(f"{sealing.seal_all(current())} certificates sealed")


@command.command("restamp")
@click.option(
    "--before", type=click.DateTime(["%Y-%m-%d"]), help="Whose stamp ends before; by default within two years."
)
def restamp_command(before: datetime | None) -> None:
    """Stamps again what bears a time stamp that ends soon, or that an algorithm ages under; all files stay good."""
    from certengine.certificates import sealing
    from certengine.foundation.clock import CHINA
    from certengine.foundation.runtime import current

    runtime = current()
    limit = before.replace(tzinfo=CHINA) if before else runtime.clock.now() + sealing.AHEAD
    click.echo(f"{sealing.restamp_all(runtime, limit)} certificates stamped again")


@command.command("countersignature")
@click.argument("path", metavar="FILE.pdf", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("out", metavar="OUT.pdf", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--trust", required=True, type=click.Path(path_type=Path), help="The root (PEM).")
def countersignature_command(path: Path, out: Path, trust: Path) -> None:
    """Takes a department's signature (OUT.pdf.p7s) and the file that it is over (OUT.pdf) out of a certificate.

    Any other program can check the two: openssl cms -verify -binary -inform DER -in OUT.pdf.p7s -content OUT.pdf
    -CAfile root.pem -purpose any -out FILE. Exit 1: the file is not valid, or bears none.
    """
    try:
        pdf = path.read_bytes()
        roots, known = _trusted(trust)
        verdict = verify(pdf, roots, replace(known, countersigned=True, now=SystemClock().now()))
    except (OSError, ValueError, Unreadable) as error:
        raise click.ClickException(str(error) or describe("certificate.unreadable", {})) from None
    if not verdict.valid:
        raise click.ClickException("；".join(describe(code, {}) for code in verdict.problems))
    newest = verdict.countersignatures[-1]
    out.write_bytes(pdf[: newest.length])
    out.with_name(f"{out.name}.p7s").write_bytes(newest.content)
    click.echo(f"{out}.p7s: {newest.department}")


@command.command("compromise")
@click.argument("identifier", metavar="KEY")
@click.option("--since", required=True, type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="China time.")
def compromise_command(identifier: str, since: datetime) -> None:
    """Declares that somebody else may have a signing key since a time: its mark on the page of signing keys.

    Of an institution or department: what was signed and time-stamped before stays valid, anything after is not. Of the
    time-stamp authority: its stamps count only where something else proves them to be older, and certificates are stamped
    again. Of the root: another takes its place; hand out the new root.pem. A new key is made at the next use.
    """
    from certengine.certificates import compromise, sealing
    from certengine.foundation.clock import CHINA
    from certengine.foundation.runtime import current

    runtime = current()
    with runtime.unit_of_work() as session:
        row = compromise.by_identifier(session, identifier)
        now = runtime.clock.now()
        compromise.declare(session, runtime, row.id, since.replace(tzinfo=CHINA), "command line", now)
        aged = sealing.aging(session, now)
    click.echo(f"{identifier}: compromised since {since:%Y-%m-%d %H:%M:%S} (China)")
    if aged:
        click.echo(f"{aged} certificates are stamped again: by `certengine serve`, or certengine certificate restamp")


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


def _trusted(path: Path | None) -> tuple[list[bytes], Known]:
    """The roots (DER) and what is known of compromised keys: of the file given, or of the installation of the
    environment. Raises OSError, ValueError."""
    if path is not None:
        found = read_trust(path.read_bytes())
        return found.all_roots, found.known
    from sqlalchemy.exc import SQLAlchemyError

    from certengine.certificates import authority, checking
    from certengine.foundation.runtime import current

    try:
        with current().unit_of_work(read_only=True) as session:
            return authority.roots(session), checking.known(session, current())
    except SQLAlchemyError:
        return [], NOTHING


def _unreadable(path: str, why: str, as_json: bool) -> NoReturn:
    if as_json:
        click.echo(json.dumps({"valid": False, "unreadable": why}, ensure_ascii=False))
    else:
        click.echo(f"{path}: {why}", err=True)
    sys.exit(2)
