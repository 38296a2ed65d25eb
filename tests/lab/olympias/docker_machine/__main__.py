"""`python -m docker_machine`, from the folder above: the program without its installation."""

import sys

from .main import main

sys.exit(main(sys.argv[1:]))
