"""bench certificates: sheets laid out and signed a second, beside the same sheet with stock tools, on one core.
bench verification: files checked a second, beside checking the bare signature."""

import asyncio
import hashlib
import os
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any

import qrcode
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from certengine.certificates import authority, sheet, signed_code
from certengine.certificates.authority import Subject
from certengine.certificates.models import SigningCertificate
from certengine.certificates.rules import CertificateContent, CertificateKind, fields_of, printed
from certengine.certificates.sealing import Sealer
from certengine.certificates.sheet import Sheet, typeset
from certengine.certificates.signing import Signer
from certengine.certificates.typesetting import draw_text
from certengine.certificates.verify import verify
from certengine.foundation.database import Base
from certengine.foundation.runtime import Runtime
from certengine.foundation.settings import Settings
from certengine.people.models import DocumentType, Organisation, OrganisationKind, Sex
from certengine.standards.rules import Level

ROUNDS, SHEETS, STOCK_SHEETS = 3, 60, 15
BASE_URL = "https://exam.example.org"


def content(organisation_id: uuid.UUID, name: str) -> CertificateContent:
    return CertificateContent(
        kind=CertificateKind.GRADE,
        organisation_id=organisation_id,
        institution_name="山东数字技术评价中心",
        institution_name_en="Shandong Digital Technology Evaluation Centre",
        institution_code="SDPJ",
        holder_name=name,
        sex=Sex.MALE,
        document_type=DocumentType.RESIDENT_ID,
        document_masked="3701************12",
        document_index="0" * 64,
        photo=None,
        field="artificial_intelligence",
        occupation_zh="人工智能工程技术人员",
        occupation_en="Artificial Intelligence Engineer",
        direction_zh="计算机视觉产品实现",
        level=Level.JUNIOR,
        theory=Decimal("78.50"),
        practical=Decimal("81.00"),
        hours=None,
        course=None,
        assessment=None,
        subject="bench",
        issued_on=date(2026, 11, 25),
    )


class _Press:
    """One institution with its keys, in a folder of its own."""

    def __init__(self, folder: str) -> None:
        runtime = Runtime(Settings(f"sqlite:///{folder}/bench.db", "bench", Path(folder), "https://exam.example.org"))
        Base.metadata.create_all(
            runtime.engine,
            tables=[Organisation.__table__, SigningCertificate.__table__],  # type: ignore[list-item]
        )
        self.now = datetime.now(UTC)
        with runtime.unit_of_work() as session:
            made = Organisation(
                kind=OrganisationKind.EVALUATION_INSTITUTION,
                name="山东数字技术评价中心",
                code="SDPJ",
                created_at=self.now,
            )
            session.add(made)
            session.flush()
            subject = Subject(made.id, made.name, made.code)
            self.stamped: Signer = authority.signer(session, runtime, subject, self.now)
            self.roots = authority.roots(session)
            row = session.query(SigningCertificate).filter_by(organisation_id=made.id).one()
            above = authority.chain(session, row)
            self.sealer = Sealer(session, runtime, self.now)
        self.organisation_id, self.key = subject.organisation_id, runtime.keys.p256(row.key_name)
        self.certificate, self.root = row.der, self.roots[0]
        self.signer = Signer(self.key, row.der, above)
        photo = BytesIO()
        Image.effect_noise((358, 478), 40).convert("RGB").save(photo, "JPEG", quality=88)
        self.photo = photo.getvalue()
        runtime.engine.dispose()

    def sheet(self, number: int) -> Sheet:
        code = f"{number:016}"
        facts = printed(
            content(self.organisation_id, f"王小明{chr(0x4E00 + number)}"), f"SDPJG20261{number:06}", code, BASE_URL
        )
        signed = signed_code.encode(facts, BASE_URL, self.now, self.signer.key_id, self.signer.raw)
        return Sheet(facts, "账本检查点 1000 / 0123456789abcdef", self.photo, signed)

    def ours(self, number: int) -> bytes:
        dictionary = self.signer.dictionary("山东数字技术评价中心", self.now)
        return self.signer.sign(typeset(self.sheet(number), dictionary))

    def long_term(self, number: int) -> bytes:
        """The same to B-LTA: a time stamp on the signature, revocation data, a time stamp on the whole, and checked."""
        dictionary = self.stamped.dictionary("山东数字技术评价中心", self.now)
        return self.sealer.extended(self.stamped.sign(typeset(self.sheet(number), dictionary)), None)[0]

    def stock(self) -> Callable[[int], bytes]:
        """reportlab with its defaults, a qrcode image, and pyHanko's own way of signing."""
        key = self.key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        from asn1crypto import keys, x509

        signer = signers.SimpleSigner(
            signing_cert=x509.Certificate.load(self.certificate),
            signing_key=keys.PrivateKeyInfo.load(key),
            cert_registry=SimpleCertificateStore.from_certs([x509.Certificate.load(self.root)]),
        )
        metadata = signers.PdfSignatureMetadata(
            field_name="Signature1",
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        )

        def made(number: int) -> bytes:
            plain = BytesIO(_stock_sheet(self.sheet(number)))
            signed = signers.PdfSigner(metadata, signer).sign_pdf(IncrementalPdfFileWriter(plain))
            return bytes(signed.getbuffer())

        return made


