"""The second factor of an account: enrolment with recovery codes, the check at sign-in, the reset."""

import os
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from certengine.foundation.errors import Conflict, Invalid, Problem
from certengine.foundation.ids import fold_code, random_code
from certengine.foundation.keys import FieldCipher
from certengine.foundation.settings import Settings
from certengine.people import passkeys, service, sessions, totp
from certengine.people.models import Account, AccountFactor, AccountPasskey, RecoveryCode
from certengine.people.permissions import WITH_SECOND_FACTOR, permissions_of

SECRET_BYTES = 20
CODES, CODE_LENGTH = 10, 10


def new_secret() -> bytes:
    return os.urandom(SECRET_BYTES)


def is_required(settings: Settings, account: Account) -> bool:
    """Whether the account may issue, release, draw or administer, where the installation asks for a second factor."""
    held = permissions_of(frozenset(each.role for each in account.roles))
    return settings.second_factor_required and bool(held & WITH_SECOND_FACTOR)


def factor_of(session: Session, account_id: UUID) -> AccountFactor | None:
    return session.get(AccountFactor, account_id)


def has_any(session: Session, account_id: UUID) -> bool:
    """Whether the password alone does not open the account: it has a device for codes, or a passkey."""
    return factor_of(session, account_id) is not None or bool(passkeys.of_account(session, account_id))


def codes_left(session: Session, account_id: UUID) -> int:
    query = select(func.count()).select_from(RecoveryCode)
    return session.scalar(query.where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))) or 0


def enrol(
    session: Session, cipher: FieldCipher, account: Account, secret: bytes, typed: str, actor: str, now: datetime
) -> list[str]:
    """Keeps the secret once its first code was typed; returns the recovery codes, which are shown this once.

    Raises Invalid for a wrong code, Conflict where there is a factor already.
    """
    if factor_of(session, account.id) is not None:
        raise Conflict("account.factor_there")
    step = totp.matching_step(secret, typed, now)
    if step is None:
        raise Invalid([Problem("code", "account.code_wrong")])
    sealed = cipher.encrypt(secret.hex())
    session.add(AccountFactor(account_id=account.id, secret_sealed=sealed, confirmed_at=now, last_step=step))
    service.record(session, "account.second_factor_enrolled", account, actor, now)
    return _new_codes(session, cipher, account)


def renew_codes(session: Session, cipher: FieldCipher, account: Account, actor: str, now: datetime) -> list[str]:
    """Other recovery codes; the old ones are void."""
    service.record(session, "account.recovery_codes_renewed", account, actor, now)
    return _new_codes(session, cipher, account)


def _new_codes(session: Session, cipher: FieldCipher, account: Account) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    codes = [random_code(CODE_LENGTH) for _ in range(CODES)]
    session.add_all(RecoveryCode(account_id=account.id, code_hash=_hash(cipher, account.id, code)) for code in codes)
    session.flush()
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def check(session: Session, cipher: FieldCipher, account: Account, typed: str, now: datetime) -> bool:
    """Whether it is the present code of the device, or a recovery code; either is good once."""
    factor = session.scalar(select(AccountFactor).where(AccountFactor.account_id == account.id).with_for_update())
    if factor is not None:
        secret = bytes.fromhex(cipher.decrypt(factor.secret_sealed))
        step = totp.matching_step(secret, typed, now, factor.last_step)
        if step is not None:
            factor.last_step = step
            return True
    return _use_recovery_code(session, cipher, account, typed, now)


def _use_recovery_code(session: Session, cipher: FieldCipher, account: Account, typed: str, now: datetime) -> bool:
    used = session.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account.id,
            RecoveryCode.code_hash == _hash(cipher, account.id, fold_code(typed)),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.code_hash)
    )
    if used is None:
        return False
    left = codes_left(session, account.id)
    service.record(session, "account.recovery_code_used", account, f"account:{account.id}", now, {"left": left})
    return True


def codes_for_passkey(session: Session, cipher: FieldCipher, account: Account) -> list[str]:
    """Recovery codes for an account whose first factor is a passkey; none where it has some already."""
    return [] if codes_left(session, account.id) else _new_codes(session, cipher, account)


def reset(session: Session, account: Account, actor: str, now: datetime) -> None:
    """Takes every factor away, with the codes and all sessions: the device is lost. Raises Conflict without one."""
    if not has_any(session, account.id):
        raise Conflict("account.no_factor")
    session.execute(delete(AccountPasskey).where(AccountPasskey.account_id == account.id))
    session.execute(delete(AccountFactor).where(AccountFactor.account_id == account.id))
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    session.expire_all()
    sessions.end_all(session, account.id, now)
    service.record(session, "account.second_factor_reset", account, actor, now)


def give_up(session: Session, settings: Settings, account: Account, actor: str, now: datetime) -> None:
    """The holder wants no codes any more. Raises Conflict where the account would lack a factor that it needs."""
    factor = factor_of(session, account.id)
    if factor is None:
        raise Conflict("account.no_factor")
    _may_lack_one(session, settings, account)
    session.delete(factor)
    session.flush()
    service.record(session, "account.second_factor_removed", account, actor, now)


def remove_passkey(session: Session, settings: Settings, account: Account, passkey_id: UUID, now: datetime) -> None:
    """Raises NotFound for another's, Conflict where the account would lack a factor that it needs."""
    row = passkeys.own(session, account.id, passkey_id)
    _may_lack_one(session, settings, account)
    session.delete(row)
    session.flush()
    service.record(session, "account.passkey_removed", account, f"account:{account.id}", now, {"name": row.name})


def _may_lack_one(session: Session, settings: Settings, account: Account) -> None:
    """Before a factor goes: where it is the last the recovery codes go too, if the account may be without any."""
    if (factor_of(session, account.id) is not None) + len(passkeys.of_account(session, account.id)) > 1:
        return
    if is_required(settings, account):
        raise Conflict("account.factor_required")
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))


def _hash(cipher: FieldCipher, account_id: UUID, code: str) -> str:
    """Keyed, so that who has the table alone cannot try codes against it."""
    return cipher.blind_index(f"recovery:{account_id}:{code}")
