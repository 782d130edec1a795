"""What is committed for other systems says what the models say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from shared.contract.documents import documents, event_classes
from shared.events import Event
from shared.topics import DEAD_LETTERS, TOPICS, Topic

SHARED = Path(__file__).parents[2]
EXAMPLES = sorted((SHARED / "examples").rglob("*.json"))


def topic_of(example: Path) -> Topic:
    return next(topic for topic in TOPICS if topic.name == example.parent.name)


def test_the_committed_documents_are_what_the_models_say() -> None:
    committed = {path.name: json.loads(path.read_text()) for path in (SHARED / "schemas").glob("*.json")}
    assert committed == json.loads(json.dumps(documents()))


def test_every_event_type_is_versioned_and_past_tense() -> None:
    for event in event_classes():
        prefix, _, participle, version = event.type.split(".")
        assert (prefix, version) == ("recordsmith", "v1")
        assert participle.endswith(("ed", "d", "n")), event.type


@pytest.mark.parametrize("topic", [topic for topic in TOPICS if not topic.delay_s], ids=lambda topic: topic.name)
def test_every_topic_has_a_golden_example(topic: Topic) -> None:
    assert list((SHARED / "examples" / topic.name).glob("*.json"))


def test_every_event_type_has_a_golden_example() -> None:
    shown = {json.loads(path.read_text())["headers"]["ce_type"] for path in EXAMPLES}
    assert {event.type for event in event_classes()} <= shown


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_golden_example_is_publishable_as_it_stands(path: Path) -> None:
    example = json.loads(path.read_text())
    topic = topic_of(path)
    assert set(example) == {"headers", "key", "value"}
    if topic is DEAD_LETTERS:
        assert example["headers"]["dl_reason"]
        return
    event = topic.event_types()[example["headers"]["ce_type"]].model_validate(example["value"])
    assert event.key() == example["key"]
    assert json.loads(event.model_dump_json()) == example["value"]
    assert all(isinstance(value, str) for value in example["headers"].values())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_golden_example_satisfies_its_committed_schema(path: Path) -> None:
    example = json.loads(path.read_text())
    schema = json.loads((SHARED / "schemas" / f"{example['headers']['ce_type']}.json").read_text())
    Draft202012Validator(schema).validate(example["value"])


def test_an_event_from_a_newer_producer_is_still_read() -> None:
    for path in EXAMPLES:
        if topic_of(path) is DEAD_LETTERS:
            continue
        example = json.loads(path.read_text())
        model: type[Event] = topic_of(path).event_types()[example["headers"]["ce_type"]]
        assert model.model_validate(example["value"] | {"added_in_v1_1": {"x": 1}}) == model.model_validate(
            example["value"]
        )


def test_asyncapi_names_every_topic_and_its_references_resolve() -> None:
    document = json.loads((SHARED / "schemas" / "asyncapi.json").read_text())
    assert {channel["address"] for channel in document["channels"].values()} == {topic.name for topic in TOPICS}
    for message in document["components"]["messages"].values():
        reference = message["payload"].get("schema", {}).get("$ref")
        assert reference is None or (SHARED / "schemas" / reference).is_file()
