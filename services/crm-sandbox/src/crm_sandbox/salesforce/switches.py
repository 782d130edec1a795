"""What can be switched of the org's Salesforce."""

from crm_sandbox.switch import Evidence, Switch

SALESFORCE_SWITCHES = (
    Switch(
        "api_requests_a_day",
        1_000_000,
        "Calls in 24 hours of the org's clock; the next gets 403 REQUEST_LIMIT_EXCEEDED.",
        Evidence.SANDBOX,
    ),
    Switch(
        "bulk_batches_a_day",
        15_000,
        "Internal batches in 24 hours; then no ingest job can be created and one under way fails.",
        Evidence.DOCUMENTED,
    ),
    Switch("bulk_queries_a_day", 10_000, "Query jobs in 24 hours.", Evidence.DOCUMENTED),
    Switch(
        "bulk_batch_seconds",
        0,
        "Seconds of the org's clock that pass before each internal batch of 10,000 rows is processed.",
        Evidence.SANDBOX,
    ),
    Switch("bulk_upload_bytes", 150_000_000, "The largest upload of a job.", Evidence.DOCUMENTED),
    Switch("bulk_cell_characters", 32_000, "The longest cell of an upload.", Evidence.DOCUMENTED),
    Switch(
        "bulk_gzip_results",
        False,
        "Result files are gzip'ed for clients that accept it.",
        Evidence.ASSUMED,
    ),
    Switch(
        "bulk_byte_order_mark",
        "strip",
        "What happens to an upload that begins with one. Refused, the job fails over an unescaped quote.",
        Evidence.ASSUMED,
        choices=("strip", "refuse"),
    ),
    Switch(
        "bulk_shuffle_results",
        False,
        "Result rows come in another order than they were sent, which the vendor never promised.",
        Evidence.ASSUMED,
    ),
    Switch("hard_delete", False, "The user may hard-delete with the Bulk API.", Evidence.DOCUMENTED),
    Switch(
        "duplicate_external_ids",
        "both",
        "Which of two records with the same external id in one call, or in 200 rows of a job, fails.",
        Evidence.ASSUMED,
        choices=("both", "second"),
    ),
    Switch(
        "row_locks",
        False,
        "Internal batches of a job run side by side and lock the parents of their rows, against each other and "
        "against other calls: UNABLE_TO_LOCK_ROW.",
        Evidence.ASSUMED,
    ),
    Switch(
        "dependent_picklists",
        True,
        "A value of a restricted picklist must be one that its controlling field allows.",
        Evidence.ASSUMED,
    ),
    Switch("storage_full", False, "Every new record gets STORAGE_LIMIT_EXCEEDED.", Evidence.DOCUMENTED),
)
