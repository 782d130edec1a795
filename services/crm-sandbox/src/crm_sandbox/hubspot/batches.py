"""A hundred records in a call: all or nothing, unless each input carries a trace id of its own (crm-contracts 3.3)."""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from crm_sandbox.foreign import Json
from crm_sandbox.hubspot.errors import (
    AlreadyExistsError,
    HubSpotError,
    InvalidPropertiesError,
    MissingObjectsError,
    bad_json,
    ordered,
    required_fields,
)
from crm_sandbox.hubspot.object_types import ObjectType
from crm_sandbox.hubspot.portal_settings import KeptSettings
from crm_sandbox.hubspot.properties import Properties
from crm_sandbox.hubspot.records import Record, Records
from crm_sandbox.hubspot.shapes import Wanted, of_batch, shown, shown_after_update
from crm_sandbox.hubspot.stamps import stamp
from crm_sandbox.hubspot.writes import Writes
from crm_sandbox.store import Store

MOST_INPUTS = 100
MOST_WITH_HISTORY = 50

Input = Mapping[str, Any]
Result = dict[str, Any]
Outcome = tuple[int, dict[str, Any]]


class Batches:
    def __init__(
        self, store: Store, properties: Properties, records: Records, writes: Writes, settings: KeptSettings
    ) -> None:
        self._store = store
        self._properties = properties
        self._records = records
        self._writes = writes
        self._settings = settings

    def create(self, one: ObjectType, body: Json, fails_first: str | None = None) -> Outcome:
        """201 with the new records, or 207 with the good ones."""

        def write(given: Input) -> Result:
            record = self._writes.create(one, given.get("properties"), given.get("associations"))
            return self._shown(record, shown(record, None), given)

        return self._run(inputs_of(body), write, 201, fails_first, partial=True)

    def update(self, one: ObjectType, body: Json, fails_first: str | None = None) -> Outcome:
        """200; ids that name no record are told by `context.ids` in a 207, with trace ids or without."""
        inputs = inputs_of(body, "id")
        for given in inputs:
            self._check_id_property(one, given)
        self._refuse_twins(one, inputs)

        def write(given: Input) -> Result:
            record = self._addressed(one, given)
            if record is None:
                raise MissingObjectsError(one.label, [str(given["id"])])
            changed = self._writes.update(one, record, given.get("properties"))
            return self._shown(changed, shown_after_update(one, changed, given.get("properties")), given)

        return self._run(inputs, write, 200, fails_first, partial=self._settings.now.partial_updates)

    def upsert(self, one: ObjectType, body: Json, fails_first: str | None = None) -> Outcome:
        """200; each result says whether it is new."""
        inputs = inputs_of(body, "id", "idProperty")
        for given in inputs:
            self._check_id_property(one, given)
        self._refuse_twins(one, inputs)

        def write(given: Input) -> Result:
            key = str(given["idProperty"])
            record = self._addressed(one, given)
            if record is not None:
                changed = self._writes.update(one, record, given.get("properties"), without=key)
                result = shown_after_update(one, changed, given.get("properties"))
                return self._shown(changed, result, given, new=False)
            if key == "hs_object_id":
                raise MissingObjectsError(one.label, [str(given["id"])])
            properties = given.get("properties") or {}
            made = self._writes.create(one, {**properties, key: given["id"]}, given.get("associations"))
            return self._shown(made, shown(made, None), given, new=True)

        return self._run(inputs, write, 200, fails_first, partial=self._settings.now.partial_upserts)

    def read(self, one: ObjectType, body: Json, *, archived: bool) -> Outcome:
        """200 or, with ids that name no record, 207."""
        inputs = inputs_of(body, "id")
        wanted = Wanted.of_body(one, body)
        if wanted.history and len(inputs) > MOST_WITH_HISTORY:
            raise too_many(MOST_WITH_HISTORY, " for property histories")
        key = body.get("idProperty") if isinstance(body, dict) else None
        named = [{**given, "idProperty": key} for given in inputs]
        for given in named[:1]:
            self._check_id_property(one, given)
        started, found, missing = self._now(), {}, []
        for given in named:
            record = self._addressed(one, given, archived=archived)
            if record is None:
                missing.append(str(given["id"]))
            else:
                found[record.id] = record
        results = [shown(record, wanted, self._records) for record in found.values()]
        errors = [MissingObjectsError(one.label, missing).item()] if missing else []
        return self._outcome(200, started, results, errors)

    def archive(self, one: ObjectType, body: Json, fails_first: str | None = None) -> None:
        """What is gone already is no error."""
        inputs = inputs_of(body, "id")
        if fails_first:
            raise ordered(fails_first)
        with self._store.transaction():
            for given in inputs:
                if record := self._records.find(one, str(given["id"])):
                    self._writes.archive(one, record)

    def _run(
        self,
        inputs: Sequence[Input],
        write: Callable[[Input], Result],
        status: int,
        fails_first: str | None,
        *,
        partial: bool,
    ) -> Outcome:
        started, results, failures = self._now(), [], []
        with self._store.transaction():
            for number, given in enumerate(inputs):
                try:
                    if fails_first and number == 0:
                        raise ordered(fails_first, list(given.get("properties") or ()))
                    results.append(write(given))
                except HubSpotError as error:
                    failures.append((given, error))
            missing = [error for _, error in failures if isinstance(error, MissingObjectsError)]
            others = [(given, error) for given, error in failures if not isinstance(error, MissingObjectsError)]
            if others and not (partial and _traced(inputs)):
                raise whole([error for _, error in others])
        errors = [error.item(given["objectWriteTraceId"]) for given, error in others]
        if missing:
            ids = [name for error in missing for name in error.ids]
            errors.append(MissingObjectsError(missing[0].label, ids).item())
        return self._outcome(status, started, results, errors)

    def _outcome(self, status: int, started: str, results: list[Result], errors: list[Result]) -> Outcome:
        if self._settings.now.shuffle_results and len(results) > 1:
            # Seeded by the records, so that the same batch is answered in the same order.
            Random(int(results[0]["id"])).shuffle(results)  # noqa: S311 - an order, no secret
        return of_batch(started, self._now(), results, errors, status)

    def _addressed(self, one: ObjectType, given: Input, *, archived: bool = False) -> Record | None:
        key, value = given.get("idProperty"), str(given["id"])
        if not key or key == "hs_object_id":
            return self._records.find(one, value, archived=archived)
        return self._records.find_by(one, key, folded(key, value))

    def _check_id_property(self, one: ObjectType, given: Input) -> None:
        if given.get("idProperty"):
            self._properties.by_key(one, str(given["idProperty"]))

    def _refuse_twins(self, one: ObjectType, inputs: Sequence[Input]) -> None:
        seen: set[tuple[str, str]] = set()
        twins: dict[str, None] = {}
        for given in inputs:
            key = str(given.get("idProperty") or "")
            place = (key, folded(key, str(given["id"])))
            if place in seen:
                twins[str(given["id"])] = None
            seen.add(place)
        if twins:
            message = f"Duplicate IDs found in batch input: [{', '.join(twins)}]. IDs must be unique"
            raise HubSpotError(400, message, context={"ids": list(twins)})

    def _shown(self, record: Record, result: Result, given: Input, **more: bool) -> Result:
        trace = given.get("objectWriteTraceId")
        return {**result, **more} if trace is None else {**result, **more, "objectWriteTraceId": trace}

    def _now(self) -> str:
        return stamp(self._records.now())


