"""Kafka as services use it: at least once, many records in flight, nothing lost, and every failure accounted for."""

from shared.bus.bus import Bus
from shared.bus.codec import Received
from shared.bus.grouping import Collect
from shared.bus.parked import Parked
from shared.bus.postponed import Postponed

__all__ = ["Bus", "Collect", "Parked", "Postponed", "Received"]
