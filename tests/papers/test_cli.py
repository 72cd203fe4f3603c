import json
from pathlib import Path

from click.testing import CliRunner

from certengine.papers.cli import command

SEED = "000102030405060708090a0b0c0d0e0f"
OPTIONS = ["draw", "--field", "artificial_intelligence", "--level", "junior"]


def test_papers_are_drawn_from_the_files_alone_one_json_object_a_line() -> None:
    answer = CliRunner().invoke(command, [*OPTIONS, "--candidates", "3", "--seed", SEED], catch_exceptions=False)
    papers = [json.loads(line) for line in answer.output.splitlines()]
    assert [set(paper) for paper in papers] == [{"registration", "paper_hash", "items", "expected_score"}] * 3
    assert [paper["registration"] for paper in papers] == ["1", "2", "3"]
    assert all(len({item["item"] for item in paper["items"]}) == 65 for paper in papers)
    scores = [paper["expected_score"]["0"] for paper in papers]
    assert max(scores) - min(scores) <= 0.1
    again = CliRunner().invoke(command, [*OPTIONS, "--candidates", "3", "--seed", SEED])
    assert again.output == answer.output


def test_a_seed_that_is_no_seed_is_refused() -> None:
    for seed in ("xyz", "00ff"):
        answer = CliRunner().invoke(command, [*OPTIONS, "--candidates", "1", "--seed", seed])
        assert answer.exit_code != 0 and getattr(answer.exception, "problems", None)


def test_a_bank_file_without_enough_items_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "thin.yaml").write_text(
        "bank: artificial_intelligence/junior\nedition: '1'\nitems:\n"
        "  - {id: ai-j-900, type: judgement, outline: '0.1.1', stem: 数据可以随意出售。, key: false, "
        "cognition: knows, difficulty: 0, rationale: 不可以随意出售。}\n"
    )
    answer = CliRunner().invoke(
        command, [*OPTIONS, "--candidates", "1", "--seed", SEED, "--bank", str(tmp_path / "thin.yaml")]
    )
    problems = getattr(answer.exception, "problems", [])
    assert {problem.code for problem in problems} == {"papers.shortfall"}
    assert any(problem.place == "1.1 single" for problem in problems)
