"""Who may call a view: each says `@allow(Permission.X)` or `@public("why")`, and the app refuses to start otherwise."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from flask import Flask, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from certengine.foundation.errors import NotAllowed

View = TypeVar("View", bound=Callable[..., Any])
ACCESS = "__access__"


class Actor(Protocol):
    """Whoever acts: an opaque id for logs, a name to show, and what they may do."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...

    def may(self, permission: enum.Enum) -> bool: ...


@dataclass(frozen=True)
class Allowed:
    permissions: tuple[enum.Enum, ...]


@dataclass(frozen=True)
class Public:
    why: str


def allow(*permissions: enum.Enum) -> Callable[[View], View]:
    """Only an actor who holds at least one of the permissions may call the view."""

    def declare(view: View) -> View:
        setattr(view, ACCESS, Allowed(permissions))
        return view

    return declare


def public(why: str) -> Callable[[View], View]:
    """Anyone may call the view, for the stated reason."""

    def declare(view: View) -> View:
        setattr(view, ACCESS, Public(why))
        return view

    return declare


def current_actor() -> Actor | None:
    """The signed-in actor, loaded once a request by the loader that a package registered."""
    if "actor" not in g:
        loader: Callable[[], Actor | None] | None = current_app.extensions.get("actor_loader")
        g.actor = loader() if loader else None
    return g.actor  # type: ignore[no-any-return]


def add_door(app: Any, prefix: str, endpoint: str) -> None:
    """Whoever is not signed in and asks for a page under this path is led to a door of their own."""
    app.extensions.setdefault("doors", {})[prefix] = endpoint


def install(app: Flask) -> None:
    """Checks access before every request; `verify_declared` is called when all routes stand."""

    @app.before_request
    def check() -> Response | None:
        if request.endpoint is None:
            return None
        declared = getattr(app.view_functions[request.endpoint], ACCESS)
        if isinstance(declared, Public):
            return None
        actor = current_actor()
        if actor is None:
            if request.accept_mimetypes.accept_html and request.method == "GET":
                doors: dict[str, str] = app.extensions.get("doors", {})
                for prefix, endpoint in doors.items():
                    if request.path.startswith(prefix):
                        return redirect(url_for(endpoint))  # type: ignore[return-value]
                return redirect(url_for("people.sign_in", next=request.full_path.rstrip("?")))  # type: ignore[return-value]
            raise NotAllowed("sign_in_needed")
        if not any(actor.may(permission) for permission in declared.permissions):
            raise NotAllowed("not_allowed")
        return None


def verify_declared(app: Flask) -> None:
    """Raises RuntimeError naming the routes that say neither who is allowed nor why they are public."""
    bare = sorted(name for name, view in app.view_functions.items() if not hasattr(view, ACCESS))
    if bare:
        raise RuntimeError(f"views without @allow or @public: {', '.join(bare)}")
