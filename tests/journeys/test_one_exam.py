"""One exam from the bank to the scan, as its people see it: author, reviewer, officer, paper maker, two candidates,
proctor, examiner, issuer, and an employer with a phone."""

import io
import re
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from openpyxl import Workbook
from PIL import Image
from playwright.sync_api import Page, expect

from certengine.bank import service as bank
from certengine.bank.rules import Item
from certengine.foundation.clock import CHINA
from certengine.ledger import service as ledger
from certengine.papers import service as papers
from certengine.sittings import service as sittings
from tests.bank.factories import FIELD
from tests.factories import PASSWORD, account, resident_id
from tests.journeys.conftest import Stage

STAFF = {
    "author": "item_author",
    "reviewer": "item_reviewer",
    "officer": "exam_officer",
    "maker": "paper_maker",
    "proctor": "proctor",
    "examiner": "examiner",
    "examiner2": "examiner",
    "examiner3": "examiner",
    "issuer": "issuer",
    "issuer2": "issuer",
}
PANEL = ("examiner", "examiner2", "examiner3")
CANDIDATES = (("阿卜杜拉·𠮷𬭎", resident_id(11)), ("王小明", resident_id(12)))
TITLE = "人工智能初级考试（演练）"


def candidates_list() -> bytes:
    """A list as an officer sends it: good rows, and one whose identity number Excel has spoilt."""
    workbook = Workbook()
    sheet = workbook.active
    sheet.append(["姓名", "性别", "证件类型", "证件号码", "工作单位", "培训学时", "学历"])
    sheet.append(["阿卜杜拉•𠮷𬭎", "男", "居民身份证", CANDIDATES[0][1], "济南云海科技有限公司", 64, "本科"])
    sheet.append(["王　小明", "", "居民身份证", CANDIDATES[1][1], "青岛海蓝数据有限公司", 70, "硕士"])
    sheet.append(["李四", "男", "居民身份证", 370102199001010011, "", 64, "本科"])
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def photographs() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, (_name, document) in enumerate(CANDIDATES):
            picture = io.BytesIO()
            Image.new("RGB", (600, 800), (140, 170 + 30 * number, 200)).save(picture, "JPEG")
            archive.writestr(f"{document}.jpg", picture.getvalue())
    return out.getvalue()


def release_the_bank(stage: Stage) -> None:
    author = stage.sign_in("author", PASSWORD)
    author.select_option("#field", FIELD)
    author.click("text=建立并载入示范题库")
    author.wait_for_url(re.compile("/banks/"))
    stage.shoot(author, "bank")
    reviewer = stage.sign_in("reviewer", PASSWORD)
    reviewer.goto(author.url)
    reviewer.click("text=通过这次导入的全部试题")
    expect(reviewer.locator("main")).not_to_contain_text("通过这次导入的全部试题")
    reviewer.goto(re.sub(r"[?#].*", "", author.url) + "/releases")
    reviewer.click("main form button")
    expect(reviewer.locator("main")).to_contain_text(re.compile("[0-9a-f]{12}"))
    stage.shoot(reviewer, "released")


