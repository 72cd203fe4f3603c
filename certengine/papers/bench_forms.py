"""bench forms: ten parallel forms of eighty items from a bank of a thousand, beside what is proven to be possible."""

import os
from decimal import Decimal
from typing import Any

from certengine.papers.bench import BANK, synthetic_bank
from certengine.papers.forms import Form, assemble
from certengine.papers.making import make_rules
from certengine.papers.rules import SectionRule

FORMS, SECONDS, THREADS = 10, 20.0, 2
SECTIONS = (
    SectionRule("single", 48, Decimal("1.25")),
    SectionRule("multiple", 16, Decimal("1.25")),
    SectionRule("judgement", 16, Decimal("1.25")),
)


def bench() -> dict[str, Any]:
    """Ours: information at the cut of the weakest form. Limit: the proven bound on that of any ten such forms."""
    items = synthetic_bank()
    weights = {str(node): Decimal(11 if node else 12) for node in range(9)}
    rules = make_rules(
        items, release="00" * 32, field="bench", level="junior", direction=None, sections=SECTIONS, weights=weights
    )
    # The first use of a machine compiles, or loads what was compiled.
    assemble(items, rules, 2, seconds=SECONDS, threads=THREADS)
    found = assemble(items, rules, FORMS, seconds=SECONDS, threads=THREADS)
    information = [float(form.information) for form in found.forms]
    return {
        "name": "forms",
        "unit": "thousandths of information",
        "ours": float(found.value * 1000),
        "limit": float(found.bound * 1000),
        "ratio": float(found.value / found.bound),
        "conditions": {
            "forms × items": f"{FORMS} × {rules.items}",
            "bank": BANK,
            "items shared by two forms at most": found.overlap,
            "seconds": round(found.seconds, 2),
            "seconds allowed": SECONDS,
            "gap proven": f"{found.gap:.4%}",
            "status": found.status.value,
            "information of the forms": f"{min(information):.4f} to {max(information):.4f}",
            "information of the mean drawn paper": round(rules.bands[3].target / 1e6, 4),
            "spread of expected scores at θ −1, 0, 1": ", ".join(_spread(found.forms, place) for place in range(3)),
            "solver": found.solver,
            "threads": THREADS,
            "processors": os.cpu_count(),
        },
    }


def _spread(forms: tuple[Form, ...], place: int) -> str:
    scores = [form.expected[place] for form in forms]
    return f"{max(scores) - min(scores):.3f}"
