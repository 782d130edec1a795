"""Sessions with CRMs: logging in, limits and repetition. What is read or written with them belongs to the services.

Nothing is imported here: `shared.crm.describe` and `shared.crm.soql` are pure, and domain code uses them alone.
"""
