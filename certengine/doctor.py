"""certengine doctor: what is wrong with an installation and how to mend it."""

import json
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import click
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from certengine import partitions, rooms
from certengine.backup import checking
from certengine.backup.making import LAST, UNFINISHED
from certengine.certificates import series
from certengine.conduct.regulation import read_regulation
from certengine.foundation import mail, migrate
from certengine.foundation.errors import Invalid
from certengine.foundation.mail import MailError
from certengine.foundation.runtime import Runtime, current
from certengine.ledger import handover
from certengine.ledger import service as ledger
from certengine.people import messages, second_factor
from certengine.people.models import Account
from certengine.rotation import MARKER
from certengine.web.security import contacts

LEAST_FREE = 1 << 30
OLDEST_BACKUP = timedelta(days=2)
NEWEST_LOG, SIX_MONTHS = timedelta(days=2), timedelta(days=183)


def findings(runtime: Runtime) -> Iterator[tuple[bool, str]]:
    """Pairs of (is well, what was found and what to do), most basic first."""
    try:
        with runtime.engine.execution_options(read_only=True).connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        yield False, f"database: cannot be reached ({error.__class__.__name__}); check CERTENGINE_DATABASE_URL"
        return
    yield True, f"database: {runtime.engine.dialect.name} answers"
    if migrate.is_current(runtime):
        yield True, "schema: up to date"
    else:
        yield False, "schema: migrations are pending; run: certengine db upgrade"
    host = urlsplit(runtime.settings.base_url).hostname or ""
    if host in ("localhost", "127.0.0.1", "::1") and not runtime.settings.demonstration:
        yield False, f"address: {runtime.settings.base_url} is not public; set CERTENGINE_BASE_URL before issuing"
    else:
        yield True, f"address: {runtime.settings.base_url}"
    free = shutil.disk_usage(runtime.settings.data).free
    yield free >= LEAST_FREE, f"disk: {free >> 20} MB free under {runtime.settings.data}"
    secret = runtime.settings.data / "secret_key"
    if secret.exists() and secret.stat().st_mode & 0o077:
        yield False, f"secret: {secret} can be read by others; run: chmod 600 {secret}"
    if (runtime.settings.data / UNFINISHED).exists():
        yield False, f"restore: it was cut off before its database; remove {runtime.settings.data} and restore again"
    if (runtime.settings.data / MARKER).exists():
        yield False, "keys: a rotation was cut off; stop the service and run it again: certengine keys rotate"
    if migrate.is_current(runtime):
        with runtime.unit_of_work(read_only=True) as session:
            yield from _keys(runtime, session)
            yield _second_factors(runtime, session)
            yield _last_backup(runtime, session)
            yield _numbers(session)
            if runtime.engine.dialect.name == "postgresql":
                yield from partitions.findings(session.connection(), runtime.clock.now())
    yield from _mail(runtime)
    yield _security_contact(runtime)
    if runtime.settings.misconduct:
        yield _misconduct(runtime.settings.misconduct)
    if runtime.settings.network_logs is not None:
        yield _network_logs(runtime.settings.network_logs, runtime.clock.now())


def _keys(runtime: Runtime, session: Session) -> Iterator[tuple[bool, str]]:
    """Whether the keys are those of the database; none is made by looking."""
    note = ledger.latest_checkpoint(session)
    if note is None:
        return
    path = runtime.settings.data / "keys" / f"{handover.name(session)}.pem"
    if not path.exists():
        yield False, f"keys: {path} is missing, and the ledger would go on under another key; restore the keys"
        return
    try:
        is_right = checking.notes_key_is_right(note, ledger.verifier(session, runtime))
    except ValueError:
        yield False, f"keys: {path} does not open with this secret; check CERTENGINE_SECRET_KEY"
        return
    yield is_right, "keys: the ledger's key signed its checkpoint" if is_right else f"keys: {path} is of another ledger"


def _second_factors(runtime: Runtime, session: Session) -> tuple[bool, str]:
    if not runtime.settings.second_factor_required:
        return (
            True,
            "second factor: left to each account; CERTENGINE_SECOND_FACTOR=required asks whoever decides for it",
        )
    accounts = session.scalars(select(Account).where(Account.active)).all()
    needing = [each for each in accounts if second_factor.is_required(runtime.settings, each)]
    lacking = sum(not second_factor.has_any(session, each.id) for each in needing)
    return True, f"second factor: required of {len(needing)} accounts, {lacking} of them enrol when they next sign in"


