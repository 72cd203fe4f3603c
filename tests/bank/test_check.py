"""Each plants one fault into the model bank and wants it named at its line, and nothing else."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from certengine.bank.check import check_paths
from certengine.bank.cli import command
from certengine.bank.flaws import bank_flaws, item_flaws
from certengine.bank.rules import JUDGEMENT_OPTIONS, Item, ItemType, Option
from certengine.standards.service import banks_folder
from tests.bank.factories import single

MODEL = banks_folder() / "artificial_intelligence"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("standard.yaml", "junior.yaml"):
        shutil.copy(MODEL / name, tmp_path / name)
    return tmp_path


def plant(folder: Path, old: str, new: str, name: str = "junior.yaml") -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def found(folder: Path) -> dict[str, list[int]]:
    faults: dict[str, list[int]] = {}
    for problem in check_paths([folder]):
        faults.setdefault(problem.code, []).append(int(problem.place.rpartition(":")[2]))
    return faults


def line_of(folder: Path, text: str, name: str = "junior.yaml") -> int:
    lines = (folder / name).read_text(encoding="utf-8").split("\n")
    return next(number for number, line in enumerate(lines, 1) if text in line)


def block(folder: Path, code: str) -> str:
    text = (folder / "junior.yaml").read_text(encoding="utf-8")
    return re.search(rf"  - id: {code}\n(?:    .*\n|\n)*", text)[0]  # type: ignore[index]


def test_good_banks_are_silent() -> None:
    assert check_paths([MODEL / "junior.yaml", MODEL / "standard.yaml"]) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('outline: "0.1.1"', 'outline: "9.9.9"', "bank.outline_unknown"),
        ('outline: "0.1.1"', 'outline: "0.1"', "bank.outline_not_a_leaf"),
        ('outline: "0.1.1"', 'outline: "1.1.12"', "bank.outline_level"),
        ("    key: b\n", "    key: z\n", "bank.key_unreachable"),
        ("    key: [a, c]\n", "    key: [a]\n", "bank.key_too_few"),
        ("    key: [a, c]\n", "    key: [a, b, c, d]\n", "bank.key_all"),
        ("    key: false\n", "    key: 错\n", "bank.key_judgement"),
        ("    cognition: knows\n", "    cognition: guesses\n", "bank.choice"),
        ("    difficulty: -1.71\n", "    difficulty: easy\n", "bank.number"),
        ("    difficulty: -1.71\n", "    difficulty: -17.1\n", "bank.out_of_range"),
        ("    rationale: ", "    raionale: ", "bank.unknown_key"),
        ("id: ai-j-002", "id: ai-j-001", "bank.id_twice"),
        ('compute:\n      precision: "tp / (tp + fp)"', 'compute:\n      precision: "tp / nothing"', "bank.expression"),
        ('      precision: "tp / (tp + fp)"', '      precision: "__import__(1)"', "bank.expression"),
        ("      - id: r1\n        criterion: 数据检查与标签转换\n        points: 15", "      - id: r1\n        criterion: 数据检查与标签转换\n        points: 16", "bank.rubric_total"),
        ("    key: b\n", "    key: b\n    enemies: [ai-j-003]\n", "bank.enemy_one_sided"),
        ("    key: b\n", "    key: b\n    enemies: [ai-j-999]\n", "bank.enemy_unknown"),
    ],
)  # fmt: skip
def test_a_planted_fault_is_named_at_its_line(folder: Path, old: str, new: str, code: str) -> None:
    plant(folder, old, new)
    needle = new.strip("\n").split("\n")[-1]
    faults = found(folder)
    assert code in faults
    if code not in ("bank.expression", "bank.rubric_total", "bank.id_twice"):
        assert faults[code] == [line_of(folder, needle.strip())]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("count: 40", "count: 41", "standard.points_total"),
        ("count: 40, points: \"1.5\"", "count: 400, points: \"0.15\"", "bank.layout_short"),
        ("levels: [junior", "levels: [beginner", "yaml.choice"),
        ("edition:", "editon:", "yaml.unknown"),
    ],
)  # fmt: skip
def test_a_fault_of_the_standard_is_named(folder: Path, old: str, new: str, code: str) -> None:
    plant(folder, old, new, "standard.yaml")
    assert code in found(folder)


def test_a_weight_column_that_misses_100_is_named(folder: Path) -> None:
    text = (folder / "standard.yaml").read_text(encoding="utf-8")
    first = re.search(r'nodes: \{"[\d.]+": (\d+)', text)
    assert first
    plant(folder, first[0], first[0] + "1", "standard.yaml")
    assert "standard.weights_total" in found(folder)


def test_a_copied_question_is_a_duplicate_and_a_reworded_one_nearly(folder: Path) -> None:
    copied = block(folder, "ai-j-001").replace("ai-j-001", "ai-j-801")
    reworded = block(folder, "ai-j-002").replace("ai-j-002", "ai-j-802").replace("通过率明显偏低", "通过率显著偏低")
    plant(folder, "families:\n", copied + reworded + "families:\n")
    faults = found(folder)
    assert list(faults) == ["bank.duplicate", "bank.near_duplicate"]


def test_near_questions_that_are_declared_enemies_are_left_alone(folder: Path) -> None:
    twin = block(folder, "ai-j-002").replace("ai-j-002", "ai-j-802").replace("通过率明显偏低", "通过率显著偏低")
    plant(folder, "families:\n", twin + "    enemies: [ai-j-002]\nfamilies:\n")
    plant(folder, "  - id: ai-j-002\n", "  - id: ai-j-002\n    enemies: [ai-j-802]\n")
    assert found(folder) == {}


def flaws(item: Item) -> list[str]:
    return [problem.code for _key, problem in item_flaws(item)]


def with_options(*texts: str, **more: object) -> Item:
    options = tuple(Option(letter, text) for letter, text in zip("abcdef", texts, strict=False))
    return replace(single(), options=options, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (with_options("甲", "乙", "丙", "以上都对"), ["bank.summary_not_last"]),
        (with_options("甲", "乙", "丙", "以上都不对", fixed=frozenset("d")), []),
        (with_options("甲", "以上都不对", "丙", "丁", fixed=frozenset("b")), ["bank.summary_not_last"]),
        (with_options("轮询", "中断", "A 和 B", "脱机"), ["bank.option_cites_letter"]),
        (with_options("甲", "乙", "甲", "丁"), ["bank.options_equal"]),
        (with_options("采用分组交换方式传输", "采用分组交换方式传输数据", "丙", "丁", key="c"), ["bank.option_inside"]),
        (with_options("采用分组交换方式传输", "不采用分组交换方式传输", "丙", "丁", key="c"), []),
        (with_options("x[0]", "x[0:1]", "X[0]", "x(0)"), []),
        (with_options("甲", "由硬件在电平变化的一刻触发处理器转入相应的处理程序", "丙", "丁"), ["bank.key_grossly_longer"]),
        (replace(single(), stem="下列关于中断的说法，不正确的是"), ["bank.negative_not_bold"]),
        (replace(single(), stem="下列关于中断的说法，**不**正确的是"), []),
        (replace(single(), stem="下列说法错误的是（  ）。"), ["bank.negative_not_bold"]),
        (replace(single(), stem="最可能导致该错误的是"), []),
        (replace(single(), stem="能使服务不中断的做法是"), []),
        (replace(single(), rationale="选项A不对，因为轮询太慢。"), ["bank.letter_in_rationale"]),
        (replace(single(), rationale=""), ["bank.rationale_missing"]),
        (replace(single(), stem="$\\frac{1$ 是"), ["bank.formula_unreadable"]),
        (
            with_options("轮询扫描方式", "中断驱动方式", "批量处理", "脱机", stem="键盘的中断驱动方式怎样发现按键"),
            ["bank.stem_repeats_key"],
        ),
    ],
)  # fmt: skip
def test_the_flaws_an_editor_would_mark(item: Item, expected: list[str]) -> None:
    assert flaws(item) == expected


def test_over_a_bank_neither_the_longest_option_nor_a_position_may_pay() -> None:
    fair = [
        with_options("甲甲", "乙乙", "丙丙", "丁丁", id=f"x-{number}", key="abcd"[number % 4]) for number in range(40)
    ]
    assert list(bank_flaws(fair)) == []
    first = [replace(item, key="a") for item in fair]
    assert {problem.code for problem in bank_flaws(first)} == {"bank.key_positions"}
    long = [
        replace(item, options=tuple(Option(o.id, o.text + "长" * (o.id == item.key)) for o in item.options))
        for item in fair
    ]
    assert [problem.code for problem in bank_flaws(long)] == ["bank.key_often_longest"]
    judged = [replace(item, type=ItemType.JUDGEMENT, options=JUDGEMENT_OPTIONS, key="true") for item in fair]
    assert [problem.code for problem in bank_flaws(judged)] == ["bank.judgement_share"]


def test_the_command_names_file_line_and_message_in_the_shells_language(folder: Path) -> None:
    plant(folder, "    key: b\n", "    key: z\n")
    line = line_of(folder, "key: z")
    chinese = CliRunner().invoke(command, ["check", str(folder)], env={"LC_ALL": "", "LANG": "zh_CN.UTF-8"})
    assert chinese.exit_code == 1
    assert chinese.output.startswith(f"{folder}/junior.yaml:{line}: 答案 z 不在选项中")
    english = CliRunner().invoke(command, ["check", str(folder)], env={"LC_ALL": "", "LANG": "en_US.UTF-8"})
    assert "is not among the options" in english.output
    silent = CliRunner().invoke(command, ["check", str(MODEL / "junior.yaml")])
    assert (silent.exit_code, silent.output) == (0, "")


@pytest.mark.parametrize("text", ["", "- 1", "bank: [", "bank: x\nitems: 5\n", "bank: a/b\nitems:\n  - 3\n", "\0"])
def test_a_file_that_is_no_bank_is_said_with_its_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "junior.yaml").write_text(text)
    problems = check_paths([tmp_path])
    assert problems and all(re.search(r"junior\.yaml:\d+$", problem.place) for problem in problems)
