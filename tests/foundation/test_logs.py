"""What a service writes is one JSON object a line, and nobody's data is in it."""

import json
import logging
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from certengine.foundation.logs import JsonLines
from certengine.foundation.runtime import Runtime
from tests.factories import account


def line(name: str, message: str, *arguments: object, error: BaseException | None = None) -> dict[str, Any]:
    raised = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord(name, logging.WARNING, "x.py", 1, message, arguments, raised)
    written = JsonLines().format(record)
    assert "\n" not in written
    found: dict[str, Any] = json.loads(written)
    return found


def test_our_own_events_are_whole_and_of_others_the_pattern_alone() -> None:
    assert line("certengine.app", "refused %s\n%s", "POST", "x")["event"] == "refused POST\nx"
    assert line("urllib3", "Starting new connection to %s", "someone@example.org")["event"].endswith("%s")


def test_of_an_error_its_kind_and_place_are_told_and_not_its_words(session: Session, runtime: Runtime) -> None:
    account(runtime, "wang.xiaoming", ["proctor"])
    for doubled in ("INSERT INTO account (id, login) SELECT id, login FROM account WHERE login = :login",):
        with pytest.raises(IntegrityError) as caught:
            session.execute(text(doubled), {"login": "wang.xiaoming"})
        told = json.dumps(line("certengine.app", "unexpected", error=caught.value))
        assert "IntegrityError" in told and "test_logs.py" in told and "wang" not in told
        assert "wang" not in str(caught.value).partition("[parameters")[2]


def test_why_a_database_cannot_be_reached_is_told() -> None:
    error = OperationalError("SELECT 1", {}, OSError("connection refused\nsecond line"))
    assert line("certengine.serve", "again", error=error)["error"]["words"] == "connection refused"


def test_an_unexpected_error_names_the_route_and_not_the_address(
    app: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "testing", False)
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def fails() -> Any:
        raise ValueError("王小明")

    view = app.view_functions["home"]
    for name, value in vars(view).items():
        setattr(fails, name, value)
    monkeypatch.setitem(app.view_functions, "home", fails)
    answer = app.test_client().get("/?name=王小明")
    assert answer.status_code == 500
    [record] = [each for each in caplog.records if "unexpected" in each.getMessage()]
    written = JsonLines().format(record)
    assert "GET home" in written and "王小明" not in written and "ValueError" in written
