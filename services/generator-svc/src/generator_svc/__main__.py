"""`python -m generator_svc` runs the service."""

from generator_svc.app import main

main()
