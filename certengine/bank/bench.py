"""bench search: pages of a bank of 100,000 items a second, beside fetching as many rows by their keys."""

import os
import random
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from certengine.bank.models import Bank, BankItem, ItemStatus
from certengine.bank.rules import Kind
from certengine.bank.searching import Filters, items_query
from certengine.foundation import migrate
from certengine.foundation.ids import new_id
from certengine.foundation.paging import PAGE_SIZE, paginate
from certengine.foundation.runtime import Runtime, use
from certengine.foundation.settings import Settings
from certengine.people.models import Organisation, OrganisationKind

ITEMS, ROUNDS = 100_000, 20
WORDS = [
    "数据",
    "模型",
    "训练",
    "网络",
    "样本",
    "特征",
    "损失",
    "梯度",
    "卷积",
    "池化",
    "推理",
    "标注",
    "清洗",
    "部署",
    "监控",
    "评估",
    "指标",
    "正则",
    "优化",
    "采样",
    "归一",
    "编码",
    "解码",
    "缓存",
    "索引",
]
# What people do with a long list: (what, filters, page).
LOOKS = [
    ("first page", Filters(), 1),
    ("last page", Filters(), ITEMS // PAGE_SIZE),
    ("by point and type", Filters(outline="0.2", type="multiple", difficulty="hard"), 1),
    ("rare word", Filters(words="零样本学习"), 1),
    ("two common words", Filters(words="梯度卷积 池化推理"), 1),
    ("short word", Filters(words="清洗"), 1),
    ("poor ones", Filters(use="poor"), 1),
]


def bench() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(f"sqlite:///{folder}/bench.db", "bench", Path(folder), "https://bench.example.org")
        runtime = use(Runtime(settings))
        migrate.upgrade(runtime)
        bank_id = _fill(runtime)
        took: dict[str, list[float]] = {what: [] for what, _filters, _page in LOOKS}
        limit = []
        with runtime.unit_of_work(read_only=True) as session:
            keys = session.scalars(select(BankItem.id).limit(PAGE_SIZE)).all()
            for _round in range(ROUNDS):
                for what, filters, page in LOOKS:
                    session.expunge_all()
                    started = time.perf_counter()
                    paginate(session, items_query(session, bank_id, filters), page)
                    took[what].append(time.perf_counter() - started)
                session.expunge_all()
                started = time.perf_counter()
                session.scalars(select(BankItem).where(BankItem.id.in_(keys))).all()
                limit.append(time.perf_counter() - started)
        runtime.engine.dispose()
    whole = sum(median(times) for times in took.values()) / len(LOOKS)
    return {
        "name": "search",
        "unit": "pages/s",
        "ours": 1 / whole,
        "limit": 1 / median(limit),
        "ratio": median(limit) / whole,
        "conditions": {
            **{f"{what} (ms)": round(median(times) * 1000, 1) for what, times in took.items()},
            "items": ITEMS,
            "limit": f"{PAGE_SIZE} rows fetched by their primary keys",
            "database": "SQLite, FTS5 trigram",
            "processors": os.cpu_count(),
        },
    }


def _fill(runtime: Runtime) -> UUID:
    chance, now = random.Random(2026), datetime(2026, 1, 1, tzinfo=UTC)
    with runtime.unit_of_work() as session:
        kind = OrganisationKind.EVALUATION_INSTITUTION
        owner = Organisation(name="评价机构", code="BENCH", kind=kind, created_at=now)
        session.add(owner)
        session.flush()
        bank = Bank(organisation_id=owner.id, field="bench", level="junior", title="", created_at=now)
        session.add(bank)
        session.flush()
        for start in range(0, ITEMS, 10_000):
            _some(session, bank.id, chance, now, start)
    return bank.id


def _some(session: Session, bank_id: UUID, chance: random.Random, now: datetime, start: int) -> None:
    rows = [
        {
            "id": new_id(),
            "bank_id": bank_id,
            "code": f"bench-{number:06}",
            "kind": Kind.ITEM,
            "status": ItemStatus.LIVE,
            "latest": 1,
            "type": chance.choice(["single", "multiple", "judgement", "fill_in"]),
            "outline": f"{chance.randrange(5)}.{chance.randrange(5)}.{chance.randrange(5)}",
            "cognition": chance.choice(["knows", "understands", "applies"]),
            "difficulty": chance.gauss(0, 1),
            "text": "".join(chance.choices(WORDS, k=20)) + ("零样本学习" if number % 5000 == 0 else ""),
            "stem_hash": f"{number:064x}",
            "poor": number % 1000 == 0,
            "created_at": now,
        }
        for number in range(start, start + 10_000)
    ]
    session.execute(insert(BankItem), rows)
