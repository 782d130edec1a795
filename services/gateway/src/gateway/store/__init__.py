"""The gateway's tables: batches, the ledger's bitmaps, details of settled records, what is to be announced."""