def plan_the_exam(stage: Stage) -> tuple[str, str]:
    """Plan, candidates, photographs, two sittings, rooms, seats, staff; the addresses of theory and practical part."""
    officer = stage.sign_in("officer", PASSWORD)
    officer.click("text=新建考试 >> nth=0")
    officer.select_option("#field", FIELD)
    officer.fill("#title", TITLE)
    officer.fill("#capacity", "30")
    officer.click("main form button")
    officer.click("main a:has-text('导入考生名单')")
    officer.wait_for_url(re.compile("/import$"))
    plan = officer.url
    officer.set_input_files("#file", {"name": "名单.xlsx", "mimeType": "", "buffer": candidates_list()})
    officer.click("button:has-text('预览')")
    expect(officer.locator("main")).to_contain_text("名单.xlsx Sheet!D4")
    expect(officer.locator("main")).to_contain_text("Excel 已丢失末几位")
    stage.shoot(officer, "import-preview")
    officer.check("input[value=yes]")
    officer.click("button:has-text('导入')")
    expect(officer.locator("main")).to_contain_text("导入2名考生")
    officer.goto(plan)
    officer.set_input_files("#photos", {"name": "照片.zip", "mimeType": "", "buffer": photographs()})
    officer.click("button:has-text('导入照片')")
    expect(officer.locator("main")).to_contain_text("已导入文件：2")
    stage.shoot(officer, "candidates")
    theory = add_sitting(stage, officer, "theory", stage.clock.now() + timedelta(hours=2), 60, ["王工 proctor"])
    stage.shoot(officer, "seats")
    tickets_are_printed(stage, officer)
    panel = [f"王工 {login}" for login in PANEL]
    practical = add_sitting(stage, officer, "practical", stage.clock.now() + timedelta(hours=4), 120, panel)
    return theory, practical


def add_sitting(stage: Stage, officer: Page, part: str, starts_at: Any, minutes: int, staff: list[str]) -> str:
    officer.goto("/sittings")
    officer.click(f"text={TITLE}")
    officer.locator("#part").wait_for(state="attached")
    if not officer.locator("#part").is_visible():
        officer.click("summary:has-text('添加场次')")
    officer.select_option("#part", part)
    officer.fill("#starts_at", starts_at.astimezone(CHINA).strftime("%Y-%m-%dT%H:%M"))
    officer.fill("#minutes", str(minutes))
    officer.click("main form button:has-text('添加')")
    officer.fill("#name", "第一考场")
    officer.fill("#site", "济南市历下区")
    officer.fill("#rows", "2")
    officer.fill("#columns", "2")
    officer.click("main form button:has-text('添加')")
    officer.click("button:has-text('随机排座')")
    expect(officer.locator("main")).to_contain_text("已为2名考生排座")
    for name in staff:
        officer.select_option("select[name=account]", label=name)
        officer.click("button:has-text('安排')")
        expect(officer.locator("main")).to_contain_text("已安排")
    return officer.url


def tickets_are_printed(stage: Stage, officer: Page) -> None:
    address = officer.get_attribute("a:has-text('打印全部准考证')", "href")
    pdf = stage.folder / "tickets.pdf"
    pdf.write_bytes(officer.request.get(address or "").body())
    text = run("pdftotext", "-layout", pdf, "-").stdout
    assert "阿卜杜拉·𠮷𬭎" in text and "王小明" in text and "第一考场" in text
    run("pdftoppm", "-r", "110", "-png", pdf, stage.folder / "ticket")
    assert "/exam?ticket=" in run("zbarimg", "-q", next(stage.folder.glob("ticket-*1.png"))).stdout


def draw_the_papers(stage: Stage, theory: str, practical: str) -> None:
    maker = stage.sign_in("maker", PASSWORD)
    maker.goto(theory)
    maker.click("button:has-text('组卷并公布承诺')")
    expect(maker.locator("main")).to_contain_text("已组卷2份，承诺已写入账本")
    stage.shoot(maker, "papers-drawn")
    maker.goto(practical)
    maker.click("button:has-text('选定')")
    expect(maker.locator("main")).to_contain_text("已选定考核任务的题库版本")


def candidate_comes(stage: Stage, number: int) -> Page:
    """From the front door to the waiting room."""
    with stage.runtime.unit_of_work(read_only=True) as session:
        rows = session.scalars(sittings.registrations_query(_plan_id(stage))).all()
        ticket = next(row.ticket_number for row in rows if row.person.name == CANDIDATES[number][0])
    page = stage.page()
    page.goto(f"/exam?ticket={ticket}")
    page.fill("#number", "370102199001010028")
    page.click("button:has-text('进入')")
    expect(page.locator("[role=alert]")).to_contain_text("准考证号或证件号码不正确")
    page.fill("#number", CANDIDATES[number][1].lower())
    page.click("button:has-text('进入')")
    expect(page.locator("main")).to_contain_text(CANDIDATES[number][0])
    if number == 0:
        stage.shoot(page, "identity")
    page.click("button:has-text('确认')")
    expect(page.locator("#countdown")).to_contain_text("10:00")
    return page


