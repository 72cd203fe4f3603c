"""What a sitting's scripts say as a whole, on simulated sittings where it is known what should be found."""

import re
from dataclasses import asdict
from html import unescape

import numpy as np
import pytest
from flask import Flask
from sqlalchemy import select

from certengine.bank import service as bank
from certengine.bank.models import BankItem, ItemStatus, ItemVersion, VersionState
from certengine.bank.rules import Item, ItemType, Option, ReleasedItem, entry_of
from certengine.delivery import service as delivery
from certengine.foundation.errors import Conflict, NotFound
from certengine.foundation.ids import new_id
from certengine.foundation.jobs import resume_jobs
from certengine.foundation.runtime import Runtime
from certengine.marking import calibrating
from certengine.marking.analysis import Script
from certengine.marking.exposure import Exposure, ExposureFinding
from certengine.marking.model_fit import Misfit, ModelFit
from certengine.marking.models import BankCalibration, SittingAnalysis
from certengine.marking.pace import Pace, PaceFinding
from certengine.marking.scripts import scripts as scripts_of
from certengine.marking.sitting_report import FEWEST, report, report_from_json
from certengine.psychometrics.irt import probability
from certengine.sittings import service as sittings
from tests.bank.pages import signed_in
from tests.factories import account
from tests.marking.test_service import mark, sat
from tests.sittings.factories import Exam

__all__ = ["sat"]
NAMES = [f"r:{number:03}" for number in range(120)]
ROW = list(zip(NAMES, NAMES[1:], strict=False))


def items(count: int, seed: int = 3) -> dict[str, ReleasedItem]:
    chance = np.random.default_rng(seed)
    options = tuple(Option(each, each) for each in "abcd")
    return {
        f"i{number:02}": ReleasedItem(
            id=f"i{number:02}", type=ItemType.SINGLE, outline="1", stem="", options=options, key="abcd"[number % 4],
            difficulty=float(chance.normal()), version=1,
        )
        for number in range(count)
    }  # fmt: skip


def sitting(pool: dict[str, ReleasedItem], seed: int = 5) -> dict[str, Script]:
    """Everybody answers all items by the model; wrong ones choose among the other options."""
    chance = np.random.default_rng(seed)
    codes = list(pool)
    b = [pool[code].difficulty for code in codes]
    right = chance.random((len(NAMES), len(codes))) < probability(chance.normal(size=len(NAMES)), 1.0, b)
    found = {}
    for row, name in enumerate(NAMES):
        answers = {
            code: pool[code].key if right[row, column] else chance.choice([o for o in "abcd" if o != pool[code].key])
            for column, code in enumerate(codes)
        }
        found[name] = script(pool, answers)
    return found


def script(pool: dict[str, ReleasedItem], answers: dict[str, object]) -> Script:
    earned = {code: float(given == pool[code].key) for code, given in answers.items()}
    return Script(earned, dict.fromkeys(answers, 1.0), answers)


def test_honest_neighbours_are_left_in_peace_and_the_scores_precision_is_told() -> None:
    pool = items(60)
    found = report(sitting(pool), pool, ROW)
    assert found.scripts == 120 and found.pairs_tested == 119 and found.pairs_too_few == 0
    assert len(found.pairs) <= 1 and len(found.people) <= 1
    assert found.reliability is not None and found.alpha is not None and found.error_at_cut is not None
    assert 0.85 < found.reliability < 0.95 and abs(found.alpha - found.reliability) < 0.06
    assert 2 < found.error_at_cut < 4


def test_who_copied_from_the_next_seat_is_listed_with_the_figures() -> None:
    pool = items(60)
    scripts = sitting(pool)
    copied = dict(scripts[NAMES[40]].answers)
    own = scripts[NAMES[41]].answers
    for code in list(pool)[:15]:
        copied[code] = own[code]
    scripts[NAMES[41]] = script(pool, copied)
    found = report(scripts, pool, ROW)
    assert (found.pairs[0].first, found.pairs[0].second) == (NAMES[40], NAMES[41])
    assert found.pairs[0].matches > found.pairs[0].expected + 10 and found.pairs[0].gbt < 1e-4


