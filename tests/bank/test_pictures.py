"""Pictures come with a file of any format that can hold them, lose what they say of their maker, and show nothing else."""

from base64 import b64encode
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from certengine.bank.formats import read_file
from certengine.bank.formats.gift_writing import write_gift
from certengine.bank.formats.moodle_xml_writing import write_moodle_xml
from certengine.bank.formats.qti_writing import write_qti
from certengine.bank.formats.xlsx_writing import write_xlsx
from certengine.bank.formats.yaml import write_yaml
from certengine.bank.pictures import NotAPicture, names_in, take_in, written
from certengine.bank.rendering import render_markdown
from certengine.bank.rules import Item, Option
from tests.bank.factories import single


def png(colour: str = "red") -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "PNG")
    return out.getvalue()


def photo() -> bytes:
    picture = Image.new("RGB", (40, 30), "green")
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x8825] = 6, "Camera Maker", {1: "N", 2: (36.0, 39.0, 0.0)}
    out = BytesIO()
    picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


def illustrated() -> tuple[Item, dict[str, bytes]]:
    stem, option = take_in(png()), take_in(png("blue"))
    item = single(stem=f"如图所示的时序中，哪一段是空闲的？\n\n{written(stem[0], '时序图')}")
    item = replace(item, options=(Option("a", written(option[0], "蓝")), *item.options[1:]))
    return item, dict([stem, option])


def test_a_photograph_loses_place_and_camera_and_stands_upright() -> None:
    name, kept = take_in(photo())
    with Image.open(BytesIO(kept)) as shown:
        assert shown.size == (30, 40) and not shown.getexif()
    assert b"Camera Maker" not in kept and take_in(kept) == (name, kept)


@pytest.mark.parametrize("data", [b"", b"<svg onload='alert(1)'/>", b"\x89PNG\r\n\x1a\n broken", b"GIF89a"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(NotAPicture):
        take_in(data)


def test_only_our_own_pictures_are_shown() -> None:
    item, pictures = illustrated()
    name = names_in(item)[0]
    assert render_markdown(item.stem).count(f'<img src="/media/{name}" alt="时序图">') == 1
    for foreign in (
        "https://example.org/x.png",
        "/etc/passwd",
        "javascript:alert(1)",
        "media:../x.png",
        "data:image/png",
    ):
        assert "<img" not in render_markdown(f"![x]({foreign})")


@pytest.mark.parametrize("format", ["yaml", "moodle-xml", "qti", "qti3"])
def test_pictures_come_back_with_their_items(format: str) -> None:
    item, pictures = illustrated()
    file = {
        "yaml": lambda: write_yaml("artificial_intelligence", "junior", "", [item], pictures=pictures),
        "moodle-xml": lambda: write_moodle_xml([item], pictures),
        "qti": lambda: write_qti([item], pictures),
        "qti3": lambda: write_qti([item], pictures, "3.0"),
    }[format]()
    assert file.left_out == ()
    back, _used = read_file(f"bank.{file.suffix}", file.content)
    [(row, read)] = list(back.items())
    assert (read, dict(back.pictures)) == (item, pictures) and row.problems == row.notes == ()


def test_formats_of_text_say_what_they_lose() -> None:
    item, _pictures = illustrated()
    assert [each.code for each in write_gift([item]).left_out] == ["bank.loses_picture"]
    assert [each.code for each in write_xlsx([item]).left_out] == ["bank.loses_picture"]


MOODLE = """<quiz><question type="truefalse"><name><text>n</text></name><questiontext format="html">
<text><![CDATA[<p>看图<img src="@@PLUGINFILE@@/a%20b.png" alt="电路"/><img src="data:image/png;base64,{inline}"/></p>]]></text>
<file name="a b.png" path="/" encoding="base64">{used}</file>
<file name="手册.pdf" path="/" encoding="base64">JVBERi0=</file></questiontext>
<answer fraction="100"><text>true</text></answer><answer fraction="0"><text>false</text></answer></question></quiz>"""


def test_moodles_embedded_files_are_taken_over_where_a_text_shows_them() -> None:
    text = MOODLE.format(inline=b64encode(png("blue")).decode(), used=b64encode(png()).decode())
    file, _used = read_file("quiz.xml", text.encode())
    [(row, item)] = list(file.items())
    first, second = take_in(png())[0], take_in(png("blue"))[0]
    assert item.stem == f"看图![电路](media:{first})![](media:{second})"
    assert sorted(file.pictures) == sorted([first, second])
    assert [(note.code, note.values["file"]) for note in row.notes] == [("bank.moodle_file", "手册.pdf")]


def test_a_large_file_that_nothing_shows_does_no_harm() -> None:
    text = MOODLE.format(inline=b64encode(png("blue")).decode(), used=b64encode(b"\0" * 15_000_000).decode())
    file, _used = read_file("quiz.xml", text.encode())
    [(row, item)] = list(file.items())
    assert "[电路]" in item.stem.replace("\\", "")
    assert {note.values["file"] for note in row.notes} == {"a b.png", "手册.pdf"}


def test_a_picture_that_was_changed_on_its_way_is_named_with_its_line() -> None:
    item, pictures = illustrated()
    swapped = dict(zip(pictures, reversed(pictures.values()), strict=True))
    text = write_yaml("artificial_intelligence", "junior", "", [item], pictures=swapped).content.decode()
    codes = [each.code for each in read_file("bank.yaml", text.encode())[0].all_problems()]
    assert codes == ["bank.not_a_picture"] * 2
