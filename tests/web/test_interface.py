"""The description of the interface for programs holds every way in that is no page, and nothing else."""

import re
import types
import typing

from flask.testing import FlaskClient

from certengine.web.access import ACCESS, Public

# Open to all, and for browsers: parts of pages, redirects, and pages whose views do not say that they are.
BROWSERS = {
    "bank.media",
    "delivery.worker",
    "language",
    "oversight.complain",
    "oversight.my_complaint",
    "people.back_from_provider",
    "people.sign_out",
    "people.to_provider",
    "programme.document",
    "programme.notice",
    "programme.sign_in_page",
    "static",
    "training.scan_lesson",
    "training.statement",
    "training.statement_form",
}


def is_page(view: typing.Any) -> bool:
    """Whether a view says that it gives a page: a text, with a status or instead of a redirect."""
    stated = view.__annotations__.get("return")
    union = isinstance(stated, types.UnionType)
    options = typing.get_args(stated) if union else (stated,)
    return any(each is str or each == tuple[str, int] for each in options)


def spelled(rule: str) -> str:
    return re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", rule)


def test_every_way_in_for_programs_is_described_with_its_methods(client: FlaskClient) -> None:
    app = client.application
    described = {
        (path, method.upper())
        for path, methods in client.get("/api/v1/openapi.json").get_json()["paths"].items()
        for method in methods
    }
    public = {
        (spelled(rule.rule), method)
        for rule in app.url_map.iter_rules()
        if isinstance(getattr(app.view_functions[rule.endpoint], ACCESS, None), Public)
        and not is_page(app.view_functions[rule.endpoint])
        and rule.endpoint not in BROWSERS
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert public == described


def test_a_page_is_told_from_an_answer_for_programs(client: FlaskClient) -> None:
    views = client.application.view_functions
    pages = ("ledger.ledger", "certificates.look_up", "certificates.verify_list", "people.sign_in")
    assert all(is_page(views[each]) for each in pages)
    answers = ("ledger.cosignature", "certificates_api.certificate", "certificates_api.jwks", "healthz", "ledger.vkey")
    assert not any(is_page(views[each]) for each in answers)
