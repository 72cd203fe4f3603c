"""certengine paper: papers straight from the files of an item bank, without a database."""

import json
from dataclasses import replace
from pathlib import Path

import click

from certengine.bank.cli import tell
from certengine.bank.reading import read_bank
from certengine.bank.rules import Entry, Family, Item, content_of, release_digest
from certengine.foundation.canonical import canonical_hash
from certengine.foundation.errors import Invalid, Problem
from certengine.papers import service
from certengine.papers.forms import Form, Forms, Objective, assemble
from certengine.papers.rules import draw
from certengine.standards.marked_yaml import read
from certengine.standards.rules import Level
from certengine.standards.service import banks_folder


@click.group("paper")
def command() -> None:
    """Papers: drawn by rule, seed and registration."""


@command.command("draw")
@click.option("--field", required=True, help="artificial_intelligence, big_data, ...")
@click.option("--level", required=True, type=click.Choice([level.value for level in Level]))
@click.option("--candidates", required=True, type=click.IntRange(1, 1_000_000), help="How many papers.")
@click.option("--seed", required=True, help="Hexadecimal digits, 32 or more.")
@click.option("--bank", "path", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A bank file.")
@click.option("--direction", help="A direction's id.")
@click.option("--rules", "show_rules", is_flag=True, help="Writes the paper rules to standard error.")
def draw_command(
    field: str, level: str, candidates: int, seed: str, path: Path | None, direction: str | None, show_rules: bool
) -> None:
    """Draws papers for candidates 1 … N; one JSON object a line."""
    secret = _seed(seed)
    items, digest = released(path or banks_folder() / field / f"{level}.yaml")
    rules = service.rules_for(field, Level(level), direction, items, digest)
    if show_rules:
        click.echo(json.dumps(rules.as_json(), ensure_ascii=False, indent=2), err=True)
    for paper in draw(items, rules, secret, [str(number) for number in range(1, candidates + 1)]):
        low, cut, high = (float(score) for score in paper.expected)
        line = {
            "registration": paper.registration,
            "paper_hash": paper.paper_hash,
            "items": [
                {"item": placed.item, "version": placed.version, "options": list(placed.options)}
                for placed in paper.items
            ],
            "expected_score": {"-1": low, "0": cut, "1": high},
        }
        click.echo(json.dumps(line, ensure_ascii=False))


@command.command("forms")
@click.option("--field", required=True, help="artificial_intelligence, big_data, ...")
@click.option("--level", required=True, type=click.Choice([level.value for level in Level]))
@click.option("--count", required=True, type=click.IntRange(1, 100), help="How many parallel forms.")
@click.option("--uses", default=1, show_default=True, type=click.IntRange(1), help="In how many forms an item may be.")
@click.option("--seconds", default=60.0, show_default=True, type=click.FloatRange(1), help="How long to search.")
@click.option(
    "--objective",
    default=Objective.MAXIMIN.value,
    show_default=True,
    type=click.Choice([each.value for each in Objective]),
    help="The most information in the weakest form, or scores closest to the target.",
)
@click.option("--bank", "path", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A bank file.")
@click.option("--direction", help="A direction's id.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each form.")
def forms_command(
    field: str,
    level: str,
    count: int,
    uses: int,
    seconds: float,
    objective: str,
    path: Path | None,
    direction: str | None,
    as_json: bool,
) -> None:
    """Assembles fixed parallel forms, and says how near to the best possible they are proven to be.

    Exit code 1, with what is missing, where the bank cannot give them.
    """
    items, digest = released(path or banks_folder() / field / f"{level}.yaml")
    try:
        rules = service.rules_for(field, Level(level), direction, items, digest)
        found = assemble(
            items, rules, count, uses=uses, objective=Objective(objective), seconds=seconds, progress=_tell_progress
        )
    except Invalid as error:
        tell(error.problems, err=True)
        raise click.exceptions.Exit(1) from None
    for number, form in enumerate(found.forms, 1):
        click.echo(json.dumps(_form_json(number, form, found)) if as_json else _form_line(number, form))
    click.echo(
        f"{found.status}: {found.objective} {found.value}, proven bound {found.bound}, gap {found.gap:.4%}, "
        f"{found.seconds:.1f} s, at most {found.overlap} items shared, {found.solver}",
        err=as_json,
    )


def _tell_progress(seconds: float, best: float | None, bound: float | None, gap: float | None) -> None:
    shown = ("–" if each is None else f"{each:.6f}" for each in (best, bound))
    share = "–" if gap is None else f"{gap:.4%}"
    click.echo(f"{seconds:6.1f} s  best {next(shown)}  bound {next(shown)}  gap {share}", err=True)


def _form_line(number: int, form: Form) -> str:
    scores = " ".join(f"{score:.6f}" for score in form.expected)
    return f"{number}: expected {scores}; information {form.information:.6f}; {' '.join(form.items)}"


def _form_json(number: int, form: Form, found: Forms) -> dict[str, object]:
    low, cut, high = (float(score) for score in form.expected)
    return {
        "form": number,
        "items": list(form.items),
        "expected_score": {"-1": low, "0": cut, "1": high},
        "information": float(form.information),
        "objective": found.objective.value,
        "value": float(found.value),
        "bound": float(found.bound),
        "gap": found.gap,
        "status": found.status.value,
    }


def _seed(text: str) -> bytes:
    try:
        seed = bytes.fromhex(text)
    except ValueError:
        raise Invalid([Problem("--seed", "papers.seed_not_hex")]) from None
    if len(seed) < 16:
        raise Invalid([Problem("--seed", "papers.seed_short")])
    return seed


def released(path: Path) -> tuple[list[Item], str]:
    """A bank file's items as a release of version 1 would hold them, with its digest. Raises Invalid."""
    source = read_bank(read(path), str(path))
    if problems := source.all_problems():
        raise Invalid(problems)
    entries = sorted((row.entry for row in source.rows), key=lambda entry: entry.id)
    hashes = [(entry.id, 1, canonical_hash(content_of(entry))) for entry in entries]
    digest = release_digest(source.field, source.level, source.edition, hashes)
    return [item for entry in entries for item in _items(entry)], digest


def _items(entry: Entry) -> list[Item]:
    if isinstance(entry, Family):
        return [replace(variant, version=1) for variant in entry.variants]
    return [entry] if isinstance(entry, Item) else []
