"""standard.yaml → Standard, with every problem found and named by its line."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from certengine.foundation.errors import Invalid, Problem
from certengine.standards import problems
from certengine.standards.marked_yaml import MarkedDict, MarkedList, load
from certengine.standards.rules import (
    CONDITIONS,
    DEGREES,
    MEAN,
    MEDIAN,
    STAFFING,
    TITLES,
    Alternative,
    Code,
    Direction,
    Eligibility,
    HandIn,
    Layout,
    Level,
    Node,
    Part,
    PracticalLayout,
    Ratio,
    Section,
    Staffing,
    Standard,
    TheoryLayout,
    Weighing,
    WeightColumn,
)

__all__ = ["problems"]
ITEM_TYPES = ("single", "multiple", "judgement", "fill_in", "ordering", "matching", "short_answer", "case")
# Model figures; a level's `hand_in` replaces them.
HAND_IN = HandIn(
    200,
    20,
    tuple(
        [
            "7z",
            "bmp",
            "bin",
            "c",
            "cfg",
            "conf",
            "cpp",
            "cs",
            "csv",
            "db",
            "docx",
            "drawio",
            "gif",
            "go",
            "h",
            "html",
            "ino",
            "ipynb",
            "java",
            "jpeg",
            "jpg",
            "joblib",
            "js",
            "json",
            "jsonl",
            "log",
            "m4a",
            "mat",
            "md",
            "mp3",
            "mp4",
            "npy",
            "npz",
            "onnx",
            "parquet",
            "pcap",
            "pdf",
            "pkl",
            "plc",
            "png",
            "pptx",
            "pt",
            "py",
            "r",
            "rar",
            "rs",
            "sh",
            "sol",
            "sql",
            "sqlite",
            "st",
            "svg",
            "tar",
            "tex",
            "tgz",
            "toml",
            "ts",
            "tsv",
            "txt",
            "v",
            "vhd",
            "vsdx",
            "wav",
            "webm",
            "xls",
            "xlsx",
            "xml",
            "yaml",
            "yml",
            "zip",
            "gz",
        ]
    ),
)
PARTIAL_RULES = ("none", "proportional", "minus_wrong")


def read_standard(text: str, name: str) -> Standard:
    """Raises Invalid with all problems as NAME:LINE."""
    document = load(text, name)
    reader = _Reader(name)
    if not isinstance(document, MarkedDict):
        raise Invalid([Problem(f"{name}:1", "standard.not_a_mapping")])
    standard = reader.standard(document)
    if reader.problems:
        raise Invalid(reader.problems)
    assert standard is not None
    found = list(_disagreements(standard, name))
    if found:
        raise Invalid(found)
    return standard


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []

    def wrong(self, line: int, code: str, **values: Any) -> None:
        self.problems.append(Problem(f"{self.name}:{line}", code, values))

    def get(self, of: Any, key: str, kind: type, default: Any = None) -> Any:
        """A required value of a kind; its absence or another kind is a problem and gives the default."""
        if not isinstance(of, MarkedDict):
            return default
        value = of.get(key)
        if value is None:
            self.wrong(of.line, "yaml.missing", key=key)
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.wrong(of.lines[key], "yaml.kind", key=key)
            return default
        return value

    def known(self, of: Any, keys: str) -> None:
        """Names the keys that nobody reads: a mistyped one would otherwise be lost in silence."""
        for key in of if isinstance(of, MarkedDict) else ():
            if key not in keys.split():
                self.wrong(of.lines[key], "yaml.unknown", key=key)

    def number(self, of: MarkedDict, key: str) -> Decimal:
        """A decimal written as a number or a text."""
        try:
            return Decimal(str(of[key]))
        except (KeyError, InvalidOperation):
            self.wrong(of.lines.get(key, of.line), "yaml.number", key=key)
            return Decimal(0)

    def member(self, of: MarkedDict, key: str, kind: Any, default: Any) -> Any:
        try:
            return kind(of.get(key))
        except ValueError:
            self.wrong(of.lines.get(key, of.line), "yaml.choice", key=key, value=of.get(key))
            return default

    def each(self, of: MarkedDict, key: str) -> list[MarkedDict]:
        found = self.get(of, key, MarkedList, MarkedList())
        for place, member in enumerate(found):
            if not isinstance(member, MarkedDict):
                self.wrong(found.lines[place], "yaml.kind", key=key)
        return [member for member in found if isinstance(member, MarkedDict)]

    def standard(self, document: MarkedDict) -> Standard | None:
        title = self.get(document, "title", MarkedDict, MarkedDict())
        self.known(document, "field edition title codes directions outline weights hours eligibility layouts staffing")
        for part, keys in (
            ("codes", "code since source"),
            ("directions", "id zh en source"),
            ("hours", "level hours source"),
        ):
            for each in document.get(part) or ():
                self.known(each, keys)
        return Standard(
            field=self.get(document, "field", str, ""),
            edition=str(document.get("edition", "")),
            title_zh=str(title.get("zh", "")),
            title_en=str(title.get("en", "")),
            codes=tuple(
                Code(self.get(c, "code", str, ""), self.get(c, "since", int, 0), self.get(c, "source", str, ""))
                for c in self.each(document, "codes")
            ),
            directions=tuple(
                Direction(
                    self.get(d, "id", str, ""),
                    self.get(d, "zh", str, ""),
                    str(d.get("en", "")),
                    self.get(d, "source", str, ""),
                )
                for d in self.each(document, "directions")
            ),
            functions=tuple(self.node(each, ("tasks", "points")) for each in self.each(document, "outline")),
            weight_columns=tuple(self.column(each) for each in self.each(document, "weights")),
            hours_by_level={
                self.member(each, "level", Level, Level.JUNIOR): self.get(each, "hours", int, 0)
                for each in self.each(document, "hours")
            },
            eligibilities=tuple(self.eligibility(each) for each in self.each(document, "eligibility")),
            layouts=tuple(self.layout(each) for each in self.each(document, "layouts")),
            staffing=self.staffing(document.get("staffing")),
        )

    def node(self, of: MarkedDict, below: tuple[str, ...]) -> Node:
        self.known(of, f"id zh en source {below[0]}" if below else "id zh en source levels kind")
        children: tuple[Node, ...] = ()
        levels: frozenset[Level] = frozenset()
        if below:
            children = tuple(self.node(each, below[1:]) for each in self.each(of, below[0]))
        else:
            named = self.get(of, "levels", MarkedList, MarkedList())
            known = {level.value for level in Level}
            for value in named:
                if value not in known:
                    self.wrong(of.lines["levels"], "yaml.choice", key="levels", value=value)
            levels = frozenset(Level(value) for value in named if value in known)
        return Node(
            str(self.get(of, "id", str, "")),
            self.get(of, "zh", str, ""),
            str(of.get("en", "")),
            self.get(of, "source", str, ""),
            levels,
            children,
            of.line,
        )

    def column(self, of: MarkedDict) -> WeightColumn:
        self.known(of, "level part direction source nodes")
        nodes = self.get(of, "nodes", MarkedDict, MarkedDict())
        return WeightColumn(
            self.member(of, "level", Level, Level.JUNIOR),
            self.member(of, "part", Part, Part.THEORY),
            of.get("direction"),
            {key: self.number(nodes, key) for key in nodes},
            self.get(of, "source", str, ""),
            of.line,
        )

    def staffing(self, of: Any) -> Staffing:
        """Without an entry the programme's figures hold."""
        if of is None:
            return STAFFING
        self.known(of, "theory practical conflicts")
        parts = {}
        for name in ("theory", "practical"):
            part = self.get(of, name, MarkedDict, MarkedDict())
            self.known(part, "candidates least odd")
            least, candidates = self.get(part, "least", int, 1), self.get(part, "candidates", int, 1)
            if candidates < 1:
                self.wrong(part.line, "yaml.kind", key="candidates")
            parts[name] = Ratio(max(1, candidates), least, bool(part.get("odd", False)))
        given = self.get(of, "conflicts", MarkedDict, MarkedDict())
        self.known(given, " ".join(STAFFING.conflicts))
        weighed = {kind: self.member(given, kind, Weighing, default) for kind, default in STAFFING.conflicts.items()}
        return Staffing(parts["theory"], parts["practical"], weighed)

    def hand_in(self, of: Any) -> HandIn:
        """Without an entry of its own a level has the model's limits."""
        if of is None:
            return HAND_IN
        self.known(of, "largest_mb most endings")
        endings = self.get(of, "endings", MarkedList, MarkedList())
        return HandIn(
            self.get(of, "largest_mb", int, HAND_IN.largest_mb),
            self.get(of, "most", int, HAND_IN.most),
            tuple(str(each).lower().lstrip(".") for each in endings) or HAND_IN.endings,
        )

    def layout(self, of: MarkedDict) -> Layout:
        theory = self.get(of, "theory", MarkedDict, MarkedDict())
        practical = self.get(of, "practical", MarkedDict, MarkedDict())
        theory.lines = getattr(theory, "lines", {})
        self.known(of, "level source theory practical kept_months")
        self.known(theory, "minutes pass sections")
        self.known(practical, "minutes pass tasks hand_in examiners combine tolerance blind")
        sections = []
        for each in self.each(theory, "sections") if theory else []:
            self.known(each, "type count points partial")
            kind, partial = each.get("type"), str(each.get("partial", "none"))
            if kind not in ITEM_TYPES:
                self.wrong(each.line, "yaml.choice", key="type", value=kind)
            if partial not in PARTIAL_RULES:
                self.wrong(each.line, "yaml.choice", key="partial", value=partial)
            sections.append(Section(str(kind), self.get(each, "count", int, 0), self.number(each, "points"), partial))
        return Layout(
            self.member(of, "level", Level, Level.JUNIOR),
            TheoryLayout(
                self.get(theory, "minutes", int, 0),
                self.number(theory, "pass") if theory else Decimal(0),
                tuple(sections),
            ),
            self.practical(practical),
            self.get(of, "source", str, ""),
            of.line,
            self.get(of, "kept_months", int, 0) if "kept_months" in of else 0,
        )

    def practical(self, of: MarkedDict) -> PracticalLayout:
        hand_in = self.hand_in(of.get("hand_in"))
        default = PracticalLayout(0, Decimal(0), 0, hand_in)
        examiners, combine = of.get("examiners", default.examiners), of.get("combine", default.combine)
        if not isinstance(examiners, int) or examiners < 1 or examiners % 2 == 0:
            self.wrong(of.lines["examiners"], "yaml.choice", key="examiners", value=examiners)
            examiners = default.examiners
        if combine not in (MEAN, MEDIAN):
            self.wrong(of.lines["combine"], "yaml.choice", key="combine", value=combine)
        return PracticalLayout(
            self.get(of, "minutes", int, 0),
            self.number(of, "pass") if of else Decimal(0),
            self.get(of, "tasks", int, 0),
            hand_in,
            examiners,
            str(combine),
            self.number(of, "tolerance") if "tolerance" in of else default.tolerance,
            bool(of.get("blind", default.blind)),
        )

    def eligibility(self, of: MarkedDict) -> Eligibility:
        self.known(of, "level source require any_of")
        return Eligibility(
            self.member(of, "level", Level, Level.JUNIOR),
            tuple(self.condition(each) for each in self.each(of, "require")),
            tuple(
                Alternative(
                    self.get(each, "id", str, ""),
                    self.get(each, "zh", str, ""),
                    tuple(self.condition(one) for one in self.each(each, "all")),
                )
                for each in self.each(of, "any_of")
            ),
            self.get(of, "source", str, ""),
        )

    def condition(self, of: MarkedDict) -> MarkedDict:
        allowed: dict[str, Iterable[str]] = {
            "title": TITLES,
            "degree": DEGREES,
            "final_year": DEGREES,
            "certificate": [level.value for level in Level],
        }
        for kind, wanted in of.items():
            if kind not in CONDITIONS:
                self.wrong(of.lines[kind], "yaml.unknown", key=kind)
            elif kind in allowed and wanted not in allowed[kind]:
                self.wrong(of.lines[kind], "yaml.choice", key=kind, value=wanted)
            elif kind in ("hours", "years"):
                self.number(of, kind)
        return of


