"""`make bench-rows`: rows a second beside per-row Faker and Mimesis with pandas, patients, the bus, and memory.

Each contender makes the inventory of S3-23 (seven columns) and writes it as CSV, in turn, in processes of one thread.
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.report import Figure, interleaved, middle, report, sized

ROWS = 2_000_000
PEER_ROWS = 20_000
PATIENTS = 200_000
BUS_ROWS = 1_000_000
MANY = 10_000_000
ROUNDS = 3
MEMORY_LIMIT_MB = 300.0


def ours(place: Path, rows: int) -> float:
    """Rows a second of the engine, CSV and root hash included."""
    from generator_svc.datasets.making import Wanted, make_table
    from generator_svc.datasets.slices import Job
    from generator_svc.recipes import RECIPES

    recipe = RECIPES["inventory"]
    began = time.perf_counter()
    make_table(Wanted(Job(recipe, 42, recipe.as_of, "csv"), 0, rows, str(place), "inventory"))
    return rows / (time.perf_counter() - began)


def faker_and_pandas(place: Path, rows: int) -> float:
    """As the guide does it: a dictionary of Faker calls per row, a DataFrame, to_csv."""
    import pandas as pd
    from faker import Faker

    fake = Faker()
    Faker.seed(42)
    began = time.perf_counter()
    made = [
        {
            "product_id": fake.uuid4(),
            "sku": fake.bothify("???-#####").upper(),
            "product_name": fake.catch_phrase(),
            "category": fake.random_element(["Electronics", "Home", "Garden", "Toys", "Books"]),
            "stock_level": fake.random_int(0, 500),
            "price": fake.pyfloat(min_value=1, max_value=999, right_digits=2),
            "warehouse_location": fake.city(),
        }
        for _ in range(rows)
    ]
    pd.DataFrame(made).to_csv(place, index=False)
    return rows / (time.perf_counter() - began)


def mimesis_and_pandas(place: Path, rows: int) -> float:
    """The fastest per-row library, in the same way."""
    import pandas as pd
    from mimesis import Address, Choice, Code, Cryptographic, Locale, Numeric, Text

    code, numbers, text, address = (
        Code(seed=42),
        Numeric(seed=42),
        Text(Locale.EN, seed=42),
        Address(Locale.EN, seed=42),
    )
    ids, choice = Cryptographic(seed=42), Choice(seed=42)
    began = time.perf_counter()
    made = [
        {
            "product_id": ids.uuid(),
            "sku": code.pin("@@@-#####"),
            "product_name": f"{text.word()} {text.word()} {text.word()}",
            "category": choice(["Electronics", "Home", "Garden", "Toys", "Books"]),
            "stock_level": numbers.integer_number(0, 500),
            "price": numbers.float_number(1, 999, precision=2),
            "warehouse_location": address.city(),
        }
        for _ in range(rows)
    ]
    pd.DataFrame(made).to_csv(place, index=False)
    return rows / (time.perf_counter() - began)


def inventory() -> list[Figure]:
    """The engine beside both peers, in turn."""
    rows, peer_rows = sized(ROWS), sized(PEER_ROWS)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "rows.csv"
        ours(place, 20_000)  # the first call reads tables and warms caches
        mine, faker, mimesis = interleaved(
            ROUNDS,
            lambda: ours(place, rows),
            lambda: faker_and_pandas(place, peer_rows),
            lambda: mimesis_and_pandas(place, peer_rows),
        )
    rate = middle(mine)
    return [
        Figure.of(
            "inventory_rows_per_s", rate, "rows/s", against="per-row Faker + pandas", against_value=middle(faker),
            n=rows, full_n=ROWS,
        ),
        Figure.of(
            "inventory_ratio_mimesis", rate / middle(mimesis), "times", against="Mimesis + pandas",
            against_value=1.0, n=rows, full_n=ROWS,
        ),
    ]  # fmt: skip


def patients() -> list[Figure]:
    """The clinical recipe, as Arrow and as the nested JSON of the guide; skipped where it is not installed."""
    from generator_svc.recipes import RECIPES
    from generator_svc.rows.json_text import json_lines

    if "patients" not in RECIPES:
        print("patients: this installation has no such recipe; skipped", file=sys.stderr)
        return []
    recipe, rows, step = RECIPES["patients"], sized(PATIENTS), 8_192

    def made(take: Callable[[object], object]) -> float:
        began = time.perf_counter()
        for first in range(0, rows, step):
            take(recipe.batch(42, first, min(step, rows - first), recipe.as_of))
        return rows / (time.perf_counter() - began)

    made(lambda batch: batch)
    arrow, text = interleaved(ROUNDS, lambda: made(lambda batch: batch), lambda: made(json_lines))  # type: ignore[arg-type]
    return [
        Figure.of("patients_arrow_per_s", middle(arrow), "rows/s", against="target", against_value=100_000.0,
                  n=rows, full_n=PATIENTS),
        Figure.of("patients_json_per_s", middle(text), "rows/s", against="target", against_value=25_000.0,
                  n=rows, full_n=PATIENTS),
    ]  # fmt: skip


def bus() -> list[Figure]:
    """Rows over the embedded broker, sent on while they are made: from the POST to the last byte of the CSV."""
    from tests.running import running

    rows, rates = sized(BUS_ROWS), []
    body = {"recipe": "inventory", "rows": rows, "seed": 42}
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "bus", "--org", "empty") as system:
        for count in (1_000, *[rows] * ROUNDS):
            began = time.perf_counter()
            with system.http.stream("POST", "/generate", json=body | {"rows": count}, timeout=900) as answer:
                lines = sum(part.count(b"\n") for part in answer.iter_bytes())
            rates.append(count / (time.perf_counter() - began))
            assert lines == count + 1
    return [
        Figure.of("bus_rows_per_s", middle(rates[1:]), "rows/s", against="target", against_value=200_000.0,
                  n=rows, full_n=BUS_ROWS)
    ]  # fmt: skip


def memory() -> list[Figure]:
    """Peak resident memory of a process that writes 10,000,000 rows."""
    rows = sized(MANY)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bench.rows", "--peak", str(Path(folder) / "rows.csv"), str(rows)]
        found = subprocess.run(command, capture_output=True, text=True, check=True)
    peak = float(found.stdout)
    return [
        Figure.of("rows_peak_rss_mb", peak, "MB", against="limit", against_value=MEMORY_LIMIT_MB, n=rows, full_n=MANY)
    ]


def main(arguments: list[str]) -> None:
    """All figures, each group as soon as it is known."""
    if arguments[:1] == ["--peak"]:
        ours(Path(arguments[1]), int(arguments[2]))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    random.seed(42)
    for group in (inventory, patients, memory, bus):
        if figures := group():
            report(figures)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(sys.argv[1:])
