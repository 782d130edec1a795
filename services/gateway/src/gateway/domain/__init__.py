"""What the gateway decides: verdicts, progress, states, slots. No I/O, clock or randomness that is not passed in."""
