"""The package's sentences."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "delivery.not_found": "没有找到该场考试",
        "delivery.wrong": "准考证号或证件号码不正确，请核对准考证",
        "delivery.withdrawn": "该报名已取消，请联系考务人员",
        "delivery.not_placed": "您不在该场考试的考生名单中",
        "delivery.too_early": "尚未到入场时间，%(opens)s 开始入场",
        "delivery.too_late": "开考后已超过规定的迟到时限，不能入场，请联系监考员",
        "delivery.not_started": "考试尚未开始",
        "delivery.not_confirmed": "请先核对本人信息",
        "delivery.suspended": "监考员暂停了您的考试，请等候",
        "delivery.closed": "考试已结束，不能再作答",
        "delivery.taken_over": "考试已在另一窗口打开，此处不能再作答",
        "delivery.answer_malformed": "答案的格式不正确",
        "delivery.item_unknown": "该题不在您的试卷中",
        "delivery.already_submitted": "已经交卷",
        "delivery.not_running": "该考生没有正在进行的考试",
        "delivery.not_suspended": "该考生的考试没有暂停",
        "delivery.minutes_range": "延长时间应为1至120分钟",
        "delivery.reason_missing": "请填写原因",
        "delivery.other_device": "这场考试正在另一台机器上进行，须由监考员放行",
        "delivery.wrong_key": "没有使用本场考试指定的考试浏览器，须由监考员放行",
        "delivery.no_answer_file": "不是答案文件",
        "delivery.answer_file_other": "不是这名考生本场考试的答案文件，或文件已损坏",
        "delivery.no_task": "该场次没有设置考核任务：请先为场次选择题库版本",
        "delivery.file_name": '文件名“%(name)s”不能使用：须有名字，不超过120个字，不含 / \\ : * ? " < > | 等字符',
        "delivery.file_ending": "不收这种文件：“%(name)s”。可以提交的扩展名：%(endings)s",
        "delivery.file_empty": "“%(name)s”是空文件",
        "delivery.file_large": "“%(name)s”超过 %(most)s MB",
        "delivery.files_many": "最多提交 %(most)s 个文件，请先撤回不需要的文件",
        "delivery.file_differs": "“%(name)s”与提交开始时不同（可能在上传中被改动），请重新选择",
        "delivery.file_not_found": "没有找到这个文件",
        "delivery.material_missing": "请选择文件",
        "delivery.material_taken": "已有名为“%(name)s”的材料",
    }
)
