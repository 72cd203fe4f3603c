"""The page that stays open beside the board on exam day."""

from flask import render_template
from flask.blueprints import BlueprintSetupState
from flask_babel import lazy_gettext as _

from certengine.oversight.pages import blueprint
from certengine.oversight.status import Health, Sign, readings
from certengine.people.permissions import Permission
from certengine.web.access import allow
from certengine.web.layout import NavigationEntry, add_labels, add_navigation
from certengine.web.request import now, runtime, session

HEALTH = {Health.GOOD: _("正常"), Health.WATCH: _("注意"), Health.BAD: _("异常")}
# What is measured, its unit, and what to do where it is not well.
TEXTS = {
    Sign.RUNNING: (_("正在作答"), "", ""),
    Sign.SILENT: (_("两分钟没有信号的考生"), "", _("请监考员到座位查看网络和电脑；恢复后答案会自动补传。")),
    Sign.OVERDUE: (_("到时仍未收卷"), "", _("考试时钟没有运行：请重新启动certengine serve。到时后的作答不会被接受。")),
    Sign.LEDGER: (_("等待写入账本"), "", _("账本进程没有运行：请重新启动certengine serve。已记录的内容不会丢失。")),
    Sign.JOBS_WAITING: (
        _("等待的后台任务"),
        "",
        _("后台进程没有运行：请重新启动certengine serve。任务会从中断处继续。"),
    ),
    Sign.JOBS_FAILED: (_("失败的后台任务"), "", _("请打开相应任务查看原因，改正后重新提交。")),
    Sign.DISK: (_("剩余磁盘空间"), "MiB", _("请清理或扩充数据目录所在的磁盘；写满后答案无法保存。")),
    Sign.BACKUP: (_("距上次备份"), _("小时"), _("请在考试前运行certengine backup。")),
}


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    add_labels(state, Health, HEALTH)
    for may in (Permission.ACCOUNTS_MANAGE, Permission.SITTING_PLAN, Permission.OVERSIGHT_READ):
        add_navigation(state, NavigationEntry(905, _("运行状态"), "oversight.status", may))


@blueprint.get("/status")
@allow(Permission.ACCOUNTS_MANAGE, Permission.SITTING_PLAN, Permission.OVERSIGHT_READ)
def status() -> str:
    found = readings(session(), runtime(), now())
    worst = next((each for each in (Health.BAD, Health.WATCH) if any(one.health is each for one in found)), Health.GOOD)
    return render_template("oversight/status.html", readings=found, texts=TEXTS, worst=worst, Health=Health, now=now())
