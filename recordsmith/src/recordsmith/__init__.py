"""The `recordsmith` command, and the whole system on one machine: broker, sandbox and services under one supervisor."""