def test_right_where_it_is_hard_and_wrong_where_it_is_easy_is_listed() -> None:
    pool = items(60)
    scripts = sitting(pool)
    hard = {code for code, item in pool.items() if item.difficulty > 0}
    odd = {code: item.key if code in hard else ("a" if item.key != "a" else "b") for code, item in pool.items()}
    scripts[NAMES[7]] = script(pool, odd)
    assert report(scripts, pool, ROW).people[0].registration == NAMES[7]


def test_few_scripts_get_no_figures_and_different_papers_no_alpha() -> None:
    pool = items(40)
    scripts = sitting(pool)
    few = report(dict(list(scripts.items())[: FEWEST - 1]), pool, ROW)
    assert few.scripts == FEWEST - 1 and few.mean is None and few.pairs == ()
    codes = list(pool)
    halves = {
        name: script(pool, {code: each.answers[code] for code in (codes[:20] if row % 2 else codes[20:])})
        for row, (name, each) in enumerate(scripts.items())
    }
    found = report(halves, pool, ROW)
    assert found.alpha is None and found.pairs_too_few == 119


def test_a_report_survives_being_kept() -> None:
    pool = items(20)
    found = report(sitting(pool), pool, ROW)
    assert report_from_json(found.as_json()) == found


def test_a_marked_sitting_is_analysed_and_shown(runtime: Runtime, app: Flask, sat: Exam) -> None:
    account(runtime, "issuer9", ["issuer"])
    client = signed_in(app, "issuer9")
    address = f"/marking/sittings/{sat.theory_id}/analysis"
    assert "稍后刷新" in client.get(address).text
    mark(runtime, sat)
    resume_jobs(runtime)
    with runtime.unit_of_work(read_only=True) as session:
        found = session.get(SittingAnalysis, sat.theory_id)
        assert found is not None and found.figures["scripts"] == 2
        assert sittings.neighbours(session, sat.theory_id)
        assert set(scripts_of(session, sat.theory_id)) == {
            delivery.registration_key(each) for each in sat.registrations[:2]
        }
    assert "只有 2 份答卷" in client.get(address).text
    account(runtime, "stranger9", ["issuer"], institution="别的机构", code="OTHER")
    assert signed_in(app, "stranger9").get(address).status_code == 404


def test_estimates_are_on_the_old_scale_and_name_what_moved() -> None:
    pool = items(30)
    scripts = list(sitting(pool).values()) * 5
    stated = [ReleasedItem(**{**vars(item), "difficulty": item.difficulty + 0.5}) for item in pool.values()]
    stated[4] = ReleasedItem(**{**vars(stated[4]), "difficulty": stated[4].difficulty - 3})
    _found, rows = calibrating.estimate(scripts, stated)
    assert all(row.responses == 600 for row in rows)
    assert np.mean([row.b - row.difficulty for row in rows if row.b is not None]) == pytest.approx(0, abs=1e-2)
    assert rows[4].drifted and sum(row.drifted for row in rows) <= 3


def test_a_calibration_runs_as_a_job_and_its_figures_are_proposed_to_a_second_person(
    runtime: Runtime, app: Flask, sat: Exam
) -> None:
    mark(runtime, sat)
    resume_jobs(runtime)
    with runtime.unit_of_work(read_only=True) as session:
        owner = session.scalars(select(BankItem.bank_id)).first()
    assert owner is not None
    account(runtime, "author9", ["item_author"])
    client = signed_in(app, "author9")
    address = f"/marking/banks/{owner}/calibration"
    assert "还没有标定过" in client.get(address).text
    assert "已开始标定" in client.post(address, follow_redirects=True).text
    assert "正在标定" in client.get(address).text
    assert resume_jobs(runtime) == 1
    page = client.get(address).text
    assert "人数不足" in page and "Rasch" in page
    with runtime.unit_of_work(read_only=True) as session:
        [found] = calibrating.calibrations(session, owner)
        assert found.people == 2 and all(row.b is None for row in calibrating.rows_of(found))


