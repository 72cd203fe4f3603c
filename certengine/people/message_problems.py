"""Sentences about messages; what each message says is registered by the room that tells it."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "message.not_found": "没有找到该提醒",
        "message.address": "请填写一个电子邮件地址，例如 office@example.org",
        "message.foot": "本邮件由系统自动发送，请勿回复。",
    }
)
