"""What expanding means, without any I/O: slots, ranges, windows, turns, and what a target must fulfil."""
