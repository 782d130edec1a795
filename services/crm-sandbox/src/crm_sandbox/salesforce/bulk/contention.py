"""Which rows lose the race for their parent when a job's batches run side by side, as they do in a real org."""

from collections.abc import Iterable, Sequence

from crm_sandbox.salesforce.bulk.columns import Columns

# How many internal batches of a job the vendor works on at once is not told.
SIDE_BY_SIDE = 10


class Contention:
    """Chunks at the same place of batches that run together meet; the earliest batch gets the parent.

    A file sorted by parent has each parent in one batch, or in two whose chunks do not meet: that is why sorting helps.
    """

    def __init__(self, columns: Columns, rows: Iterable[Sequence[str]], *, batch: int, chunk: int) -> None:
        self._places = columns.places_of_parents
        self._batch, self._chunk = batch, chunk
        self._first: dict[tuple[int, int, str], int] = {}
        for number, cells in enumerate(rows, start=1):
            for key, at in self._meetings(number, cells):
                self._first.setdefault(key, at)

    def loses(self, number: int, cells: Sequence[str]) -> str | None:
        """The parent that another batch holds while this row is written."""
        return next((key[2] for key, at in self._meetings(number, cells) if self._first.get(key, at) < at), None)

    def _meetings(self, number: int, cells: Sequence[str]) -> Iterable[tuple[tuple[int, int, str], int]]:
        batch, within = divmod(number - 1, self._batch)
        if len(cells) <= max(self._places, default=-1):
            return
        for place in self._places:
            if parent := cells[place]:
                yield (batch // SIDE_BY_SIDE, within // self._chunk, parent), batch
