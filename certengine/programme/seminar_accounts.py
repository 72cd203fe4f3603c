"""What a seminar took in and spent, line by line with its vouchers, and the statement that closes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.foundation.clock import chinese_day
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.runtime import Runtime
from certengine.people.models import Organisation
from certengine.programme import documents, problems
from certengine.programme.account_models import AccountCategory, AccountSide, SeminarAccountLine
from certengine.programme.document_models import DocumentKind, OfficialDocument
from certengine.programme.document_sheet import Paper
from certengine.programme.documents import Wanted
from certengine.programme.seminar_models import Seminar
from certengine.programme.seminar_people import must_be_open
from certengine.programme.seminars import record

__all__ = ["problems"]

SIDES_ZH = {AccountSide.INCOME: "收入", AccountSide.EXPENSE: "支出"}
CATEGORIES_ZH = {
    AccountCategory.CENTRAL: "中央财政资金",
    AccountCategory.PROVINCIAL: "省级财政资金",
    AccountCategory.OWN: "主办、承办单位自筹",
    AccountCategory.OTHER_INCOME: "其他收入",
    AccountCategory.TEACHING: "师资费",
    AccountCategory.LODGING: "住宿费",
    AccountCategory.MEALS: "伙食费",
    AccountCategory.VENUE: "场地与设备费",
    AccountCategory.MATERIALS: "教材资料费",
    AccountCategory.TRANSPORT: "交通费",
    AccountCategory.OTHER_EXPENSE: "其他支出",
}


@dataclass(frozen=True)
class LineFacts:
    """amount in yuan; voucher: name, bytes and media type of a file."""

    category: AccountCategory
    note: str
    amount: Decimal
    voucher: tuple[str, bytes, str] | None = None


@dataclass(frozen=True)
class Accounts:
    lines: Sequence[SeminarAccountLine]

    def total(self, side: AccountSide) -> Decimal:
        return sum((each.amount for each in self.lines if each.side is side), Decimal("0.00"))

    @property
    def income(self) -> Decimal:
        return self.total(AccountSide.INCOME)

    @property
    def spent(self) -> Decimal:
        return self.total(AccountSide.EXPENSE)

    @property
    def balance(self) -> Decimal:
        return self.income - self.spent

    @property
    def complete(self) -> bool:
        """Where the money came from is there, and where it went."""
        return {each.side for each in self.lines} == set(AccountSide)


def accounts(session: Session, seminar_id: UUID) -> Accounts:
    """Income first, each category together, in the order in which they were entered."""
    query = select(SeminarAccountLine).where(SeminarAccountLine.seminar_id == seminar_id)
    order = list(AccountCategory)
    found = session.scalars(query.order_by(SeminarAccountLine.added_at, SeminarAccountLine.id))
    return Accounts(sorted(found, key=lambda each: order.index(each.category)))


def add_line(
    session: Session, runtime: Runtime, held: Seminar, facts: LineFacts, *, token: str, actor: str, now: datetime
) -> SeminarAccountLine:
    """The same token again gives the line that it made. Raises Conflict once the seminar is summarised."""
    if made := session.scalar(select(SeminarAccountLine).where(SeminarAccountLine.token == token)):
        return made
    must_be_open(held)
    if facts.amount < 0:
        raise Invalid([Problem("amount", "accounts.amount")])
    made = SeminarAccountLine(
        seminar_id=held.id,
        category=facts.category,
        note=facts.note.strip()[:200],
        amount=round(facts.amount, 2),
        token=token,
        added_at=now,
        added_by=actor,
    )
    if facts.voucher:
        name, content, media = facts.voucher
        made.name, made.digest, made.media_type = name.strip()[:160] or "file", runtime.files.put(content), media
    session.add(made)
    session.flush()
    private = {"category": facts.category.value, "amount": str(made.amount), "voucher": made.digest}
    record(session, "seminar.account_added", held, actor, now, {}, private)
    return made


def line(session: Session, held: Seminar, line_id: UUID) -> SeminarAccountLine:
    """Raises NotFound, also for another seminar's."""
    found = session.get(SeminarAccountLine, line_id)
    if found is None or found.seminar_id != held.id:
        raise NotFound("accounts.not_found")
    return found


def remove_line(session: Session, held: Seminar, line_id: UUID, *, actor: str, now: datetime) -> None:
    """The ledger keeps that it was there; its voucher stays on the disk as what the ledger names."""
    must_be_open(held)
    found = line(session, held, line_id)
    private = {"category": found.category.value, "amount": str(found.amount), "voucher": found.digest}
    session.delete(found)
    session.flush()
    record(session, "seminar.account_removed", held, actor, now, {}, private)


def close(session: Session, runtime: Runtime, held: Seminar, *, actor: str, now: datetime) -> Accounts:
    """Issues the signed statement. Raises Conflict without income or without expenses."""
    found = accounts(session, held.id)
    if not found.complete:
        raise Conflict("accounts.incomplete")
    host = session.get_one(Organisation, held.host_id)
    lines = (
        f"研修班：{held.title}",
        f"{chinese_day(held.starts_on)}至{chinese_day(held.ends_on)}，经费来源：{held.fund}，预算 {held.budget:.2f} 元",
    )
    wanted = Wanted(
        DocumentKind.SEMINAR_ACCOUNTS,
        subject(held),
        Paper.REPORT,
        "高级研修班收支决算表",
        host.name,
        lines,
        tuple(_rows(found)),
    )
    documents.issue(session, runtime, wanted, actor=actor, now=now)
    return found


def subject(held: Seminar) -> str:
    return f"accounts:{held.id}"


def statement(session: Session, held: Seminar) -> OfficialDocument | None:
    found = documents.documents_of(session, subject(held))
    return found[0] if found else None


def _rows(found: Accounts) -> list[tuple[str, ...]]:
    """Sums by category: what was noted of single lines may name people and is not for everybody."""
    rows: list[tuple[str, ...]] = []
    for side in AccountSide:
        rows += [(f"{SIDES_ZH[side]}（元）",), ("类别", "笔数", "凭证", "金额")]
        for category, group in groupby((each for each in found.lines if each.side is side), lambda each: each.category):
            each = list(group)
            vouchers = sum(one.digest is not None for one in each)
            total = sum((one.amount for one in each), Decimal(0))
            rows.append((CATEGORIES_ZH[category], str(len(each)), str(vouchers), f"{total:.2f}"))
        rows.append(("合计", "", "", f"{found.total(side):.2f}"))
    return [*rows, ("结余", "", "", f"{found.balance:.2f}")]
