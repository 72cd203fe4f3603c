"""What the QR codes on a page betray: a file that is not valid is told more than that."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from certengine.certificates import signed_code
from certengine.certificates.page_codes import codes_on
from certengine.certificates.signed_code import NotACode
from certengine.certificates.verify import Verdict


def others_codes(pdf: bytes, facts: Mapping[str, Any] | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Problems with the QR codes on the page, and the certificates' codes that they bear.

    facts: what the file itself says that it is; without them nothing can be compared.
    """
    borne, strange = [], False
    for text in codes_on(pdf):
        code = _code_of(text)
        if code:
            borne.append(code)
        strange |= facts is not None and not _belongs(text, facts)
    return (("verify.another_code",) if strange else ()), tuple(dict.fromkeys(borne))


def _belongs(text: str, facts: Mapping[str, Any]) -> bool:
    if not text.startswith(signed_code.PREFIX):
        return text == facts.get("address")
    try:
        return not signed_code.differences(signed_code.decode(text), facts)
    except NotACode:
        return False


def _code_of(text: str) -> str:
    """The certificate's code in an address or in signed facts; empty in what is neither."""
    if text.startswith(signed_code.PREFIX):
        try:
            return signed_code.decode(text).facts.get("code", "")
        except NotACode:
            return ""
    head, _slash, code = text.rpartition("/v/")
    return code if head.startswith(("https://", "http://")) else ""


def named(pdf: bytes, verdict: Verdict) -> Verdict:
    """The verdict with what the page itself betrays, of a file that is not as it was issued."""
    if verdict.valid:
        return verdict
    problems, codes = others_codes(pdf, verdict.facts)
    return replace(verdict, problems=(*verdict.problems, *problems), codes=codes)
