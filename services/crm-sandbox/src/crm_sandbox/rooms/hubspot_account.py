"""The account, its users and its pipelines."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from crm_sandbox.exchange import Answer, Call, Route
from crm_sandbox.hubspot.errors import not_found
from crm_sandbox.hubspot.object_types import ObjectType
from crm_sandbox.hubspot.owners import OWNERS
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.hubspot.stamps import stamp
from crm_sandbox.rooms.hubspot_bodies import body_of, count_of
from crm_sandbox.rooms.hubspot_routes import HubSpotRoute, versioned


class AccountCalls:
    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def routes(self) -> Iterator[Route]:
        info = "/account-info/{version}"
        yield HubSpotRoute("GET", f"{info}/details", self._details)
        yield HubSpotRoute("GET", f"{info}/api-usage/daily", self._usage)
        yield HubSpotRoute("GET", f"{info}/api-usage/daily/private-apps", self._usage)
        yield from versioned("GET", "owners", "", self._owners, part="owners")
        yield from versioned("GET", "owners", "/{id}", self._owner, part="owners")
        yield from versioned("GET", "pipelines", "/{type}", self._pipelines)
        yield from versioned("POST", "pipelines", "/{type}", self._create_pipeline, writes=True)
        yield from versioned("GET", "pipelines", "/{type}/{pipeline}", self._pipeline)
        yield from versioned("GET", "pipelines", "/{type}/{pipeline}/stages", self._stages)
        stages = "/{type}/{pipeline}/stages"
        yield from versioned("POST", "pipelines", stages, self._create_stage, writes=True)
        yield from versioned("GET", "pipelines", "/{type}/{pipeline}/stages/{stage}", self._stage)

    def _details(self, call: Call) -> Answer:
        settings = self._portal.settings.now
        offset = datetime.fromtimestamp(self._portal.clock.now(), ZoneInfo(settings.time_zone)).utcoffset()
        seconds = int(offset.total_seconds()) if offset else 0
        sign, minutes = "-" if seconds < 0 else "+", abs(seconds) // 60
        return Answer.json(
            {
                "portalId": settings.portal_id,
                "accountType": "DEVELOPER_TEST",
                "timeZone": settings.time_zone,
                "companyCurrency": "USD",
                "additionalCurrencies": [],
                "utcOffset": f"{sign}{minutes // 60:02d}:{minutes % 60:02d}",
                "utcOffsetMilliseconds": seconds * 1000,
                "uiDomain": "app.hubspot.com",
                "dataHostingLocation": "na1",
            }
        )

    def _usage(self, call: Call) -> Answer:
        limits = self._portal.limits
        usage = {
            "name": "private-apps-api-calls-daily",
            "usageLimit": self._portal.settings.now.daily,
            "currentUsage": limits.used_today,
            "collectedAt": stamp(self._portal.records.now()),
            "fetchStatus": "SUCCESS",
            "resetsAt": stamp(int(limits.midnight().timestamp() * 1000)),
        }
        return Answer.json({"results": [usage]})

    def _owners(self, call: Call) -> Answer:
        email, after = call.query.get("email"), call.query.get("after", "")
        found = [one for one in OWNERS.values() if (email in (None, "", one["email"])) and one["id"] > after]
        limit = count_of(call, "limit", 100, 500)
        page: dict[str, Any] = {"results": [] if call.says("archived") else found[:limit]}
        if len(found) > limit and page["results"]:
            page["paging"] = {"next": {"after": found[limit - 1]["id"]}}
        return Answer.json(page)

    def _owner(self, call: Call) -> Answer:
        owners = OWNERS if call.query.get("idProperty") != "userId" else {str(o["userId"]): o for o in OWNERS.values()}
        if found := owners.get(call.words["id"]):
            return Answer.json(found)
        raise not_found()

    def _pipelines(self, call: Call) -> Answer:
        return Answer.json({"results": self._portal.pipelines.of(self._type(call))})

    def _pipeline(self, call: Call) -> Answer:
        return Answer.json(self._portal.pipelines.named(self._type(call), call.words["pipeline"]))

    def _stages(self, call: Call) -> Answer:
        pipeline = self._portal.pipelines.named(self._type(call), call.words["pipeline"])
        return Answer.json({"results": pipeline["stages"]})

    def _stage(self, call: Call) -> Answer:
        return Answer.json(self._portal.pipelines.stage(self._type(call), call.words["pipeline"], call.words["stage"]))

    def _create_pipeline(self, call: Call) -> Answer:
        now = self._portal.records.now()
        return Answer.json(self._portal.pipelines.create(self._type(call), body_of(call), now), 201)

    def _create_stage(self, call: Call) -> Answer:
        now, name = self._portal.records.now(), call.words["pipeline"]
        return Answer.json(self._portal.pipelines.add_stage(self._type(call), name, body_of(call), now), 201)

    def _type(self, call: Call) -> ObjectType:
        return self._portal.types.named(call.words["type"])
