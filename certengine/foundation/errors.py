"""The family of errors that a use case may raise. The web and the command line turn them into words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input: where, which (a code of the message table) and the values to say it with."""

    place: str
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


class CertengineError(Exception):
    """The family's head; code is a key of the message table."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


class NotFound(CertengineError):
    """There is no such thing, or none that the actor may know of."""


class NotAllowed(CertengineError):
    """The actor may not do this."""


class Conflict(CertengineError):
    """The thing is not in a state in which this can be done."""


class Invalid(CertengineError):
    """The input is wrong; problems lists everything that is, not just the first."""

    def __init__(self, problems: list[Problem], code: str = "invalid", **values: Any) -> None:
        super().__init__(code, **values)
        self.problems = problems


_messages: dict[str, str] = {"invalid": "输入有误"}


def register_messages(messages: Mapping[str, str]) -> None:
    """Adds a package's sentences: code → Chinese text with %(name)s places; English stands in its en.po."""
    _messages.update(messages)


def message_table() -> Mapping[str, str]:
    return _messages


def describe(code: str, values: Mapping[str, Any], translate: Callable[[str], str] = lambda text: text) -> str:
    """The sentence for a code; an unregistered code is shown as it is, so that nothing is hidden."""
    text = _messages.get(code)
    return translate(text) % values if text else f"{code} {dict(values)}" if values else code
