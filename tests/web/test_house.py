"""The rules of the house, checked on the whole program."""

from dataclasses import replace
from io import BytesIO

import pytest
from flask import Flask, Response, request, send_file

from certengine import rooms
from certengine.app import create_app
from certengine.foundation.database import Base
from certengine.foundation.runtime import Runtime, use
from certengine.web.access import public, verify_declared


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


def test_every_answer_carries_the_security_headers(app: Flask) -> None:
    client = app.test_client()
    paths = {rule.rule for rule in app.url_map.iter_rules() if not rule.arguments and "GET" in (rule.methods or ())}
    for path in (*paths, "/no/such/page", "/static/none.css"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy, path
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "same-origin", path
        assert headers["Permissions-Policy"].endswith("geolocation=(), microphone=()"), path
        assert headers["Strict-Transport-Security"] == "max-age=31536000", path
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", path
        assert headers.get("Cache-Control") in ("no-store", "no-cache") or path.startswith("/static/"), path
        for cookie in headers.getlist("Set-Cookie"):
            assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=Lax")), path


def test_without_tls_no_browser_is_told_to_insist_on_it(runtime: Runtime) -> None:
    plain = Runtime(replace(runtime.settings, base_url="http://localhost:8000", demonstration=True), runtime.clock)
    answer = create_app(use(plain)).test_client().get("/")
    assert "Strict-Transport-Security" not in answer.headers
    assert "Secure" not in str(answer.headers.getlist("Set-Cookie"))
    plain.engine.dispose()
    use(runtime)


def test_a_file_that_is_handed_out_stays_on_no_disk(app: Flask) -> None:
    @app.get("/somebodys-file")
    @public("for this test")
    def file() -> Response:
        return send_file(BytesIO(b"personal"), mimetype="image/jpeg")

    assert app.test_client().get("/somebodys-file").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("address", ["/verify?number=%00&name=a%00", "/ledger?kind=%00", "/shared/%00", "/v/%00"])
def test_a_character_that_no_text_can_hold_is_passed_over(app: Flask, address: str) -> None:
    assert app.test_client().get(address).status_code in (200, 404)


def test_a_field_of_a_form_loses_it(app: Flask) -> None:
    @app.post("/said")
    @public("for this test")
    def said() -> str:
        return repr([request.form["text"], request.files["file"].read()])

    app.config["WTF_CSRF_ENABLED"] = False
    data = {"text": "a\0b", "file": (BytesIO(b"\0"), "f")}
    assert app.test_client().post("/said", data=data).text == repr(["ab", b"\0"])


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
