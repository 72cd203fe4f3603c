import pytest
from flask import Flask
from flask.testing import FlaskClient

from certengine.foundation.runtime import Runtime
from tests.bank.pages import signed_in
from tests.factories import account


@pytest.fixture
def author(app: Flask, runtime: Runtime) -> FlaskClient:
    account(runtime, "author", ["item_author"], name="命题员甲")
    return signed_in(app, "author")


@pytest.fixture
def reviewer(app: Flask, runtime: Runtime) -> FlaskClient:
    account(runtime, "reviewer", ["item_reviewer"], name="审题员乙")
    return signed_in(app, "reviewer")
