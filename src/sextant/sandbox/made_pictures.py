"""jpeg, png, gif and webp made to order: real, plain pictures, with comments as padding."""

from __future__ import annotations

import struct
import zlib

from sextant.sandbox.made_media import Asked, Made, Part, TooSmall, filled, whole

SEGMENT = b"\xff\xfe\xff\xff" + bytes(65533)
"""jpeg's longest comment."""

CHUNK = 1 << 20
SUB_BLOCK = b"\xff" + b" " * 255
MAX_WEBP = (1 << 32) - 2

GIF_FRAME = bytes.fromhex("21f904 04 0a00 00 00") + bytes.fromhex("2c 0000 0000 0100 0100 00  02 02 4401 00")
"""Shown for a tenth of a second; one pixel of the picture is new."""


# ---- jpeg (ITU T.81) ----


def jpeg(asked: Asked) -> Made:
    return filled(asked.bytes, lambda padding: _jpeg(asked.width, asked.height, padding))


def _jpeg(width: int, height: int, padding: int) -> Made:
    """One code of one bit in each Huffman table: a grey block is two zero bits."""
    frame = struct.pack(">BHHB3B", 8, height, width, 1, 1, 0x11, 0)
    one_code = bytes((1, *[0] * 15, 0))
    head = b"\xff\xd8" + _segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    head += _segment(0xDB, b"\0" + b"\1" * 64) + _segment(0xC0, frame)
    head += _segment(0xC4, b"\0" + one_code + b"\x10" + one_code)
    comments, rest = divmod(padding, len(SEGMENT))
    own = _segment(0xFE, bytes(min(rest, 65533))) + b"\xff" * max(rest - 65533, 0)
    bits = 2 * -(-width // 8) * -(-height // 8)
    scan = bytes(bits // 8) + bytes((0xFF >> bits % 8,) if bits % 8 else ())
    return Made(
        [
            whole(head),
            Part(SEGMENT, comments * len(SEGMENT)),
            whole(own + _segment(0xDA, b"\1\1\0\0\x3f\0") + scan + b"\xff\xd9"),
        ]
    )


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(content)) + content


# ---- png (ISO/IEC 15948) ----


def png(asked: Asked) -> Made:
    pixels = _pixels(asked.width, asked.height)
    return filled(asked.bytes, lambda padding: _png(asked, pixels, padding))


def _png(asked: Asked, pixels: bytes, padding: int) -> Made:
    size = struct.pack(">2I5B", asked.width, asked.height, 1, 0, 0, 0, 0)
    full, rest = divmod(padding, CHUNK)
    return Made(
        [
            whole(b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", size)),
            Part(_chunk(b"paDd", bytes(CHUNK - 12)), full * CHUNK) if full else whole(b""),
            whole(_chunk(b"paDd", bytes(rest)) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")),
        ]
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content), kind) + content + struct.pack(">I", zlib.crc32(kind + content))


def _pixels(width: int, height: int) -> bytes:
    packer, row = zlib.compressobj(), bytes(1 + -(-width // 8))
    return b"".join(packer.compress(row) for _ in range(height)) + packer.flush()


# ---- gif (GIF89a) ----


def gif(asked: Asked) -> Made:
    return filled(asked.bytes, lambda padding: _gif(asked, padding))


def _gif(asked: Asked, padding: int) -> Made:
    head = b"GIF89a" + struct.pack("<2H3B", asked.width, asked.height, 0x80, 0, 0) + b"\x80\x80\x80\0\0\0"
    head += b"\x21\xff\x0bNETSCAPE2.0\3\1\0\0\0"
    blocks, rest = divmod(padding + 2, len(SUB_BLOCK))
    if rest == 1:
        blocks, rest = blocks - 1, len(SUB_BLOCK) + 1
    return Made(
        [
            whole(head),
            Part(GIF_FRAME, asked.frames * len(GIF_FRAME)),
            whole(b"\x21\xfe"),
            Part(SUB_BLOCK, blocks * len(SUB_BLOCK)),
            whole(_sub_blocks(rest) + b"\0\x3b"),
        ]
    )


def _sub_blocks(length: int) -> bytes:
    """So many bytes of a comment: none, or 2 to 257."""
    if length > len(SUB_BLOCK):
        return _sub_blocks(2) + _sub_blocks(length - 2)
    return bytes((length - 1,)) + b" " * (length - 1) if length else b""


# ---- webp (RIFF, VP8L) ----


def webp(asked: Asked) -> Made:
    if (asked.bytes or 0) > MAX_WEBP:
        raise TooSmall(f"A webp has at most {MAX_WEBP} bytes.")
    return filled(asked.bytes, lambda padding: _webp(asked.width, asked.height, padding))


def _webp(width: int, height: int, padding: int) -> Made:
    """Five codes of one symbol each: a pixel takes no bits at all. RIFF is even; an odd byte follows it."""
    even = padding & ~1
    pixels = b"\x2f" + ((width - 1) | (height - 1) << 14).to_bytes(4, "little") + b"\x88\x88\x08"
    canvas = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    inside = b"WEBP" + _riff(b"VP8X", canvas) + _riff(b"VP8L", pixels) + struct.pack("<4sI", b"PADD", even)
    return Made(
        [
            whole(b"RIFF" + struct.pack("<I", len(inside) + even) + inside),
            Part(bytes(4096), padding),
        ]
    )


def _riff(kind: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", kind, len(content)) + content + b"\0" * (len(content) % 2)
