"""Settings, read once from the environment."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SignInProvider:
    """An OpenID Connect provider for staff. claim: the one that is an account's login, where accounts link themselves."""

    issuer: str
    client_id: str
    client_secret: str
    label: str = ""
    claim: str = ""


@dataclass(frozen=True)
class Settings:
    database_url: str
    secret_key: str
    data: Path
    base_url: str
    demonstration: bool = False
    # Whether item contents are encrypted in the database.
    seal_bank: bool = False
    # Whether accounts that issue, release, draw or administer need a second factor.
    second_factor_required: bool = False
    # Where a finder of a weakness writes to: mailto:… or https://…
    security_contact: str = ""
    provider: SignInProvider | None = None
    # Where floods of requests are counted: memory:// (each process), database://, redis://…
    rate_limits: str = "memory://"
    # Connections that a process keeps to PostgreSQL; as many more for a moment.
    pool_size: int = 10
    # Whether ledger, clock and jobs are kept going by `certengine work` on another machine, and not beside `serve`.
    work_elsewhere: bool = False
    # A read replica, for pages that may lag by a moment.
    read_database_url: str = ""
    # s3://bucket/prefix keeps files there, with the data folder as cache; by default they are in the folder alone.
    files: str = ""
    s3_endpoint: str = ""
    # The proxy's logs, which the law wants kept; looked at by `doctor`.
    network_logs: Path | None = None
    # A file with the province and cities of this installation; without one those of Shandong.
    regions: Path | None = None
    # A file with the regulation on misconduct; without one the model that comes with the program.
    misconduct: Path | None = None
    # Whether an institution needs a designation before it trains or examines.
    designation_required: bool = False
    # Whether who trained somebody may not examine them too.
    separate_duties: bool = False
    # Another time-stamp authority (RFC 3161) instead of our own, and the roots (PEM) that its answers are trusted by.
    tsa_url: str = ""
    tsa_roots: Path | None = None
    # The library of a hardware module (PKCS#11) that holds the signing keys, its token's label and the user's PIN.
    pkcs11_module: str = ""
    pkcs11_token: str = ""
    pkcs11_pin: str = ""
    # Verifier keys of the witnesses whose cosignatures of the ledger are taken in.
    witnesses: tuple[str, ...] = ()
    # smtp://USER:PASSWORD@HOST:PORT or smtps://…: by which reminders are sent; without one they stand in a list alone.
    smtp_url: str = ""
    mail_from: str = ""

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """CERTENGINE_DATA (default ./var), _DATABASE_URL, _SECRET_KEY, _BASE_URL, _PORT, _DEMONSTRATION, _SEAL_BANK,
    _SECOND_FACTOR, _SECURITY_CONTACT, _OIDC_*, _RATE_LIMITS, _POOL_SIZE, _READ_DATABASE_URL, _FILES, _S3_ENDPOINT,
    _REGIONS and _MISCONDUCT (files), _SEPARATE_DUTIES, _DESIGNATION,
    _TSA_URL, _TSA_ROOTS, _WITNESSES (separated by blanks), _SMTP, _MAIL_FROM,
    _PKCS11_MODULE, _PKCS11_TOKEN, _PKCS11_PIN.

    Without a secret key one is made once and kept in the data folder, readable by its owner alone.
    """
    data = Path(environment.get("CERTENGINE_DATA", "var")).resolve()
    port = environment.get("CERTENGINE_PORT", "8000")
    return Settings(
        database_url=driver_url(environment.get("CERTENGINE_DATABASE_URL") or f"sqlite:///{data / 'certengine.db'}"),
        secret_key=environment.get("CERTENGINE_SECRET_KEY") or _kept_secret(data / "secret_key"),
        data=data,
        base_url=environment.get("CERTENGINE_BASE_URL", f"http://localhost:{port}").rstrip("/"),
        demonstration=environment.get("CERTENGINE_DEMONSTRATION", "") == "1",
        seal_bank=environment.get("CERTENGINE_SEAL_BANK", "") == "1",
        second_factor_required=environment.get("CERTENGINE_SECOND_FACTOR", "") == "required",
        misconduct=Path(environment["CERTENGINE_MISCONDUCT"]) if environment.get("CERTENGINE_MISCONDUCT") else None,
        regions=Path(environment["CERTENGINE_REGIONS"]) if environment.get("CERTENGINE_REGIONS") else None,
        designation_required=environment.get("CERTENGINE_DESIGNATION", "") == "required",
        separate_duties=environment.get("CERTENGINE_SEPARATE_DUTIES", "") == "1",
        security_contact=environment.get("CERTENGINE_SECURITY_CONTACT", "").strip(),
        provider=_provider(environment),
        rate_limits=environment.get("CERTENGINE_RATE_LIMITS") or "memory://",
        pool_size=int(environment.get("CERTENGINE_POOL_SIZE") or 10),
        work_elsewhere=environment.get("CERTENGINE_WORK", "") == "elsewhere",
        read_database_url=driver_url(environment.get("CERTENGINE_READ_DATABASE_URL", "")),
        files=environment.get("CERTENGINE_FILES", ""),
        s3_endpoint=environment.get("CERTENGINE_S3_ENDPOINT", ""),
        network_logs=Path(logs) if (logs := environment.get("CERTENGINE_NETWORK_LOGS")) else None,
        tsa_url=environment.get("CERTENGINE_TSA_URL", "").strip(),
        tsa_roots=_path(environment.get("CERTENGINE_TSA_ROOTS", "")),
        pkcs11_module=environment.get("CERTENGINE_PKCS11_MODULE", "").strip(),
        pkcs11_token=environment.get("CERTENGINE_PKCS11_TOKEN", "").strip(),
        pkcs11_pin=environment.get("CERTENGINE_PKCS11_PIN", ""),
        smtp_url=environment.get("CERTENGINE_SMTP", "").strip(),
        mail_from=environment.get("CERTENGINE_MAIL_FROM", "").strip(),
        witnesses=tuple(environment.get("CERTENGINE_WITNESSES", "").split()),
    )


def _provider(environment: Mapping[str, str]) -> SignInProvider | None:
    issuer = environment.get("CERTENGINE_OIDC_ISSUER", "").rstrip("/")
    if not issuer:
        return None
    return SignInProvider(
        issuer,
        environment.get("CERTENGINE_OIDC_CLIENT_ID", ""),
        environment.get("CERTENGINE_OIDC_CLIENT_SECRET", ""),
        environment.get("CERTENGINE_OIDC_LABEL", ""),
        environment.get("CERTENGINE_OIDC_CLAIM", ""),
    )


def _path(text: str) -> Path | None:
    return Path(text) if text.strip() else None


def driver_url(url: str) -> str:
    """A plain postgresql:// or postgres:// address, with the driver that we ship named in it."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(descriptor, "w") as file:
        secret = secrets.token_urlsafe(48)
        file.write(secret)
    return secret
