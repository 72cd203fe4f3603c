"""Certificate numbers after an institution's own pattern, with a check character. Pure.

A pattern is text with places in braces: {institution} {year} {serial} must be there, {region} {kind} {field} {level}
{check} may. The national format is not public, so it is data.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from certengine.certificates.rules import LEVEL_DIGITS, CertificateKind
from certengine.foundation.errors import Problem
from certengine.standards.rules import Level

DEFAULT = "{institution}{kind}{year}{level}{serial}"
NEEDED = ("institution", "year", "serial")
PLACES = (*NEEDED, "region", "kind", "field", "level", "check")
SERIAL_DIGITS = 6
LONGEST = 40
# In the order of the programme's list of occupations.
FIELDS = (
    "artificial_intelligence",
    "internet_of_things",
    "big_data",
    "cloud_computing",
    "digital_management",
    "intelligent_manufacturing",
    "industrial_internet",
    "virtual_reality",
    "blockchain",
    "integrated_circuits",
)
PLACE = re.compile(r"\{([^{}]*)\}")
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Numbered:
    """What a number is made of."""

    institution: str
    region: str
    year: int
    kind: CertificateKind
    field: str
    level: Level
    serial: int


def problems(pattern: str) -> list[Problem]:
    found = []
    names = PLACE.findall(pattern)
    rest = PLACE.sub("", pattern)
    if unknown := [name for name in names if name not in PLACES]:
        found.append(Problem("pattern", "certificate.number_place", {"place": unknown[0]}))
    if missing := [name for name in NEEDED if name not in names]:
        found.append(Problem("pattern", "certificate.number_missing", {"place": missing[0]}))
    if len(set(names)) < len(names) or not re.fullmatch(r"[0-9A-Z-]*", rest):
        found.append(Problem("pattern", "certificate.number_text"))
    if "{check}" in pattern and not pattern.endswith("{check}"):
        found.append(Problem("pattern", "certificate.number_check_last"))
    if len(rest) + 36 > LONGEST + 12:
        found.append(Problem("pattern", "certificate.number_long", {"most": LONGEST}))
    return found


def number(pattern: str, of: Numbered) -> str:
    """The number; letters are capital."""
    values = {
        "institution": of.institution,
        "region": of.region,
        "year": str(of.year),
        "kind": of.kind.value[0].upper(),
        "field": f"{FIELDS.index(of.field) + 1 if of.field in FIELDS else 0:02}",
        "level": LEVEL_DIGITS[of.level],
        "serial": f"{of.serial:0{SERIAL_DIGITS}}",
        "check": "",
    }
    made = PLACE.sub(lambda match: values[match.group(1)], pattern).upper()
    return made + check_character(made) if "{check}" in pattern else made


def check_character(text: str) -> str:
    """ISO 7064 MOD 37,36 over letters and digits; others are passed over. It finds each single wrong character and
    all but one in 630 swaps of neighbours."""
    product = 36
    for character in text:
        if character in ALPHABET:
            product = (product + ALPHABET.index(character)) % 36 or 36
            product = product * 2 % 37
    return ALPHABET[(37 - product) % 36]


def holds(text: str) -> bool:
    """Whether the last character is the check character of those before it."""
    return len(text) > 1 and check_character(text[:-1]) == text[-1]


def gaps(serials: Iterable[int], last: int) -> list[int]:
    """The serial numbers up to the last one given out that no certificate bears."""
    borne = set(serials)
    return [number for number in range(1, last + 1) if number not in borne]
