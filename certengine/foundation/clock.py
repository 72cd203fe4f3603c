"""The server's clock, passed in so that rules never read one of their own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
DAY = re.compile(r"(20[0-9]{2}-[0-9]{2}-[0-9]{2})((?: [0-9]{2}:[0-9]{2})?)")


def chinese_day(day: date | str) -> str:
    """2026年11月25日, of a moment the day in China; a string is in ISO's form."""
    found = date.fromisoformat(day) if isinstance(day, str) else day
    local = found.astimezone(CHINA) if isinstance(found, datetime) else found
    return f"{local.year}年{local.month}月{local.day}日"


def chinese_time(moment: datetime, seconds: bool = False) -> str:
    return f"{chinese_day(moment)} {moment.astimezone(CHINA):{'%H:%M:%S' if seconds else '%H:%M'}}"


def days_in_chinese(values: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in a sentence: days, kept in ISO's form, as its readers write them."""
    return {name: _in_chinese(value) if isinstance(value, str) else value for name, value in values.items()}


def _in_chinese(text: str) -> str:
    found = DAY.fullmatch(text)
    try:
        return chinese_day(found[1]) + found[2] if found else text
    except ValueError:
        # Somebody typed it, and no calendar has it.
        return text


class Clock(Protocol):
    def now(self) -> datetime:
        """The present time, aware, in UTC, cut to microseconds."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class SetClock:
    """A clock that stands where it was set; tests and the demonstration move it."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def advance(self, **parts: float) -> datetime:
        self.at += timedelta(**parts)
        return self.at
