"""The package's sentences."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "conduct.not_found": "没有找到该违纪违规记录",
        "conduct.tier_unknown": "请选择处理档次",
        "conduct.act_unknown": "请选择违纪违规行为",
        "conduct.tier_reason_missing": "与该行为对应的档次不同，请写明理由",
        "conduct.file_part": "缺少“%(name)s”，或不是应有的形式",
        "conduct.file_days": "申辩期应为1至90天",
        "conduct.file_tier": "档次“%(name)s”须有 zh、en、voids（nothing、subject、all）和 record_years（年数或 forever）",
        "conduct.file_act": "行为“%(name)s”须有 zh、en，以及上面列出的 tier",
        "conduct.facts_missing": "请写明事实经过",
        "conduct.not_waiting_for_signature": "该记录已经由两人签字",
        "conduct.second_person_needed": "须由另一名监考员签字",
        "conduct.not_signed": "须先由两名监考员签字，才能告知考生",
        "conduct.not_notified": "须先告知考生，才能作出决定",
        "conduct.decider_signed": "在记录上签字的人不能作出决定",
        "conduct.objection_time_runs": "申辩期未满且考生尚未申辩，不能作出决定",
        "conduct.objection_over": "申辩期已过或已有决定",
        "conduct.no_suspicion": "没有找到该线索",
        "conduct.suspicion_settled": "该线索已经处理",
        "conduct.reason_missing": "请写明不予立案的理由",
        "conduct.check_cases": "还有%(count)s件违纪违规记录没有决定",
        "conduct.check_suspicions": "还有%(count)s条答卷相似的线索没有核查",
        "conduct.decision_missing": "请写明决定理由",
    }
)
