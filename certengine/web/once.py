"""A form that is sent twice, by two clicks or a reload, acts once: the second is led to where the first was.

A page puts `once_field()` beside its form. The same page sent again with other values is something new.
"""

import hashlib
from datetime import timedelta

from flask import request
from flask import session as cookie
from markupsafe import Markup
from sqlalchemy import delete
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from certengine.foundation.canonical import canonical_json
from certengine.foundation.clock import Clock
from certengine.foundation.ids import random_code
from certengine.web.models import FormReceipt

NAME = "once"
KEPT = timedelta(days=1)


def once_field() -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(NAME, random_code(20))


def key() -> str | None:
    """By which a form of this request is known again: who sent what, from which page; None for other requests."""
    if request.method != "POST" or not request.form.get(NAME):
        return None
    fields = sorted((name, values) for name, values in request.form.lists() if name != "csrf_token")
    files = []
    for name, upload in sorted(request.files.items()):
        files.append([name, upload.filename or "", _digest(upload)])
    said = [request.path, cookie.get("actor"), [[name, *values] for name, values in fields], files]
    return hashlib.sha256(canonical_json({"form": said})).hexdigest()


def _digest(upload: FileStorage) -> str:
    found = hashlib.sha256()
    while part := upload.read(1 << 20):
        found.update(part)
    upload.seek(0)
    return found.hexdigest()


def where(session: Session, known: str) -> str | None:
    """Where the form led that was sent before."""
    found = session.get(FormReceipt, known)
    return found.location if found else None


def keep(session: Session, known: str, answer: object, clock: Clock) -> None:
    """Remembers an answer that leads elsewhere; a form that is shown again has done nothing."""
    if not isinstance(answer, Response) or answer.status_code not in (302, 303):
        return
    now = clock.now()
    session.execute(delete(FormReceipt).where(FormReceipt.at < now - KEPT))
    session.add(FormReceipt(key=known, location=answer.location, at=now))
    session.flush()
