"""The part of SOQL that the sandbox speaks; whatever it does not speak it refuses by name."""
