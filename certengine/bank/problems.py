"""The package's sentences."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "bank.not_found": "没有找到该题库",
    }
)
