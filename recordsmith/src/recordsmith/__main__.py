"""`python -m recordsmith` is the `recordsmith` command."""

from recordsmith.main import main

if __name__ == "__main__":
    main()
