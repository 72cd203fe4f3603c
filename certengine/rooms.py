"""The packages, ground floor first. The app, the command line, the migrations and the tests read this order."""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

ROOMS = (
    "foundation",
    "psychometrics",
    "web",
    "ledger",
    "people",
    "standards",
    "certificates",
    "training",
    "bank",
    "papers",
    "sittings",
    "delivery",
    "proctoring",
    "marking",
    "conduct",
    "programme",
    "oversight",
)


def modules(name: str) -> list[ModuleType]:
    """The module of this name in each room that has one, in order."""
    found = []
    for room in ROOMS:
        path = f"certengine.{room}.{name}"
        if find_spec(f"certengine.{room}") and find_spec(path):
            found.append(import_module(path))
    return found


def load_models() -> None:
    """Imports every table, so that the metadata is whole."""
    import_module("certengine.foundation.jobs")
    modules("models")


def load_jobs() -> None:
    """Declares every kind of job."""
    import_module("certengine.foundation.held_files")
    modules("jobs")
