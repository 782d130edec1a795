"""`python -m schema_svc`."""

from schema_svc.app import main

main()
