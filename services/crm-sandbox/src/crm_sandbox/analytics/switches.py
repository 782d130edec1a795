"""What can be switched of the org's CRM Analytics."""

from crm_sandbox.switch import Evidence, Switch

UPLOAD_SECONDS, UPLOADS_A_DAY = "analytics_upload_seconds", "analytics_uploads_a_day"

ANALYTICS_SWITCHES = (
    Switch(
        UPLOAD_SECONDS,
        0.15,
        "Seconds of the org's clock from Action=Process to the end of an upload; a third of them it is queued.",
        Evidence.SANDBOX,
    ),
    Switch(
        UPLOADS_A_DAY,
        50,
        "Uploads of one dataset in 24 hours of the org's clock; Action=Process of the next gets 403 LIMIT_EXCEEDED "
        "(the limit is documented, the answer assumed).",
        Evidence.DOCUMENTED,
    ),
)
