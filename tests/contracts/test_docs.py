"""What the documentation says can be done can be done, and what it names exists."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from shared.bus.codec import Codec, Received
from shared.bus.topic_admin import ensure_topics
from shared.events import BatchSpec, BatchSubmitted
from shared.settings import KafkaSettings
from shared.topics import BATCHES_COMMANDS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
DECISIONS = sorted((DOCS / "decisions").glob("[0-9]*.md"))
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(path for path in DOCS.rglob("*.md") if "reference" not in path.parts),
]
OF_OTHERS = {"OTEL_", "POSTGRES_"}
"""Variables of other programs; those of ours are all in docs/reference/settings.md."""


def named(path: Path) -> str:
    """A page as a test id."""
    return str(path.relative_to(ROOT))


def text_of(path: Path) -> str:
    """A page."""
    return path.read_text(encoding="utf-8")


def code_blocks(text: str, language: str) -> list[str]:
    """Fenced blocks of one language, also those indented in a list."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", text, re.MULTILINE | re.DOTALL)
    return ["\n".join(line.removeprefix(indent) for line in body.splitlines()) + "\n" for indent, body in found]


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_reference_is_what_the_code_says() -> None:
    ran = run(sys.executable, DOCS / "generate/all.py", "--check")
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text_of(page)):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{named(page)} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_file_that_is_named_exists(page: Path) -> None:
    folders = "shared|services|docs|deploy|tests|bench|recordsmith"
    for path in re.findall(rf"`((?:{folders})/[\w./-]*)`", text_of(page)):
        assert (ROOT / path).exists(), f"{named(page)} names {path}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", text_of(ROOT / "Makefile"), re.MULTILINE))
    for target in re.findall(r"(?:^|`)make ([a-z][a-z-]*)", text_of(page), re.MULTILINE):
        assert target in targets, f"{named(page)} names make {target}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_exists(page: Path) -> None:
    known = set(re.findall(r"^## recordsmith (.+)$", text_of(DOCS / "reference/cli.md"), re.MULTILINE))
    for block in code_blocks(text_of(page), "sh"):
        for words in re.findall(r"(?:^|\.venv/bin/|; |\| |\$\()recordsmith ([a-z][a-z -]*)", block, re.MULTILINE):
            first, *rest = words.split()
            is_group = any(name.startswith(f"{first} ") for name in known)
            command = " ".join([first, *rest[:1]]) if is_group else first
            assert command in known, f"{named(page)}: recordsmith {words}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_variable_exists(page: Path) -> None:
    known = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", text_of(DOCS / "reference/settings.md")))
    prefixes = {name.partition("_")[0] + "_" for name in known} - OF_OTHERS
    for name in re.findall(r"\b([A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9])\b", text_of(page)):
        if any(name.startswith(prefix) for prefix in prefixes):
            assert name in known, f"{named(page)} names {name}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_batch_that_is_shown_is_one(page: Path) -> None:
    for block in code_blocks(text_of(page), "sh"):
        for body in re.findall(r"/api/batches .*?-d '(\{.*?\})'", block, re.DOTALL):
            BatchSpec.model_validate(json.loads(body), strict=True)
    for block in code_blocks(text_of(page), "json"):
        if '"source"' in block:
            BatchSpec.model_validate(json.loads(block), strict=True)


def test_the_readme_starts_with_the_two_commands() -> None:
    beginning = "\n".join(text_of(ROOT / "README.md").splitlines()[:30])
    assert re.search(r"^make demo", beginning, re.MULTILINE)
    assert re.search(r"^make test", beginning, re.MULTILINE)


def test_decisions_are_numbered_listed_and_say_what_keeps_them() -> None:
    index = text_of(DOCS / "decisions/README.md")
    numbers = [page.name[:4] for page in DECISIONS]
    assert numbers == sorted(set(numbers))
    for page in DECISIONS:
        sections = re.findall(r"^## (.+)$", text_of(page), re.MULTILINE)
        assert sections == ["Context", "Decision", "Consequences", "Kept by"], page.name
        assert len(text_of(page).splitlines()) <= 50, page.name
        title = text_of(page).splitlines()[0].removeprefix(f"# {page.name[:4]} ")
        assert f"| [{page.name[:4]}]({page.name}) | {title} |" in index


