"""`python -m petiole.host` is the command `petiole`."""

from petiole.host.cli import main

main()
