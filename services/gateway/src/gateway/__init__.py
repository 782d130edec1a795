"""A gateway publishes batch requests to Kafka, and every record is accounted for in its ledger."""
