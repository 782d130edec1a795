"""A subset of SAQL: parsed whole, and refused where a clause is not known, never ignored."""
