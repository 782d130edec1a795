"""The report of a data set: one page for people, without anything from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

import pyarrow as pa

from generator_svc.datasets.making import write_text
from generator_svc.datasets.slices import ROWS_PER_SLICE, Job
from generator_svc.rows.profile import Facts, Profile, profile

MOST_EXAMINED = 200_000
"""Rows; of a larger table, slices spread evenly over it."""
_STYLE = (Path(__file__).with_name("report.css")).read_text(encoding="utf-8")


def write_report(path: Path, root: str, tables: Mapping[str, tuple[Job, int, int]]) -> None:
    """Examine (job, first, rows) of each table and write the page."""
    profiles = [_examined(name, *wanted) for name, wanted in tables.items()]
    job = next(iter(tables.values()))[0]
    origin = f"Recipe {job.recipe.name}, version {job.recipe.version}, seed {job.seed}, as of {job.as_of}."
    write_text(path, page(f"Data set {', '.join(tables)}", origin, root, profiles))


def page(title: str, origin: str, root: str, profiles: list[Profile]) -> str:
    """The page."""
    body = "".join(part for one in profiles for part in _table(one))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body><main>"
        f"<h1>{escape(title)}</h1><p>{escape(origin)} Root hash <code>{root}</code></p>{body}</main></body></html>\n"
    )


def _examined(name: str, job: Job, first: int, rows: int) -> Profile:
    """Rows are made again for the report: that is faster than reading them back, and it is the same rows."""
    slices = -(-rows // ROWS_PER_SLICE)
    wanted = min(slices, MOST_EXAMINED // ROWS_PER_SLICE)
    picked = sorted({number * slices // wanted for number in range(wanted)})
    batches = [
        job.batch(first + number * ROWS_PER_SLICE, min(ROWS_PER_SLICE, rows - number * ROWS_PER_SLICE))
        for number in picked
    ]
    table = pa.Table.from_batches(batches, job.recipe.schema)
    return profile(name, rows, table, job.recipe.rules)


def _table(one: Profile) -> Iterator[str]:
    part = "" if one.examined == one.rows else f" ({one.examined:,} of them examined, spread evenly)"
    yield f"<h2>{escape(one.name)}</h2><p>{one.rows:,} rows{part}, {len(one.columns)} columns.</p>"
    yield from _checks(one)
    yield '<div class="cards">'
    yield from (_column(facts, one.examined) for facts in one.columns)
    yield "</div>"
    yield from _correlations(one)
    yield from _sample(one)


def _checks(one: Profile) -> Iterator[str]:
    if not one.checks:
        return
    yield "<h3>Rules</h3><ul class='checks'>"
    for check in one.checks:
        kind, mark, says = ("bad", "✗", f"broken in {check.broken:,} rows") if check.broken else ("ok", "✓", "holds")
        yield f'<li class="{kind}"><b>{mark}</b> {escape(check.name)} <small>{says}</small></li>'
    yield "</ul>"


def _column(facts: Facts, rows: int) -> str:
    present = rows - facts.nulls
    unique = "all different" if present and facts.distinct == present else f"{facts.distinct:,} different"
    empty = f" · {facts.nulls / rows:.1%} empty" if facts.nulls and rows else ""
    shape = _histogram(facts) if facts.is_histogram else _list(facts, present)
    numbers = "".join(f"<dt>{escape(key)}</dt><dd>{escape(text)}</dd>" for key, text in facts.numbers.items())
    return (
        f'<section class="card"><h4>{escape(facts.name)}</h4>'
        f"<p><small>{escape(facts.type)} · {unique}{empty}</small></p>"
        f"{shape}{f'<dl>{numbers}</dl>' if numbers else ''}</section>"
    )


def _histogram(facts: Facts) -> str:
    most = max((bar.count for bar in facts.bars), default=1) or 1
    width = 240 / max(len(facts.bars), 1)
    bars = "".join(
        f'<rect x="{i * width:.1f}" y="{60 - 60 * bar.count / most:.1f}" width="{width - 1:.1f}" '
        f'height="{60 * bar.count / most:.1f}"><title>{escape(bar.label)}: {bar.count:,}</title></rect>'
        for i, bar in enumerate(facts.bars)
    )
    label = f"Distribution of {facts.name} from {facts.numbers.get('least', '')} to {facts.numbers.get('most', '')}"
    return f'<svg viewBox="0 0 240 60" role="img" aria-label="{escape(label)}">{bars}</svg>'


def _list(facts: Facts, present: int) -> str:
    rest = facts.distinct - len(facts.bars)
    if facts.distinct == present and rest > 0:
        examples = ", ".join(escape(bar.label) for bar in facts.bars[:3])
        return f"<p class='examples'>{examples} …</p>"
    most = max((bar.count for bar in facts.bars), default=1)
    lines = "".join(
        f'<li><span class="bar" style="width:{100 * bar.count / most:.0f}%"></span><span>{escape(bar.label)}</span>'
        f"<small>{bar.count / present:.1%}</small></li>"
        for bar in facts.bars
    )
    more = f"<p><small>and {rest:,} more</small></p>" if rest > 0 else ""
    return f'<ul class="values">{lines}</ul>{more}'


def _correlations(one: Profile) -> Iterator[str]:
    if len(one.correlated) < 2:
        return
    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in one.correlated)
    yield f"<h3>Correlations</h3><div class='wide'><table class='r'><thead><tr><td></td>{head}</tr></thead><tbody>"
    for name, row in zip(one.correlated, one.correlations, strict=True):
        cells = "".join(
            f'<td style="--r:{abs(r):.2f}" class="{"minus" if r < 0 else "plus"}">{r:+.2f}</td>' for r in row
        )
        yield f"<tr><th scope='row'>{escape(name)}</th>{cells}</tr>"
    yield "</tbody></table></div>"


def _sample(one: Profile) -> Iterator[str]:
    names = list(dict.fromkeys(facts.name.partition(".")[0].removesuffix(" (how many)") for facts in one.columns))
    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in names)
    yield f"<h3>First rows</h3><div class='wide'><table><thead><tr>{head}</tr></thead><tbody>"
    for row in one.sample:
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
    yield "</tbody></table></div>"