def _plan_id(stage: Stage) -> UUID:
    with stage.runtime.unit_of_work(read_only=True) as session:
        from certengine.sittings.models import ExamPlan

        return session.query(ExamPlan).one().id


def keys(stage: Stage, sitting_id: UUID, name: str) -> list[Item]:
    """The candidate's items in the order of the screen, with their keys: what only the test knows."""
    with stage.runtime.unit_of_work(read_only=True) as session:
        place = next(each for each in sittings.placements(session, sitting_id) if each.name == name)
        paper = papers.paper(session, f"sitting:{sitting_id}", f"registration:{place.registration_id}")
        release = sittings.sitting(session, sitting_id).release_id
        assert release is not None
        items = {item.id: item for item in bank.released_items(session, release).items}
    return [items[placed.item] for placed in sorted(paper.items, key=lambda placed: placed.section)]


def choose(page: Page, item: Item) -> None:
    for option in item.key if isinstance(item.key, tuple) else [item.key]:
        page.check(f"#question input[value='{option}']")


def saved(page: Page) -> None:
    """Everything given so far is durable."""
    expect(page.locator("#saved")).to_contain_text("已保存")


def able_candidate_answers(stage: Stage, page: Page, items: list[Item]) -> None:
    page.wait_for_selector(".option")
    for number, item in enumerate(items[:-1]):
        choose(page, item)
        if number == 2:
            saved(page)
            page.reload()
            page.wait_for_selector(".option")
            expect(page.locator("#question-title")).to_contain_text("第 3 题")
            expect(page.locator("#grid .answered")).to_have_count(3)
        if number == 5:
            page.context.set_offline(True)
        if number == 7:
            expect(page.locator("#saved")).to_contain_text("网络中断")
            stage.shoot(page, "offline")
            page.reload()
            page.wait_for_selector(".option")
            expect(page.locator("#grid .answered")).to_have_count(8)
            page.context.set_offline(False)
            saved(page)
        page.keyboard.press("ArrowRight")
    page.keyboard.press("f")
    expect(page.locator("#flag")).to_be_checked()
    saved(page)
    stage.shoot(page, "exam")


def a_second_tab_takes_over(page: Page, first: Item) -> None:
    page.click("#grid .cell >> nth=0")
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector(".option")
    # By keyboard: the first tab may have been told by itself already, and then nothing can be pressed in it.
    page.keyboard.press("f")
    expect(page.locator("#stopped")).to_contain_text("考试已在另一窗口打开")
    other.close()
    page.click("#take-back")
    page.wait_for_selector(".option")
    page.uncheck("#flag")
    choose(page, first)
    saved(page)


def able_candidate_hands_in(stage: Stage, page: Page, total: int) -> str:
    page.click("#hand-in")
    expect(page.locator("#summary")).to_contain_text("还有 1 题未答")
    expect(page.locator("#summary")).to_contain_text("已标记 1 题")
    stage.shoot(page, "hand-in")
    page.click("#really")
    expect(page.locator("main")).to_contain_text("交卷成功")
    expect(page.locator("main")).to_contain_text(f"{total - 1} / {total} 题")
    leaf_hash = page.inner_text("#leaf-hash")
    while ledger.sequence(stage.runtime):
        pass
    page.reload()
    expect(page.locator("main")).to_contain_text("号记录")
    stage.shoot(page, "receipt")
    page.click("text=核对回执")
    expect(page.locator("[role=status]")).to_contain_text("回执成立")
    return leaf_hash


