"""The rules of the house, checked on the whole program."""

import pytest
from flask import Flask

from certengine import rooms
from certengine.app import create_app
from certengine.foundation.database import Base
from certengine.foundation.runtime import Runtime
from certengine.web.access import verify_declared


def room_of_table(name: str) -> int:
    """The floor on which a table's class is declared."""
    mapper = next(mapper for mapper in Base.registry.mappers if mapper.local_table.name == name)
    return rooms.ROOMS.index(mapper.class_.__module__.split(".")[1])


def test_every_foreign_key_points_down_or_stays_on_its_floor() -> None:
    rooms.load_models()
    for table in Base.metadata.tables.values():
        for key in table.foreign_keys:
            assert room_of_table(table.name) >= room_of_table(key.column.table.name), f"{table.name} → {key.column}"


def test_every_room_is_there() -> None:
    for room in rooms.ROOMS:
        __import__(f"certengine.{room}")


def test_the_app_refuses_to_start_with_a_route_that_says_nothing_of_access(runtime: Runtime) -> None:
    app = create_app(runtime)
    app.view_functions["forgotten"] = lambda: "hello"
    with pytest.raises(RuntimeError, match="forgotten"):
        verify_declared(app)


def test_every_page_carries_the_security_headers(app: Flask) -> None:
    answer = app.test_client().get("/")
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_language_is_switched_and_kept(app: Flask) -> None:
    client = app.test_client()
    assert "考生入口" in client.get("/").text
    client.get("/language/en?next=/")
    assert "Candidates" in client.get("/").text


def test_an_unknown_address_is_a_page_in_the_readers_language_and_json_for_programs(app: Flask) -> None:
    client = app.test_client()
    assert "没有找到" in client.get("/no/such/page", headers={"Accept": "text/html"}).text
    answer = client.get("/api/v1/none", headers={"Accept": "application/json"})
    assert answer.content_type == "application/problem+json" and answer.status_code == 404
