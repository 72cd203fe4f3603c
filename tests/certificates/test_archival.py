"""A certificate is a tagged PDF/A-3a as far as it can be checked here: docs/employer.md says what is."""

import re
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image, ImageCms
from pypdf import PdfReader

from certengine.foundation.runtime import Runtime
from tests.certificates.factories import RARE, sealed

PDFAID = "{http://www.aiim.org/pdfa/ns/id/}"


@pytest.fixture
def path(runtime: Runtime, tmp_path: Path) -> Path:
    picture = BytesIO()
    Image.effect_noise((358, 478), 40).convert("RGB").save(picture, "JPEG")
    photo = runtime.files.put(picture.getvalue())
    made = tmp_path / "c.pdf"
    made.write_bytes(runtime.files.get(sealed(runtime, photo=photo).file))
    return made


def catalog(path: Path) -> Any:
    return PdfReader(path).trailer["/Root"]


def test_its_metadata_say_what_it_is_and_agree_with_its_information(path: Path) -> None:
    stream = catalog(path)["/Metadata"]
    assert "/Filter" not in stream and stream["/Subtype"] == "/XML"
    text = stream.get_data().decode()
    tree = ElementTree.fromstring(text[text.index("<x:") : text.rindex("<?xpacket")])
    (part,), (conformance,) = tree.iter(f"{PDFAID}part"), tree.iter(f"{PDFAID}conformance")
    assert (part.text, conformance.text) == ("3", "A")
    information = PdfReader(path).metadata
    assert information and information.title and f">{information.title}<" in text and f">{information.author}<" in text
    created = information.creation_date
    assert created and f"<xmp:CreateDate>{created:%Y-%m-%dT%H:%M:%S}+00:00<" in text


def test_its_colours_have_a_meaning_and_its_fonts_are_in_it(path: Path) -> None:
    (intent,) = catalog(path)["/OutputIntents"]
    assert intent["/S"] == "/GTS_PDFA1"
    profile = ImageCms.ImageCmsProfile(BytesIO(intent["/DestOutputProfile"].get_data()))
    assert profile.profile.xcolor_space.strip() == "RGB" and profile.profile.version < 4.3
    fonts = subprocess.run(["pdffonts", path], capture_output=True, text=True).stdout.splitlines()[2:]
    # Embedded, a subset, and with its characters' Unicode.
    assert fonts and all("yes yes yes" in line for line in fonts)


def test_nothing_in_it_is_forbidden(path: Path) -> None:
    content = path.read_bytes()
    for name in (
        b"/Encrypt",
        b"/JavaScript",
        b"/JS ",
        b"/Launch",
        b"/LZWDecode",
        b"/Movie",
        b"/Sound",
        b"/SMask",
        b"/XFA",
    ):
        assert name not in content, name
    assert PdfReader(path).trailer["/ID"][0] and re.match(rb"%PDF-1\.7\s+%[\x80-\xff]{4}", content)
    assert (
        "No syntax or stream encoding errors"
        in subprocess.run(["qpdf", "--check", path], capture_output=True, text=True).stdout
    )


def test_its_attached_facts_are_an_associated_file(path: Path) -> None:
    root = catalog(path)
    (associated,) = root["/AF"]
    assert associated["/AFRelationship"] == "/Data" and associated["/UF"] == associated["/F"] == "facts.json"
    embedded = associated["/EF"]["/F"].get_object()
    assert embedded["/Subtype"] == "/application/json" and embedded["/Params"]["/ModDate"].startswith("D:20")


def elements(node: Any) -> list[Any]:
    found = [node] if node.get("/S") else []
    for kid in node["/K"] if isinstance(node.get("/K"), list) else []:
        found += elements(kid.get_object())
    return found


def test_everything_drawn_is_an_element_or_decoration_and_pictures_have_words(path: Path) -> None:
    root = catalog(path)
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"] == "zh-CN" and root["/ViewerPreferences"]["/DisplayDocTitle"]
    found = elements(root["/StructTreeRoot"])
    page = PdfReader(path).pages[0]
    content = page.get_contents()
    assert content is not None
    numbers = [int(each) for each in re.findall(rb"/MCID (\d+)", content.get_data())]
    marked = [each for each in found if isinstance(each.get("/K"), int)]
    assert numbers == sorted(each["/K"] for each in marked) and page["/StructParents"] == 0
    nodes = root["/StructTreeRoot"]["/ParentTree"]["/Nums"][1]
    assert [each.get_object()["/K"] for each in nodes] == numbers
    assert all(each.get("/Alt") for each in found if each["/S"] == "/Figure")
    assert sum(each["/S"] == "/Figure" for each in found) == 3
    # Outside of every mark nothing is drawn.
    outside = re.sub(rb"/(?:\w+ <</MCID \d+>> BDC|Artifact BMC).*?EMC", b"", content.get_data(), flags=re.S)
    assert not re.search(rb"\b(Tj|TJ|Do|f|S|B)\b", outside)
    text = subprocess.run(["pdfinfo", "-struct-text", path], capture_output=True, text=True).stdout
    assert text.startswith("Document\n  H1") and RARE in text and text.count("TH:") == text.count("TD\n") > 6
