"""Salesforce's rules: ids, object definitions, values, records, queries, sessions. Nothing here knows about HTTP."""
