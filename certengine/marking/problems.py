"""The package's sentences."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "marking.not_over": "考试尚未结束，不能评分",
        "marking.still_running": "还有%(count)s名考生没有交卷，不能评分",
        "marking.no_theory": "该考试没有理论知识场次",
        "marking.theory_unmarked": "理论知识考试尚未评分",
        "marking.practical_unmarked": "还有%(count)s名考生的专业能力考核没有成绩",
        "marking.examiners_differ": "%(ticket)s 的考评员评分相差超过%(most)s分，请先复议",
        "marking.released": "成绩已经发布，不能再改",
        "marking.not_released": "成绩尚未发布",
        "marking.nothing_to_release": "没有可以发布的成绩",
        "marking.no_task": "该场次没有设置考核任务：请先为场次选择题库版本",
        "marking.points_missing": "请填写“%(criterion)s”的得分",
        "marking.points_range": "“%(criterion)s”的得分应在0到%(most)s之间",
        "marking.points_decimals": "“%(criterion)s”的得分最多两位小数",
        "marking.points_number": "“%(criterion)s”的得分应为数字",
        "marking.changed_meanwhile": "您打开页面后，这份评分已被另存，请刷新后再改",
        "marking.own_script": "不能给自己评分",
        "marking.not_assigned": "您没有被安排到这个考场",
        "marking.reason_missing": "请填写原因",
        "marking.no_calibration": "没有这次标定",
        "marking.adopted": "这次标定的参数已经提出",
    }
)
