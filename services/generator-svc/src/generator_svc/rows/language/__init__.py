"""The recipe language: a JSON or YAML document of tables and columns, checked as a whole before any row is made."""
