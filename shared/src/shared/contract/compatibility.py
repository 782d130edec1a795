"""Which changes of a schema break somebody: a producer of yesterday or a consumer of yesterday."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TIGHTER_WHEN_RAISED = ("minimum", "exclusiveMinimum", "minLength", "minItems")
TIGHTER_WHEN_LOWERED = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """What in `new` refuses an event that `old` accepted, or takes away what a consumer of `old` reads."""
    return _compare(old, new, old.get("$defs", {}), new.get("$defs", {}), "", frozenset())


def _compare(
    old: Schema, new: Schema, old_defs: Schema, new_defs: Schema, at: str, seen: frozenset[tuple[str, str]]
) -> list[str]:
    visit = (str(old.get("$ref", "")), str(new.get("$ref", "")))
    if any(visit):
        if visit in seen:
            return []
        seen |= {visit}
    old, new = _resolved(old, old_defs), _resolved(new, new_defs)
    found = _own_changes(old, new, at or "/")
    old_properties, new_properties = old.get("properties", {}), new.get("properties", {})
    found += [f"{at}/{name}: removed" for name in old_properties.keys() - new_properties.keys()]
    added_required = set(new.get("required", ())) - set(old.get("required", ()))
    found += [f"{at}/{name}: now required" for name in sorted(added_required)]
    for name in sorted(old_properties.keys() & new_properties.keys()):
        found += _compare(old_properties[name], new_properties[name], old_defs, new_defs, f"{at}/{name}", seen)
    if isinstance(old.get("items"), dict) and isinstance(new.get("items"), dict):
        found += _compare(old["items"], new["items"], old_defs, new_defs, f"{at}/[]", seen)
    for word in ("anyOf", "oneOf"):
        found += _lost_alternatives(old.get(word, []), new.get(word, []), old_defs, new_defs, f"{at}/{word}", seen)
    return found


def _own_changes(old: Schema, new: Schema, at: str) -> list[str]:
    found: list[str] = []
    if "type" in old and "type" in new and old["type"] != new["type"]:
        found.append(f"{at}: type {old['type']} became {new['type']}")
    lost = [value for value in old.get("enum", ()) if "enum" in new and value not in new["enum"]]
    found += [f"{at}: value {value!r} is no longer allowed" for value in lost]
    if "const" in new and old.get("const") != new["const"]:
        found.append(f"{at}: must now be {new['const']!r}")
    if "pattern" in new and old.get("pattern") != new["pattern"]:
        found.append(f"{at}: another pattern")
    for word in TIGHTER_WHEN_RAISED:
        if word in new and new[word] > old.get(word, float("-inf")):
            found.append(f"{at}: {word} is tighter")
    for word in TIGHTER_WHEN_LOWERED:
        if word in new and new[word] < old.get(word, float("inf")):
            found.append(f"{at}: {word} is tighter")
    return found


def _lost_alternatives(
    old: list[Schema], new: list[Schema], old_defs: Schema, new_defs: Schema, at: str, seen: frozenset[tuple[str, str]]
) -> list[str]:
    """Every alternative of before must still be accepted by some alternative of now."""
    found: list[str] = []
    for number, alternative in enumerate(old):
        complaints = [_compare(alternative, candidate, old_defs, new_defs, f"{at}/{number}", seen) for candidate in new]
        if new and all(complaints):
            found += sorted(complaints, key=_length)[0]
    return found


def _length(complaints: list[str]) -> int:
    return len(complaints)


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    while "$ref" in schema:
        schema = definitions.get(schema["$ref"].rpartition("/")[2], {}) | {
            k: v for k, v in schema.items() if k != "$ref"
        }
    return schema
