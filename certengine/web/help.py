"""The help of each screen: written in its room, shown on the screen and, all together, as the manual at /help."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

from flask import Flask, render_template, request, url_for
from flask.globals import request_ctx
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BuildError, RequestRedirect

from certengine.web.access import ACCESS, Public, current_actor, public

Text: TypeAlias = str | LazyString


@dataclass(frozen=True)
class ScreenHelp:
    """What a screen is for, what to do there in order, and what to beware of; texts of the catalogue."""

    endpoints: tuple[str, ...]
    title: Text
    purpose: Text
    steps: tuple[Text, ...]
    beware: Text = ""
    # In the manual for whoever asks, though the screen itself stands behind a door: candidates read it beforehand.
    for_all: bool = False

    def has(self, words: Iterable[str]) -> bool:
        text = "\n".join(str(each) for each in (self.title, self.purpose, *self.steps, self.beware)).casefold()
        return all(word in text for word in words)


@dataclass(frozen=True)
class Area:
    title: Text
    anchor: str
    screens: tuple[ScreenHelp, ...]


AREA = _("总体")
HELP = (
    ScreenHelp(
        ("home",),
        _("首页"),
        _("从这里进入各项公开业务。"),
        (
            _("参加考试用准考证号和证件号从“考生入口”进入，不需要账号。"),
            _("报名、公告和证书查验都不需要登录。"),
            _("工作人员、学员和用人单位用账号登录，登录后直接到自己的工作页面。"),
        ),
    ),
    ScreenHelp(
        ("manual",),
        _("帮助"),
        _("全部页面的帮助合在一起，就是本系统的使用手册。"),
        (
            _("登录后只列出您有权限打开的页面，未登录时只列出公开页面。"),
            _("搜索多个词时用空格隔开，要同时出现才算找到。"),
            _("每个页面右上方的“帮助”里是同样的内容。"),
        ),
    ),
)


def collect(app: Flask, modules: Iterable[Any]) -> None:
    """Takes the help of the rooms in their order."""
    areas = [Area(each.AREA, each.__name__.split(".")[-2], each.HELP) for each in modules]
    app.extensions["help"] = areas
    app.extensions["help_of"] = {name: each for area in areas for each in area.screens for name in each.endpoints}


def install(app: Flask) -> None:
    @app.context_processor
    def of_this_screen() -> dict[str, ScreenHelp | None]:
        return {"screen_help": _of_request(app.extensions["help_of"])}

    @app.get("/help")
    @public("the manual: what each screen is for, and nothing in it is secret")
    def manual() -> str:
        asked = request.args.get("q", "").strip()[:100]
        areas = [replace(area, screens=_found(app, area, asked)) for area in app.extensions["help"]]
        found = [area for area in areas if area.screens]
        return render_template("layout/manual.html", asked=asked, areas=found, address=partial(_address, app))


def _of_request(known: dict[str, ScreenHelp]) -> ScreenHelp | None:
    """The help of this screen; a form that is shown again after a refusal has that of the screen it stands on."""
    if request.endpoint is None or request.endpoint in known or request_ctx.url_adapter is None:
        return known.get(request.endpoint or "")
    path = request.path
    while path := path.rpartition("/")[0]:
        try:
            endpoint, _values = request_ctx.url_adapter.match(path, method="GET")
        except (HTTPException, RequestRedirect):
            continue
        if endpoint in known:
            return known[endpoint]
    return None


def _found(app: Flask, area: Area, asked: str) -> tuple[ScreenHelp, ...]:
    words = asked.casefold().split()
    shown = (each for each in area.screens if each.for_all or any(_may_open(app, name) for name in each.endpoints))
    return tuple(each for each in shown if each.has(words))


def _may_open(app: Flask, endpoint: str) -> bool:
    declared, actor = getattr(app.view_functions[endpoint], ACCESS), current_actor()
    return isinstance(declared, Public) or (
        actor is not None and any(actor.may(permission) for permission in declared.permissions)
    )


def _address(app: Flask, screen: ScreenHelp) -> str | None:
    """Where the screen is, for whoever may open it, unless it is one of many of its kind."""
    try:
        return url_for(screen.endpoints[0]) if _may_open(app, screen.endpoints[0]) else None
    except BuildError:
        return None
