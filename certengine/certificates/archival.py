"""What makes a sheet a tagged PDF/A-3a (ISO 19005-3, ISO 32000-1 14.8): structure, metadata, the colours' meaning."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from PIL import ImageCms
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFObject, PDFStream, PDFString
from reportlab.pdfgen.canvas import Canvas


class Tags:
    """The structure of a one-page sheet: what is drawn inside `tagged` is an element, everything else decoration."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas: Any = canvas
        self._document: Any = canvas._doc
        self._elements: list[_Element] = []
        self._root = _Element("/Type /StructTreeRoot", None)
        self._parents = [self._element("Document", self._root)]

    @contextmanager
    def group(self, kind: str) -> Iterator[None]:
        """An element that holds others."""
        self._parents.append(self._element(kind, self._parents[-1]))
        yield
        self._parents.pop()

    @contextmanager
    def tagged(self, kind: str, alt: str = "") -> Iterator[None]:
        """An element of what is drawn; alt: what a picture shows, for who does not see it."""
        number = len(self._elements)
        facts = ""
        if alt:
            facts = f"/Alt <FEFF{alt.encode('utf-16-be').hex().upper()}>"
        if kind == "TH":
            facts += "/A << /O /Table /Scope /Row >>"
        page = self._document.thisPageRef()
        self._elements.append(self._element(kind, self._parents[-1], facts, (number, page)))
        self._canvas._code.append(f"/{kind} <</MCID {number}>> BDC")
        yield
        self._canvas._code.append("EMC")

    @contextmanager
    def artifact(self) -> Iterator[None]:
        self._canvas._code.append("/Artifact BMC")
        yield
        self._canvas._code.append("EMC")

    def finish(self) -> None:
        """Before the page is shown: what is on it belongs to these elements."""
        refer = self._document.Reference
        self._root.placed = [refer(each) for each in self._elements]
        catalog = self._document.Catalog
        catalog.StructTreeRoot = refer(self._root)
        catalog.MarkInfo = PDFDictionary({"Marked": "true"})
        catalog.__NoDefault__ = [*catalog.__NoDefault__, "StructTreeRoot", "MarkInfo"]
        add = self._document.addPage

        def added(page: Any) -> Any:
            page.StructParents, page.Tabs = 0, PDFName("S")
            page.__NoDefault__ = [*page.__NoDefault__, "StructParents", "Tabs"]
            return add(page)

        self._document.addPage = added

    def _element(
        self, kind: str, parent: "_Element", facts: str = "", content: tuple[int, Any] | None = None
    ) -> "_Element":
        made = _Element(f"/Type /StructElem /S /{kind} {facts}", parent, content)
        parent.children.append(self._document.Reference(made))
        return made


class _Element(PDFObject):  # type: ignore[misc]
    """A node of the structure, spelled at once: dozens of the library's dictionaries would cost as much as the text."""

    __RefOnly__ = 1

    def __init__(self, facts: str, parent: "_Element | None", content: tuple[int, Any] | None = None) -> None:
        self.facts, self.parent, self.content = facts, parent, content
        self.children: list[Any] = []
        # Of the root: the elements by their places in what is drawn.
        self.placed: list[Any] = []

    def format(self, document: Any) -> bytes:
        parts = [self.facts]
        if self.parent:
            parts.append(f"/P {_spelled(document.Reference(self.parent), document)}")
        if self.content:
            number, page = self.content
            parts.append(f"/Pg {_spelled(page, document)} /K {number}")
        else:
            parts.append(f"/K [ {' '.join(_spelled(each, document) for each in self.children)} ]")
        if self.placed:
            nodes = " ".join(_spelled(each, document) for each in self.placed)
            parts.append(f"/ParentTree << /Nums [ 0 [ {nodes} ] ] >> /ParentTreeNextKey 1")
        return f"<< {' '.join(parts)} >>".encode()


def _spelled(reference: Any, document: Any) -> str:
    text = reference.format(document)
    return text.decode() if isinstance(text, bytes) else str(text)


def archive(canvas: Canvas, title: str, author: str) -> None:
    """Metadata (XMP, the same as the document's information) and the colours' meaning (sRGB)."""
    document: Any = canvas._doc
    at = document._timeStamp
    year, month, day, hour, minute, second = at.YMDhms
    created = f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}+00:00"
    metadata = PDFStream(
        PDFDictionary({"Type": PDFName("Metadata"), "Subtype": PDFName("XML")}), _xmp(title, author, created)
    )
    profile = PDFStream(PDFDictionary({"N": 3}), _srgb())
    intent = {
        "Type": PDFName("OutputIntent"),
        "S": PDFName("GTS_PDFA1"),
        "OutputConditionIdentifier": PDFString("sRGB"),
        "Info": PDFString("sRGB IEC61966-2.1"),
        "DestOutputProfile": document.Reference(profile),
    }
    catalog = document.Catalog
    catalog.Metadata = document.Reference(metadata)
    catalog.OutputIntents = PDFArray([PDFDictionary(intent)])
    catalog.ViewerPreferences = PDFDictionary({"DisplayDocTitle": "true"})
    catalog.__NoDefault__ = [*catalog.__NoDefault__, "Metadata", "OutputIntents", "ViewerPreferences"]


@cache
def _srgb() -> bytes:
    """An sRGB profile; its version and date set, so that every process writes the same."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    made[8:12] = b"\x04\x20\0\0"
    made[24:36] = b"\x07\xd0\0\x01\0\x01\0\0\0\0\0\0"
    return bytes(made)


def _xmp(title: str, author: str, created: str) -> bytes:
    title, author = escape(title), escape(author)
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:description>
<dc:language><rdf:Bag><rdf:li>zh-CN</rdf:li></rdf:Bag></dc:language>
<pdf:Producer>certengine</pdf:Producer><xmp:CreatorTool>certengine</xmp:CreatorTool>
<xmp:CreateDate>{created}</xmp:CreateDate><xmp:ModifyDate>{created}</xmp:ModifyDate>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>""".encode()
