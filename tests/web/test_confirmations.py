"""What cannot be undone is asked about first: over all forms of all templates."""

import re
from collections.abc import Iterator
from pathlib import Path

TEMPLATES = Path(__file__).parent.parent.parent / "templates"
FORM = re.compile(r"<form\b((?:[^>{]|\{\{.*?\}\}|\{%.*?%\})*)>(.*?)</form>", re.S)
CALL = re.compile(r"post_button\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")
ENDPOINT = re.compile(r"url_for\('\.?([\w.]+)'")
TEXT = re.compile(r"_\('([^']*)'")
LAST = re.compile(
    r"(^|[._])(remove|delete|discard|erase|withdraw|revoke|retire|dismiss|close|end|declare|disclose|sign|notify|decide"
    r"|issue|certify|publish|draw|countersign|answer_complaint|assess_base|set_password|unlink|reset)(_|$)"
)
SAID = re.compile("删除|撤回|撤下|停用|签署|签字|作出决定|发布$|公示|宣布|强制|交卷|收回$")
# What may be done again or taken back: by endpoint, or by template where the form answers its own address.
HARMLESS = {
    "people.sign_out": "one signs in again",
    "end_session": "that browser signs in again",
    "publish_plan": "a tick that is taken out again",
    "issue_statement": "another may be made any time",
    "offer_exchange": "may be closed",
    "sittings/new_announcement.html": "may be withdrawn",
    "marking/annotated.html": "one's own mark on a picture",
    "delivery/dialogs.html": "the dialog is the question",
}


def buttons() -> Iterator[tuple[str, str, str, bool]]:
    """Template, endpoint, texts of the buttons, whether it asks."""
    for path in sorted(TEMPLATES.rglob("*.html")):
        text = path.read_text()
        name = path.relative_to(TEMPLATES).as_posix()
        for attributes, body in FORM.findall(text):
            if 'method="post"' in attributes:
                endpoint = ENDPOINT.search(attributes)
                said = " ".join(re.findall(r"<button[^>]*>(.*?)</button>", body, re.S))
                yield name, endpoint[1] if endpoint else "", said, "data-confirm" in attributes
        for call in CALL.findall(text):
            texts, endpoint = TEXT.findall(call), ENDPOINT.search(call)
            yield name, endpoint[1] if endpoint else "", texts[0] if texts else "", len(texts) > 1


def words(said: str) -> str:
    return "".join(TEXT.findall(said)) or said


def test_what_cannot_be_undone_is_asked_about_first() -> None:
    found = list(buttons())
    assert len(found) > 250
    silent = [
        f"{name}: {endpoint} {said}"
        for name, endpoint, said, asks in found
        if not asks and not {name, endpoint} & set(HARMLESS) and (LAST.search(endpoint) or SAID.search(words(said)))
    ]
    assert silent == []
