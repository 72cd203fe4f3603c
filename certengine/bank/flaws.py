"""Item-writing flaws that an editor would mark: of one item, and over a whole bank. Silent where opinions differ."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from certengine.bank.folding import fold, width
from certengine.bank.rendering import formula_readable, formulas
from certengine.bank.rules import Item, ItemType, Option
from certengine.foundation.errors import Problem

# The share of single-choice items whose key is the longest option, above which guessing the longest pays.
LONGEST_SHARE = 0.30
LEAST_FOR_SHARES = 20
POSITION_SHARE = (0.10, 0.40)
TRUE_SHARE = (0.25, 0.75)
GROSSLY = (1.8, 16)

SUMMARY_OPTION = re.compile(
    r"^\s*(以上|上述|前面|前述)(选项|各项|几项|三项|四项|说法|答案|情况|内容)*(全部|全|都|均|皆|全都)*"
    r"(不)?(对|正确|是|包括|错|错误|属于|可以?|成立|符合|不对|不正确|不是|需要)$|"
    r"^\s*(以上|上述)(选项|各项|说法)?(都|均|皆)(不是|不对|不正确|不属于)$|"
    r"^\s*(all|none) of (the )?(above|these)\s*$",
    re.IGNORECASE,
)
LETTER_OPTION = re.compile(
    r"^\s*(选项)?[A-E](\s*(和|与|及|、|,|，|以及|或)\s*(选项)?[A-E])+\s*(都|均)?(不)?(对|正确|是|错误)?\s*$"
)
LETTER_NAMED = re.compile(
    r"选项\s*[A-Ea-e](?![A-Za-z0-9_.])|(?<![\w.-])[A-E]\s*(选项|项)(?!目)|(?<![\w.-])[A-E]\s*(正确|错误)(?=[，。；]|$)"
)
JUDGING = "正确|属于|包括|包含|恰当|合适|适当|合理|妥当|准确|成立|可取|符合|规范|适宜|适用|适合|恰当"
NEGATIVE = re.compile(
    rf"不(?:{JUDGING})[^，。；？\n]{{0,24}}的(?:是|有|为|一项|选项|说法|做法|描述|叙述)?(?:是|有|为)?\s*"
    r"(?:[（(]\s*[）)])?\s*[。：:？?]?\s*$|"
    r"(?:说法|叙述|描述|表述|做法|理解|判断|选项)[中里]?[，,]?\s*(?:错误|有误)的(?:是|有|为|一项是|一项)?\s*(?:[（(]\s*[）)])?\s*[。：:？?]?\s*$"
)
BOLD_NEGATIVE = re.compile(r"(\*\*|__)[^*_\n]*(不|错误|有误)[^*_\n]*\1")
EASED = re.compile(r"[不非未无没否]")
CJK = re.compile(r"[\u4e00-\u9fff]")


def item_flaws(item: Item) -> Iterator[tuple[str, Problem]]:
    """(key, problem) for each flaw of one item."""
    for text in (item.stem, *(each.text for each in (*item.options, *item.matches)), item.rationale):
        for source in formulas(text) if "$" in text else ():
            if not formula_readable(source):
                yield "stem", _flaw("bank.formula_unreadable", item, formula=source[:60])
    if item.type in (ItemType.SINGLE, ItemType.MULTIPLE):
        yield from _negative(item)
        yield from _summary_options(item)
        yield from _alike(item)
        yield from _longest(item)
        yield from _repeats_key(item)
    if LETTER_NAMED.search(item.rationale) and item.options and not _letters_are_names(item):
        yield "rationale", _flaw("bank.letter_in_rationale", item)
    for part in item.parts:
        yield from item_flaws(replace(part, id=item.id))
    if not item.rationale and item.type is not ItemType.CASE:
        yield "id", _flaw("bank.rationale_missing", item)


def _flaw(code: str, item: Item, **values: object) -> Problem:
    return Problem("", code, {"item": item.id, **values})


def _negative(item: Item) -> Iterator[tuple[str, Problem]]:
    lines = [line for line in BOLD_NEGATIVE.sub("", item.stem).strip().splitlines() if line.strip()]
    if not lines:
        return
    # The question stands at the end, or before the code or table that it is about.
    if NEGATIVE.search(lines[-1]) or (len(lines) > 1 and NEGATIVE.search(lines[0])):
        yield "stem", _flaw("bank.negative_not_bold", item)


def _summary_options(item: Item) -> Iterator[tuple[str, Problem]]:
    last = {each.id for each in item.options[len(item.options) - len(item.fixed) :]} if item.fixed else set()
    for option in item.options:
        if SUMMARY_OPTION.match(option.text.strip("。. ")) and not (option.id in item.fixed and option.id in last):
            yield "options", _flaw("bank.summary_not_last", item, option=option.text)
        if LETTER_OPTION.match(option.text) and not _letters_are_names(item):
            yield "options", _flaw("bank.option_cites_letter", item, option=option.text)


def _letters_are_names(item: Item) -> bool:
    """A stem that speaks of A and B itself (hosts, sets, columns) means those and not the options."""
    return bool(re.search(r"(?<![A-Za-z])[A-E](?![A-Za-z])", item.stem)) or any(
        re.search(r"(?<![A-Za-z])[A-E](?![A-Za-z])", each.text) and not LETTER_OPTION.match(each.text)
        for each in item.options
    )


def _alike(item: Item) -> Iterator[tuple[str, Problem]]:
    texts = [_exact(each.text) for each in item.options]
    for place, first in enumerate(item.options):
        for other, second in enumerate(item.options[place + 1 :], place + 1):
            if texts[place] == texts[other]:
                yield "options", _flaw("bank.options_equal", item, option=first.text[:40])
            elif _contains(first, second) or _contains(second, first):
                inner, outer = sorted((first, second), key=lambda each: len(each.text))
                yield "options", _flaw("bank.option_inside", item, inner=inner.text[:40], outer=outer.text[:60])


def _exact(text: str) -> str:
    """Code and formulas differ by case and signs; only widths and spaces at the ends are evened."""
    return " ".join(text.split()).rstrip("。.；;")


def _contains(outer: Option, inner: Option) -> bool:
    """One says what the other says and little more: whoever takes the longer one has taken the shorter as well."""
    small, large = fold(inner.text), fold(outer.text)
    if len(CJK.findall(small)) < 6 or len(small) >= len(large) or len(small) < 0.6 * len(large):
        return False
    rest = large.replace(small, "", 1)
    starts_or_ends = large.startswith(small) or large.endswith(small)
    return starts_or_ends and not EASED.search(rest)


def _key_option(item: Item) -> Option | None:
    return next((each for each in item.options if each.id == item.key), None)


def _longest(item: Item) -> Iterator[tuple[str, Problem]]:
    key = _key_option(item)
    if key is None:
        return
    mine = width(key.text)
    other = max(width(each.text) for each in item.options if each is not key)
    if mine >= GROSSLY[0] * other and mine - other >= GROSSLY[1]:
        yield "key", _flaw("bank.key_grossly_longer", item)


def key_is_longest(item: Item) -> bool:
    key = _key_option(item)
    return key is not None and all(width(each.text) < width(key.text) for each in item.options if each is not key)


def _repeats_key(item: Item) -> Iterator[tuple[str, Problem]]:
    key = _key_option(item)
    if key is None:
        return
    stem, mine = fold(item.stem), fold(key.text)
    if len(CJK.findall(mine)) < 4 or mine not in stem:
        return
    if not any(fold(each.text) in stem for each in item.options if each is not key):
        yield "stem", _flaw("bank.stem_repeats_key", item, key=key.text[:40])


def bank_flaws(items: Sequence[Item]) -> Iterator[Problem]:
    """What only shows over the whole bank: the longest option pays, or a position does."""
    singles = [item for item in items if item.type is ItemType.SINGLE and _key_option(item)]
    if len(singles) >= LEAST_FOR_SHARES:
        longest = sum(map(key_is_longest, singles)) / len(singles)
        if longest > LONGEST_SHARE:
            values = {"share": f"{longest:.0%}", "limit": f"{LONGEST_SHARE:.0%}"}
            yield Problem("", "bank.key_often_longest", values)
        yield from _positions(singles)
    judged = [item for item in items if item.type is ItemType.JUDGEMENT]
    if len(judged) >= LEAST_FOR_SHARES / 2:
        share = sum(item.key == "true" for item in judged) / len(judged)
        if not TRUE_SHARE[0] <= share <= TRUE_SHARE[1]:
            yield Problem("", "bank.judgement_share", {"share": f"{share:.0%}"})


def _positions(singles: Sequence[Item]) -> Iterator[Problem]:
    places: Counter[int] = Counter()
    usual = Counter(len(item.options) for item in singles).most_common(1)[0][0]
    for item in singles:
        places[[each.id for each in item.options].index(str(item.key))] += 1
    for place in range(usual):
        share = places[place] / len(singles)
        if not POSITION_SHARE[0] <= share <= POSITION_SHARE[1]:
            values = {"position": "ABCDEFGH"[place], "share": f"{share:.0%}"}
            yield Problem("", "bank.key_positions", values)
