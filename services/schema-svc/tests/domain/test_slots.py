"""What a template reads, and what it is given."""

import pytest
from schema_svc.domain.slots import Needed, Refused, empty_slot, filled, refuse_unknown
from shared.events import BatchSpec


def needed(template: str, **prompt: str) -> Needed:
    spec = {"source": {"kind": "rows"}, "prompt": {"template": template, **prompt}}
    return Needed.of(BatchSpec.model_validate(spec))


def test_slots_of_template_and_system_are_read_once_each_in_order() -> None:
    found = needed("{{Name}} and {{ Diagnosis__c }}, {{Name}}", system="for {{Owner.Name}}")
    assert found.slots == ("Name", "Diagnosis__c", "Owner.Name")


def test_other_braces_are_text() -> None:
    assert needed('{"a": {"b": 1}} {{ }} {{1x}}').slots == ()


def test_an_upsert_also_reads_its_external_id() -> None:
    target = {"kind": "salesforce", "object": "C", "external_id": "Key__c", "field": "F"}
    spec = {"source": {"kind": "rows"}, "prompt": {"template": "{{A}}"}, "target": target}
    assert Needed.of(BatchSpec.model_validate(spec)).fields == ("A", "Key__c")


@pytest.mark.parametrize(
    ("slot", "hint"), [("Patient_Nam__c", "Did you mean Patient_Name__c?"), ("diagnosis__c", "Diagnosis__c"), ("Z", "")]
)
def test_an_unknown_slot_is_named_with_the_nearest_field(slot: str, hint: str) -> None:
    with pytest.raises(Refused) as caught:
        refuse_unknown(needed("{{" + slot + "}}"), ["Patient_Name__c", "Diagnosis__c"], "Claim__c")
    assert f"{{{{{slot}}}}}" in str(caught.value)
    assert hint in str(caught.value)


@pytest.mark.parametrize(("policy", "expected"), [("leave", ""), ("default", "not specified"), ("skip", "")])
@pytest.mark.parametrize("empty", [None, "", "  \n"])
def test_an_empty_slot_gets_what_the_batch_wants(policy: str, expected: str, empty: object) -> None:
    found = needed("{{A}} {{B}}", empty_slot=policy)
    assert filled({"A": empty, "B": 0, "C": "not asked for"}, found) == {"A": expected, "B": 0}
    assert empty_slot({"A": empty, "B": 0}, found) == ("A" if policy == "skip" else None)
