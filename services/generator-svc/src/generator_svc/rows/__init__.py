"""The row engine: pure functions of (recipe, version, seed, row range); no I/O, no clock, no other randomness."""
