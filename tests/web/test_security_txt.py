from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from certengine.foundation.runtime import Runtime
from certengine.web.security import contacts, security_txt

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


def test_a_finder_of_a_weakness_is_told_where_to_write(runtime: Runtime, client: FlaskClient) -> None:
    assert client.get("/.well-known/security.txt").status_code == 404, "better none than one that leads nowhere"
    both = "mailto:security@example.org, https://example.org/report"
    runtime.settings = replace(runtime.settings, security_contact=both)
    answer = client.get("/.well-known/security.txt")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.text.splitlines() == [
        "Contact: mailto:security@example.org",
        "Contact: https://example.org/report",
        "Expires: 2027-05-24T00:00:00Z",
        "Preferred-Languages: zh, en",
        "Canonical: https://exam.example.org/.well-known/security.txt",
    ]


@pytest.mark.parametrize("text", ["", "security@example.org", "http://example.org", "mailto:", "mailto:a b@c"])
def test_what_is_no_address_of_the_standard_is_not_shown(text: str) -> None:
    assert contacts(text) == []


@given(st.text())
def test_no_setting_brings_in_a_line_of_its_own(text: str) -> None:
    shown = security_txt(contacts(f"mailto:a@b,{text}"), "https://x", NOW)
    allowed = ("Contact: ", "Expires: ", "Preferred-Languages: ", "Canonical: ")
    assert all(line.startswith(allowed) for line in shown.splitlines())
