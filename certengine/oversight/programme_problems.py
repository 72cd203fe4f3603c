"""The sentences of inspections, complaints, figures and the rights of persons."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "inspection.not_found": "没有找到该检查",
        "inspection.count": "抽取数应在1到%(most)s之间（当前可抽取的机构数）",
        "inspection.state": "该检查当前的状态不能进行此操作",
        "inspection.two": "检查人员至少两名，用顿号或逗号分隔",
        "inspection.due": "整改期限不能早于今天",
        "inspection.plan_first": "请先安排检查日期和人员",
        "inspection.needed": "请填写此项",
        "complaint.organisation": "请从名单中选择机构",
        "complaint.not_found": "没有找到该编号的投诉",
        "complaint.state": "该投诉已处理",
        "oversight.province_only": "只有省级部门可以操作",
        "person.department_only": "只有主管部门的个人信息保护负责人可以查询",
        "person.erase_reason": "请填写依据",
        "person.kept": "保存期未满，暂不能删除：%(until)s 前须保存考试、成绩与证书记录",
        "person.erased": "该人员的个人信息已删除",
        "person.unknown": "没有找到该证件号码对应的人员",
    }
)
