"""One transaction a request: opened at first use, committed when the view has returned, rolled back on any error."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from typing import Any, TypeVar

from flask import Flask, Request, current_app, g, redirect, request
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.datastructures import ImmutableMultiDict, iter_multi_items

from certengine.foundation.runtime import Runtime, current
from certengine.web import once

MAY_LAG = "__may_lag__"
View = TypeVar("View", bound=Callable[..., Any])


def runtime() -> Runtime:
    return current()


def now() -> datetime:
    """The server's time of this request, the same for all that it does."""
    if "now" not in g:
        g.now = runtime().clock.now()
    return g.now  # type: ignore[no-any-return]


def asked_year(this: int) -> int:
    """The year of the address, or this one where it names none that a calendar could show."""
    year = request.args.get("year", this, int)
    return year if 2000 <= year <= 2100 else this


def may_lag(view: View) -> View:
    """Declares that a view may be read from a replica, which shows what was true a moment ago."""
    setattr(view, MAY_LAG, True)
    return view


def write_on_get() -> None:
    """For the one kind of GET that changes something: a return from a sign-in elsewhere. Called before anything reads."""
    assert "session" not in g
    g.writes_on_get = True


def session() -> Session:
    """The request's session: read-only for GET and HEAD, so that looking never waits for a writer."""
    if "session" not in g:
        g.unit_of_work = ExitStack()
        read_only = request.method in ("GET", "HEAD") and not g.get("writes_on_get")
        lags = hasattr(current_app.view_functions.get(request.endpoint or ""), MAY_LAG)
        g.session = g.unit_of_work.enter_context(runtime().unit_of_work(read_only=read_only, may_lag=lags))
    return g.session  # type: ignore[no-any-return]


def let_go() -> None:
    """Ends the transaction so far: slow work that needs none holds up no writer. The next use begins another."""
    stack = g.pop("unit_of_work", None)
    g.pop("session", None)
    if stack is not None:
        stack.close()


class WithoutNul(ImmutableMultiDict[str, Any]):
    """Fields without the character that nobody types and that PostgreSQL's texts cannot hold."""

    def __init__(self, mapping: Any = None) -> None:
        super().__init__([(name, _without_nul(value)) for name, value in iter_multi_items(mapping or ())])


def _without_nul(value: Any) -> Any:
    return value.replace("\0", "") if isinstance(value, str) else value


class FieldsRequest(Request):
    parameter_storage_class = WithoutNul


class TransactionalFlask(Flask):
    """Commits between the view's return and the response's leaving, so that an error still becomes an error page."""

    request_class = FieldsRequest

    def dispatch_request(self) -> Any:
        known = once.key()
        try:
            return self._in_one_transaction(known)
        except IntegrityError:
            if known is None and not request.form.get("token"):
                raise
        # The other of two clicks on one button was first: looked at again, there is what it made.
        for upload in request.files.values():
            upload.seek(0)
        return self._in_one_transaction(known)

    def _in_one_transaction(self, known: str | None) -> Any:
        try:
            response = self._once(known) if known else super().dispatch_request()
        except BaseException as error:
            stack = g.pop("unit_of_work", None)
            g.pop("session", None)
            if stack is not None:
                stack.__exit__(type(error), error, error.__traceback__)
            raise
        let_go()
        return response

    def _once(self, known: str) -> Any:
        if location := once.where(session(), known):
            return redirect(location)
        answer = super().dispatch_request()
        once.keep(session(), known, answer, runtime().clock)
        return answer

    def do_teardown_request(self, *arguments: Any, **named: Any) -> None:
        stack = g.pop("unit_of_work", None)
        g.pop("session", None)
        if stack is not None:
            # Only a before_request hook that stopped the request leaves a session here; it wrote nothing to keep.
            stack.__exit__(RuntimeError, RuntimeError("request stopped"), None)
        super().do_teardown_request(*arguments, **named)
