"""What an upload does to its dataset: Overwrite, Append, Upsert, Delete."""

from collections.abc import Callable, Mapping

from crm_sandbox.analytics.datasets import Dataset, Datasets, Version
from crm_sandbox.analytics.file_format import DatasetField, LoadError
from crm_sandbox.analytics.file_rows import DatasetRow, Loaded

Rows = list[DatasetRow]


def applied(operation: str, datasets: Datasets, dataset: Dataset, loaded: Loaded) -> Version:
    """The dataset's new version. LoadError where the operation is not possible with this file."""
    current = datasets.version(dataset, dataset.current) if dataset.current else None
    return _OPERATIONS[operation](datasets, dataset, current, loaded)


def _overwrite(datasets: Datasets, dataset: Dataset, current: Version | None, loaded: Loaded) -> Version:
    _refuse_twice(loaded)
    return datasets.publish(dataset, loaded.format.fields, loaded.rows)


def _append(datasets: Datasets, dataset: Dataset, current: Version | None, loaded: Loaded) -> Version:
    if loaded.format.key is not None:
        raise LoadError("Append is not possible with a field that has isUniqueId: use Upsert")
    if current is None:
        return datasets.publish(dataset, loaded.format.fields, loaded.rows)
    _refuse_other_fields(current.fields, loaded.format.fields)
    return datasets.publish(dataset, current.fields, loaded.rows, after=current.id)


def _upsert(datasets: Datasets, dataset: Dataset, current: Version | None, loaded: Loaded) -> Version:
    key = _key(loaded, "Upsert")
    _refuse_twice(loaded)
    if current is None:
        return datasets.publish(dataset, loaded.format.fields, loaded.rows)
    _refuse_other_fields(current.fields, loaded.format.fields)
    new = {row[key]: row for row in loaded.rows}
    rows = [new.pop(row.get(key), row) for row in datasets.rows(current)]
    return datasets.publish(dataset, loaded.format.fields, [*rows, *new.values()])


def _delete(datasets: Datasets, dataset: Dataset, current: Version | None, loaded: Loaded) -> Version:
    key = _key(loaded, "Delete")
    if current is None:
        raise LoadError("There is no dataset to delete rows of")
    gone = {row[key] for row in loaded.rows}
    rows = [row for row in datasets.rows(current) if row.get(key) not in gone]
    return datasets.publish(dataset, current.fields, rows)


def _key(loaded: Loaded, operation: str) -> str:
    if loaded.format.key is None:
        raise LoadError(f"{operation} needs exactly one field with isUniqueId")
    return loaded.format.key.name


def _refuse_twice(loaded: Loaded) -> None:
    """One key twice in a file rejects the whole upload."""
    if loaded.format.key is None:
        return
    keys = [row[loaded.format.key.name] for row in loaded.rows]
    if len(set(keys)) < len(keys):
        raise LoadError(f"The unique id {loaded.format.key.name} has the same value in more than one row")


def _refuse_other_fields(there: tuple[DatasetField, ...], given: tuple[DatasetField, ...]) -> None:
    if [(field.name, field.kind) for field in there] != [(field.name, field.kind) for field in given]:
        raise LoadError("The fields of the file are not those of the dataset")


_OPERATIONS: Mapping[str, Callable[[Datasets, Dataset, Version | None, Loaded], Version]] = {
    "Overwrite": _overwrite,
    "Append": _append,
    "Upsert": _upsert,
    "Delete": _delete,
}
