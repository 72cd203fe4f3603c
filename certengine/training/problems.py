"""The package's sentences."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "training.class_not_found": "没有找到该培训班",
        "training.lesson_not_found": "没有找到该课次",
        "training.hours_short": "学时不足",
        "training.content_short": "计划内容没有学完",
        "training.not_yours": "没有找到该教师或环境",
        "training.fields_missing": "请至少选择一个领域",
        "training.plan_not_found": "没有找到该培训计划",
        "training.plan_hours": "请填写0到999之间、至多一位小数的学时",
        "training.plan_other": "该计划的领域或等级与班级不同",
        "training.file_kind": "只接受 PDF、JPEG、PNG 或 Office 文件",
        "training.teacher_unknown": "没有找到该教师，或已停用",
        "training.room_unknown": "没有找到该培训环境，或已停用",
        "training.teacher_field": "该教师的资格不包括本班领域",
        "training.teacher_lapsed": "该教师的资格已于 %(until)s 到期",
        "training.teacher_clash": "该教师在此时间另有课次",
        "training.room_clash": "该场地在此时间已被占用",
        "training.room_needed": "线下课次请选择场地",
        "training.lesson_address": "线上课次地址应以 https:// 开头",
        "training.scan_closed": "现在不在本课次的签到时间内",
        "training.scan_entered": "本课次的出勤已由管理员登记，请联系管理员更正",
        "training.not_enrolled": "不在本班学员名单中",
        "training.not_assessed": "尚未参加结业考核",
        "training.assessment_failed": "结业考核未合格",
        "training.assessment_range": "结业考核成绩应在0到100之间",
        "training.assessed_without_hours": "学时未满或计划内容没有学完，不能参加结业考核",
        "training.completed": "该学员已结业，不能再改",
        "training.lesson_times": "课次的结束时间应晚于开始时间",
        "training.lesson_clash": "该时间与本班其他课次冲突",
        "training.lesson_long": "一个课次最长12小时，请核对结束时间",
        "training.lesson_attended": "已有人出勤的课次不能删除",
        "training.presence_elsewhere": "该学员在此时间另有其他课次的出勤记录，同一时间不能重复计入",
        "training.enrolment_attended": "已有出勤记录的学员不能移除",
        "training.presence_ahead": "课次结束后才能登记出勤，不能登记还没有到的时间",
        "training.presence_times": "出勤时间应在课次时间之内，离开晚于到达",
        "training.reason_missing": "请填写原因",
        "training.nobody_completed": "没有可以发证的学员：需学时已满且结业考核合格",
    }
)
