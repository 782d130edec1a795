"""What a new HubSpot portal holds: fictional companies, their people, deals and what was said, the same each time."""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from itertools import cycle
from random import Random
from typing import Any

import orjson

from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.hubspot.stamps import stamp
from crm_sandbox.seeds.claims import SEED

PEOPLE_OF_A_COMPANY = 4
DAY_MS = 86_400_000

Words = dict[str, Any]


def empty_portal(portal: Portal) -> None:
    """The objects alone."""


def claims_portal(portal: Portal) -> None:
    """Twelve companies with four people each; one deal, ticket, note, call and task for every company."""
    words = orjson.loads(files(__package__).joinpath("portal.json").read_bytes())
    names = orjson.loads(files(__package__).joinpath("claims.json").read_bytes())
    chance = Random(SEED)  # noqa: S311 - fiction, not secrets
    people = _people(names, chance)
    turns = {name: cycle(values) for name, values in words.items()}
    # Of yesterday, so that search knows them from the first call on.
    with portal.records.earlier(DAY_MS):
        _fill(portal, words, people, turns, chance)


def _fill(
    portal: Portal, words: Words, people: Iterator[tuple[str, str]], turns: Mapping[str, Iterator[Any]], chance: Random
) -> None:
    for name, domain, industry, city, state, employees, revenue in words["companies"]:
        company = _create(
            portal,
            "companies",
            {"name": name, "domain": domain, "industry": industry, "city": city, "state": state}
            | {"country": "United States", "numberofemployees": employees, "annualrevenue": revenue},
        )
        contacts = [
            _contact(portal, next(people), company, (name, domain), next(turns["jobs"]))
            for _ in range(PEOPLE_OF_A_COMPANY)
        ]
        _business(portal, turns, chance, (name, company), contacts[0])


def _people(names: Words, chance: Random) -> Iterator[tuple[str, str]]:
    """First and last names, never the same two."""
    seen = set()
    while True:
        one = (chance.choice(names["first_names"]), chance.choice(names["last_names"]))
        if one not in seen:
            seen.add(one)
            yield one


def _contact(portal: Portal, person: tuple[str, str], company: int, employer: tuple[str, str], job: str) -> int:
    first, last = person
    local = "".join(letter for letter in f"{first}.{last}".lower() if letter.isascii() and letter not in "' ")
    values = {"firstname": first, "lastname": last, "email": f"{local}@{employer[1]}", "company": employer[0]}
    made = _create(portal, "contacts", {**values, "jobtitle": job})
    _link(portal, "contacts", made, "companies", company)
    return made


def _business(
    portal: Portal, turns: Mapping[str, Iterator[Any]], chance: Random, owner: tuple[str, int], contact: int
) -> None:
    stages = [stage["id"] for stage in portal.pipelines.named(portal.types.named("deals"), "default")["stages"]]
    moment = portal.records.now() - chance.randrange(1, 60) * DAY_MS
    at = {"hs_timestamp": stamp(moment)}
    subject, category, priority = next(turns["tickets"])
    title, body = next(turns["calls"])
    task, kind = next(turns["tasks"])
    made = {
        "deals": {"dealname": f"{owner[0]} - {next(turns['deals'])}", "dealstage": chance.choice(stages)}
        | {"amount": chance.randrange(20, 900) * 250, "closedate": stamp(moment + 90 * DAY_MS)},
        "tickets": {"subject": subject, "hs_pipeline_stage": str(chance.randrange(1, 5))}
        | {"hs_ticket_category": category, "hs_ticket_priority": priority},
        "notes": {**at, "hs_note_body": next(turns["notes"])},
        "calls": {**at, "hs_call_title": title, "hs_call_body": body, "hs_call_direction": "OUTBOUND"}
        | {"hs_call_status": "COMPLETED", "hs_call_duration": chance.randrange(60, 1800) * 1000},
        "tasks": {**at, "hs_task_subject": task, "hs_task_type": kind, "hs_task_status": "NOT_STARTED"},
    }
    for plural, values in made.items():
        record = _create(portal, plural, values)
        _link(portal, plural, record, "companies", owner[1])
        _link(portal, plural, record, "contacts", contact)


def _create(portal: Portal, plural: str, values: dict[str, Any]) -> int:
    return portal.writes.create(portal.types.named(plural), values).id


def _link(portal: Portal, plural: str, record: int, other: str, other_id: int) -> None:
    kind = portal.associations.types.default(portal.types.named(plural), portal.types.named(other))
    portal.associations.link(kind, record, other_id)
