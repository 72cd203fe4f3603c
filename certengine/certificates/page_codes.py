"""The QR codes on a PDF's page, read as a phone reads them off the paper.

Only a file that is not as it was issued is looked at so, and such a file may be hostile: it is drawn in a process of
its own with little memory and time, so that nothing but its own answer is lost.
"""

import json
import resource
import subprocess
import sys
from io import BytesIO

SECONDS, MEMORY = 10, 2 << 30
LARGEST_SIDE, RESOLUTION, PAGES = 3400, 200, 2


def codes_on(pdf: bytes) -> tuple[str, ...]:
    """The texts of the QR codes on the first pages; none where the file cannot be drawn."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "certengine.certificates.page_codes"],
            input=pdf,
            capture_output=True,
            timeout=SECONDS,
        )
        found = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError, OSError):
        return ()
    return tuple(str(each) for each in found)


def _read(pdf: bytes) -> list[str]:
    import pypdfium2
    import zxingcpp

    document = pypdfium2.PdfDocument(BytesIO(pdf))
    document.init_forms()
    found = []
    for number in range(min(len(document), PAGES)):
        page = document[number]
        scale = min(RESOLUTION / 72, LARGEST_SIDE / max(*page.get_size(), 1))
        picture = page.render(scale=scale, grayscale=True).to_numpy()
        found += [each.text for each in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)]
    return list(dict.fromkeys(found))


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    json.dump(_read(sys.stdin.buffer.read()), sys.stdout)


if __name__ == "__main__":
    main()
