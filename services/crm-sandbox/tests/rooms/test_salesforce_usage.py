from pathlib import Path

from crm_sandbox.testing import DATA, RunningSandbox


def usage(sandbox: RunningSandbox) -> tuple[int, int]:
    """Calls used and allowed, as the header of a call says that is itself counted."""
    used, _, most = sandbox.client.get(DATA).headers["sforce-limit-info"].removeprefix("api-usage=").partition("/")
    return int(used), int(most)


def test_every_call_counts_and_the_limits_agree(sandbox: RunningSandbox) -> None:
    used, most = usage(sandbox)
    assert usage(sandbox) == (used + 1, most)
    limits = sandbox.client.get(f"{DATA}/limits").json()
    assert limits["DailyApiRequests"] == {"Max": most, "Remaining": most - used - 2}
    before = limits["DailyBulkApiBatches"]["Remaining"]
    sandbox.bulk_load("Claim_Number__c,Patient_Name__c\nusage,x\n")
    after = sandbox.client.get(f"{DATA}/limits").json()
    assert after["DailyBulkApiBatches"] == {"Max": 15_000, "Remaining": before - 1}
    sandbox.bulk_query("SELECT Id FROM User")
    assert after["DailyBulkV2QueryJobs"]["Max"] == 10_000


def test_a_day_has_so_many_calls_and_the_next_one_as_many(folder: Path) -> None:
    sandbox = RunningSandbox(folder, records=0)
    try:
        sandbox.switch(api_requests_a_day=3)
        assert [sandbox.client.get(DATA).status_code for _ in range(5)] == [200, 200, 200, 403, 403]
        refused = sandbox.client.get(f"{DATA}/limits")
        assert refused.json() == [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
        assert refused.headers["sforce-limit-info"] == "api-usage=3/3"
        sandbox.admin("POST", "/clock", {"advance_s": 86_400})
        sandbox.client.headers["authorization"] = f"Bearer {sandbox.login().json()['access_token']}"
        assert sandbox.client.get(DATA).status_code == 200
    finally:
        sandbox.stop()
