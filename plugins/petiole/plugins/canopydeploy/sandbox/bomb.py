"""A small answer that is gigantic when it is unpacked."""

import functools
import struct
import zlib

UNPACKED_BYTES = 300 * 1024 * 1024

_PART = b" " * 1024 * 1024
_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # RFC 1952: deflate, no flags, no time
_LAST_BLOCK = b"\x03\x00"  # RFC 1951: the final one, and empty


@functools.cache
def gzip_bomb() -> bytes:
    """Return valid gzip of 300 MiB of spaces.

    A part is packed once and repeated: after a full flush, blocks know nothing of those before.
    """
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(_PART) + packer.flush(zlib.Z_FULL_FLUSH)
    parts = UNPACKED_BYTES // len(_PART)
    checksum = 0
    for _ in range(parts):
        checksum = zlib.crc32(_PART, checksum)
    return _HEAD + packed * parts + _LAST_BLOCK + struct.pack("<II", checksum, UNPACKED_BYTES)
