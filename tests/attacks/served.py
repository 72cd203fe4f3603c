"""The application as workers serve it, without what keeps an attacker out before the code that is under attack: no
limits, no waits after failures, no tokens in forms. For scripts/attack alone."""

from datetime import timedelta
from typing import Any

from a2wsgi import WSGIMiddleware
from flask import request
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from certengine.app import create_app
from certengine.certificates.lookup import LookUps
from certengine.delivery.door import Door
from certengine.foundation.runtime import current
from certengine.web import throttle
from certengine.web.access import public


def planted() -> str:
    """A hole that shows nothing but yes or no: who does not find it would not find another either."""
    with current().engine.connect() as connection:
        try:
            words = request.args.get("q", "")
            found = connection.execute(text(f"SELECT login FROM account WHERE login = '{words}'")).first()
        except DBAPIError:
            found = None
    return "<html><body>" + ("somebody of that name is known here" if found else "nobody") + "</body></html>"


def application() -> Any:
    throttle.wait = throttle.left = lambda *_: timedelta()  # type: ignore[assignment]
    app = create_app(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    app.add_url_rule("/planted", view_func=public("it is found, or nothing is")(planted))
    return LookUps(app, Door(app, WSGIMiddleware(app), current()), current())