def folded(key: str, value: str) -> str:
    """What two values have in common when they name one record: only e-mails count no case (assumed of others)."""
    return value.strip().lower() if key == "email" else value


def inputs_of(body: Any, *needed: str, most: int = MOST_INPUTS) -> list[dict[str, Any]]:
    """The inputs of a batch, each with the fields it cannot do without."""
    inputs = body.get("inputs") if isinstance(body, dict) else None
    if inputs is None:
        raise required_fields("inputs")
    if not isinstance(inputs, list) or not all(isinstance(one, dict) for one in inputs):
        raise bad_json("Cannot deserialize value of type `java.util.ArrayList`: inputs")
    if not inputs:
        raise HubSpotError(400, "inputs: at least one input is required")
    if len(inputs) > most:
        raise too_many(most)
    for given in inputs:
        if missing := [name for name in needed if given.get(name) in (None, "")]:
            raise required_fields(*missing)
    return inputs


def too_many(most: int, kind: str = "") -> HubSpotError:
    """The wording is that of the limit for histories, which is observed."""
    message = f"The maximum number of inputs supported in a batch request{kind} is {most}."
    return HubSpotError(400, f"{message} Please reduce the number of items and try again")


def whole(failures: Sequence[HubSpotError]) -> HubSpotError:
    """The one refusal of a batch none of whose records was written."""
    problems = [one for error in failures if isinstance(error, InvalidPropertiesError) for one in error.problems]
    if problems and isinstance(failures[0], InvalidPropertiesError):
        return InvalidPropertiesError(problems)
    first = failures[0]
    if isinstance(first, AlreadyExistsError) and len(failures) > 1:
        return HubSpotError(409, first.plain, "CONFLICT")
    return first


def _traced(inputs: Sequence[Input]) -> bool:
    traces = [given.get("objectWriteTraceId") for given in inputs]
    return None not in traces and len(set(traces)) == len(traces)
