"""Every permission, and the roles that hold them. Author, paper maker, proctor, examiner and issuer stand apart."""

import enum


class Permission(enum.Enum):
    ACCOUNTS_MANAGE = "accounts:manage"
    APPLICATION_LIST = "application:list"
    ATTEMPT_TAKE = "attempt:take"
    AUDIT_READ = "audit:read"
    BANK_READ = "bank:read"
    BANK_RELEASE = "bank:release"
    BANK_WRITE = "bank:write"
    BASE_MANAGE = "base:manage"
    BASE_REPORT = "base:report"
    CERTIFICATE_COUNTERSIGN = "certificate:countersign"
    CERTIFICATE_ISSUE = "certificate:issue"
    CERTIFICATE_READ = "certificate:read"
    CERTIFICATE_REVOKE = "certificate:revoke"
    COURSE_ENROL = "course:enrol"
    COURSE_MANAGE = "course:manage"
    COURSE_REVIEW = "course:review"
    EXPERT_REVIEW = "expert:review"
    INSPECTION_ANSWER = "inspection:answer"
    INSPECTION_MANAGE = "inspection:manage"
    ITEM_REVIEW = "item:review"
    MARK_ENTER = "mark:enter"
    MISCONDUCT_DECIDE = "misconduct:decide"
    MISCONDUCT_RECORD = "misconduct:record"
    OVERSIGHT_READ = "oversight:read"
    PAPER_DRAW = "paper:draw"
    PAPER_READ = "paper:read"
    PERSON_DATA = "person:data"
    PROGRAMME_APPLY = "programme:apply"
    PROGRAMME_DECIDE = "programme:decide"
    PROGRAMME_RECOMMEND = "programme:recommend"
    REGISTRATION_MANAGE = "registration:manage"
    RESULT_READ = "result:read"
    RESULT_RELEASE = "result:release"
    ROOM_PROCTOR = "room:proctor"
    SCORE_REVIEW = "score:review"
    SEMINAR_APPLY = "seminar:apply"
    SEMINAR_MANAGE = "seminar:manage"
    SEMINAR_RUN = "seminar:run"
    SITTING_PLAN = "sitting:plan"
    SITTING_READ = "sitting:read"
    TRAINEE_SELF = "trainee:self"
    TRAINING_MANAGE = "training:manage"


class Role(enum.Enum):
    ADMINISTRATOR = "administrator"
    ITEM_AUTHOR = "item_author"
    ITEM_REVIEWER = "item_reviewer"
    PAPER_MAKER = "paper_maker"
    EXAM_OFFICER = "exam_officer"
    PROCTOR = "proctor"
    EXAMINER = "examiner"
    ISSUER = "issuer"
    TRAINING_OFFICER = "training_officer"
    SUPERVISOR = "supervisor"
    TRAINEE = "trainee"
    EMPLOYER = "employer"
    EXPERT = "expert"
    INDUSTRY_OFFICER = "industry_officer"
    DATA_OFFICER = "data_officer"


P = Permission
HOLDS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset({P.ACCOUNTS_MANAGE, P.AUDIT_READ}),
    Role.ITEM_AUTHOR: frozenset({P.BANK_READ, P.BANK_WRITE}),
    Role.ITEM_REVIEWER: frozenset({P.BANK_READ, P.ITEM_REVIEW, P.BANK_RELEASE}),
    Role.PAPER_MAKER: frozenset({P.BANK_READ, P.PAPER_DRAW, P.PAPER_READ, P.SITTING_READ}),
    Role.EXAM_OFFICER: frozenset(
        {
            P.SITTING_PLAN,
            P.SITTING_READ,
            P.REGISTRATION_MANAGE,
            P.RESULT_READ,
            P.SCORE_REVIEW,
            P.PROGRAMME_APPLY,
            P.INSPECTION_ANSWER,
        }
    ),
    Role.PROCTOR: frozenset({P.SITTING_READ, P.ROOM_PROCTOR, P.MISCONDUCT_RECORD}),
    Role.EXAMINER: frozenset({P.MARK_ENTER, P.SITTING_READ}),
    Role.ISSUER: frozenset(
        {
            P.RESULT_READ,
            P.RESULT_RELEASE,
            P.SCORE_REVIEW,
            P.CERTIFICATE_ISSUE,
            P.CERTIFICATE_READ,
            P.CERTIFICATE_REVOKE,
            P.SITTING_READ,
            P.MISCONDUCT_DECIDE,
        }
    ),
    Role.TRAINING_OFFICER: frozenset(
        {
            P.TRAINING_MANAGE,
            P.COURSE_MANAGE,
            P.APPLICATION_LIST,
            P.CERTIFICATE_READ,
            P.BASE_REPORT,
            P.PROGRAMME_APPLY,
            P.SEMINAR_RUN,
            P.INSPECTION_ANSWER,
        }
    ),
    Role.SUPERVISOR: frozenset(
        {
            P.AUDIT_READ,
            P.OVERSIGHT_READ,
            P.SITTING_READ,
            P.RESULT_READ,
            P.CERTIFICATE_READ,
            P.CERTIFICATE_COUNTERSIGN,
            P.SEMINAR_MANAGE,
            P.BASE_MANAGE,
            P.COURSE_REVIEW,
            P.PROGRAMME_RECOMMEND,
            P.PROGRAMME_DECIDE,
            P.SEMINAR_APPLY,
            P.SEMINAR_RUN,
            P.INSPECTION_MANAGE,
        }
    ),
    Role.TRAINEE: frozenset({P.TRAINEE_SELF}),
    Role.EMPLOYER: frozenset({P.COURSE_ENROL, P.APPLICATION_LIST}),
    Role.EXPERT: frozenset({P.EXPERT_REVIEW}),
    Role.INDUSTRY_OFFICER: frozenset({P.PROGRAMME_RECOMMEND, P.SEMINAR_APPLY, P.SEMINAR_RUN}),
    Role.DATA_OFFICER: frozenset({P.PERSON_DATA}),
}

# Who issues, releases, draws or administers needs a second factor where the installation asks for it.
WITH_SECOND_FACTOR = frozenset(
    {
        P.ACCOUNTS_MANAGE,
        P.BANK_RELEASE,
        P.CERTIFICATE_COUNTERSIGN,
        P.CERTIFICATE_ISSUE,
        P.CERTIFICATE_REVOKE,
        P.MISCONDUCT_DECIDE,
        P.PAPER_DRAW,
        P.RESULT_RELEASE,
    }
)

# Where each role's work begins, the first that the account holds.
LANDING: tuple[tuple[Role, str], ...] = (
    (Role.ITEM_AUTHOR, "bank.banks"),
    (Role.ITEM_REVIEWER, "bank.banks"),
    (Role.PAPER_MAKER, "papers.draws"),
    (Role.EXAM_OFFICER, "sittings.sittings"),
    (Role.PROCTOR, "proctoring.rooms"),
    (Role.EXAMINER, "marking.practical"),
    (Role.ISSUER, "marking.results"),
    (Role.TRAINING_OFFICER, "training.classes"),
    (Role.SUPERVISOR, "oversight.overview"),
    (Role.TRAINEE, "certificates.mine"),
    (Role.EMPLOYER, "training.organisation_people"),
    (Role.EXPERT, "programme.my_reviews"),
    (Role.INDUSTRY_OFFICER, "programme.applications"),
    (Role.DATA_OFFICER, "oversight.person_data"),
    (Role.ADMINISTRATOR, "people.accounts"),
)


def permissions_of(roles: frozenset[Role]) -> frozenset[Permission]:
    return frozenset().union(*(HOLDS[role] for role in roles))
