"""The package's sentences."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "seminar.not_found": "没有找到该研修班",
        "seminar.dates": "结束日期不能早于开始日期",
        "seminar.too_late": "应在开班前至少30日提出申请",
        "seminar.decided": "该申请已有审批结果",
        "seminar.not_approved": "只有已批准的研修班才能提交总结",
        "seminar.own_application": "不能审批本单位的申请",
        "base.not_found": "没有找到该基地",
        "base.exists": "该单位已经是基地",
        "base.removed": "该基地的资格已被撤销",
        "base.reported": "%(year)s年度的总结已经提交",
        "base.reason_missing": "请填写原因",
    }
)