def proctor_acts(stage: Stage, weak: Page) -> None:
    """Incident, more time, suspension, and a hand-in for the second candidate; each is in the log."""
    proctor = stage.sign_in("proctor", PASSWORD)
    proctor.click("main table a")
    expect(proctor.locator(".seats")).to_contain_text("作答中")
    proctor.select_option("#kind", "equipment")
    proctor.fill("#text", "2号机键盘失灵，已更换")
    proctor.click("button:has-text('记录')")
    expect(proctor.locator("main")).to_contain_text("2号机键盘失灵")
    stage.shoot(proctor, "board")
    proctor.click(f".seat:has-text('{CANDIDATES[1][0]}') a")
    proctor.locator("#force-reason").wait_for()
    candidate = proctor.url
    proctor.fill("#minutes", "10")
    proctor.fill("#reason", "更换键盘")
    proctor.click("button:has-text('延长')")
    expect(proctor.locator("main")).to_contain_text("已延长10分钟")
    weak.check("#question input >> nth=1")
    expect(weak.locator("body")).to_contain_text("监考员已为您延长时间")
    proctor.fill("#suspend-reason", "协助维修")
    proctor.click("button:has-text('暂停计时')")
    weak.check("#question input >> nth=0")
    expect(weak.locator("#stopped")).to_contain_text("考试已暂停")
    proctor.goto(candidate)
    proctor.click("button:has-text('恢复计时')")
    expect(weak.locator("#stopped")).not_to_be_visible(timeout=20_000)
    proctor.fill("#force-reason", "考生要求提前离场")
    proctor.click("button:has-text('强制交卷')")
    expect(proctor.locator("main")).to_contain_text("已强制交卷")
    stage.shoot(proctor, "candidate-acts")
    for act in ("延长作答时间", "暂停作答", "恢复作答", "交卷"):
        expect(proctor.locator("main ul")).to_contain_text(act)
    weak.check("#question input >> nth=1", force=True)
    expect(weak.locator("main")).to_contain_text("交卷成功")


def codes_of_the_works(stage: Stage, practical: str) -> dict[str, str]:
    """candidate → what stands on the work in the place of the name, as the officer's labels have it."""
    officer = stage.sign_in("officer", PASSWORD)
    officer.goto(f"/results/practical/{practical.rsplit('/', 1)[1]}")
    expect(officer.locator("main h1")).to_contain_text("考评组")
    rows = {name: officer.locator("tr", has_text=name) for name, _document in CANDIDATES}
    return {name: row.locator("th").inner_text() for name, row in rows.items()}


def the_panel_marks(stage: Stage, practical: str) -> None:
    codes = codes_of_the_works(stage, practical)
    for login in PANEL:
        examiner = stage.sign_in(login, PASSWORD)
        for name, share in ((CANDIDATES[0][0], 1.0), (CANDIDATES[1][0], 0.4)):
            examiner.click(f"text={codes[name]}")
            expect(examiner.locator("main h1")).to_contain_text(codes[name])
            expect(examiner.locator("main")).not_to_contain_text(name)
            for field in examiner.locator("main input[inputmode=decimal]").all():
                full = field.locator("xpath=ancestor::tr").inner_text()
                most = float(re.search(r"满分([0-9.]+)", full).group(1))  # type: ignore[union-attr]
                field.fill(f"{most * share:.1f}")
            if share == 1.0 and login == PANEL[0]:
                stage.shoot(examiner, "practical")
            examiner.click("button:has-text('保存评分')")
            expect(examiner.locator("main")).to_contain_text("已保存")
        examiner.close()


def results_are_released(stage: Stage, practical: str) -> None:
    the_panel_marks(stage, practical)
    issuer = stage.sign_in("issuer", PASSWORD)
    issuer.click(f"text={TITLE}")
    issuer.click("button:has-text('评分')")
    expect(issuer.locator("main")).to_contain_text("已评分2份答卷")
    issuer.fill("#note", "考场情况已核实")
    issuer.click("button:has-text('提出发布成绩')")
    expect(issuer.locator("main")).to_contain_text("等待另一人签署")
    second = stage.sign_in("issuer2", PASSWORD)
    second.click(f"text={TITLE}")
    second.click("button:has-text('签署并发布成绩')")
    expect(second.locator("main")).to_contain_text("签发证书1张")
    issuer.reload()
    stage.shoot(issuer, "results")


