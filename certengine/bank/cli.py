"""certengine bank: check files, bring them in, write them out, count what is there."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

import click

from certengine.bank import problems
from certengine.bank.formats import FORMATS
from certengine.foundation.errors import Invalid, Problem, describe

__all__ = ["problems"]
LEVELS = ("junior", "intermediate", "senior")


class Format(click.ParamType):  # type: ignore[type-arg]
    """One of the formats that are there."""

    name = "format"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return f"[{'|'.join(('auto', *FORMATS) if param.default == 'auto' else FORMATS)}]"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in FORMATS and not (value == "auto" and param is not None and param.default == "auto"):
            self.fail(say("bank.format_unknown", formats="、".join(FORMATS)), param, ctx)
        return value


def in_english() -> bool:
    language = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return language.startswith("en")


def say(code: str, **values: object) -> str:
    """The sentence in Chinese, or in English where the shell's language is English."""
    if not in_english():
        return describe(code, values)
    from certengine.web.language import english

    return describe(code, values, english().gettext)


def text(chinese: str, english: str) -> str:
    return english if in_english() else chinese


def line(problem: Problem) -> str:
    return f"{problem.place}: {say(problem.code, **problem.values)}"


def tell(found: Iterable[Problem], err: bool = False) -> None:
    for problem in found:
        click.echo(line(problem), err=err)


@click.group("bank")
def command() -> None:
    """Item banks."""


@command.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def check(paths: tuple[Path, ...]) -> None:
    """Names every problem of standards and banks as FILE:LINE: message; exit code 1 when there is any."""
    from certengine.bank.check import check_paths

    found = check_paths(paths)
    tell(found)
    if found:
        raise SystemExit(1)


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--field", required=True)
@click.option("--level", required=True, type=click.Choice(LEVELS))
@click.option("--format", "format_", type=Format(), default="auto", show_default=True)
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@click.option("--keep-good/--all-or-nothing", default=False, help="Bring in the good rows of a file with faults.")
@click.option("--organisation", help="Code of the organisation that keeps the bank, where there are several.")
def import_(
    file: Path, field: str, level: str, format_: str, dry_run: bool, keep_good: bool, organisation: str | None
) -> None:
    """Brings a file's items in; they wait for a second person's approval. Exit code 1 when rows were refused."""
    from certengine.bank import commands

    try:
        plan = commands.import_file(file, field, level, format_, dry_run, keep_good, organisation)
    except Invalid as error:
        tell(error.problems, err=True)
        click.echo(text("没有导入任何试题", "nothing was imported"), err=True)
        raise SystemExit(1) from None
    from certengine.bank.importing import Action

    for row in plan.rows:
        tell(row.problems, err=True)
        tell(row.notes)
    tell(plan.problems, err=True)
    counts = {action: plan.count(action) for action in Action}
    click.echo(
        text(
            "新增 {add}，新版本 {propose}，未变 {unchanged}，重复 {duplicate}，拒绝 {refuse}（格式 {format}）",
            "added {add}, new versions {propose}, unchanged {unchanged}, duplicates {duplicate}, refused {refuse}"
            " (format {format})",
        ).format(**{action.value: number for action, number in counts.items()}, format=plan.format)
        + (text("；试运行，没有写入", "; dry run, nothing written") if dry_run else "")
    )
    if plan.all_problems():
        raise SystemExit(1)


@command.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--field", required=True)
@click.option("--level", required=True, type=click.Choice(LEVELS))
@click.option("--format", "format_", type=Format(), required=True)
@click.option("--organisation", help="Code of the organisation that keeps the bank, where there are several.")
def export(out: Path, field: str, level: str, format_: str, organisation: str | None) -> None:
    """Writes a bank to OUT; what the format cannot hold is listed."""
    from certengine.bank import commands

    written, source, count = commands.export_bank(field, level, format_, organisation)
    out.write_bytes(written.content)
    tell(written.left_out, err=True)
    click.echo(text(f"{source}：{count} 项，写入 {out}", f"{source}: {count} entries, written to {out}"), err=True)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Other banks.")
def summary(as_json: bool, folder: Path | None) -> None:
    """How many items each field and level has, by outline point, type and difficulty."""
    from certengine.bank.summary import summarise, table

    found = summarise(folder)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        click.echo(table(found, in_english()))


@command.command()
def reseal() -> None:
    """Writes all items again: encrypted where CERTENGINE_SEAL_BANK=1, in the clear where it is not."""
    from certengine.bank.resealing import reseal as write_again
    from certengine.foundation.runtime import current

    runtime = current()
    with click.progressbar(length=1, label=text("重写题库", "writing the banks again")) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        count = write_again(runtime, progress)
    click.echo(
        text(f"{count} 行已加密", f"{count} rows encrypted")
        if runtime.settings.seal_bank
        else text(f"{count} 行已改为明文", f"{count} rows in the clear")
    )
