"""Each screen has its help, in both languages, and all of it together is the manual."""

import inspect
import re
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from flask import Flask

from certengine.foundation.runtime import Runtime
from certengine.people.permissions import Role
from certengine.web.help import ScreenHelp
from tests.factories import PASSWORD, account

# What looks like a page to this test and is none that a person opens by itself.
WITHOUT_HELP = {
    "proctoring.live": "the seats alone, with which the board refreshes itself",
}


def screens(app: Flask) -> dict[str, ScreenHelp]:
    return app.extensions["help_of"]


def makes_a_page(view: Any) -> bool:
    """Whether a view answers with a page: its source or its annotation says so; files and data do neither."""
    bare = inspect.unwrap(view)
    kinds = parts_of(get_type_hints(bare).get("return"))
    return "render_template" in inspect.getsource(bare) or bool({str, Any} & kinds)


def parts_of(kind: Any) -> set[Any]:
    """The kinds that a union or a tuple is made of; what a dictionary holds is no page."""
    if get_origin(kind) not in (UnionType, Union, tuple):
        return {kind}
    return {part for each in get_args(kind) for part in parts_of(each)}


def pages(app: Flask) -> set[str]:
    reached = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    return {name for name in reached if makes_a_page(app.view_functions[name])}


def test_every_page_has_help(app: Flask) -> None:
    assert sorted(pages(app) - set(screens(app)) - set(WITHOUT_HELP)) == []


def test_no_help_is_written_twice_or_for_what_is_no_page(app: Flask) -> None:
    named = [name for area in app.extensions["help"] for each in area.screens for name in each.endpoints]
    assert len(named) == len(set(named))
    assert set(named) <= set(app.view_functions)
    assert set(WITHOUT_HELP) & set(named) == set()


def test_a_help_says_in_two_to_five_sentences_what_to_do(app: Flask) -> None:
    for screen in screens(app).values():
        assert 2 <= len(screen.steps) <= 5, screen.endpoints


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_screen_shows_its_help_closed_and_without_scripts(app: Flask, language: str) -> None:
    client = app.test_client()
    client.get(f"/language/{language}?next=/")
    page = client.get("/sign-in").text
    assert len(re.findall(r'<details class="screen-help d-print-none">\s*<summary>', page)) == 1
    assert {"zh": "考生参加考试请走“考生入口”", "en": "candidates enter an exam under “Candidates”"}[language] in page


def test_a_form_that_is_shown_again_keeps_its_help_and_a_refusal_has_none(app: Flask) -> None:
    client = app.test_client()
    again = client.post("/sign-in", data={"login": "nobody", "password": "wrong"})
    assert again.status_code == 422 and "screen-help" in again.text
    assert "screen-help" not in client.get("/no/such/page", headers={"Accept": "text/html"}).text


def test_strangers_read_the_help_of_public_screens_alone(app: Flask) -> None:
    page = app.test_client().get("/help").text
    assert "工作人员登录" in page and 'href="/sign-in"' in page
    assert "新机构只能由人社部门的管理员建立" not in page
    # Candidates read beforehand what awaits them, though they cannot open it yet.
    assert "时间到自动交卷" in page and 'href="/exam/desk"' not in page


def test_whoever_is_signed_in_reads_the_help_of_what_they_may_open(runtime: Runtime, app: Flask) -> None:
    account(runtime, "keeper", [Role.ADMINISTRATOR.value])
    client = app.test_client()
    client.post("/sign-in", data={"login": "keeper", "password": PASSWORD})
    page = client.get("/help").text
    assert "新机构只能由人社部门的管理员建立" in page and 'href="/organisations"' in page


def test_the_help_is_searched_by_words_that_all_occur(app: Flask) -> None:
    client = app.test_client()
    found = client.get("/help?q=验证器 恢复码").text
    assert "登录时的双重验证" in found and "从这里进入各项公开业务" not in found
    assert "没有找到有关“长颈鹿”的帮助" in client.get("/help?q=长颈鹿").text