def certificate_is_verified(stage: Stage, able: Page) -> None:
    able.goto("/exam/result")
    expect(able.locator("main")).to_contain_text("合格")
    stage.shoot(able, "my-result")
    address = able.get_attribute("a:has-text('下载证书')", "href") or ""
    pdf = stage.folder / "certificate.pdf"
    pdf.write_bytes(able.request.get(address).body())
    assert "Signature is Valid" in run("pdfsig", pdf).stdout
    assert CANDIDATES[0][0] in run("pdftotext", pdf, "-").stdout
    run("pdftoppm", "-r", "110", "-png", pdf, stage.folder / "certificate")
    scanned = run("zbarimg", "-q", "--raw", next(stage.folder.glob("certificate-*1.png"))).stdout.splitlines()
    employer = stage.page(390, 800)
    # The other of the two codes is for scanners without a network.
    employer.goto(next(line for line in scanned if line.startswith("http")))
    expect(employer.locator("h1")).to_have_text("有效")
    expect(employer.locator("main")).to_contain_text(CANDIDATES[0][0])
    stage.shoot(employer, "scan")
    employer.goto("/v/0000000000000000")
    expect(employer.locator("h1")).to_have_text("查无此证")
    employer.goto("/verify")
    employer.set_input_files("#file", pdf)
    employer.click("#drop button")
    expect(employer.locator("h1")).to_have_text("有效")
    content = bytearray(pdf.read_bytes())
    content[len(content) // 2] ^= 1
    employer.goto("/verify")
    employer.set_input_files("#file", {"name": "x.pdf", "mimeType": "application/pdf", "buffer": bytes(content)})
    employer.click("#drop button")
    expect(employer.locator("h1")).to_have_text("文件损坏或被改动")
    stage.shoot(employer, "changed-file")


def ledger_is_verified(stage: Stage) -> None:
    while ledger.sequence(stage.runtime):
        pass
    path = stage.folder / "ledger.jsonl"
    with stage.runtime.unit_of_work(read_only=True) as session:
        lines = list(ledger.export_lines(session, stage.runtime, disclose=True))
        key = str(ledger.verifier(session, stage.runtime))
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    assert run(sys.executable, "-m", "certengine.cli", "ledger", "verify", path, "--key", key).returncode == 0
    content = bytearray(path.read_bytes())
    content[len(lines[0]) + len(lines[1]) + 40] ^= 1
    path.write_bytes(content)
    answer = subprocess.run(
        [sys.executable, "-m", "certengine.cli", "ledger", "verify", str(path)], capture_output=True, text=True
    )
    assert answer.returncode == 1 and "ledger.jsonl:3:" in answer.stdout


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(each) for each in arguments], check=True, capture_output=True, text=True)


def test_one_exam_from_the_bank_to_the_scan(stage: Stage) -> None:
    for login, role in STAFF.items():
        account(stage.runtime, login, [role], name=f"王工 {login}")
    release_the_bank(stage)
    theory, practical = plan_the_exam(stage)
    draw_the_papers(stage, theory, practical)
    sitting_id = UUID(theory.rsplit("/", 1)[1])

    stage.clock.advance(minutes=110)
    able, weak = candidate_comes(stage, 0), candidate_comes(stage, 1)
    stage.shoot(able, "waiting")
    stage.clock.advance(minutes=10)
    for page in (able, weak):
        page.reload()
        page.wait_for_url(re.compile("/paper$"))
    items = keys(stage, sitting_id, CANDIDATES[0][0])
    able_candidate_answers(stage, able, items)
    a_second_tab_takes_over(able, items[0])
    proctor_acts(stage, weak)
    able_candidate_hands_in(stage, able, len(items))

    stage.clock.advance(hours=6)
    results_are_released(stage, practical)
    certificate_is_verified(stage, able)
    ledger_is_verified(stage)