def test_only_items_that_are_still_the_same_get_new_figures(runtime: Runtime, sat: Exam) -> None:
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        rows = session.scalars(select(BankItem).where(BankItem.type == "single").order_by(BankItem.code)).all()
        plain = [row for row in rows if isinstance(entry_of(bank.working_version(row).content), Item)][:3]
        bank.retire(session, plain[2].bank_id, plain[2].code, "account:a", now)
        figures = [
            vars(calibrating.ItemRow(row.code, number, "", 400, row.difficulty, 1.2, row.difficulty + 0.4, 0.1, 0.2))
            for row, number in zip(plain, (1, 7, 1), strict=True)
        ]
        made = BankCalibration(
            bank_id=plain[0].bank_id, at=now, actor="system", model="2pl", people=400, figures={"rows": figures}
        )
        session.add(made)
        session.flush()
        with pytest.raises(NotFound):
            calibrating.adopt(session, new_id(), made.id, "account:a", now)
        assert calibrating.adopt(session, plain[0].bank_id, made.id, "account:a", now) == 1
        with pytest.raises(Conflict):
            calibrating.adopt(session, plain[0].bank_id, made.id, "account:a", now)
        proposed = session.scalars(select(ItemVersion).where(ItemVersion.state == VersionState.PROPOSED)).one()
        entry = entry_of(proposed.content)
        assert isinstance(entry, Item) and entry.discrimination == 1.2
        assert plain[0].status is ItemStatus.LIVE and plain[0].live_version_id != proposed.id


def test_the_page_names_seats_beside_the_figures(runtime: Runtime, app: Flask, sat: Exam) -> None:
    pool = items(60)
    scripts = sitting(pool)
    scripts[NAMES[41]] = scripts[NAMES[40]]
    found = report(scripts, pool, ROW).as_json()
    one, other = (delivery.registration_key(each) for each in sat.registrations[:2])
    found["pairs"] = [{**found["pairs"][0], "first": one, "second": other}]
    found["people"] = [{"registration": one, "right": 30, "of": 60, "lz": -4.2, "p": 1e-5}]
    odd = PaceFinding(other, 80, 9.5, 41, 3, 1.8, 1e-9)
    found["pace"] = asdict(Pace(119, 60, 31.5, (odd,)))
    known = ExposureFinding(one, 29, 30, 14.2, 12, 30, 1e-7)
    found["exposure"] = asdict(Exposure(30, 30, 119, (known,)))
    found["fits"] = [asdict(ModelFit(420, 80, "rasch", 3301.5, 3158, 0.04, 0.012, (Misfit("ai-7", 41.2, 18, 1e-4),)))]
    with runtime.unit_of_work() as session:
        session.add(SittingAnalysis(sitting_id=sat.theory_id, at=runtime.clock.now(), figures=found))
    account(runtime, "issuer8", ["issuer"])
    client = signed_in(app, "issuer8")
    page = client.get(f"/marking/sittings/{sat.theory_id}/analysis").text
    assert "号座" in page and "lz*" in page and "-4.2" in page and "只供人工核查" in page
    assert "比较了 119 对相邻座位" in page
    assert "每题用时的中位数为 31.5 秒" in page and "1.0e-09" in page
    assert "29 / 30" in page and "14.2" in page and "ai-7" in page and "0.012" in page and "Rasch" in page
    # What was found goes on to whoever looks into misconduct, with its figures.
    address = next(unescape(each) for each in re.findall(r'href="([^"]+)"', page) if "/conduct/new/" in each)
    form = client.get(address).text
    assert "统计结果仅供核查" in form and "GBT" in form
    case = client.post(address, data={"act": "alike", "facts": "相似答卷，待核查", "token": "t"})
    assert case.status_code == 302 and "待第二人签字" in client.get(case.location).text
