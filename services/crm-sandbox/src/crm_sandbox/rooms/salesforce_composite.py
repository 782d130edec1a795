"""Composite requests: up to 25 calls in one, later ones naming what earlier ones gave.

Shape and limits from the REST API Developer Guide (Composite Resources); the words of refusals are assumed where no
public answer shows them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import orjson

from crm_sandbox.exchange import Answer, Call, Route, find_route
from crm_sandbox.org import Org
from crm_sandbox.rooms.salesforce_bodies import object_of
from crm_sandbox.salesforce.errors import RequestError

MOST = 25
MOST_LARGE = 5
"""Of these, Collections and queries together."""

HALTED = "PROCESSING_HALTED"
ROLLED_BACK = "The transaction was rolled back since another operation in the same transaction failed."

_ALLOWED = re.compile(r"/services/data/v[\d.]+/(sobjects|query|queryAll|composite/sobjects)(/|\?|\Z)")
_LARGE = re.compile(r"/services/data/v[\d.]+/(query|queryAll|composite/sobjects)(/|\?|\Z)")
_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_ID = re.compile(r"\w+\Z", re.ASCII)

Respond = Callable[[Call, Route | None], Answer]


class _NoValueError(Exception):
    """A subrequest names what an earlier one did not give."""


class CompositeCalls:
    """`respond` answers one subrequest as if it had come alone, with the session of the whole."""

    def __init__(self, org: Org, routes: Callable[[], Sequence[Route]], respond: Respond) -> None:
        self._org = org
        self._routes = routes
        self._respond = respond

    def composite(self, call: Call) -> Answer:
        body = object_of(call)
        wanted = _checked(body.get("compositeRequest"))
        if body.get("allOrNone") is not True:
            return Answer.json({"compositeResponse": self._each(call, wanted, whole=False)})
        try:
            with self._org.store.transaction():
                results = self._each(call, wanted, whole=True)
                if any(result["httpStatusCode"] >= 400 for result in results):
                    raise _RolledBackError(results)
        except _RolledBackError as error:
            results = [_undone(result) for result in error.results]
        return Answer.json({"compositeResponse": results})

    def _each(self, call: Call, wanted: Sequence[Mapping[str, Any]], *, whole: bool) -> list[dict[str, Any]]:
        """Results in their order. Of a `whole` nothing is tried after a failure."""
        results: list[dict[str, Any]] = []
        given: dict[str, Any] = {}
        for one in wanted:
            if whole and any(result["httpStatusCode"] >= 400 for result in results):
                answer = _refused(HALTED, ROLLED_BACK)
            else:
                answer = self._one(call, one, given)
            result = _result(one["referenceId"], answer)
            if answer.status < 400:
                given[one["referenceId"]] = result["body"]
            results.append(result)
        return results

    def _one(self, call: Call, one: Mapping[str, Any], given: Mapping[str, Any]) -> Answer:
        try:
            url, body = _filled(one["url"], given), _filled(one.get("body"), given)
        except _NoValueError as error:
            return _refused(HALTED, str(error))
        if not _ALLOWED.match(url):
            return _refused(HALTED, f"The request could not be processed: {url.partition('?')[0]}")
        path, _, query = url.partition("?")
        pairs = parse_qsl(query, keep_blank_values=True)
        content = b"" if body is None else orjson.dumps(body)
        headers = {"authorization": call.headers.get("authorization", "")} | _headers(one)
        part = Call(one["method"], path.rstrip("/"), dict(pairs), headers, content, call.base_url, pairs=pairs)
        route, part.words = find_route(self._routes(), part.method, part.path) or (None, {})
        if route is not None and route.writes:
            part.fails_first, call.fails_first = call.fails_first, None
        return self._respond(part, route)


class _RolledBackError(Exception):
    def __init__(self, results: list[dict[str, Any]]) -> None:
        super().__init__("one of them failed")
        self.results = results


def _checked(wanted: Any) -> list[dict[str, Any]]:
    """The subrequests. Raises `RequestError` before any of them is tried."""
    if not isinstance(wanted, list) or not wanted:
        raise RequestError("REQUIRED_FIELD_MISSING", "compositeRequest: a list of subrequests is needed")
    if len(wanted) > MOST:
        raise RequestError("LIMIT_EXCEEDED", f"cannot execute more than {MOST} subrequests in one request")
    seen: set[str] = set()
    for one in wanted:
        words = [one.get(name) for name in ("method", "url", "referenceId")] if isinstance(one, dict) else [None]
        if not all(isinstance(word, str) and word for word in words):
            raise RequestError("JSON_PARSER_ERROR", "a subrequest needs method, url and referenceId")
        if not _ID.match(one["referenceId"]) or one["referenceId"] in seen:
            raise RequestError("JSON_PARSER_ERROR", f"the referenceId {one['referenceId']!r} is invalid or not unique")
        seen.add(one["referenceId"])
    if sum(bool(_LARGE.match(one["url"])) for one in wanted) > MOST_LARGE:
        raise RequestError("LIMIT_EXCEEDED", f"cannot execute more than {MOST_LARGE} query or collection subrequests")
    return wanted


def _filled(value: Any, given: Mapping[str, Any]) -> Any:
    """The value with every reference replaced by what it names."""
    if isinstance(value, dict):
        return {name: _filled(inner, given) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, given) for inner in value]
    if not isinstance(value, str):
        return value
    return _REFERENCE.sub(lambda found: str(_named(found[1], found[2], given)), value)


def _named(reference: str, steps: str, given: Mapping[str, Any]) -> Any:
    value = given.get(reference)
    for name, at in _STEP.findall(steps):
        try:
            value = value[name] if name else value[int(at)]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            value = None
    if value is None:
        raise _NoValueError(f"Invalid reference specified. No value for {reference}{steps} found in {reference}.")
    return value


def _headers(one: Mapping[str, Any]) -> dict[str, str]:
    given = one.get("httpHeaders")
    return {str(name).lower(): str(text) for name, text in given.items()} if isinstance(given, dict) else {}


def _refused(code: str, message: str) -> Answer:
    return Answer.json([{"errorCode": code, "message": message}], 400)


def _result(reference: str, answer: Answer) -> dict[str, Any]:
    headers = {name.title(): text for name, text in answer.headers if name == "location"}
    body = orjson.loads(answer.body) if answer.body else None
    return {"body": body, "httpHeaders": headers, "httpStatusCode": answer.status, "referenceId": reference}


def _undone(result: dict[str, Any]) -> dict[str, Any]:
    """What failed says why; what went well did not happen."""
    if result["httpStatusCode"] >= 400:
        return result
    return _result(result["referenceId"], _refused(HALTED, ROLLED_BACK))
