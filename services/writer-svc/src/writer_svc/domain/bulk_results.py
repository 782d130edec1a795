"""What the three result files of a Bulk job say about one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.crm.describe import id18

from writer_svc.domain.verdicts import LOCKED, Verdict, refused

ID, ERROR = "sf__Id", "sf__Error"


def written(row: Mapping[str, str]) -> Verdict:
    """A line of successfulResults."""
    return Verdict("written", crm_id=id18(row.get(ID, "")) or None)


def not_written(row: Mapping[str, str], columns: Sequence[str]) -> Verdict:
    """A line of failedResults. `sf__Error` is `CODE:message:fields --`, and the message may hold colons itself."""
    code, _, rest = row.get(ERROR, "").partition(":")
    said, _, fields = rest.removesuffix("--").strip().rpartition(":")
    named = [name.strip() for name in fields.split(",")]
    if any(name and name not in columns for name in named):
        said, named = rest.removesuffix("--").strip(), []
    if LOCKED in row.get(ERROR, ""):
        # Also where a trigger of the org wraps it into an error of its own.
        code = LOCKED
    return refused(code or "UNKNOWN_EXCEPTION", said or "", named, [row[name] for name in columns if row.get(name)])
