"""Every span, attribute, metric and log-event name, each with what it means. Change one here and nowhere else.

Messaging names follow OpenTelemetry semantic conventions 1.44, GenAI names the GenAI conventions of the same time.
"""

from __future__ import annotations

from typing import Final

# --- attributes of ours
BATCH_ID: Final = "recordsmith.batch.id"  # which batch
RECORD_INDEX: Final = "recordsmith.record.index"  # position of the record in its batch, from 0
RECORD_STATE: Final = "recordsmith.record.state"  # verdict on the record
ANSWER_SOURCE: Final = "recordsmith.answer.source"  # llm, cache, fallback or recipe
CHUNK_SIZE: Final = "recordsmith.chunk.size"  # records expanded or written together
FAILURE_CATEGORY: Final = "recordsmith.failure.category"  # rate_limit, network, auth, timeout, …
CRM_CODE: Final = "recordsmith.crm.code"  # the CRM's own error code

# --- attributes of OpenTelemetry
ERROR_TYPE: Final = "error.type"
HTTP_METHOD: Final = "http.request.method"
HTTP_STATUS: Final = "http.response.status_code"
HTTP_ROUTE: Final = "http.route"
MESSAGING_BATCH_COUNT: Final = "messaging.batch.message_count"
GEN_AI_OPERATION: Final = "gen_ai.operation.name"  # chat or text_completion
GEN_AI_PROVIDER: Final = "gen_ai.provider.name"
GEN_AI_MODEL: Final = "gen_ai.request.model"
GEN_AI_INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
GEN_AI_OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"

# --- spans
SPAN_ACCEPT: Final = "accept batch"  # schema-svc takes a command
SPAN_PLAN: Final = "plan batch"  # schema-svc asks the source how many records
SPAN_EXPAND_CHUNK: Final = "expand chunk"  # schema-svc publishes prompts; linked by its records
SPAN_EXPAND_RECORD: Final = "expand record"  # root of a record's own trace
SPAN_GENERATE: Final = "generate record"  # generator-svc, all attempts of all providers
SPAN_MAKE_SLICE: Final = "make slice"  # generator-svc makes rows of a recipe
SPAN_WRITE: Final = "write records"  # writer-svc, one call for a group; linked with its records
SPAN_WRITE_RECORD: Final = "write record"  # writer-svc, the record's own share of it
SPAN_SETTLE: Final = "settle records"  # gateway folds outcomes into the ledger
SPAN_LOGIN: Final = "log in to crm"

# --- log events
LOG_STARTED: Final = "service_started"
LOG_STOPPED: Final = "service_stopped"
LOG_AI_SUCCESS: Final = "AI_GEN_SUCCESS"  # S2-42: an LLM answered (debug level: one per record)
LOG_AI_FALLBACK: Final = "AI_GEN_FALLBACK"  # S2-43: the recipe answered, with the reason
LOG_AI_ERROR: Final = "AI_GEN_ERROR"  # S2-44: an attempt failed, with its category
LOG_AI_RETRY: Final = "AI_GEN_RETRY"  # S2-45: an attempt is repeated, with its number
LOG_SCHEMA_DESIGNED: Final = "schema_designed"  # a description became a schema map, and by whom
LOG_BATCH: Final = "batch"  # a batch changed state
LOG_BULK_JOB: Final = "bulk_job"  # a large write changed its phase, with its number and counts
LOG_BULK_ALARM: Final = "bulk_alarm"  # results of a large write do not add up to what was sent
LOG_READ_ALARM: Final = "bulk_read_alarm"  # rows of a large read are not as many as the CRM told
LOG_READ_JOB: Final = "bulk_read_job"  # a large read began, ended, or was given up for ordinary queries
LOG_HELD: Final = "batch_held"  # the writer has paused or cancelled a batch
LOG_KEY_NOT_UNIQUE: Final = "external_id_not_unique"  # a batch upserts by a field that two records may share
LOG_APPROVAL_WAITS: Final = "approval_waits"  # a plan that is to be applied or undone cannot go on now, and why
LOG_DEAD_LETTER: Final = "dead_letter"
LOG_RECORD_FAILED: Final = "record_failed"
LOG_OPTION_MERGED: Final = "option_merged"  # an answer was taken for an option alike (S2-65), with its score

# --- metrics (Prometheus)
METRIC_RECORDS: Final = "recordsmith_records_total"  # records settled, by state
METRIC_AI_CALLS: Final = "recordsmith_llm_calls_total"  # LLM calls, by provider, model and result
METRIC_AI_SECONDS: Final = "recordsmith_llm_call_seconds"  # LLM call latency, by provider and model
METRIC_AI_TOKENS: Final = "recordsmith_llm_tokens_total"  # by provider, model and direction
METRIC_AI_FALLBACKS: Final = "recordsmith_llm_fallbacks_total"  # records that a recipe answered, by category
METRIC_AI_LIMIT: Final = "recordsmith_llm_concurrency_limit"  # AIMD's present limit, by provider and model
METRIC_CRM_CALLS: Final = "recordsmith_crm_calls_total"  # CRM calls, by crm, operation and status
METRIC_CRM_SECONDS: Final = "recordsmith_crm_call_seconds"
METRIC_CRM_ALARMS: Final = "recordsmith_crm_alarms_total"  # large writes whose results do not add up
METRIC_CRM_READ_ALARMS: Final = "recordsmith_crm_read_alarms_total"  # large reads whose rows are not as many as told
METRIC_BACKLOG: Final = "recordsmith_backlog_records"  # unexpanded + queued; what autoscaling looks at
METRIC_HTTP_SECONDS: Final = "recordsmith_http_request_seconds"  # gateway requests, by route, method and status
