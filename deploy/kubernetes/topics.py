"""Writes Strimzi's KafkaTopic resources from the map of the bus.

python deploy/kubernetes/topics.py [--check]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from shared.topics import TOPICS, Topic

OUTPUT = Path(__file__).parent / "components" / "strimzi" / "topics.yaml"
REPLICAS = 3
HEADER = "# Generated from shared/src/shared/topics.py by `python deploy/kubernetes/topics.py`; do not edit.\n"


def resource(topic: Topic) -> str:
    """One KafkaTopic. Its own name and Kafka's are the same: all names are valid in Kubernetes."""
    config = {**topic.config, "min.insync.replicas": "2"}
    settings = "".join(f'    {key}: "{value}"\n' for key, value in sorted(config.items()))
    return (
        "apiVersion: kafka.strimzi.io/v1\n"
        "kind: KafkaTopic\n"
        "metadata:\n"
        f"  name: {topic.name}\n"
        "  labels:\n"
        "    strimzi.io/cluster: recordsmith\n"
        "spec:\n"
        f"  partitions: {topic.partitions}\n"
        f"  replicas: {REPLICAS}\n"
        "  config:\n"
        f"{settings}"
    )


def rendered() -> str:
    """The file's text."""
    return HEADER + "---\n".join(resource(topic) for topic in TOPICS)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if the file is out of date")
    if not parser.parse_args().check:
        OUTPUT.write_text(rendered(), encoding="utf-8")
        return 0
    if OUTPUT.exists() and OUTPUT.read_text(encoding="utf-8") == rendered():
        return 0
    print(f"{OUTPUT.name} is out of date: run `python deploy/kubernetes/topics.py`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
