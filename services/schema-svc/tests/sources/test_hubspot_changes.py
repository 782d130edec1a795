"""Reading what was changed between two batches, and what was archived, from the sandbox's portal."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from crm_sandbox.testing import PortalClient, RunningSandbox
from schema_svc.domain.slots import Needed
from schema_svc.domain.source import Missing
from schema_svc.sources.hubspot import HubSpot
from schema_svc.store import StoredSnapshot
from shared.crm.hubspot import HubSpotSession
from shared.crm.hubspot_settings import HubSpotSettings
from shared.errors import Rejected
from shared.events import BatchSpec


@pytest.fixture
def portal(sandbox: RunningSandbox) -> PortalClient:
    client = PortalClient(sandbox)
    client.settings(ten_seconds_private=1_000_000, searches_per_second=1_000_000, index_lag_s=0)
    return client


@pytest.fixture
async def source(sandbox: RunningSandbox, portal: PortalClient) -> AsyncIterator[HubSpot]:
    settings = {"base_url": sandbox.handle["http"], "access_token": sandbox.handle["hubspot"]["access_token"]}
    session = HubSpotSession(HubSpotSettings.model_validate(settings))
    yield HubSpot(session)
    await session.close()


@pytest.fixture(params=["contacts", "deals"])
async def world(request: Any, make_schema: Any, source: HubSpot, portal: PortalClient) -> "World":
    # What other tests have left is older than any batch of this one looks back.
    portal.sandbox.admin("POST", "/clock", {"advance_s": 7_200}).raise_for_status()
    return World(make_schema(), source, portal, request.param)


class World:
    """One object's records, and batches that read them."""

    def __init__(self, schema: Any, source: HubSpot, portal: PortalClient, kind: str) -> None:
        self._schema, self._source, self._portal, self.kind = schema, source, portal, kind
        self._name = {"contacts": "firstname", "deals": "dealname"}[kind]
        self.mine = uuid4().hex

    def make(self, *names: str) -> list[str]:
        made = [self._portal.create(self.kind, **{self._name: name}) for name in names]
        self.pass_time(1)
        return made

    def pass_time(self, seconds: float) -> None:
        self._portal.sandbox.admin("POST", "/clock", {"advance_s": seconds}).raise_for_status()

    def rename(self, record_id: str, name: str) -> None:
        body = {"properties": {self._name: name}}
        self._portal.call("PATCH", f"objects/{self.kind}/{record_id}", body).raise_for_status()
        self.pass_time(1)

    def archive(self, record_id: str) -> None:
        self._portal.call("DELETE", f"objects/{self.kind}/{record_id}").raise_for_status()
        self.pass_time(1)

    async def read(self, batch_id: str, *, in_full: bool = True, target: Any = None, **given: Any) -> list[str]:
        """Names of the records that a batch reads, and ids of those it skips."""
        source = {"kind": "hubspot", "object": self.kind, "changed_since": "last", **given}
        prompt = {"template": f"{{{{{self._name}}}}}"}
        whole = {"name": self.mine, "source": source, "prompt": prompt, **(target or {})}
        spec = BatchSpec.model_validate(whole)
        await self._schema.store.submit(batch_id, spec, None, 1.0)
        fence = next(s.fence for s in await self._schema.store.claim("t", 1.0, -2.0) if s.batch_id == batch_id)
        snapshot = StoredSnapshot(self._schema.database, batch_id)
        requested = (await self._source.plan(spec, Needed.of(spec), snapshot)).requested
        await self._schema.store.planned(batch_id, fence, requested)
        read = await self._source.records(spec, Needed.of(spec), snapshot, [(0, requested)])
        for share in (await self._schema.store.standing(batch_id, fence)).shares:
            await self._schema.store.advance(batch_id, fence, share, share.total, announced="running")
        await self._schema.store.completed(batch_id, 0, in_full=in_full)
        self.deleted_keys = [one.deleted_key for one in read if isinstance(one, Missing)]
        return [one.record_id if isinstance(one, Missing) else one.values[self._name] for one in read]

    def since_now(self) -> str:
        now = self._portal.sandbox.admin("POST", "/clock", {"advance_s": 1}).json()["now"]
        return str(now).replace("+0000", "+00:00")


async def test_a_batch_reads_what_was_changed_since_the_last_one(world: World) -> None:
    await world.read("0")
    first, *_ = world.make("a", "b")
    assert await world.read("1") == ["a", "b"]
    assert await world.read("2") == []
    world.rename(first, "a2")
    world.make("c")
    assert sorted(await world.read("3")) == ["a2", "c"]
    world.pass_time(3_600)
    assert await world.read("4") == []
    world.rename(first, "a3")
    assert await world.read("5") == ["a3"]


async def test_a_limit_takes_the_oldest_changes_first_and_loses_none(world: World) -> None:
    await world.read("0")
    first, *_ = world.make("a", "b", "c")
    world.rename(first, "a2")
    assert await world.read("1", limit=2) == ["b", "c"]
    assert await world.read("2", limit=2) == ["a2"]


async def test_a_condition_is_asked_of_changes_too(world: World) -> None:
    name = {"contacts": "firstname", "deals": "dealname"}[world.kind]
    where = f"{name} = '{world.mine}' OR {name} = 'x{world.mine}'"
    world.make(world.mine, "other")
    assert await world.read("1", where=where) == [world.mine]
    world.make("other", f"x{world.mine}")
    assert await world.read("2", where=where) == [f"x{world.mine}"]


async def test_a_moment_may_be_given(world: World) -> None:
    (old,) = world.make("old")
    since = world.since_now()
    world.make("new")
    assert await world.read("1", changed_since=since) == ["new"]
    world.rename(old, "old2")
    assert sorted(await world.read("2", changed_since=since)) == ["new", "old2"]


async def test_archived_records_are_forwarded_where_that_is_wanted(world: World) -> None:
    await world.read("0", deleted="forward")
    first, second = world.make("a", "b")
    world.archive(first)
    world.rename(second, "b2")
    assert sorted(await world.read("1", deleted="forward")) == sorted(["b2", first])
    assert await world.read("2", deleted="forward") == []
    world.archive(second)
    assert await world.read("3", deleted="forward", limit=5) == [second]
    assert await world.read("4") == []


async def test_archived_records_cannot_be_searched(world: World) -> None:
    with pytest.raises(Rejected, match="does not search archived records"):
        await world.read("1", deleted="forward", where="hs_object_id > 1")


async def test_a_cancelled_batch_leaves_the_cursor_where_it_was(world: World) -> None:
    await world.read("0")
    world.make("a")
    assert await world.read("1", in_full=False) == ["a"]
    assert await world.read("2") == ["a"]
    assert await world.read("3") == []


async def test_an_archived_record_is_forwarded_with_the_key_that_the_target_has(world: World) -> None:
    await world.read("0")
    gone, _ = world.make("a", "b")
    world.archive(gone)
    name = {"contacts": "firstname", "deals": "dealname"}[world.kind]
    target = {"kind": "salesforce", "object": "Contact", "external_id": name, "field": "X", "deletes": "delete"}
    assert sorted(await world.read("1", deleted="forward", target={"target": target}, in_full=False)) == [gone, "b"]
    assert world.deleted_keys == ["a"]
    ignoring = {"target": target | {"deletes": "ignore"}}
    await world.read("2", deleted="forward", target=ignoring)
    assert world.deleted_keys == [None]
