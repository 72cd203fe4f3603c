import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from certengine.certificates import typesetting
from certengine.foundation.errors import Invalid

RARE = "燚犇垚䶮㛃𨛦軍𠮷𪚥𬭎·ÀéüŽčşğЖя"
COVERED = sorted(
    chr(point)
    for font in typesetting.fonts()
    for point in font.face.charToGlyph
    if 0x3400 <= point <= 0x9FFF or 0x20000 <= point <= 0x323AF
)


def set_text(lines: list[str], path: Path) -> str:
    """What a reader copies from a PDF with these lines."""
    out = BytesIO()
    canvas = Canvas(out)
    for number, line in enumerate(lines):
        typesetting.draw_text(canvas, 40, 800 - 30 * number, line, 16)
    canvas.showPage()
    canvas.save()
    path.write_bytes(out.getvalue())
    return subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout


def test_rare_characters_are_drawn_and_can_be_copied(tmp_path: Path) -> None:
    assert RARE in set_text([RARE], tmp_path / "x.pdf")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.sampled_from(COVERED), min_size=1, max_size=12), min_size=1, max_size=8))
def test_any_name_that_the_fonts_cover_survives_copying(tmp_path: Path, names: list[str]) -> None:
    copied = set_text(names, tmp_path / "x.pdf").split()
    assert copied == names


def test_a_character_that_no_font_has_is_named_and_never_a_blank_box() -> None:
    assert typesetting.missing_characters("王\U0002fffe小\U0002fffe") == ["\U0002fffe"]
    with pytest.raises(Invalid) as caught:
        typesetting.text_width("王\U0002fffe", 12)
    assert caught.value.problems[0].values["point"] == "U+2FFFE"


def test_a_long_text_is_made_smaller_or_broken_and_keeps_within_its_width() -> None:
    long = "阿卜杜拉·" * 9
    size = typesetting.fitted(long, 20, 300)
    assert typesetting.text_width(long, size) <= 300.01
    lines = typesetting.wrapped("继续教育 continuing education 课程" * 3, 10, 120)
    assert all(typesetting.text_width(line, 10) <= 120 for line in lines)
    assert "".join("".join(lines).split()) == "继续教育continuingeducation课程" * 3