def _stock_sheet(wanted: Sheet) -> bytes:
    out = BytesIO()
    canvas = Canvas(out, pagesize=(sheet.WIDTH, sheet.HEIGHT))
    canvas.rect(22, 22, sheet.WIDTH - 44, sheet.HEIGHT - 44)
    for place, (label, value) in enumerate(fields_of(wanted.facts)):
        draw_text(canvas, 90, sheet.HEIGHT - 185 - place * 24, label, 12)
        draw_text(canvas, 220, sheet.HEIGHT - 185 - place * 24, value, 14)
    canvas.drawImage(ImageReader(BytesIO(wanted.photo or b"")), sheet.WIDTH - 186, sheet.HEIGHT - 303, 96, 128)
    picture = BytesIO()
    qrcode.make(wanted.facts["address"]).save(picture, "PNG")
    canvas.drawImage(ImageReader(picture), sheet.WIDTH - 194, 84, 108, 108)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _rate(made: Callable[[int], object], count: int) -> float:
    started = time.perf_counter()
    for number in range(count):
        made(number)
    return count / (time.perf_counter() - started)


def bench() -> dict[str, Any]:
    asyncio.set_event_loop(asyncio.new_event_loop())
    with tempfile.TemporaryDirectory() as folder:
        press = _Press(folder)
        stock = press.stock()
        example, stock_example = press.ours(0), stock(0)
        ours, limit, long_term = [], [], []
        for _round in range(ROUNDS):
            long_term.append(_rate(press.long_term, SHEETS))
            ours.append(_rate(press.ours, SHEETS))
            limit.append(_rate(stock, STOCK_SHEETS))
    return {
        "name": "certificates",
        "unit": "certificates/s",
        "ours": median(ours),
        "limit": median(limit),
        "ratio": median(ours) / median(limit),
        "conditions": {
            "limit": "reportlab, qrcode image and pyHanko PAdES B-B with the same key, one core",
            "ours": "layout, embedded fonts, photograph, QR code, attached facts, PAdES B-B, one core",
            "to B-LTA, certificates/s": round(median(long_term), 1),
            "bytes a file, ours": len(example),
            "bytes a file, stock": len(stock_example),
            "processors": os.cpu_count(),
        },
    }


def bench_verification() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        press = _Press(folder)
        files = [press.long_term(number) for number in range(20)]
        digest = hashlib.sha256(files[0]).digest()
        signature = press.key.sign(digest, ec.ECDSA(hashes.SHA256()))
        public = press.key.public_key()

        def bare(number: int) -> None:
            public.verify(
                signature, hashlib.sha256(files[number % 20]).digest()[:0] + digest, ec.ECDSA(hashes.SHA256())
            )

        ours, limit = [], []
        for _round in range(ROUNDS):
            ours.append(_rate(lambda number: verify(files[number % 20], press.roots), 200))
            limit.append(_rate(bare, 2000))
    return {
        "name": "verification",
        "unit": "files/s",
        "ours": median(ours),
        "limit": median(limit),
        "ratio": median(ours) / median(limit),
        "conditions": {
            "ours": "B-LTA: byte range, digest, signature, chain, two time stamps, revocation lists, permission, attached facts",
            "limit": "SHA-256 of the file and one ECDSA P-256 verification",
            "processors": os.cpu_count(),
        },
    }
