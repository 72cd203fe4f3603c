"""Evaluation institutions: where they are, what they examine, who works there, and who sits their exams."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from certengine.demo.cast import ACCOUNTS, FIELD, People, account_of
from certengine.people import service as people
from certengine.people.models import Account, OrganisationKind


@dataclass(frozen=True)
class House:
    """suffix: what stands behind the duty in the logins of its people."""

    organisation_id: UUID
    suffix: str
    field: str
    site: str
    employers: tuple[str, ...]
    accounts: Mapping[str, Account]

    def account(self, duty: str) -> Account:
        return self.accounts[duty + self.suffix]

    def actor(self, duty: str) -> str:
        return f"account:{self.account(duty).id}"


@dataclass(frozen=True)
class Founded:
    """An institution outside the capital; names: its people by duty."""

    name: str
    name_en: str
    code: str
    region: str
    suffix: str
    field: str
    site: str
    employers: tuple[str, ...]
    names: Mapping[str, str]


QINGDAO = Founded(
    "青岛工业互联网评价中心",
    "Qingdao Industrial Internet Evaluation Centre",
    "QDPJ",
    "370200",
    "-qd",
    "industrial_internet",
    "青岛市崂山区松岭路 169 号 2 号楼",
    ("青岛海蓝数据有限公司", "胶州湾智能家电股份有限公司", "崂山云联科技有限公司"),
    {
        "author": "章立群",
        "reviewer": "夏明珠",
        "papers": "康宁",
        "officer": "尤佳慧",
        "proctor": "鲁志平",
        "proctor2": "滕小蕾",
        "examiner": "邹立平",
        "examiner2": "金国强",
        "examiner3": "陶文英",
        "issuer": "戚薇",
        "issuer2": "史慧敏",
    },
)
YANTAI = Founded(
    "烟台智能制造评价中心",
    "Yantai Intelligent Manufacturing Evaluation Centre",
    "YTPJ",
    "370600",
    "-yt",
    "intelligent_manufacturing",
    "烟台市莱山区观海路 276 号实训楼",
    ("烟台蓝图软件有限公司", "芝罘精密机械有限公司", "莱山自动化设备有限公司"),
    {
        "author": "葛兰",
        "reviewer": "范玉梅",
        "papers": "苗青",
        "officer": "凌建国",
        "proctor": "柯南平",
        "proctor2": "穆春生",
        "examiner": "岳长青",
        "examiner2": "童丽华",
        "examiner3": "关永年",
        "issuer": "温志远",
        "issuer2": "路晓梅",
    },
)
JINAN = ("济南市历下区经十路 1 号 3 层", ("济南云海科技有限公司", "青岛海蓝数据有限公司", "齐鲁智算有限公司"))


def capital(staff: People) -> House:
    site, employers = JINAN
    return House(staff.institution.id, "", FIELD, site, employers, staff.accounts)


def found(session: Session, staff: People, wanted: Founded, now: datetime) -> House:
    owner = people.create_organisation(
        session,
        OrganisationKind.EVALUATION_INSTITUTION,
        wanted.name,
        wanted.code,
        now,
        wanted.name_en,
        region=wanted.region,
    )
    for duty, role, titled in ACCOUNTS:
        title = titled.partition(" ")[0]
        login = duty + wanted.suffix
        staff.accounts[login] = account_of(session, login, role, f"{title} {wanted.names[duty]}", owner, now)
    return House(owner.id, wanted.suffix, wanted.field, wanted.site, wanted.employers, staff.accounts)


def employer(house: House, serial: int) -> str:
    return house.employers[serial % len(house.employers)]
