"""What reminders say. Nobody is named: a mail may be read by more than one, and lies on other people's servers."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "base.report_due.subject": "请提交%(year)s年度总结和下一年度计划",
        "base.report_due.text": "贵单位作为继续教育基地，应于%(due)s前提交%(year)s年度总结和下一年度计划。",
        "base.report_late.subject": "%(year)s年度总结已逾期",
        "base.report_late.text": "贵单位的%(year)s年度总结和下一年度计划应于%(due)s前提交，现已逾期，请尽快提交。",
        "base.reports_late.subject": "有基地未按期提交%(year)s年度总结",
        "base.reports_late.text": "截至 %(due)s 未提交%(year)s年度总结的基地：%(count)s 个。",
        "seminar.summary_soon.subject": "请提交研修班总结与收支决算",
        "seminar.summary_soon.text": "“%(title)s”已结束，总结、花名册与收支决算应于%(due)s前提交。",
        "seminar.summary_late.subject": "研修班总结已逾期",
        "seminar.summary_late.text": "“%(title)s”的总结、花名册与收支决算应于%(due)s前提交，现已逾期，请尽快提交。",
        "seminar.summary_listed.subject": "有研修班未按期提交总结",
        "seminar.summary_listed.text": "“%(title)s”的总结、花名册与收支决算应于%(due)s前提交，至今未收到。",
    }
)
