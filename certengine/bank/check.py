"""Checks over files and banks: everything wrong, each with its place."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from certengine.bank.flaws import bank_flaws, item_flaws
from certengine.bank.readiness import missing_for_approval, outline_faults
from certengine.bank.reading import BankFile, Row, read_bank
from certengine.bank.rules import Entry, Family, Item, ItemType, PracticalTask
from certengine.bank.similar import Text, pairs
from certengine.foundation.errors import Invalid, NotFound, Problem
from certengine.standards import service as standards
from certengine.standards.marked_yaml import read
from certengine.standards.reader import read_standard
from certengine.standards.rules import Level, Part, Standard

# Levels build on each other: between their files only what is all but the same is a fault.
BETWEEN_FILES = 0.8


def check_paths(paths: Iterable[Path]) -> list[Problem]:
    """The problems of all standards and banks under these paths, in the order of files and lines."""
    files = [file for path in paths for file in _yaml_files(path)]
    checker = _Files()
    for file in dict.fromkeys(files):
        checker.add(file)
    return sorted(checker.finish(), key=lambda each: _order(each.place))


def _yaml_files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted([*path.rglob("*.yaml"), *path.rglob("*.yml")])


def _order(place: str) -> tuple[str, int]:
    name, _colon, line = place.rpartition(":")
    return (name, int(line)) if line.isdigit() else (place, 0)


class _Files:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.banks: list[BankFile] = []
        self.standards: dict[str, Standard | None] = {}

    def add(self, path: Path) -> None:
        try:
            text = read(path)
            if path.stem == "standard" or text.lstrip().startswith("field:"):
                self.standards[str(path.parent)] = None
                self.standards[str(path.parent)] = read_standard(text, str(path))
            else:
                self.banks.append(read_bank(text, str(path)))
        except Invalid as error:
            self.problems.extend(error.problems)

    def finish(self) -> Iterator[Problem]:
        yield from self.problems
        places: dict[str, str] = {}
        for bank in self.banks:
            for row in bank.rows:
                for code in _codes(row.entry):
                    if code in places:
                        yield Problem(row.at("id"), "bank.id_twice", {"item": code, "place": places[code]})
                    places.setdefault(code, row.place)
        for bank in self.banks:
            standard = self.standard_of(bank)
            if standard is None and str(Path(bank.name).parent) not in self.standards:
                yield Problem(f"{bank.name}:1", "bank.no_standard", {"field": bank.field})
            yield from check_bank(bank, standard, set(places))
        yield from near_duplicates(stems(self.banks))

    def standard_of(self, bank: BankFile) -> Standard | None:
        """The standard beside the bank, else the one that comes with the program; None where it is faulty itself."""
        folder = Path(bank.name).parent
        if str(folder) not in self.standards:
            beside = folder / "standard.yaml"
            try:
                self.standards[str(folder)] = (
                    read_standard(read(beside), str(beside)) if beside.is_file() else standards.standard(bank.field)
                )
            except (Invalid, NotFound):
                return None
        return self.standards[str(folder)]


def _codes(entry: Entry) -> list[str]:
    return [entry.id, *(each.id for each in entry.variants)] if isinstance(entry, Family) else [entry.id]


def check_bank(bank: BankFile, standard: Standard | None, known: set[str]) -> Iterator[Problem]:
    """All problems of one bank file but likeness; known are the ids of all files together."""
    yield from bank.all_problems()
    level = next((each for each in Level if each.value == bank.level), None)
    if level is None:
        yield Problem(f"{bank.name}:1", "bank.level_unknown", {"level": bank.level})
    if standard is not None and bank.field != standard.field:
        yield Problem(f"{bank.name}:1", "bank.field_differs", {"field": bank.field, "standard": standard.field})
    if standard is not None and level is not None:
        for row in bank.rows:
            for key, problem in outline_faults(row.entry, standard, level):
                yield Problem(row.at(key), problem.code, problem.values)
            yield from _incomplete(row, standard, level)
        yield from _layout(bank, standard, level)
    # What cannot even be read is not judged by its style.
    sound = [(row, item) for row, item in bank.items() if not row.problems]
    for row, item in sound:
        for key, problem in item_flaws(item):
            yield Problem(row.at(key), problem.code, problem.values)
    yield from _enemies(bank, known)
    for problem in bank_flaws([item for _row, item in sound]):
        yield Problem(f"{bank.name}:1", problem.code, problem.values)


def _incomplete(row: Row, standard: Standard, level: Level) -> Iterator[Problem]:
    for problem in missing_for_approval(row.entry, standard, level, row.place):
        if problem.code == "bank.points_missing":
            yield problem


def _enemies(bank: BankFile, known: set[str]) -> Iterator[Problem]:
    enemies = {item.id: item.enemies for _row, item in bank.items()}
    for row, item in bank.items():
        for other in sorted(item.enemies):
            if other == item.id or other not in known:
                yield Problem(row.at("enemies"), "bank.enemy_unknown", {"item": other})
            elif other in enemies and item.id not in enemies[other]:
                yield Problem(row.at("enemies"), "bank.enemy_one_sided", {"item": item.id, "other": other})


def stems(banks: Iterable[BankFile]) -> list[tuple[str, Entry]]:
    return [(row.at("stem"), row.entry) for bank in banks for row in bank.rows]


def near_duplicates(entries: Sequence[tuple[str, Entry]]) -> Iterator[Problem]:
    """Equal stems always; near ones unless the two are declared enemies."""
    chosen = [(place, entry) for place, entry in entries if not isinstance(entry, PracticalTask)]
    for pair in pairs([_text(entry) for _place, entry in chosen]):
        (first_place, first), (place, second) = chosen[pair.first], chosen[pair.second]
        together = first_place.rpartition(":")[0] == place.rpartition(":")[0]
        if first.id == second.id or not (together or pair.similarity >= BETWEEN_FILES):
            continue
        values = {"item": second.id, "other": first.id, "place": first_place, "similarity": f"{pair.similarity:.0%}"}
        if pair.same:
            yield Problem(place, "bank.duplicate", values)
        elif not (isinstance(second, Item) and first.id in second.enemies):
            yield Problem(place, "bank.near_duplicate", values)


def _text(entry: Entry) -> Text:
    if isinstance(entry, Item):
        options = entry.options if entry.type is not ItemType.JUDGEMENT else ()
        parts = [each.text for each in (*options, *entry.matches)] + [each.stem for each in entry.parts]
        return Text(entry.stem, "\n".join([entry.stem, *sorted(parts)]))
    stem = str(entry.template.get("stem") or "") if isinstance(entry, Family) else ""
    return Text(stem, stem)


def _layout(bank: BankFile, standard: Standard, level: Level) -> Iterator[Problem]:
    """The sections of the paper can be filled, for every direction; each weighted part of the outline has items."""
    layout = next((each for each in standard.layouts if each.level is level), None)
    if layout is None:
        return
    wanted: Counter[str] = Counter()
    for section in layout.theory.sections:
        wanted[section.type] += section.count
    common, special = _available(bank)
    for direction in [each.id for each in standard.directions] or [""]:
        lacking = {
            kind: (count, common[kind] + special[direction][kind])
            for kind, count in wanted.items()
            if common[kind] + special[direction][kind] < count
        }
        for kind, (count, there) in lacking.items():
            values = {"type": kind, "count": count, "there": there, "direction": direction}
            yield Problem(f"{bank.name}:1", "bank.layout_short", values)
        if lacking:
            break
    tasks = sum(isinstance(row.entry, PracticalTask) for row in bank.rows)
    if tasks < layout.practical.tasks:
        yield Problem(f"{bank.name}:1", "bank.tasks_short", {"count": layout.practical.tasks, "there": tasks})
    outlines = [_outline(row.entry) for row in bank.rows]
    for node in standard.weights(level, Part.THEORY):
        if not any(leaf == node or leaf.startswith(f"{node}.") for leaf in outlines):
            yield Problem(f"{bank.name}:1", "bank.node_empty", {"node": node})


def _outline(entry: Entry) -> str:
    if isinstance(entry, Item):
        return entry.outline
    return str(entry.template.get("outline") or "") if isinstance(entry, Family) else ""


def _available(bank: BankFile) -> tuple[Counter[str], dict[str, Counter[str]]]:
    """Items of each type: for everybody, and for one direction alone. A family counts once: its variants never meet."""
    common: Counter[str] = Counter()
    special: dict[str, Counter[str]] = defaultdict(Counter)
    for row in bank.rows:
        entry = row.entry
        if isinstance(entry, PracticalTask) or (isinstance(entry, Family) and not entry.variants):
            continue
        item = entry.variants[0] if isinstance(entry, Family) else entry
        for direction in item.directions:
            special[direction][item.type.value] += 1
        if not item.directions:
            common[item.type.value] += 1
    return common, special
