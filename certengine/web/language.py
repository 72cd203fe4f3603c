"""Chinese first, English by a switch. Texts are written in Chinese; each package's en.po says them in English."""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, redirect, request
from flask import session as cookie
from flask_babel import Babel, Domain, get_locale
from werkzeug.wrappers import Response

from certengine.web.access import public

LANGUAGES = {"zh": "中文", "en": "English"}
PACKAGES = Path(__file__).parent.parent


@cache
def english() -> Translations:
    """All packages' en.po in one catalogue, read without a build step."""
    merged = Translations()
    for path in sorted(PACKAGES.glob("*/en.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale="en")
        compiled = BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        merged.merge(Translations(compiled))
    return merged


class PackageDomain(Domain):
    def get_translations(self) -> Any:
        return english() if str(get_locale()) == "en" else NullTranslations()


def language_of(chosen: object) -> str:
    """What was chosen, where it is one of ours."""
    return chosen if isinstance(chosen, str) and chosen in LANGUAGES else "zh"


def choose() -> str:
    return language_of(cookie.get("language"))


def install(app: Flask) -> None:
    babel = Babel(app, default_locale="zh", default_timezone="Asia/Shanghai", locale_selector=choose)
    babel.domain_instance = PackageDomain()

    @app.get("/language/<code>")
    @public("the language is chosen before signing in")
    def language(code: str) -> Response:
        if code in LANGUAGES:
            cookie["language"] = code
        target = request.args.get("next", "/")
        local = target.startswith("/") and not target.startswith(("//", "/\\"))
        return redirect(target if local else "/")  # type: ignore[return-value]
