"""Headers of every response, CSRF, rate limits, and where a finder of a weakness writes to (RFC 9116)."""

import re
from datetime import UTC, datetime, timedelta

from flask import Flask, Response, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect

from certengine.foundation.errors import NotFound
from certengine.web import counting
from certengine.web.access import public
from certengine.web.interface import TEXT, add_paths, content, get, said
from certengine.web.request import now, runtime

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; worker-src 'self'"
)

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
# Where the address is https: a browser that was here once asks for nothing else for a year (RFC 6797).
WITH_TLS = {"Strict-Transport-Security": "max-age=31536000", "Cross-Origin-Opener-Policy": "same-origin"}
# For a page that reads codes with the camera.
WITH_CAMERA = "camera=(self), geolocation=(), microphone=()"

# A reader does not trust what is older; it is written anew for each of them.
GOOD_FOR = timedelta(days=180)
CONTACT = re.compile(r"mailto:[^\s@]+@[^\s@]+|https://\S+|tel:\+[0-9-]+")

# Registers the scheme database:// by being there.
assert counting
csrf = CSRFProtect()
limiter = Limiter(get_remote_address, strategy="fixed-window", headers_enabled=True)


def always(base_url: str) -> dict[str, str]:
    """The headers of every answer of an installation at this address."""
    tls = WITH_TLS if base_url.startswith("https://") else {}
    return {**HEADERS, **tls, "Content-Security-Policy": CONTENT_SECURITY_POLICY}


def always_in_front(base_url: str) -> list[tuple[bytes, bytes]]:
    """The same for what stands in front of the application."""
    found = {**always(base_url), "Cache-Control": "no-store"}
    return [(name.lower().encode(), value.encode()) for name, value in found.items()]


def contacts(text: str) -> list[str]:
    """The addresses of a setting, separated by commas, as far as they are ones that security.txt may hold."""
    return [each for each in (part.strip() for part in text.split(",")) if CONTACT.fullmatch(each)]


def security_txt(addresses: list[str], base_url: str, at: datetime) -> str:
    expires = (at + GOOD_FOR).astimezone(UTC).strftime("%Y-%m-%dT00:00:00Z")
    lines = [f"Contact: {each}" for each in addresses]
    lines += [f"Expires: {expires}", "Preferred-Languages: zh, en", f"Canonical: {base_url}/.well-known/security.txt"]
    return "\n".join(lines) + "\n"


def install(app: Flask) -> None:
    app.config.setdefault("RATELIMIT_STORAGE_URI", runtime().settings.rate_limits)
    # Where the counts cannot be reached, nobody is refused for that.
    app.config.setdefault("RATELIMIT_SWALLOW_ERRORS", True)
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    app.config["SESSION_COOKIE_HTTPONLY"] = True
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    app.config["MAX_CONTENT_LENGTH"] = 32 * 1024 * 1024
    csrf.init_app(app)
    limiter.init_app(app)

    @app.before_request
    def no_nul_in_the_address() -> None:
        if "\0" in request.path:
            raise NotFound("not_found")

    @app.get("/.well-known/security.txt")
    @public("whoever finds a weakness must know where to write to")
    def well_known_security() -> Response:
        settings = runtime().settings
        addresses = contacts(settings.security_contact)
        if not addresses:
            raise NotFound("not_found")
        return Response(security_txt(addresses, settings.base_url, now()), mimetype="text/plain")

    contact = content("Whom to tell of a weakness (RFC 9116)", "text/plain", TEXT)
    told = {"200": contact, "404": said("Nobody is named")}
    add_paths(app, {"/.well-known/security.txt": get("security", [], told)})

    fixed = always(runtime().settings.base_url)

    @app.after_request
    def headers(response: Response) -> Response:
        for name, value in fixed.items():
            response.headers.setdefault(name, value)
        # Of a file Flask says by itself that it may be kept and asked for again: somebody's photograph may not.
        if response.direct_passthrough and response.headers.get("Cache-Control") == "no-cache":
            del response.headers["Cache-Control"]
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response
