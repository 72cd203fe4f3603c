"""Error pages and problem+json (RFC 9457) from the error family; anything unknown is a plain 500 without a trace."""

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, json, render_template, request
from flask_babel import get_locale, gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from certengine.foundation.clock import days_in_chinese
from certengine.foundation.errors import (
    CertengineError,
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    Problem,
    describe,
    register_messages,
)

STATUS = {NotFound: 404, NotAllowed: 403, Conflict: 409, Invalid: 422}

register_messages(
    {
        "sign_in_needed": "请先登录",
        "not_allowed": "您没有进行此操作的权限",
        "not_found": "没有找到这个页面或记录",
        "form_expired": "页面停留过久，请返回刷新后再提交",
        "too_many_requests": "请求过于频繁，请稍后再试",
        "too_large": "上传的文件太大",
        "unexpected": "系统出现意外错误，已经记录；您的数据没有改变",
        "bad_request": "请求的格式不正确",
        "method_not_allowed": "此地址不支持这种操作",
    }
)
CODES = {
    400: "bad_request",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    429: "too_many_requests",
}


def wants_json() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json", "application/problem+json"])
    return request.path.startswith("/api/") or request.is_json or best != "text/html"


def say(problem: Problem | CertengineError) -> str:
    """The sentence for a problem in the reader's language."""
    values = problem.values if str(get_locale()) == "en" else days_in_chinese(problem.values)
    return describe(problem.code, values, gettext)


def _came_from() -> str | None:
    """The page of ours on which somebody pressed what could not be done; None where that is not known."""
    told = urlsplit(request.referrer or "")
    own = told.netloc == request.host and told.path.startswith("/") and not told.path.startswith("//")
    if not own or (request.method == "GET" and told.path == request.path):
        return None
    return told.path + (f"?{told.query}" if told.query else "")


def respond(status: int, title: str, problems: list[Problem] = []) -> Response:  # noqa: B006 (never changed)
    if wants_json():
        body: dict[str, Any] = {"type": "about:blank", "status": status, "title": title}
        if problems:
            body["problems"] = [
                {"place": problem.place, "code": problem.code, "message": say(problem)} for problem in problems
            ]
        return Response(json.dumps(body, ensure_ascii=False), status, content_type="application/problem+json")
    page = render_template(
        "layout/error.html", status=status, title=title, problems=problems, say=say, back=_came_from()
    )
    return Response(page, status, content_type="text/html; charset=utf-8")


def install(app: Flask) -> None:
    @app.errorhandler(CertengineError)
    def family(error: CertengineError) -> Response:
        status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
        actor = g.get("actor")
        # Whoever is signed in and asks for what is not theirs is worth a line; so is a stranger who tries to act.
        if isinstance(error, NotAllowed) or (isinstance(error, NotFound) and actor is not None):
            who = actor.id if actor is not None else "nobody"
            app.logger.warning("refused %s %s to %s: %s", request.method, request.endpoint, who, error.code)
        return respond(status, say(error), error.problems if isinstance(error, Invalid) else [])

    @app.errorhandler(CSRFError)
    def csrf(error: CSRFError) -> Response:
        return respond(400, say(Problem("", "form_expired")))

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response | HTTPException:
        status = error.code or 500
        if status < 400:
            return error
        response = respond(status, say(Problem("", CODES.get(status, "unexpected"))))
        if status == 429 and (after := dict(error.get_headers()).get("Retry-After")):
            response.headers["Retry-After"] = after
        return response

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        # The route and not the address, which may hold a code or a name.
        app.logger.exception("unexpected error at %s %s", request.method, request.endpoint)
        if app.testing:
            raise error
        return respond(500, say(Problem("", "unexpected")))
