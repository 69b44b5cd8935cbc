"""`python -m errata` is the same as `errata`."""

import sys

from errata.ops.cli import main

if __name__ == "__main__":
    sys.exit(main())
