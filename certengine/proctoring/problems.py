"""The package's sentences."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "proctoring.not_assigned": "您没有被安排监考这个考场",
        "proctoring.no_room": "没有找到这个考场",
        "proctoring.not_here": "该考生不在这个考场",
        "proctoring.text_missing": "请写明情况",
        "proctoring.not_started": "该考生还没有开始作答",
        "proctoring.nobody_concerned": "没有考生处于可以这样操作的状态",
        "proctoring.not_over": "考试还没有结束，不能签署考场记录单",
        "proctoring.still_writing": "还有考生没有交卷，不能签署考场记录单",
        "proctoring.signed": "考场记录单已由两人签署",
        "proctoring.own_signature": "须由另一名监考员签署",
        "proctoring.note_missing": "请写明交接时尚未处理的事项；没有则写“无”",
        "proctoring.handover_open": "上一次交接还没有人接手",
        "proctoring.no_handover": "没有找到这次交接",
        "proctoring.handover_taken": "这次交接已有人接手",
        "proctoring.own_handover": "须由另一名监考员接手",
        "proctoring.no_ticket": "本场次没有这张准考证",
        "proctoring.photos_many": "最多%(most)s张照片",
        "proctoring.no_record": "考场记录单还没有签署",
    }
)
