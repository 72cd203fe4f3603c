"""The package's sentences."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "sittings.plan_not_found": "没有找到这次考试",
        "sittings.not_found": "没有找到该场次",
        "sittings.no_registration": "没有找到该考生",
        "sittings.direction_unknown": "该领域没有这个方向",
        "sittings.full": "已达到计划人数%(capacity)s人，不能再添加考生",
        "sittings.in_the_past": "开始时间应在以后",
        "sittings.minutes_range": "考试时长应为1至600分钟",
        "sittings.room_name_taken": "该场次已有名为“%(name)s”的考场",
        "sittings.room_size": "行数和列数应为1至40",
        "sittings.no_rooms": "请先添加考场",
        "sittings.no_candidates": "还没有可以排座的考生",
        "sittings.seats_short": "座位不够：%(candidates)s名考生，只有%(seats)s个座位",
        "sittings.already_drawn": "已经组卷，不能再改",
        "sittings.not_seated": "请先排座",
        "sittings.not_theory": "只有理论知识场次需要组卷",
        "sittings.started": "考试已经开始，不能再改",
        "sittings.staff_unknown": "没有找到该账号",
        "sittings.withdrawn": "该报名已取消",
        "sittings.not_a_number": "“%(text)s”不是数字",
        "sittings.release_pilot": "该版本含试测题，只能用于试考",
        "sittings.release_other": "该题库版本不属于这个领域或等级",
        "candidates.unreadable": "不是可以读取的 Excel 文件（.xlsx）",
        "candidates.header": "第一行缺少列：%(columns)s",
        "candidates.empty": "文件中没有考生",
        "candidates.required": "“%(column)s”没有填写",
        "candidates.number_as_number": "证件号码是数字格式，Excel 已丢失末几位；请把该列设为文本后重新填写",
        "candidates.choice": "“%(column)s”填写的“%(value)s”不在可选范围：%(choices)s",
        "candidates.not_a_number": "“%(column)s”应为数字，填写的是“%(value)s”",
        "candidates.twice": "与第%(row)s行是同一个证件号码",
        "candidates.sex_differs": "性别与身份证号码不一致",
        "candidates.nothing_good": "没有一行可以导入",
        "photos.unreadable": "不是可以读取的 ZIP 文件",
        "photos.not_an_image": "不是可以读取的图片",
        "photos.nobody": "没有考生的准考证号或证件号码是“%(name)s”",
        "photos.too_large": "图片太大",
    }
)
