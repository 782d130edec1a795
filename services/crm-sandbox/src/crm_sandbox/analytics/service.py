"""All of CRM Analytics of one org; its tables are made, and its first dataset filled, when they are first needed."""

from crm_sandbox.analytics import seed
from crm_sandbox.analytics.datasets import Dataset, Datasets, Version
from crm_sandbox.analytics.saql.compiler import Stream, compiled
from crm_sandbox.analytics.saql.lexer import refused
from crm_sandbox.analytics.saql.parser import parsed
from crm_sandbox.analytics.uploads import Uploads
from crm_sandbox.foreign import Scalar
from crm_sandbox.org import Org

READY = "analytics"


class Analytics:
    def __init__(self, org: Org) -> None:
        self._org = org
        self.datasets = Datasets(org.store, org.clock)
        self.uploads = Uploads(org.store, org.clock, org.switches, self.datasets)

    def prepare(self) -> None:
        """A reset of the org drops the tables and forgets that they were there."""
        store = self._org.store
        if store.fact(READY) is not None:
            return
        with store.transaction():
            self.datasets.create_tables()
            if store.fact("seed") == "claims":
                seed.fill(self.datasets)
            store.remember(READY, "yes")

    def query(self, saql: str) -> tuple[Stream, list[dict[str, Scalar]]]:
        """The rows of a SAQL query; what has no value is left out of its row."""
        stream = compiled(parsed(saql), self._version)
        cursor = self._org.store.writer.execute(stream.sql, stream.values)
        rows = [{name: value for name, value in zip(stream.fields, row, strict=True) if value is not None}
                for row in cursor]  # fmt: skip
        return stream, rows

    def _version(self, reference: str) -> Version:
        dataset_id, slash, version_id = reference.partition("/")
        dataset = self.datasets.find(dataset_id) if slash and dataset_id.startswith("0Fb") else None
        version = self.datasets.version(dataset, version_id) if isinstance(dataset, Dataset) else None
        if version is None:
            raise refused(f"Invalid empty containerId/versionId in '{reference}'", "302")
        return version
