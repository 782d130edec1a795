"""Bulk API 2.0: jobs that take a CSV file and work on it later, and jobs that write one."""
