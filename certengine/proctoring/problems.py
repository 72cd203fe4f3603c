"""The package's sentences."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "proctoring.not_assigned": "您没有被安排监考这个考场",
        "proctoring.no_room": "没有找到这个考场",
        "proctoring.not_here": "该考生不在这个考场",
        "proctoring.text_missing": "请写明情况",
        "proctoring.not_started": "该考生还没有开始作答",
    }
)
