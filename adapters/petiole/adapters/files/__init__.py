"""Audiences from files, pipes and rows at hand: CSV and JSON lines, in bounded memory."""

from petiole.adapters.files.audience import FileAudience, Format, open_audience
from petiole.adapters.files.rows import RowsAudience

__all__ = ["FileAudience", "Format", "RowsAudience", "open_audience"]
