"""certengine oversight: draws and marks done again from an export; a release as a file."""

import sys
from pathlib import Path

import click

from certengine.bank import problems as bank_problems
from certengine.bank import release_file
from certengine.foundation.errors import describe
from certengine.ledger import archive
from certengine.ledger import problems as ledger_problems
from certengine.oversight import problems
from certengine.oversight.replay import Finding, replay

__all__ = ["bank_problems", "ledger_problems", "problems"]


@click.group("oversight")
def command() -> None:
    """What a supervisor checks without trusting anybody."""


@command.command("release")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--digest", required=True, help="As the ledger names it.")
def release_command(out: Path, digest: str) -> None:
    """Writes a bank's release to a file, for the replay after a sitting."""
    from certengine.foundation.runtime import current

    with current().unit_of_work(read_only=True) as session:
        out.write_bytes(b"".join(release_file.write(session, digest)))
    click.echo(str(out))


@command.command("expire")
@click.option("--years", default=5, show_default=True, help="Only who came at least so many years ago.")
@click.option("--erase", is_flag=True, help="Erase them; without it they are only counted.")
def expire_command(years: int, erase: bool) -> None:
    """Persons of whom nothing must be kept any longer, in batches of one person each."""
    from certengine.foundation.clock import CHINA
    from certengine.foundation.runtime import current
    from certengine.oversight import person_data

    runtime = current()
    now = runtime.clock.now()
    with runtime.unit_of_work(read_only=True) as session:
        ids = [each.id for each in person_data.past_keeping(session, now.astimezone(CHINA).date(), years)]
    for person_id in ids if erase else ():
        with runtime.unit_of_work() as session:
            person = person_data.person_of(session, person_id)
            person_data.erase(session, runtime, person, "保存期满", actor="clock", now=now)
    click.echo(f"{len(ids)} {'erased' if erase else 'past their time'}")


@command.command("replay")
@click.argument("path", metavar="EXPORT", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--release", "releases", multiple=True, type=click.Path(exists=True, path_type=Path), help="A release file."
)
@click.option("--key", help="The verifier key that you trust.")
def replay_command(path: Path, releases: tuple[Path, ...], key: str | None) -> None:
    """Exit 0: all that could be done again came out the same. 1: something differs. 2: unreadable or tampered."""
    try:
        with path.open("rb") as lines:
            verdict = archive.verify(lines, key)
    except archive.Unreadable:
        click.echo(f"{path}: {describe('ledger.export_unreadable', {})}", err=True)
        sys.exit(2)
    if not verdict.consistent:
        fault = verdict.faults[0]
        click.echo(f"{path}:{fault.line}: {describe(fault.code, {})}", err=True)
        sys.exit(2)
    known = {}
    for each in releases:
        with each.open("rb") as file:
            found = release_file.read(file, str(each))
        known[found.digest] = found
    with path.open("rb") as lines:
        findings = replay(archive.entries(lines), known)
    for finding in findings:
        click.echo(_said(finding))
    if any(finding.holds is False for finding in findings):
        sys.exit(1)


def _said(finding: Finding) -> str:
    sign = {True: "ok  ", False: "BAD ", None: "    "}[finding.holds]
    code = finding.code if finding.holds is not False else f"{finding.code}.differs"
    values = {"registration": "", **finding.values}
    return f"{sign}{describe('ledger.export_at', {'entry': finding.entry})} {describe(code, values)}"
