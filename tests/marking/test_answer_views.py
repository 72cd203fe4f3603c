"""The pages of people's marking: a marker's queue, one answer at a time, and the officer's page."""

import re

from flask import Flask
from sqlalchemy import select

from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.marking.answer_models import AnswerMark, AnswerMarker, WrittenAnswer
from certengine.sittings.models import Registration
from tests.bank.pages import signed_in
from tests.factories import account
from tests.marking.answer_factories import SHORT, WHOLE, examiner, hand_in, marking, sat, written_exam
from tests.sittings.factories import Exam

FIRST = re.compile(r'name="(version|number)" value="(\d+)"')


def hidden(page: str) -> dict[str, str]:
    return dict(FIRST.findall(page))


def test_an_officer_lays_answers_out_and_assigns_them(app: Flask, runtime: Runtime, clock: SetClock) -> None:
    made = written_exam(runtime, 2)
    account(runtime, "officer", ["exam_officer"])
    who = examiner(runtime, "one")
    officer = signed_in(app, "officer")
    at = f"/results/answers/{made.theory_id}"
    assert "考试尚未结束" in officer.get(at).text
    hand_in(runtime, clock, made, 0, WHOLE)
    hand_in(runtime, clock, made, 1, {})
    clock.advance(hours=2)
    assert f'href="{at}"' in officer.get(f"/results/{made.plan_id}").text
    answer = officer.post(f"{at}/open", follow_redirects=True)
    assert "已整理4份答案" in answer.text and SHORT in answer.text
    question = f"/results/answers/question/{marking(runtime, made).question_id}"
    page = officer.get(question).text
    assert "还没有评卷人" in page and "1份空白答案已评为0分" in page
    assert officer.post(f"{question}/mode", data={"mode": "blind_double", "tolerance": "10"}).status_code == 302
    assert "双盲评" in officer.get(at).text
    assert "允许误差应在" in officer.post(
        f"{question}/mode", data={"mode": "single", "tolerance": "101"}, follow_redirects=True
    ).text  # fmt: skip
    given = {"account": str(who.id), "quota": "5"}
    assert "已安排考评员one" in officer.post(f"{question}/markers", data=given, follow_redirects=True).text
    assert "定额应在" in officer.post(f"{question}/markers", data={**given, "quota": "0"}, follow_redirects=True).text


def test_a_marker_goes_through_the_queue_without_seeing_whose_answers_they_are(
    app: Flask, runtime: Runtime, clock: SetClock
) -> None:
    made = sat(runtime, clock, [WHOLE, WHOLE])
    question, who = marking(runtime, made), examiner(runtime, "one")
    marker = signed_in(app, "one")
    assert "还没有被安排评主观题" in marker.get("/marking/answers").text
    question.assign(who)
    page = marker.get("/marking/answers").text
    assert "已评0 / 定额1000" in page and SHORT in page
    first = marker.get(f"/marking/answers/{question.question_id}/next")
    at = first.headers["Location"]
    page = marker.get(at).text
    assert WHOLE[SHORT] in page and "查看日志" in page
    with runtime.unit_of_work(read_only=True) as session:
        for row in session.scalars(select(Registration)):
            for secret in (row.ticket_number, row.employer, str(row.id), row.person.name):
                assert secret not in page and secret not in at
    bad = marker.post(at, data={**hidden(page), "points-1": "x", "points-2": "3"})
    assert bad.status_code == 422 and "第1个要点的得分应为数字" in bad.text and 'value="3"' in bad.text
    bad = marker.post(at, data={**hidden(page), "points-1": "3", "points-2": ""})
    assert bad.status_code == 422 and "应在0到2之间" in bad.text and "请填写第2个要点" in bad.text
    done = marker.post(at, data={**hidden(page), "points-1": "2", "points-2": "1.5", "comment": "第二步不全"})
    assert done.headers["Location"].endswith("/next")
    second = marker.get(done.headers["Location"]).headers["Location"]
    assert second != at
    page = marker.get(second).text
    assert f'rel="prev" href="{at}"' in page and "已评1 / 定额1000" in page
    assert "第二步不全" in marker.get(at).text
    marker.post(second, data={**hidden(page), "points-1": "0", "points-2": "0"})
    end = marker.get(f"/marking/answers/{question.question_id}/next", follow_redirects=True).text
    assert "没有等您评的答案了" in end and "没有待评" in end


