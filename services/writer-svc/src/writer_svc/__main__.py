"""`python -m writer_svc`."""

from writer_svc.app import main

main()
