"""Audiences from files and pipes: CSV and JSON lines, streamed in bounded memory."""

from petiole.adapters.files.audience import FileAudience, Format, open_audience

__all__ = ["FileAudience", "Format", "open_audience"]
