"""A limit of a view, counted in the view's own count for many requests at once, by what stands in front of it."""

import time
from collections import Counter
from collections.abc import Sequence

from limits import parse
from limits.storage import Storage

from certengine.web.asgi import Headers
from certengine.web.counting import DatabaseCounts
from certengine.web.security import limiter


class Allowance:
    """text: as the views say it ("120 per minute")."""

    def __init__(self, text: str) -> None:
        self._item = parse(text)

    def take(self, asked: Sequence[tuple[str, str]]) -> list[Headers | None]:
        """asked: endpoint and address of each request. For each the headers that say what is left; None: one too many."""
        if not limiter.enabled:
            return [[] for _each in asked]
        keys = [self._item.key_for(address, endpoint) for endpoint, address in asked]
        counted = self._counted(Counter(keys))
        # Those of one address that come together are counted by their order.
        later = Counter(keys)
        found: list[Headers | None] = []
        now = time.time()
        for key in keys:
            total, ends_at = counted[key]
            later[key] -= 1
            left = self._item.amount - (total - later[key])
            found.append(self._said(left, int(ends_at + 1), now) if left >= 0 else None)
        return found

    def _counted(self, amounts: Counter[str]) -> dict[str, tuple[int, float]]:
        storage, expiry = limiter.storage, self._item.get_expiry()
        if isinstance(storage, DatabaseCounts):
            return storage.incr_all(amounts, expiry)
        assert isinstance(storage, Storage)
        return {
            key: (storage.incr(key, expiry, amount=amount), storage.get_expiry(key)) for key, amount in amounts.items()
        }

    def _said(self, left: int, ends_at: int, now: float) -> Headers:
        return [
            (b"x-ratelimit-limit", str(self._item.amount).encode()),
            (b"x-ratelimit-remaining", str(left).encode()),
            (b"x-ratelimit-reset", str(ends_at).encode()),
            (b"retry-after", str(int(ends_at - now)).encode()),
        ]
