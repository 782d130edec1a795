"""An Apache Kafka for as long as something runs.

python -m tests.kafka.running --run COMMAND …     runs it with KAFKA_BOOTSTRAP_SERVERS set
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.kafka.apache_kafka import ApacheKafka


@contextmanager
def apache_kafka() -> Iterator[str]:
    """`host:port` of the broker that KAFKA_BOOTSTRAP_SERVERS names, else of one started for this."""
    broker = ApacheKafka.start()
    try:
        yield broker.bootstrap_servers
    finally:
        broker.stop()


def main() -> int:
    """Exit code of the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.kafka.running", description=__doc__)
    parser.add_argument("--run", nargs=argparse.REMAINDER, required=True, metavar="COMMAND")
    command = parser.parse_args().run
    with apache_kafka() as bootstrap_servers:
        return subprocess.run(command, env=os.environ | {"KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers}).returncode


if __name__ == "__main__":
    sys.exit(main())
