"""The application factory."""

from flask import Flask, redirect, render_template, url_for
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from certengine import rooms
from certengine.foundation import runtime as runtimes
from certengine.foundation.keys import derive
from certengine.foundation.runtime import Runtime
from certengine.web import access, errors, help, language, layout, security
from certengine.web.access import current_actor, public
from certengine.web.interface import TEXT, add_paths, get, in_json
from certengine.web.request import TransactionalFlask


def create_app(runtime: Runtime | None = None, **config: object) -> Flask:
    """The whole application over a runtime (by default the one of the environment)."""
    runtime = runtimes.use(runtime) if runtime else runtimes.current()
    app = TransactionalFlask("certengine", template_folder="templates", static_folder="static")
    app.config.update(
        SECRET_KEY=derive(runtime.settings.secret_key, "cookies"),
        SESSION_COOKIE_NAME="certengine",
        SESSION_COOKIE_SECURE=runtime.settings.base_url.startswith("https://"),
        **config,
    )
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    for part in (security, errors, language, layout, help, access):
        part.install(app)
    app.view_functions["static"] = public("style sheets, scripts and fonts")(app.view_functions["static"])
    _own_pages(app)
    rooms.load_models()
    for views in (*rooms.modules("views"), *rooms.modules("api")):
        app.register_blueprint(views.blueprint)
    help.collect(app, rooms.modules("help"))
    access.verify_declared(app)
    return app


def _own_pages(app: Flask) -> None:
    @app.get("/")
    @public("the front door: leads on to where the visitor works, or says what this is")
    def home() -> str | Response:
        actor = current_actor()
        landing = getattr(actor, "landing", None)
        return redirect(url_for(landing)) if landing else render_template("layout/home.html")  # type: ignore[return-value]

    status = {"type": "object", "properties": {"status": TEXT}}
    alive, waits = in_json("It runs", status), in_json("Migrations are pending", status)
    add_paths(
        app,
        {
            "/healthz": get("health", [], {"200": alive}),
            "/readyz": get("readiness", [], {"200": alive, "503": waits}),
        },
    )

    @app.get("/healthz")
    @public("liveness probe")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    @public("readiness probe")
    def readyz() -> tuple[dict[str, str], int]:
        from certengine.foundation.migrate import is_current

        current = is_current(runtimes.current())
        return {"status": "ok" if current else "migrations pending"}, 200 if current else 503
