"""What the generator decides, without I/O: rendering, the chain of providers, limits, validation, verdicts."""
