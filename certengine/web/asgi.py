"""What stands in front of the application reads a request's body and hands it on as it came."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

LONGEST_BODY = 256 * 1024

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


async def read_body(receive: Receive) -> tuple[list[Message], bytes | None]:
    """The messages of a body and the body; None for one that is longer than any that is dealt with here."""
    messages, parts, size = [], [], 0
    while True:
        message = await receive()
        messages.append(message)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LONGEST_BODY or message["type"] != "http.request":
            return messages, None
        if not message.get("more_body"):
            return messages, b"".join(parts)


def address_of(forwarded: str, scope: Scope) -> str:
    """The client's, as the application itself reads it: one proxy in front is trusted to say it.

    forwarded: the last header X-Forwarded-For.
    """
    return forwarded.rpartition(",")[2].strip() or (scope.get("client") or ("",))[0]


async def respond(send: Send, status: int, headers: Headers, content: bytes) -> None:
    length = (b"content-length", str(len(content)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": content})


def again(messages: list[Message], receive: Receive) -> Receive:
    """What was read already, and then what comes."""

    async def once_more() -> Message:
        return messages.pop(0) if messages else await receive()

    return once_more
