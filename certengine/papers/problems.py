"""The package's sentences."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "papers.short": "题库不足以按组卷规则组卷",
        "papers.shortfall": "%(node)s 节点的 %(type)s 题需要 %(needed)s 道，题库中只有 %(there)s 道",
        "papers.cannot_draw": "%(of)s 份试卷中有 %(failed)s 份不能同时满足难度、认知层次和互斥要求",
        "papers.algorithm": "不认识组卷算法 %(algorithm)s",
        "papers.registration_twice": "同一报名号出现了两次",
        "papers.not_drawn": "该场次没有这名考生的试卷",
        "papers.draw_not_found": "没有找到这次组卷",
        "papers.already_committed": "该场次已经提交过组卷种子",
        "papers.already_disclosed": "种子已经公开，不能再组卷",
        "papers.nothing_drawn": "还没有组卷，没有可以公开的种子",
        "papers.still_written": "还有考生在作答（包括延时和暂停的），全部交卷之前不能公开种子",
        "papers.too_early": "考试结束（%(ends)s）之前不能公开种子",
        "papers.seed_not_hex": "种子应为十六进制数字",
        "papers.seed_short": "种子至少需要32位十六进制数字",
        "papers.no_registrations": "没有考生可以组卷",
        "papers.caps_unmet": "有 %(failed)s 份试卷不能满足曝光上限 %(exposure)s%% 和相邻座位最多相同 %(overlap)s 题的要求，请放宽要求或扩充题库",
        "papers.exposure_range": "曝光上限应为 1 到 100",
        "papers.exposure_floor": "按现有题库，曝光率至少为 %(least)s%%，不能要求 %(asked)s%%",
        "papers.overlap_range": "相邻座位相同题数应为 0 到 %(most)s",
        "papers.unreadable_book": "不是可以读取的 Excel 文件",
        "papers.book_heads": "表头与录入表不一致，请重新下载录入表",
        "papers.book_empty": "没有任何一行填写了“交卷”",
        "papers.book_ticket": "本场没有准考证号 %(ticket)s",
        "papers.book_handed_in": "填写了答案，“交卷”应填“是”",
        "papers.book_twice": "该考生在 %(form)s 卷中已有一行",
        "papers.book_answer": "第 %(label)s 题的“%(value)s”不是这道题的答案",
        "papers.forms_range": "固定卷套数应为 2 到 %(most)s，或留空",
        "papers.forms_number": "固定卷应为 1 到 %(most)s 套",
        "papers.forms_shortfall": "%(node)s 节点的 %(type)s 题组 %(count)s 套平行卷需要 %(needed)s 道，题库中只有 %(there)s 道",
        "papers.forms_impossible": "已证明：%(count)s 套平行卷不能同时满足题量、认知层次、互斥和预期得分要求，请减少套数或允许试题重复使用",
        "papers.forms_no_time": "%(seconds)s 秒内没有找到符合全部要求的 %(count)s 套平行卷，请延长时间、减少套数或允许试题重复使用",
    }
)
