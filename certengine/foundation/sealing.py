"""Columns that are encrypted at rest, some where the installation asks for it. What was written before stays readable."""

import base64
import json
from typing import Any

from sqlalchemy import JSON, Dialect, String, Text
from sqlalchemy.types import TypeDecorator

from certengine.foundation.runtime import current

SEALED = "sealed"
PREFIX = "sealed:"


def sealing() -> bool:
    """Whether new contents are encrypted (CERTENGINE_SEAL_BANK=1)."""
    return current().settings.seal_bank


def _sealed(plain: str) -> str:
    return base64.b64encode(current().cipher.encrypt(plain)).decode()


def _opened(sealed: str) -> str:
    return current().cipher.decrypt(base64.b64decode(sealed))


class SealedJson(TypeDecorator[dict[str, Any]]):
    """A JSON object, or {"sealed": …} over it."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> dict[str, Any] | None:
        if value is None or not sealing():
            return value
        return {SEALED: _sealed(json.dumps(value, ensure_ascii=False))}

    def process_result_value(self, value: dict[str, Any] | None, dialect: Dialect) -> dict[str, Any] | None:
        if value is None or set(value) != {SEALED}:
            return value
        found: dict[str, Any] = json.loads(_opened(value[SEALED]))
        return found


class SealedText(TypeDecorator[str]):
    """A text, or "sealed:…" over it."""

    impl: type[String] = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None or not sealing() else PREFIX + _sealed(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return _opened(value[len(PREFIX) :]) if value is not None and value.startswith(PREFIX) else value


class SecretText(SealedText):
    """A short text that is encrypted wherever it is written anew: what a stolen database must not give away."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return PREFIX + _sealed(value) if value else value