def test_the_tests_that_keep_a_decision_exist() -> None:
    folders = [ROOT / "tests", *ROOT.glob("*/tests"), *ROOT.glob("services/*/tests")]
    existing = {
        name
        for folder in folders
        for path in folder.rglob("test_*.py")
        for name in re.findall(r"^\s*(?:async )?def (test_\w+)", text_of(path), re.MULTILINE)
    }
    for page in DECISIONS:
        for name in re.findall(r"`(test_\w+)`", text_of(page)):
            assert name in existing, f"{page.name} names {name}"


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[KafkaSettings]:
    """The embedded broker, as `recordsmith run` starts it."""
    noida_db = pytest.importorskip("noida_db", reason="the embedded broker is in the dependency group `broker`")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # The binary itself: a signal to the package's script would leave the broker running.
    binary = Path(noida_db.__file__).with_name("noida-db")
    words = ["start", "--only", "kafka", "--kafka-port", str(port), "--data-dir", str(tmp_path / "broker")]
    with (tmp_path / "broker.log").open("wb") as log:
        broker = subprocess.Popen([binary, *words], stdout=log, stderr=log)
    try:
        limit = time.monotonic() + 15
        while time.monotonic() < limit:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield KafkaSettings(bootstrap_servers=f"127.0.0.1:{port}")
    finally:
        broker.send_signal(signal.SIGTERM)
        broker.wait(10)


async def test_a_program_of_another_system_submits_a_batch_as_the_page_shows(
    kafka: KafkaSettings, tmp_path: Path
) -> None:
    (program,) = code_blocks(text_of(DOCS / "howto/publish-from-another-system.md"), "python")
    script = tmp_path / "publish.py"
    script.write_text(program, encoding="utf-8")
    await ensure_topics(kafka, [BATCHES_COMMANDS])
    ran = await asyncio.to_thread(run, sys.executable, script, KAFKA_BOOTSTRAP_SERVERS=kafka.bootstrap_servers)
    assert ran.returncode == 0, ran.stderr
    consumer = AIOKafkaConsumer(
        BATCHES_COMMANDS.name, bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest"
    )
    async with consumer:
        record = await asyncio.wait_for(consumer.getone(), 20)
    received = Codec([BATCHES_COMMANDS]).decode(record)
    assert isinstance(received, Received)
    assert isinstance(received.event, BatchSubmitted)
    assert record.key.decode() == received.event.batch_id == ran.stdout.strip()


def steps(text: str) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    """What a page tells to do: files to write, and (file, line to find, line to put after it)."""
    files = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    lines = re.findall(r"<!-- line: (\S+) after: (.+?) -->\n```\w+\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return files, lines


@pytest.mark.parametrize("page", ["add-a-recipe.md", "add-a-provider.md"])
def test_the_steps_of_a_page_work_on_a_copy(page: str, tmp_path: Path) -> None:
    text = text_of(DOCS / "howto" / page)
    files, lines = steps(text)
    services = {Path(path).parts[1] for path in files}
    for service in services:
        shutil.copytree(ROOT / "services" / service / "src", tmp_path / "services" / service / "src")
    for path, content in files.items():
        assert not (ROOT / path).exists(), f"{path} is there already"
        (tmp_path / path).write_text(content, encoding="utf-8")
    for path, after, line in lines:
        before = (tmp_path / path).read_text(encoding="utf-8")
        assert before.count(after + "\n") == 1, f"{after!r} is not one line of {path}"
        (tmp_path / path).write_text(before.replace(after + "\n", after + "\n" + line), encoding="utf-8")
    (check,) = re.findall(r"<!-- check -->\n```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    copies = os.pathsep.join(str(tmp_path / "services" / service / "src") for service in services)
    ran = run(sys.executable, "-c", check, cwd=tmp_path, PYTHONPATH=copies)
    assert ran.returncode == 0, ran.stderr
