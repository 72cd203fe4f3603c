"""Who is in the demonstration: organisations, accounts, candidates with drawn faces."""

import random
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from certengine.people import service as people
from certengine.people.models import Account, Organisation, OrganisationKind, Person
from certengine.people.permissions import Role
from certengine.people.rules import resident_id_check
from certengine.sittings.importing import portrait

PASSWORD = "certengine-demo"
FIELD = "artificial_intelligence"
ACCOUNTS = (
    ("author", Role.ITEM_AUTHOR, "命题员 林悦"),
    ("reviewer", Role.ITEM_REVIEWER, "审题员 高翔"),
    ("papers", Role.PAPER_MAKER, "组卷员 何静"),
    ("officer", Role.EXAM_OFFICER, "考务员 孙磊"),
    ("proctor", Role.PROCTOR, "监考员 马强"),
    ("proctor2", Role.PROCTOR, "监考员 冯雪"),
    ("examiner", Role.EXAMINER, "考评员 郑敏"),
    ("examiner2", Role.EXAMINER, "考评员 罗成"),
    ("examiner3", Role.EXAMINER, "考评员 宋佳"),
    ("issuer", Role.ISSUER, "证书管理员 唐华"),
    ("issuer2", Role.ISSUER, "证书管理员 许杰"),
)
# The panel of the practical part, odd in number.
EXAMINERS = ("examiner", "examiner2", "examiner3")
# Name, serial of the identity number, how able: from the theta scale of the psychometrics.
Candidate = tuple[str, int, float]
CANDIDATES: tuple[Candidate, ...] = (
    ("张伟明", 1, 1.6),
    ("李娜", 2, 1.1),
    ("阿卜杜拉·买买提", 3, 1.3),
    ("王𬭎", 5, 0.9),
    ("𠮷川明", 7, 1.2),
    ("欧阳燚", 8, -1.6),
    ("赵晓彤", 10, 1.0),
)
# Seated in the room where the exam runs, and left to whoever tries it: the first two failed or stayed away before.
VISITORS: tuple[Candidate, ...] = (
    *CANDIDATES[-2:],
    ("热依扎·阿里木江", 12, 0.8),
    ("吕𬱖", 13, 1.0),
    ("司徒静怡", 14, 0.7),
    ("隋建业", 15, 0.4),
    ("初晓蕾", 16, 1.1),
)
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭"
GIVEN = (
    "伟 静 敏 磊 洋 艳 勇 杰 娟 涛 超 明 霞 平 刚 桂英 玉兰 建华 志强 晓东 雨桐 子涵 思远 浩然 欣怡 "
    "海峰 立新 文静 振宇 佳琪 春燕 国栋 梦洁 一鸣 丽娜 永胜 新宇"
)
# The finished exam has so many more, so that its analysis has something to say.
CROWD = 40


def crowd(first: int = 100, size: int = CROWD) -> tuple[Candidate, ...]:
    """Candidates by chance, the same each time and no two of a name; first: the serial of the first."""
    chance = random.Random(2026 + first)
    names: dict[str, None] = {}
    while len(names) < size:
        names[chance.choice(SURNAMES) + chance.choice(GIVEN.split())] = None
    return tuple((name, first + place, round(chance.gauss(0.8, 0.7), 2)) for place, name in enumerate(names))


@dataclass(frozen=True)
class People:
    institution: Organisation
    trainers: Organisation
    accounts: dict[str, Account]

    def actor(self, login: str) -> str:
        return f"account:{self.accounts[login].id}"


def account_of(
    session: Session,
    login: str,
    role: Role,
    name: str,
    owner: Organisation,
    now: datetime,
    person: Person | None = None,
) -> Account:
    """With the password that all of the demonstration have."""
    return people.create_account(
        session,
        login=login,
        password=PASSWORD,
        name=name,
        organisation=owner,
        roles=frozenset({role}),
        now=now,
        person=person,
    )


def cast(session: Session, now: datetime) -> People:
    kinds = OrganisationKind
    institution = people.create_organisation(
        session,
        kinds.EVALUATION_INSTITUTION,
        "山东数字技术评价中心",
        "SDPJ",
        now,
        "Shandong Digital Technology Evaluation",
        region="370100",
    )
    trainers = people.create_organisation(
        session, kinds.TRAINING_INSTITUTION, "泉城数字技术培训学院", "QCPX", now, region="370100"
    )
    department = people.create_organisation(session, kinds.DEPARTMENT, "山东省人力资源和社会保障厅", "SDRS", now)
    base = people.create_organisation(session, kinds.BASE, "齐鲁软件园继续教育基地", "QLJD", now, region="370100")
    made: dict[str, Account] = {}

    def account(login: str, role: Role, name: str, owner: Organisation, person: Person | None = None) -> None:
        made[login] = account_of(session, login, role, name, owner, now, person)

    for login, role, name in ACCOUNTS:
        account(login, role, name, institution)
    account("training", Role.TRAINING_OFFICER, "培训管理员 方圆", trainers)
    account("base", Role.TRAINING_OFFICER, "基地管理员 田野", base)
    account("supervisor", Role.SUPERVISOR, "监督员 秦岭", department)
    city = people.create_organisation(
        session, kinds.DEPARTMENT, "济南市人力资源和社会保障局", "JNRS", now, region="370100"
    )
    account("city", Role.SUPERVISOR, "济南市监督员 柳青", city)
    authority = people.create_organisation(session, kinds.INDUSTRY_AUTHORITY, "山东省工业和信息化厅", "SDGX", now)
    account("industry", Role.INDUSTRY_OFFICER, "行业主管 白杨", authority)
    college = people.create_organisation(session, kinds.EMPLOYER, "齐鲁数字经济研究院", "QLYJ", now, region="370100")
    for number, name in enumerate(("专家 丁一", "专家 卫东", "专家 石磊"), 1):
        account(f"expert{number}", Role.EXPERT, name, college)
    account("privacy", Role.DATA_OFFICER, "个人信息保护负责人 顾安", department)
    account("administrator", Role.ADMINISTRATOR, "系统管理员 周宁", department)
    employer = people.create_organisation(session, kinds.EMPLOYER, "泰山智能装备有限公司", "TSZB", now, region="370900")
    account("employer", Role.EMPLOYER, "人事专员 何静", employer)
    return People(institution, trainers, made)


def document(serial: int) -> str:
    """A valid identity number that nobody has: born on 1 January 1990, of a region code kept for samples."""
    first = f"37010219900101{serial:03}"
    return first + resident_id_check(first)


def photo(serial: int) -> bytes:
    """A drawn head, so that no real face is shown."""
    shade = random.Random(serial)
    background = (shade.randint(150, 215), shade.randint(170, 220), shade.randint(195, 235))
    picture = Image.new("RGB", (358, 478), background)
    draw = ImageDraw.Draw(picture)
    coat = (shade.randint(30, 90), shade.randint(50, 100), shade.randint(80, 140))
    draw.ellipse((40, 330, 318, 640), fill=coat)
    draw.rectangle((150, 280, 208, 370), fill=(224, 188, 160))
    draw.ellipse((104, 110, 254, 316), fill=(236, 202, 174))
    draw.pieslice((92, 84, 266, 290), 180, 360, fill=(40, 34, 32))
    for x in (152, 206):
        draw.ellipse((x - 7, 208, x + 7, 222), fill=(40, 34, 32))
    draw.arc((154, 232, 204, 274), 20, 160, fill=(150, 80, 70), width=4)
    out = BytesIO()
    picture.save(out, "JPEG", quality=90)
    return portrait(out.getvalue())
