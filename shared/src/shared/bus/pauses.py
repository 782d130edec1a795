"""Which partitions are paused, and the several reasons for it. Fetching goes on polling, so membership is kept."""

from __future__ import annotations

from shared.bus.port import ConsumerPort, Partition


class Pauses:
    """A partition is fetched when no reason speaks against it."""

    def __init__(self, port: ConsumerPort) -> None:
        self._port = port
        self._paused: set[Partition] = set()
        self.everything = False
        """Too many records wait for a slot, or the subscription has stopped."""
        self.wide: set[Partition] = set()
        """Partitions that have run too far ahead of their first unfinished record."""
        self.held: set[Partition] = set()
        """Partitions whose next record is not due yet."""

    def apply(self) -> None:
        """Make the consumer do as the reasons say."""
        if not (self.everything or self.wide or self.held or self._paused):
            return
        assigned = self._port.assignment()
        wanted = set(assigned) if self.everything else (self.wide | self.held) & assigned
        if pause := wanted - self._paused:
            self._port.pause(pause)
        if resume := (self._paused - wanted) & assigned:
            self._port.resume(resume)
        self._paused = wanted

    def forget(self) -> None:
        """A new assignment starts with everything fetched."""
        self._paused.clear()
        self.wide.clear()
        self.held.clear()
        self.apply()
