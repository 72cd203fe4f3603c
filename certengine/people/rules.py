"""Identity numbers (GB 11643), credit codes (GB 32100), names: pure checks and foldings."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from certengine.people.models import DocumentType, Sex

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"
# The dots found in names of other nationalities; U+00B7 is the one of GB/T 2312 input and of identity cards.
MIDDLE_DOTS = "·•・‧．●∙⋅"
MIDDLE_DOT = "·"
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
OTHER_DOCUMENTS = {
    DocumentType.PASSPORT: re.compile(r"[A-Z0-9]{6,15}"),
    DocumentType.HONG_KONG_MACAO_PERMIT: re.compile(r"[HM][0-9]{8}([0-9]{2})?|8[0-9]{17}"),
    DocumentType.TAIWAN_PERMIT: re.compile(r"[0-9]{8}([0-9]{2})?|8[0-9]{17}"),
    DocumentType.FOREIGN_PERMANENT_RESIDENT: re.compile(r"[A-Z]{3}[0-9]{12}|9[0-9]{17}"),
}


@dataclass(frozen=True)
class ResidentId:
    number: str
    region: str
    born: date
    sex: Sex


def resident_id_check(first17: str) -> str:
    """The check character (ISO 7064 MOD 11-2) of the first 17 digits."""
    return CHECK_CHARACTERS[sum(int(digit) * weight for digit, weight in zip(first17, WEIGHTS, strict=True)) % 11]


def parse_resident_id(text: str, today: date) -> ResidentId | str:
    """A resident identity number, or the code of what is wrong with it. Only ASCII digits are digits."""
    number = text.strip().upper()
    if len(number) != 18:
        return "person.id_length"
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return "person.id_characters"
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return "person.id_birth_date"
    if not date(1900, 1, 1) <= born <= today:
        return "person.id_birth_date"
    if number[17] != resident_id_check(number[:17]):
        return "person.id_check"
    return ResidentId(number, number[:6], born, Sex.MALE if int(number[16]) % 2 else Sex.FEMALE)


def parse_document(kind: DocumentType, text: str, today: date) -> tuple[str, Sex | None] | str:
    """The number as stored and the sex that it tells, or the code of what is wrong."""
    if kind is DocumentType.RESIDENT_ID:
        parsed = parse_resident_id(text, today)
        return parsed if isinstance(parsed, str) else (parsed.number, parsed.sex)
    number = re.sub(r"[\s()（）-]", "", text).upper()
    return (number, None) if OTHER_DOCUMENTS[kind].fullmatch(number) else "person.document_form"


def mask_document(number: str) -> str:
    """What may be shown: the first four (region) and the last two characters; of short numbers the ends."""
    keep_front, keep_back = (4, 2) if len(number) >= 12 else (2, 2)
    return number[:keep_front] + "*" * (len(number) - keep_front - keep_back) + number[-keep_back:]


def fold_name(text: str) -> str:
    """The name as stored: NFC, one middle dot, single spaces only inside Latin names.

    NFC and not NFKC: compatibility folding would exchange characters that a name really has.
    """
    name = unicodedata.normalize("NFC", text).strip()
    name = re.sub(rf"\s*[{MIDDLE_DOTS}]\s*", MIDDLE_DOT, name)
    name = re.sub(r"\s+", " ", name)
    # Spaces that pad two-character Chinese names (张　三) are not part of them.
    return re.sub(r"(?<=[^\x00-ɏ]) (?=[^\x00-ɏ])", "", name)


def name_problem(name: str) -> str | None:
    """The code of what is wrong with a folded name, if anything."""
    if not name:
        return "person.name_missing"
    if len(name) > 60:
        return "person.name_long"
    if any(unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Nd") for character in name):
        return "person.name_characters"
    return None


def credit_code_is_valid(code: str) -> bool:
    """Unified social credit code (GB 32100): 18 characters with a check by weights 3^i mod 31."""
    if len(code) != 18 or any(character not in CREDIT_ALPHABET for character in code):
        return False
    total = sum(CREDIT_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(code[:17]))
    return CREDIT_ALPHABET[-total % 31] == code[17]
