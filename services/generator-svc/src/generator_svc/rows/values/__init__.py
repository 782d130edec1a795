"""What columns are made of: distributions, choices, keys, days, formulas, and values of related rows."""
