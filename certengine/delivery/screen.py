"""The examination screen as a page: rendered once for a sitting, and filled in for each of thousands who ask at once."""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import get_locale
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from certengine.delivery import answer_file, receiving, rules
from certengine.delivery.models import Attempt
from certengine.delivery.reading import saved_answers
from certengine.foundation.kept import Kept
from certengine.sittings.service import PlacementView, SittingView

KEPT = 200
# Stands in the rendered page where something of one candidate comes; nobody can write it into a title.
MARK = secrets.token_hex(8)
NOBODY = UUID(int=0)


def _json(data: Any) -> str:
    """For a script element: no character in it can end the element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


@dataclass(frozen=True)
class Screen:
    """pieces: text and the names of what comes between, in turn; addresses: of the requests that the screen makes."""

    sitting: SittingView
    pieces: tuple[str, ...]
    addresses: Mapping[str, str]

    def page(
        self,
        standing: Attempt,
        place: PlacementView,
        script: Mapping[str, Any],
        saved: Mapping[str, Any],
        *,
        token: str,
        secret: str,
        now: datetime,
        shown: str | None = None,
    ) -> str:
        """One candidate's page; saved: item → [sequence, answer, flagged]; shown: that the browser's key was seen."""
        addresses = {name: address.replace(str(NOBODY), str(standing.id)) for name, address in self.addresses.items()}
        if shown:
            addresses["open"] += f"?shown={shown}"
        data = {
            "attempt": str(standing.id),
            "script": script,
            "saved": saved,
            "generation": standing.generation,
            "sequences": rules.SEQUENCES_A_GENERATION,
            **receiving.clock(standing.state, standing.deadline_at, standing.extra_seconds, now),
            "addresses": addresses,
            "ticket": place.ticket_number,
            "file_key": answer_file.key_of(secret, standing.id),
        }
        facts = {
            "name": escape(place.name),
            "ticket": escape(place.ticket_number),
            "room": escape(place.room_name),
            "seat": str(place.seat_number),
            "data": _json(data),
            "token": escape(token),
        }
        filled = list(self.pieces)
        filled[1::2] = [facts[name] for name in self.pieces[1::2]]
        return "".join(filled)


@dataclass(frozen=True)
class _Marks:
    """Passes for a placement while the page is rendered."""

    name: Markup
    ticket_number: Markup
    room_name: Markup
    seat_number: Markup


def opened(session: Session, standing: Attempt, now: datetime) -> dict[str, Any]:
    """What the screen that has just taken the attempt over is told."""
    return {
        "generation": standing.generation,
        "saved": saved_answers(session, standing, standing.generation - 1),
        **receiving.clock(standing.state, standing.deadline_at, standing.extra_seconds, now),
    }


class Screens:
    """The screens that this process has rendered, by sitting and language."""

    def __init__(self) -> None:
        self._kept: Kept[tuple[UUID, str], Screen] = Kept(KEPT)

    def known(self, sitting: SittingView, language: str) -> Screen | None:
        """Without a request; None for what was not rendered yet, or for the sitting as it was before."""
        found = self._kept.get((sitting.id, language))
        return found if found is not None and found.sitting == sitting else None

    def of(self, sitting: SittingView) -> Screen:
        """In the language of the request."""
        language = str(get_locale())
        found = self.known(sitting, language)
        if found is None:
            found = _rendered(sitting)
            self._kept.put((sitting.id, language), found)
        return found


def _rendered(sitting: SittingView) -> Screen:
    def mark(name: str) -> Markup:
        return Markup(f"{MARK}{name};")  # nosec B704: our own letters

    page = render_template(
        "delivery/exam.html",
        sitting=sitting,
        place=_Marks(mark("name"), mark("ticket"), mark("room"), mark("seat")),
        data=mark("data"),
        token=mark("token"),
        texts=Markup(render_template("delivery/exam_texts.html").strip()),  # nosec B704: our own template, which escapes
    )
    addresses = {
        "open": url_for("delivery.open_screen", sitting_id=sitting.id),
        "answers": url_for("delivery.answers", attempt_id=NOBODY),
        "submit": url_for("delivery.submit", sitting_id=sitting.id),
        "receipt": url_for("delivery.receipt", sitting_id=sitting.id),
        "worker": url_for("delivery.worker"),
        "events": url_for("delivery.report_events", sitting_id=sitting.id),
        "paper": url_for("delivery.paper", sitting_id=sitting.id),
    }
    return Screen(sitting, tuple(re.split(f"{MARK}([a-z]+);", page)), addresses)