def test_whoever_saves_second_is_told_and_a_stale_form_of_ones_own_is_shown_again(
    app: Flask, runtime: Runtime, clock: SetClock
) -> None:
    made = sat(runtime, clock, [WHOLE])
    question = marking(runtime, made)
    for login in ("one", "two"):
        question.assign(examiner(runtime, login))
    one, two = signed_in(app, "one"), signed_in(app, "two")
    at = one.get(f"/marking/answers/{question.question_id}/next").headers["Location"]
    forms = [hidden(each.get(at).text) for each in (one, two)]
    full = {"points-1": "2", "points-2": "3"}
    one.post(at, data={**forms[0], **full})
    told = two.post(at, data={**forms[1], "points-1": "2", "points-2": "2"}, follow_redirects=True)
    assert "另一位评卷人已评了答案" in told.text
    stale = one.post(at, data={**forms[0], "points-1": "1", "points-2": "1", "comment": "改"})
    assert stale.status_code == 422 and "这份评分已被另存" in stale.text and "改</textarea>" in stale.text
    with runtime.unit_of_work(read_only=True) as session:
        assert len(session.scalars(select(AnswerMark)).all()) == 2


def test_somebody_elses_question_and_an_answer_that_needs_no_mark_are_kept_shut(
    app: Flask, runtime: Runtime, clock: SetClock
) -> None:
    made = sat(runtime, clock, [WHOLE])
    question, who = marking(runtime, made), examiner(runtime, "one")
    examiner(runtime, "two")
    stranger = signed_in(app, "two")
    assert stranger.get(f"/marking/answers/{question.question_id}/next").status_code == 403
    question.assign(who)
    code = str(question.next(who))
    question.enter(who, code, "1", "1")
    question.assign(examiner(runtime, "three"))
    late = signed_in(app, "three").get(f"/marking/answers/{question.question_id}/{code}", follow_redirects=True)
    assert "不需要您评分" in late.text
    assert signed_in(app, "one").get(f"/marking/answers/{question.question_id}/NOSUCH").status_code == 404
    assert stranger.get(f"/results/answers/{made.theory_id}").status_code == 403
    account(runtime, "elsewhere", ["exam_officer"], institution="别的机构", code="BDJG")
    other = signed_in(app, "elsewhere")
    assert other.get(f"/results/answers/{made.theory_id}").status_code == 404
    assert other.get(f"/results/answers/question/{question.question_id}").status_code == 404


def figures_of(runtime: Runtime, clock: SetClock) -> Exam:
    """Two markers of three answers with two seeds, one answer in dispute."""
    made = sat(runtime, clock, [WHOLE, WHOLE, WHOLE])
    question = marking(runtime, made)
    people = [examiner(runtime, login) for login in ("one", "two")]
    for who in people:
        question.assign(who)
    code = str(question.next(people[0]))
    forms = [question.opened(who, code) for who in people]
    for who, form, points in zip(people, forms, ("3", "0"), strict=True):
        question.enter(who, code, "2", points, version=form.version, number=form.number)
    for points in ("3", "2"):
        clock.advance(minutes=2)
        question.enter(people[0], str(question.next(people[0])), "2", points)
    return made


def test_the_officers_page_shows_seeds_figures_as_bars_and_every_mark_in_dispute(
    app: Flask, runtime: Runtime, clock: SetClock
) -> None:
    made = figures_of(runtime, clock)
    account(runtime, "officer", ["exam_officer"])
    officer = signed_in(app, "officer")
    at = f"/results/answers/question/{marking(runtime, made).question_id}"
    page = officer.get(at).text
    assert "还没有安排第三评" in page
    assert "有争议" in page and "考评员one 5.00；考评员two 2.00" in page
    assert "本人93.3%" in page and "其他人40.0%" in page and 'aria-label="30.0"' in page
    assert page.count('class="marker-bar"') >= 6 and "style=" not in page.split("<main")[1]
    assert "已经有人评分，不能再改" in page
    bad = officer.post(f"{at}/seeds", data={"text": "", "points-1": "9", "points-2": "1"})
    assert bad.status_code == 422 and "请填写标准答卷的内容" in bad.text and 'value="9"' in bad.text
    good = officer.post(
        f"{at}/seeds", data={"text": "只看日志", "points-1": "2", "points-2": "0"}, follow_redirects=True
    )
    assert "已混入" in good.text and "商定2.00分" in good.text
    with runtime.unit_of_work(read_only=True) as session:
        who = session.scalars(select(AnswerMarker.account_id)).first()
        seed = session.scalars(select(WrittenAnswer).where(WrittenAnswer.registration_id.is_(None))).one()
    assert "已暂停" in officer.post(f"{at}/markers/{who}/paused", follow_redirects=True).text
    assert "已暂停" not in officer.post(f"{at}/markers/{who}/released", follow_redirects=True).text.split("<table")[1]
    assert officer.post(f"{at}/markers/{who}/promoted").status_code == 404
    question, one = marking(runtime, made), signed_in(app, "one")
    seen = one.get(f"/marking/answers/{question.question_id}/{seed.code}").text
    assert "只看日志" in seen and "标准答卷" not in seen.partition("</details>")[2]
    assert "已退回0份" in officer.post(f"{at}/send-back", follow_redirects=True).text
