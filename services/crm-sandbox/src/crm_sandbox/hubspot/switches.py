"""What can be switched of the org's HubSpot."""

from crm_sandbox.switch import Evidence, Switch

PREFIX = "hubspot_"

HUBSPOT_SWITCHES = (
    Switch(
        "hubspot_ten_seconds_private",
        190,
        "Calls in ten rolling seconds with the private app's token; the next gets 429 TEN_SECONDLY_ROLLING.",
        Evidence.DOCUMENTED,
    ),
    Switch(
        "hubspot_ten_seconds_oauth",
        110,
        "The same with OAuth tokens.",
        Evidence.DOCUMENTED,
    ),
    Switch(
        "hubspot_searches_per_second",
        5,
        "Searches in a second; the next gets 429 SECONDLY. Search has no rate headers.",
        Evidence.DOCUMENTED,
    ),
    Switch(
        "hubspot_daily",
        650_000,
        "Calls of a day, which ends at the portal's midnight; the next gets 429 DAILY.",
        Evidence.DOCUMENTED,
    ),
    Switch(
        "hubspot_unique_properties",
        10,
        "Properties with unique values that an object may have.",
        Evidence.DOCUMENTED,
    ),
    Switch(
        "hubspot_retry_after",
        False,
        "A 429 says with Retry-After how long to wait; the vendor does not promise it.",
        Evidence.ASSUMED,
    ),
    Switch(
        "hubspot_index_lag_s",
        5.0,
        "Seconds of the org's clock until search sees a change; the vendor speaks of a few moments.",
        Evidence.ASSUMED,
    ),
    Switch(
        "hubspot_shuffle_results",
        True,
        "The results of a batch come in another order than its inputs.",
        Evidence.ASSUMED,
    ),
    Switch(
        "hubspot_partial_updates",
        True,
        "Trace ids let the good inputs of a batch update through, as documented for create.",
        Evidence.ASSUMED,
    ),
    Switch(
        "hubspot_partial_upserts",
        True,
        "The same for upsert, as one public log shows.",
        Evidence.ASSUMED,
    ),
    Switch(
        "hubspot_unique_on_engagements",
        True,
        "Notes, calls and tasks may have a property with unique values.",
        Evidence.ASSUMED,
    ),
    Switch(
        "hubspot_archived_name_is_taken",
        True,
        "A property cannot be created under the name of an archived one.",
        Evidence.ASSUMED,
    ),
    Switch(
        "hubspot_first_company_is_primary",
        True,
        "The default association makes the first company of a contact, deal or ticket its primary one.",
        Evidence.ASSUMED,
    ),
    Switch(
        "hubspot_companies_of_contacts",
        False,
        "A new contact is associated with the company of its e-mail's domain, which is created if there is none.",
        Evidence.DOCUMENTED,
    ),
    Switch(
        "hubspot_companies_of_contacts_lag_s",
        2.0,
        "Seconds of the org's clock until that is done.",
        Evidence.ASSUMED,
    ),
)
