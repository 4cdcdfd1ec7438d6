"""The command line. Only names and help are known here; a command is imported when it is called."""

from petiole.host.cli.main import main

__all__ = ["main"]
