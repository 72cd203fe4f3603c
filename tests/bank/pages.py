"""What the page tests of this room share."""

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from certengine.bank import service
from certengine.bank.models import Bank
from certengine.foundation.runtime import Runtime
from tests.bank.factories import FIELD
from tests.factories import PASSWORD


def signed_in(app: Flask, login: str) -> FlaskClient:
    client = app.test_client()
    client.post("/sign-in", data={"login": login, "password": PASSWORD})
    return client


def the_bank(runtime: Runtime) -> Bank:
    with runtime.unit_of_work(read_only=True) as session:
        return session.scalars(select(Bank)).one()


def load_model(author: FlaskClient, runtime: Runtime) -> str:
    answer = author.post("/banks", data={"field": FIELD, "level": "junior", "model": "1"})
    assert answer.status_code == 302
    return f"/banks/{the_bank(runtime).id}"


def approve_all(reviewer: FlaskClient, runtime: Runtime, at: str) -> None:
    with runtime.unit_of_work(read_only=True) as session:
        [(source, _left)] = service.imports(session, the_bank(runtime).id)
    assert reviewer.post(f"{at}/imports/{source.id}/approve").status_code == 302
