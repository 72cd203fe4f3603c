"""certengine bench: what a hot path does, what the machine could do at most, and the ratio, measured in one run."""

import json
from importlib import import_module

import click

# name → function that measures: returns name, unit, ours, limit, ratio, conditions
BENCHES = {
    "answers": "certengine.served_benches:bench_answers",
    "starts": "certengine.served_benches:bench_starts",
    "sign-ins": "certengine.served_benches:bench_sign_ins",
    "look-ups": "certengine.served_benches:bench_look_ups",
    "draws": "certengine.papers.bench:bench",
    "forms": "certengine.papers.bench_forms:bench",
    "board": "certengine.proctoring.bench:bench",
    "marking": "certengine.marking.bench:bench",
    "certificates": "certengine.certificates.bench:bench",
    "verification": "certengine.served_benches:bench_verification",
    "ledger": "certengine.ledger.bench:bench",
    "search": "certengine.bank.bench:bench",
    "courses": "certengine.training.bench:bench",
    "calibration": "certengine.psychometrics.bench:bench",
}


@click.command("bench")
@click.argument("name", type=click.Choice(list(BENCHES)))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(name: str, as_json: bool) -> None:
    """Measures a hot path against its limit in one run."""
    module, _, function = BENCHES[name].partition(":")
    figures = getattr(import_module(module), function)()
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False))
        return
    click.echo(f"{figures['name']}: {figures['ours']:,.0f} {figures['unit']}")
    click.echo(f"limit: {figures['limit']:,.0f} {figures['unit']}; ratio {figures['ratio']:.2f}")
    for key, value in figures["conditions"].items():
        click.echo(f"  {key}: {value}")