def _last_backup(runtime: Runtime, session: Session) -> tuple[bool, str]:
    path = runtime.settings.data / LAST
    if not path.exists():
        is_needed = ledger.tree_size(session) > 0 and not runtime.settings.demonstration
        return not is_needed, "backup: none was made from here yet; run: certengine backup FILE.tar.zst --keys KEYS"
    at = datetime.fromisoformat(json.loads(path.read_text())["at"])
    is_fresh = runtime.clock.now() - at <= OLDEST_BACKUP
    return is_fresh, f"backup: the last was made at {at:%Y-%m-%d %H:%M} UTC" + ("" if is_fresh else "; make another")


def _numbers(session: Session) -> tuple[bool, str]:
    """Numbers are taken in the transaction that issues, so that a gap is never the work of the program."""
    found = series.report(session)
    broken = [f"{each.institution} {each.year}" for each in found if not each.whole]
    if broken:
        return (
            False,
            f"numbers: not every number has its one certificate ({', '.join(broken)}); see /certificates/series",
        )
    count = sum(each.issued for each in found)
    return True, f"numbers: {count} certificates in {len(found)} series, none missing, none twice"


def _network_logs(folder: Path, now: datetime) -> tuple[bool, str]:
    """Whether the proxy logs, and keeps what it has logged for as long as the law wants (or since it began)."""
    times = [datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in folder.glob("*.log*") if path.is_file()]
    if not times:
        return False, f"network logs: none in {folder}; see deploy/nginx.conf and deploy/logrotate.certengine"
    if now - max(times) > NEWEST_LOG:
        return False, f"network logs: nothing was written to {folder} for {(now - max(times)).days} days"
    kept = (now - min(times)).days
    days = len({each.date() for each in times})
    if days < min(kept, SIX_MONTHS.days) * 0.9:
        return False, f"network logs: of the last {kept} days only {days} are in {folder}; keep 200 (logrotate)"
    return True, f"network logs: {kept} days are kept" + ("" if kept >= SIX_MONTHS.days else "; the law wants 183")


def _misconduct(path: Path) -> tuple[bool, str]:
    try:
        found = read_regulation(path)
    except Invalid as error:
        places = ", ".join(problem.place for problem in error.problems)
        return False, f"misconduct: the regulation cannot be used: {places}; mend it or unset CERTENGINE_MISCONDUCT"
    return True, f"misconduct: {path} with {len(found.acts)} acts"


def _mail(runtime: Runtime) -> Iterator[tuple[bool, str]]:
    """Whether the mail server takes us, and whether what was to be sent went."""
    try:
        server = mail.server_of(runtime.settings)
    except ValueError as error:
        yield False, f"mail: {error}"
        return
    if server is None:
        yield True, "mail: none is sent, reminders stand in the list of each organisation; CERTENGINE_SMTP sends them"
        return
    try:
        mail.check(server)
    except MailError as error:
        yield False, f"mail: {error}; check CERTENGINE_SMTP"
        return
    yield True, f"mail: {server.host}:{server.port} takes mail from {server.sender}"
    if migrate.is_current(runtime):
        with runtime.unit_of_work(read_only=True) as session:
            count = messages.failures(session)
        if count:
            yield False, f"mail: {count} messages could not be sent; check the addresses of their organisations"


def _security_contact(runtime: Runtime) -> tuple[bool, str]:
    stated = runtime.settings.security_contact
    if contacts(stated):
        return True, f"security.txt: {stated}"
    if stated:
        return (
            False,
            f"security.txt: {stated} is neither mailto:…, https://… nor tel:+…; set CERTENGINE_SECURITY_CONTACT",
        )
    return runtime.settings.demonstration, "security.txt: nobody is named; set CERTENGINE_SECURITY_CONTACT=mailto:…"


@click.command("doctor")
def command() -> None:
    """Says what is wrong with this installation and how to mend it; exit 1 when anything is."""
    runtime = current()
    runtime.settings.data.mkdir(parents=True, exist_ok=True)
    rooms.load_models()
    well = True
    for is_well, sentence in findings(runtime):
        click.echo(f"{'ok  ' if is_well else 'BAD '} {sentence}")
        well = well and is_well
    sys.exit(0 if well else 1)
