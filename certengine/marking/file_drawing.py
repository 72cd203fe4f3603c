"""A program: opens one file of a stranger, and writes the number of its pages or a PNG; any failure is an exit code.

python -m certengine.marking.file_drawing pages|page|picture PATH PAGE
"""

import resource
import sys
from io import BytesIO

import pypdfium2
from PIL import Image

# The longer side of a picture that is made, in pixels; of a picture that is read, all of them.
SIDE = 1600
MOST_PIXELS = 100_000_000
# Seconds of the processor, and bytes of memory.
MOST_SECONDS, MOST_MEMORY = 20, 2 << 30


def main(what: str, path: str, page: int) -> bytes:
    if what == "pages":
        return str(len(pypdfium2.PdfDocument(path))).encode()
    image = _page(path, page) if what == "page" else _picture(path)
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _picture(path: str) -> Image.Image:
    with Image.open(path) as found:
        if found.width * found.height > MOST_PIXELS:
            raise ValueError("too many pixels")
        image = found.convert("RGB")
    image.thumbnail((SIDE, SIDE))
    return image


def _page(path: str, page: int) -> Image.Image:
    document = pypdfium2.PdfDocument(path)
    if not 1 <= page <= len(document):
        raise IndexError(page)
    width, height = document[page - 1].get_size()
    drawn: Image.Image = document[page - 1].render(scale=min(2.0, SIDE / max(width, height, 1))).to_pil()
    return drawn.convert("RGB")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    sys.stdout.buffer.write(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
