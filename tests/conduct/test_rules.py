from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from certengine.conduct import rules
from certengine.conduct.regulation import OWN, read_regulation
from certengine.conduct.rules import CaseState, Voids
from certengine.foundation.errors import Invalid


def _branches(inner: Any) -> Any:
    names = st.sampled_from(["zh", "en", "voids", "record_years", "tier", "a", "1"])
    return st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4)


NOTICE = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
SIGNERS = ("account:a", "account:b")
REGULATION = read_regulation(OWN)
DAYS = REGULATION.objection_time


def test_the_second_signature_is_another_persons() -> None:
    assert rules.signing_problem(CaseState.RECORDED, "account:a", "account:a") == "conduct.second_person_needed"
    assert rules.signing_problem(CaseState.RECORDED, "account:a", "account:b") is None
    assert rules.signing_problem(CaseState.SIGNED, "account:a", "account:c") is not None


def test_nobody_decides_before_the_candidate_was_told_and_could_object() -> None:
    soon, later = NOTICE + timedelta(days=1), NOTICE + REGULATION.objection_time
    assert (
        rules.decision_problem(CaseState.SIGNED, SIGNERS, "account:c", None, False, soon, DAYS)
        == "conduct.not_notified"
    )
    assert (
        rules.decision_problem(CaseState.NOTIFIED, SIGNERS, "account:c", NOTICE, False, soon, DAYS)
        == "conduct.objection_time_runs"
    )
    assert rules.decision_problem(CaseState.NOTIFIED, SIGNERS, "account:c", NOTICE, True, soon, DAYS) is None
    assert rules.decision_problem(CaseState.NOTIFIED, SIGNERS, "account:c", NOTICE, False, later, DAYS) is None


def test_who_signed_the_record_does_not_decide_it() -> None:
    later = NOTICE + REGULATION.objection_time
    assert (
        rules.decision_problem(CaseState.NOTIFIED, SIGNERS, "account:b", NOTICE, False, later, DAYS)
        == "conduct.decider_signed"
    )


def test_an_entry_of_five_years_made_on_a_leap_day_ends_on_the_28th() -> None:
    decided = datetime(2028, 2, 29, 9, 0, tzinfo=UTC)
    assert rules.recorded_until(REGULATION.tiers["five_years"], decided) == datetime(2033, 2, 28, 9, 0, tzinfo=UTC)
    assert rules.recorded_until(REGULATION.tiers["for_good"], decided) is None


def test_each_act_comes_under_the_tier_that_the_programme_names() -> None:
    tiers = {code: act.tier for code, act in REGULATION.acts.items()}
    # Copying, passing papers, forged documents and forbidden devices: all subjects, five years.
    assert {tiers[code] for code in ("copied", "passed", "forged", "device")} == {"five_years"}
    assert {tiers[code] for code in ("organised", "stood_in")} == {"for_good"}
    five, good = REGULATION.tiers["five_years"], REGULATION.tiers["for_good"]
    assert (five.voids, five.record_years, good.voids, good.record_years) == (Voids.ALL, 5, Voids.ALL, None)
    assert set(tiers.values()) <= set(REGULATION.tiers)


def test_an_institutions_own_regulation_is_read_or_named_line_by_line(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "objection_days: 10\n"
        "tiers:\n"
        "  void: {zh: 无效, en: Void, voids: subject, record_years: 0}\n"
        "acts:\n"
        "  late: {zh: 迟到, en: Late, tier: void}\n"
    )
    assert read_regulation(own).acts["late"].tier == "void" and read_regulation(own).objection_time.days == 10
    own.write_text(
        "objection_days: 0\n"
        "tiers:\n"
        "  void: {zh: 无效, en: Void, voids: everything, record_years: 0}\n"
        "  long: {zh: 长期, en: Long, voids: all, record_years: -1}\n"
        "acts:\n"
        "  late: {zh: 迟到, en: Late, tier: no_such}\n"
    )
    with pytest.raises(Invalid) as caught:
        read_regulation(own)
    assert [each.place for each in caught.value.problems] == [
        "own.yaml:1", "own.yaml:3", "own.yaml:4", "own.yaml:6"
    ]  # fmt: skip


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), _branches, max_leaves=8))
def test_whatever_stands_in_the_file_is_a_regulation_or_named(tmp_path_factory: Any, content: Any) -> None:
    path = tmp_path_factory.mktemp("regulation") / "any.yaml"
    path.write_text(yaml.safe_dump({"objection_days": 5, "tiers": content, "acts": content}, allow_unicode=True))
    with pytest.raises(Invalid) as caught:
        read_regulation(path)
    assert all(each.place.startswith("any.yaml:") for each in caught.value.problems)
