"""Recognises by their first bytes the formats that are no text, and tells what to do with them."""

_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b", "gzip-compressed", "pipe it: gunzip -c FILE | petiole sync … -"),
    (b"BZh", "bzip2-compressed", "pipe it: bunzip2 -c FILE | petiole sync … -"),
    (b"\xfd7zXZ\x00", "xz-compressed", "pipe it: xz -dc FILE | petiole sync … -"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed", "pipe it: zstd -dc FILE | petiole sync … -"),
    (b"PK\x03\x04", "an Excel workbook or another zip archive", "save it as CSV (UTF-8)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save it as CSV (UTF-8)"),
    (b"PAR1", "a Parquet file", "convert it to CSV or JSON lines"),
    (b"Obj\x01", "an Avro file", "convert it to CSV or JSON lines"),
    (b"ORC", "an ORC file", "convert it to CSV or JSON lines"),
    (b"SQLite format 3\x00", "an SQLite database", "export the table as CSV"),
    (b"%PDF-", "a PDF document", "export the table as CSV"),
)


def told_binary(head: bytes) -> str | None:
    """Name the binary format that `head` begins, with the remedy; `None` if it may be text."""
    for signature, what, remedy in _SIGNATURES:
        # A CSV header may well begin with "ORC" or "BZh": letters alone prove nothing.
        if head.startswith(signature) and (not signature.isalnum() or not _is_text(head)):
            return f"it is {what}; {remedy}"
    return None


def _is_text(head: bytes) -> bool:
    return not any(byte < 0x20 and byte not in b"\t\n\r" for byte in head)  # noqa: PLR2004 - below the space
