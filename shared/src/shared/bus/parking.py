"""Records that wait in memory for something to become known, without a slot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from shared.bus.claims import Claim


class ParkingLot:
    """Parked claims by the key they wait for."""

    def __init__(self, on_expiry: Callable[[Claim], None]) -> None:
        self._on_expiry = on_expiry
        self._claims: dict[object, list[Claim]] = {}
        self.count = 0

    def add(self, claim: Claim, key: object, timeout_s: float | None) -> None:
        """Keep a claim until its key is released, or for `timeout_s`."""
        self._claims.setdefault(key, []).append(claim)
        self.count += 1
        if timeout_s is not None:
            claim.timer = asyncio.get_running_loop().call_later(timeout_s, self._expire, claim, key)

    def release(self, key: object) -> Sequence[Claim]:
        """Take out all that wait for this key, in order."""
        claims = self._claims.pop(key, [])
        for claim in claims:
            self._leave(claim)
        return claims

    def drop_closed(self) -> None:
        """Forget the claims of partitions that take nothing any more."""
        for key, claims in list(self._claims.items()):
            for claim in claims:
                if not claim.tracker.open:
                    self._leave(claim)
            self._claims[key] = [claim for claim in claims if claim.tracker.open]
            if not self._claims[key]:
                del self._claims[key]

    def _leave(self, claim: Claim) -> None:
        self.count -= 1
        if claim.timer is not None:
            claim.timer.cancel()
            claim.timer = None

    def _expire(self, claim: Claim, key: object) -> None:
        claims = self._claims[key]
        claims.remove(claim)
        if not claims:
            del self._claims[key]
        self._leave(claim)
        claim.expired = True
        self._on_expiry(claim)
