"""Tables of dataset uploads: answers that wait for one, and the uploads themselves."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Integer, LargeBinary, String, Table, Text

from writer_svc.store.metadata import metadata

ANSWERS = Table(
    "writer_answers",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("dataset", String(80), nullable=False),
    # None while it waits for an upload.
    Column("upload_id", String(32)),
    # Emptied once the record has its verdict; the row stays, so that a result that comes again changes nothing.
    Column("result", LargeBinary),
    Column("kept_at", Double, nullable=False),
)
Index("writer_answers_open", ANSWERS.c.dataset, ANSWERS.c.upload_id, ANSWERS.c.kept_at)

UPLOADS = Table(
    "writer_uploads",
    metadata,
    Column("upload_id", String(32), primary_key=True),
    Column("dataset", String(80), nullable=False),
    # sending, processing, ended
    Column("phase", String(16), nullable=False),
    # Id of the InsightsExternalData record, once there is one.
    Column("crm_id", String(18)),
    # SHA-256 of the bytes that the parts are cut from.
    Column("digest", String(64)),
    Column("records", Integer, nullable=False),
    Column("status", String(40)),
    Column("message", Text),
    Column("begun_at", Double, nullable=False),
    Column("ended_at", Double),
)
Index("writer_uploads_by_time", UPLOADS.c.dataset, UPLOADS.c.begun_at)

STANDINGS = Table(
    "writer_standings",
    metadata,
    Column("batch_id", String(64), primary_key=True),
    # Records of the batch that had no verdict when the gateway told last.
    Column("pending", Integer, nullable=False),
)
