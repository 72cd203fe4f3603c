"""What templates may use: navigation, dates as written in China, page links."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from flask import Flask, request, url_for
from flask_babel import get_locale
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from certengine.foundation.clock import CHINA, chinese_day
from certengine.web.access import current_actor
from certengine.web.language import LANGUAGES
from certengine.web.once import once_field
from certengine.web.request import now


@dataclass(frozen=True)
class NavigationEntry:
    """A link of the main navigation; label is a Chinese text of the catalogue."""

    order: int
    label: str
    endpoint: str
    permission: Enum


def add_navigation(app_or_setup: Any, entry: NavigationEntry) -> None:
    """Adds a link; call it from a blueprint's record_once with its setup state."""
    app = getattr(app_or_setup, "app", app_or_setup)
    entries: list[NavigationEntry] = app.extensions.setdefault("navigation", [])
    if entry not in entries:
        entries.append(entry)
        entries.sort(key=lambda each: each.order)


def china_time(moment: datetime | None, seconds: bool = False) -> str:
    """2026年11月25日 14:30, or 2026-11-25 14:30 in English."""
    if moment is None:
        return ""
    local = moment.astimezone(CHINA)
    clock = local.strftime("%H:%M:%S" if seconds else "%H:%M")
    return f"{china_date(moment)} {clock}"


def china_span(starts: datetime, ends: datetime) -> str:
    """From when until when; the day is said once where it is the same."""
    same = starts.astimezone(CHINA).date() == ends.astimezone(CHINA).date()
    return (
        f"{china_time(starts)}–{ends.astimezone(CHINA):%H:%M}" if same else f"{china_time(starts)}–{china_time(ends)}"
    )


def china_date(moment: Any) -> str:
    if moment is None:
        return ""
    return date_in(str(get_locale()), moment)


def date_in(language: str, moment: Any) -> str:
    """A day as written in a language; for where there is no request."""
    if language != "en":
        return chinese_day(moment)
    local = moment.astimezone(CHINA) if isinstance(moment, datetime) else moment
    return local if isinstance(local, str) else f"{local.year}-{local.month:02}-{local.day:02}"


def field_time(moment: datetime) -> str:
    """The value of a datetime-local field, in China's time."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%dT%H:%M")


def with_page(number: int) -> str:
    """This address with another page number."""
    arguments = {**request.args.to_dict(flat=False), **(request.view_args or {}), "page": number}
    return url_for(request.endpoint or "home", **arguments)


def csrf_field() -> Markup:
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())


def install(app: Flask) -> None:
    app.jinja_env.filters["china_time"] = china_time
    app.jinja_env.filters["china_span"] = china_span
    app.jinja_env.filters["field_time"] = field_time
    app.jinja_env.filters["china_date"] = china_date
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    # Globals, not context: imported macros see only these.
    app.jinja_env.globals.update(with_page=with_page, csrf_field=csrf_field, once_field=once_field, page_time=now)
    # Enum labels live in templates' catalogue: each package registers Enum class → {member: Chinese text}.
    labels: dict[type[Enum], dict[Enum, str]] = app.extensions.setdefault("labels", {})

    def label(member: Enum | None) -> str:
        if member is None:
            return ""
        return str(labels.get(type(member), {}).get(member, member.value))

    app.jinja_env.filters["label"] = label

    @app.context_processor
    def common() -> dict[str, Any]:
        actor = current_actor()
        entries = app.extensions.get("navigation", [])
        may: Callable[[Enum], bool] = actor.may if actor else lambda _permission: False
        return {
            "actor": actor,
            "languages": LANGUAGES,
            "language": str(get_locale()),
            # By endpoint, for an entry may be there for each of several permissions.
            "navigation": list({entry.endpoint: entry for entry in entries if may(entry.permission)}.values()),
        }


def add_labels(app_or_setup: Any, kind: type[Enum], texts: dict[Any, str]) -> None:
    """Gives each member of an enum its lazy text, for the filter `label`."""
    app = getattr(app_or_setup, "app", app_or_setup)
    app.extensions.setdefault("labels", {})[kind] = texts