def _disagreements(standard: Standard, name: str) -> Iterable[Problem]:
    """Where the parts of a standard do not fit together."""
    counts = Counter(node.id for node in standard.nodes())
    for node in standard.nodes():
        if counts[node.id] > 1:
            yield Problem(f"{name}:{node.line}", "standard.node_twice", {"node": node.id})
    directions = {direction.id for direction in standard.directions}
    for column in standard.weight_columns:
        place = f"{name}:{column.line}"
        total = sum(column.nodes.values(), Decimal(0))
        if total != 100:
            yield Problem(place, "standard.weights_total", {"total": total})
        if column.direction is not None and column.direction not in directions:
            yield Problem(place, "standard.direction_unknown", {"direction": column.direction})
        yield from _column_problems(standard, column, place)
    for layout in standard.layouts:
        if layout.theory.points != 100:
            yield Problem(f"{name}:{layout.line}", "standard.points_total", {"total": layout.theory.points})
    for level in Level:
        if not any(layout.level is level for layout in standard.layouts):
            yield Problem(f"{name}:1", "standard.level_missing", {"level": level.value, "part": "layouts"})
        if level not in standard.hours_by_level:
            yield Problem(f"{name}:1", "standard.level_missing", {"level": level.value, "part": "hours"})
        if not any(each.level is level for each in standard.eligibilities):
            yield Problem(f"{name}:1", "standard.level_missing", {"level": level.value, "part": "eligibility"})


def _column_problems(standard: Standard, column: WeightColumn, place: str) -> Iterable[Problem]:
    known = {node.id: node for node in standard.nodes()}
    for node_id, weight in column.nodes.items():
        if node_id not in known:
            yield Problem(place, "standard.node_unknown", {"node": node_id})
        elif not any(column.level in node.levels for node in known[node_id].walk()):
            yield Problem(place, "standard.node_without_level", {"node": node_id, "level": column.level.value})
        if weight <= 0:
            yield Problem(place, "standard.weight_not_positive", {"node": node_id})
    for inner in column.nodes:
        for outer in column.nodes:
            if inner != outer and inner.startswith(outer + "."):
                yield Problem(place, "standard.node_inside", {"inner": inner, "outer": outer})
