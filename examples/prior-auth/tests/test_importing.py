"""Importing: repeatable, and what is there afterwards is the data set and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prior_auth.data_set import DataSet, open_data_set
from prior_auth.importing import import_data_set
from prior_auth.tables import FORMS, METADATA, PASSAGES, PATIENTS, PLANS, database
from sqlalchemy import Engine, func, select

MakeDataSet = Callable[..., Path]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    engine = database(os.environ["DATABASE_URL"] if request.param == "postgres" else f"sqlite:///{tmp_path / 'own.db'}")
    METADATA.drop_all(engine)
    METADATA.create_all(engine)
    return engine


def count(engine: Engine, table: Any) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(table)) or 0)


def records(engine: Engine) -> dict[str, Any]:
    with engine.connect() as connection:
        return {row.patient_id: row.record for row in connection.execute(select(PATIENTS))}


def test_all_of_a_data_set_is_there(engine: Engine, patients: dict[str, Any]) -> None:
    assert records(engine) == patients
    assert (count(engine, PLANS), count(engine, FORMS), count(engine, PASSAGES)) == (100, 10, 42)


def test_the_same_import_again_does_nothing(empty: Engine, folder: Path) -> None:
    assert import_data_set(empty, open_data_set(folder)) == 600
    assert import_data_set(empty, open_data_set(folder)) == 0


def test_another_data_set_takes_the_place_of_the_first(
    empty: Engine, folder: Path, make_data_set: MakeDataSet, tmp_path: Path
) -> None:
    import_data_set(empty, open_data_set(folder))
    other = open_data_set(make_data_set(tmp_path / "other", 25, "--seed", "9"))
    assert import_data_set(empty, other) == 25
    assert sorted(records(empty)) == [f"P{number:03}" for number in range(1, 26)]
    assert records(empty) == {one["patient_id"]: one for one in other.patients()}


def test_appended_patients_are_imported_on_top(empty: Engine, make_data_set: MakeDataSet, tmp_path: Path) -> None:
    make_data_set(tmp_path / "more", 995)
    import_data_set(empty, open_data_set(tmp_path / "more"))
    make_data_set(tmp_path / "more", 10, "--append")
    assert import_data_set(empty, open_data_set(tmp_path / "more")) == 1_005
    assert {"P001", "P999", "P1005"} <= set(records(empty))
    assert len(records(empty)) == 1_005


def test_an_import_that_was_broken_off_is_repeated(empty: Engine, folder: Path) -> None:
    data = open_data_set(folder)

    class Interrupted(DataSet):
        def patients(self) -> Any:
            for place, record in enumerate(super().patients()):
                if place == 300:
                    raise KeyboardInterrupt
                yield record

    with pytest.raises(KeyboardInterrupt):
        import_data_set(empty, Interrupted(**vars(data)))
    assert import_data_set(empty, data) == 600
    assert len(records(empty)) == 600
