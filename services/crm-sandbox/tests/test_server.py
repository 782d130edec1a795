import http.client
import json
import os
import signal
import sqlite3
import ssl
import stat
import time
from pathlib import Path

import httpx
import pytest

from crm_sandbox.testing import CLAIMS, DATA, RunningSandbox


def test_the_first_line_is_the_content_of_a_private_file(sandbox: RunningSandbox) -> None:
    path = sandbox.folder / "sandbox.json"
    assert json.loads(path.read_text()) == json.loads(sandbox.first_line)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(Path(sandbox.handle["salesforce"]["private_key_file"]).stat().st_mode) == 0o600


def test_both_ports_answer_and_the_certificate_is_good(sandbox: RunningSandbox) -> None:
    context = ssl.create_default_context(cafile=sandbox.handle["ca_file"])
    for url in (sandbox.handle["https"], sandbox.handle["https"].replace("localhost", "127.0.0.1")):
        answer = httpx.get(f"{url}/services/data", verify=context, trust_env=False)
        assert answer.status_code == 200
        assert answer.headers["x-recordsmith-sandbox"] == "sandbox"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_even_with_an_open_connection(folder: Path, number: int) -> None:
    sandbox = RunningSandbox(folder, org="empty")
    idle = sandbox.http()
    assert idle.get(f"{DATA}/limits").status_code == 200
    started = time.monotonic()
    assert sandbox.stop(number) == 0
    assert time.monotonic() - started < 2
    idle.close()


def test_a_client_that_asks_every_five_seconds_keeps_its_connection(sandbox: RunningSandbox) -> None:
    address = httpx.URL(sandbox.handle["http"])
    connection = http.client.HTTPConnection(address.host, address.port or 80)
    for pause_s in (0.0, 5.3):
        time.sleep(pause_s)
        connection.request("GET", "/services/data")
        # No second connection is opened: this client would.
        connection.auto_open = 0
        answer = connection.getresponse()
        assert (answer.status, answer.read()[:1]) == (200, b"[")
    connection.close()


def test_a_restart_keeps_records_keys_and_tokens(folder: Path) -> None:
    first = RunningSandbox(folder, records=3)
    (record_id,) = first.create({"Patient_Name__c": "Kept", "Claim_Number__c": "KEEP-1"})
    first.admin("POST", "/objects", {"name": "Extra__c", "fields": [{"name": "Note__c"}]})
    first.stop(signal.SIGKILL)
    second = RunningSandbox(folder, records=99)
    try:
        assert second.handle["salesforce"] == first.handle["salesforce"]
        assert second.handle["admin"]["token"] == first.handle["admin"]["token"]
        assert second.client.get(f"{CLAIMS}/{record_id}").json()["Patient_Name__c"] == "Kept"
        assert second.client.get(f"{DATA}/sobjects/Extra__c/describe").status_code == 200
        assert len(second.query("SELECT Id FROM Claim__c")) == 4
        assert second.login().status_code == 200
    finally:
        second.stop()


def test_a_restart_keeps_what_is_used_of_the_day_and_how_far_each_fault_has_come(folder: Path) -> None:
    path, cases = f"{DATA}/sobjects", {"method": "GET", "path": "*/sobjects"}
    first = RunningSandbox(folder, org="empty")
    first.fault(**cases, nth=[2, 5], status=502)
    first.fault(**cases, rate=0.5, status=503)
    seen = [first.client.get(path).status_code for _ in range(3)]
    used = first.client.get(f"{DATA}/limits").json()["DailyApiRequests"]
    first.stop()
    second = RunningSandbox(folder, org="empty")
    try:
        left = second.client.get(f"{DATA}/limits").json()["DailyApiRequests"]
        assert left["Remaining"] == used["Remaining"] - 1
        seen += [second.client.get(path).status_code for _ in range(3)]
        second.admin("POST", "/reset")
        assert second.client.get(f"{DATA}/limits").json()["DailyApiRequests"]["Remaining"] == used["Max"] - 1
        second.fault(**cases, nth=[2, 5], status=502)
        second.fault(**cases, rate=0.5, status=503)
        assert [second.client.get(path).status_code for _ in range(6)] == seen, "as in one process"
        assert seen[1] == seen[4] == 502
    finally:
        second.stop()


def test_an_older_folder_gets_the_objects_of_a_later_release(folder: Path) -> None:
    RunningSandbox(folder, records=3).stop()
    with sqlite3.connect(folder / "sandbox.sqlite3") as db:
        for name in ("Lead", "RecordType"):
            db.execute("DELETE FROM objects WHERE name = ?", (name,))
            db.execute(f'DROP TABLE "sf_{name}"')
    sandbox = RunningSandbox(folder)
    try:
        sandbox.create({"LastName": "Late", "Company": "Comer"}, object_name="Lead")
        assert len(sandbox.query("SELECT Id FROM Claim__c")) == 3
    finally:
        sandbox.stop()


def test_an_expired_token_is_replaced_at_the_next_start(folder: Path) -> None:
    first = RunningSandbox(folder, org="empty")
    first.admin("POST", "/sessions/expire")
    first.stop()
    second = RunningSandbox(folder, org="empty")
    try:
        assert second.handle["salesforce"]["access_token"] != first.handle["salesforce"]["access_token"]
        assert second.client.get(f"{DATA}/sobjects").status_code == 200
    finally:
        second.stop()


def test_two_sandboxes_do_not_share_a_folder(sandbox: RunningSandbox) -> None:
    with pytest.raises(json.JSONDecodeError):
        RunningSandbox(sandbox.folder)


def test_it_listens_on_loopback_only(sandbox: RunningSandbox) -> None:
    tables = [Path(f"/proc/{sandbox.process.pid}/net/{name}") for name in ("tcp", "tcp6")]
    if not tables[0].exists():
        pytest.skip("no /proc here")
    ports = {int(sandbox.handle[name].rpartition(":")[2]) for name in ("http", "https")}
    lines = [line.split() for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
    local = [line[1].split(":") for line in lines if line[3] == "0A"]
    assert {address for address, port in local if int(port, 16) in ports} == {"0100007F"}
    assert os.getpid() != sandbox.process.pid
