"""The package's sentences."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "training.class_not_found": "没有找到该培训班",
        "training.lesson_not_found": "没有找到该课次",
        "training.hours_short": "学时不足",
        "training.not_assessed": "尚未参加结业考核",
        "training.assessment_failed": "结业考核未合格",
        "training.assessment_range": "结业考核成绩应在0到100之间",
        "training.assessed_without_hours": "学时未满，不能参加结业考核",
        "training.completed": "该学员已结业，不能再改",
        "training.lesson_times": "课次的结束时间应晚于开始时间",
        "training.lesson_clash": "该时间与本班其他课次冲突",
        "training.presence_times": "出勤时间应在课次时间之内，离开晚于到达",
        "training.reason_missing": "更正出勤需要填写原因",
        "training.nobody_completed": "没有可以发证的学员：需学时已满且结业考核合格",
    }
)
