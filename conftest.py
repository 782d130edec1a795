"""What all tests need.

The folders `shared/` and `recordsmith/` have the names of the packages inside them. pytest names a test module after
its path from here (`shared.tests.…`), and would make a package `shared` of the folder were the real one not imported.
"""

import recordsmith
import shared

__all__ = ["recordsmith", "shared"]
