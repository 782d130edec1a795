"""A batch is counted, or refused with a sentence that names the reason."""

from typing import Any

import pytest
from shared.events import (
    BatchControlled,
    BatchPaused,
    BatchPlanned,
    BatchRefused,
    BatchResumed,
    PromptPrepared,
    RowsAttached,
)


async def refusal(schema: Any, spec: dict[str, Any]) -> str:
    await schema.submit("b", spec)
    await schema.scheduler.start()
    await schema.until(lambda: schema.bus.of(BatchRefused))
    assert not schema.bus.of(PromptPrepared, BatchPlanned, BatchControlled)
    return schema.bus.of(BatchRefused)[0].reason


async def test_workers_know_the_plan_before_the_size_is_told_and_before_any_prompt(schema: Any, make_rows: Any) -> None:
    await schema.submit("b", make_rows(3))
    await schema.scheduler.start()
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) == 3)
    kinds = [type(event) for event in schema.bus.events]
    assert kinds == [BatchControlled, BatchPlanned, *[PromptPrepared] * 3]
    assert schema.bus.events[0].plan.requested == schema.bus.events[1].requested == 3


async def test_the_first_chunk_notes_that_workers_were_told(schema: Any, make_rows: Any) -> None:
    await schema.submit("b", make_rows(3))
    runner = await schema.runner("b")
    for announced, prompts in ((None, 0), (None, 0), ("running", 3)):
        assert await runner._turn() == 0.0
        assert (await schema.store.standing("b", runner.fence)).announced == announced
        assert len(schema.bus.of(PromptPrepared)) == prompts
    assert [event.state for event in schema.bus.of(BatchControlled)] == ["running"]


async def test_a_pause_between_the_announcement_and_the_first_chunk_is_told(schema: Any, make_rows: Any) -> None:
    await schema.submit("b", make_rows(3))
    runner = await schema.runner("b")
    await runner._turn()
    await runner._turn()
    for order, states in (
        (BatchPaused(batch_id="b"), ["running", "paused"]),
        (BatchResumed(batch_id="b"), ["running", "paused", "running"]),
    ):
        await schema.command(order)
        runner.wake()
        await runner._turn()
        assert [event.state for event in schema.bus.of(BatchControlled)] == states
    assert not schema.bus.of(PromptPrepared)


async def test_a_slot_that_no_row_has_refuses_the_batch(schema: Any, make_rows: Any) -> None:
    reason = await refusal(schema, make_rows(2, prompt={"template": "{{labl}}"}))
    assert reason == "The slot {{labl}} is not a field of the rows. Did you mean label?"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"source": {"kind": "hubspot", "object": "contacts"}}, "HubSpot is not configured"),
        ({"source": {"kind": "crm-analytics", "dataset": "d"}}, "Salesforce is not configured"),
        ({"target": {"kind": "hubspot", "object": "contacts"}}, "HubSpot is not configured"),
        ({"target": {"kind": "crm-analytics"}}, "Salesforce is not configured"),
        ({"source": {"kind": "salesforce", "object": "Claim__c"}}, "Salesforce is not configured"),
        ({"target": {"kind": "salesforce", "object": "C", "field": "F"}}, "Salesforce is not configured"),
    ],
)
async def test_what_is_not_there_is_refused_by_name(
    schema: Any, make_rows: Any, change: dict[str, Any], said: str
) -> None:
    assert said in await refusal(schema, make_rows(2, **change))


@pytest.mark.parametrize("target", ["contacts", "notes"])
async def test_a_plan_of_hubspot_records_and_of_what_belongs_to_them_gets_as_far_as_the_portal(
    schema: Any, make_rows: Any, target: str
) -> None:
    source = {"kind": "hubspot", "object": "contact"}
    planned = make_rows(1, source=source, target={"kind": "hubspot", "object": target}, mode="plan")
    assert "HubSpot is not configured" in await refusal(schema, planned)


async def test_a_test_of_a_target_that_is_not_configured_can_still_run(schema: Any, make_rows: Any) -> None:
    await schema.submit("b", make_rows(1, target={"kind": "crm-analytics"}, mode="test"))
    await schema.scheduler.start()
    await schema.until(lambda: schema.bus.of(PromptPrepared))


async def test_rows_of_a_recipe_are_not_written_to_crm_analytics(schema: Any, make_recipe: Any) -> None:
    assert "Rows of a recipe" in await refusal(schema, make_recipe(5, target={"kind": "crm-analytics"}))


async def test_a_recipe_has_no_slot_but_its_index(schema: Any, make_recipe: Any) -> None:
    assert "{{name}}" in await refusal(schema, make_recipe(5, prompt={"template": "{{name}}"}))


async def test_no_rows_are_a_batch_of_zero(schema: Any, make_rows: Any) -> None:
    await schema.submit("b", make_rows(0))
    await schema.scheduler.start()
    await schema.until(lambda: schema.bus.of(BatchPlanned))
    assert schema.bus.of(BatchPlanned)[0].requested == 0


async def test_rows_that_came_ahead_in_parts_are_the_batchs_rows(schema: Any, make_rows: Any) -> None:
    for part in (1, 0, 2, 2):
        rows = [{"id": f"{part}-{i}", "label": "x"} for i in range(part + 1)]
        await schema.command(RowsAttached(batch_id="b", part=part, rows=rows))
    await schema.submit("b", make_rows(0, source={"kind": "rows", "parts": 3}))
    await schema.scheduler.start()
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) == 6)
    prompts = schema.bus.of(PromptPrepared)
    assert [prompt.record_id for prompt in prompts] == ["0-0", "1-0", "1-1", "2-0", "2-1", "2-2"]
    assert [prompt.index for prompt in prompts] == list(range(6))


async def test_a_batch_whose_rows_never_came_is_refused(schema: Any, make_rows: Any) -> None:
    assert "0 of 2 parts" in await refusal(schema, make_rows(0, source={"kind": "rows", "parts": 2}))


async def test_the_same_batch_submitted_twice_is_planned_once(schema: Any, make_rows: Any) -> None:
    await schema.submit("b", make_rows(2))
    await schema.submit("b", make_rows(9))
    await schema.scheduler.start()
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) == 2)
    assert len(schema.bus.of(BatchPlanned)) == 1
