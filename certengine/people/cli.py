"""certengine account: the first account of an installation, and a way back in."""

import click
from sqlalchemy import select

from certengine.foundation.errors import Invalid, Problem
from certengine.foundation.runtime import current
from certengine.people import second_factor, service
from certengine.people.models import Account, Organisation, OrganisationKind
from certengine.people.permissions import Role

password_option = click.option(
    "--password", prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for when it is not given."
)


@click.group("account")
def command() -> None:
    """Accounts from the command line; everything else is done on the page of accounts."""


@command.command()
@click.option("--login", required=True)
@click.option("--name", required=True, help="As it is shown.")
@click.option("--organisation", required=True, help="Its name; made where there is none of it.")
@click.option("--code", required=True, help="Two to eight capitals or digits, part of certificate numbers.")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in OrganisationKind]),
    default=OrganisationKind.EVALUATION_INSTITUTION.value,
    show_default=True,
)
@click.option(
    "--role", "roles", multiple=True, type=click.Choice([role.value for role in Role]), default=["administrator"]
)
@password_option
def create(
    login: str, name: str, organisation: str, code: str, kind: str, roles: tuple[str, ...], password: str
) -> None:
    """Makes an account, by default of an administrator."""
    runtime = current()
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        owner = session.scalar(select(Organisation).where(Organisation.name == organisation))
        owner = owner or service.create_organisation(session, OrganisationKind(kind), organisation, code, now)
        service.create_account(
            session,
            login=login,
            password=password,
            name=name,
            organisation=owner,
            roles=frozenset(Role(role) for role in roles),
            now=now,
            actor="command line",
        )
    click.echo(f"{login}: {', '.join(roles)} of {organisation}")


@command.command("password")
@click.option("--login", required=True)
@password_option
def set_password(login: str, password: str) -> None:
    """Gives an account another password."""
    runtime = current()
    with runtime.unit_of_work() as session:
        found = session.scalar(select(Account).where(Account.login == login))
        if found is None:
            raise Invalid([Problem("--login", "account.not_found")])
        service.set_password(session, found, password, "command line", runtime.clock.now())
    click.echo(f"{login}: password set")


@command.command("second-factor-reset")
@click.option("--login", required=True)
def reset_second_factor(login: str) -> None:
    """Takes a lost device's second factor away; all sessions of the account end."""
    runtime = current()
    with runtime.unit_of_work() as session:
        found = session.scalar(select(Account).where(Account.login == login))
        if found is None:
            raise Invalid([Problem("--login", "account.not_found")])
        second_factor.reset(session, found, "command line", runtime.clock.now())
    click.echo(f"{login}: second factor reset")
