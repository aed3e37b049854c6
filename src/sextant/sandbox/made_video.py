"""mp4 and mov made to order (ISO/IEC 14496-12 and -15): every header is true, the pictures are filler."""

from __future__ import annotations

import struct

from sextant.sandbox.made_media import Asked, Made, Part, filled, whole

TICKS = 30_000
"""Of the media's clock, a second."""

MILLIS = 1000
FRAME = struct.pack(">IB", 28, 12) + b"\xff" * 26 + b"\x80"
"""A stored picture: one H.264 unit of type 12, «filler»."""

UPRIGHT = (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
QUARTER = (0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
PPS = b"\x68\xce\x3c\x80"


def mp4(asked: Asked) -> Made:
    return filled(asked.bytes, lambda padding: _file(asked, b"isom", padding))


def mov(asked: Asked) -> Made:
    return filled(asked.bytes, lambda padding: _file(asked, b"qt  ", padding))


def _file(asked: Asked, brand: bytes, padding: int) -> Made:
    kind = box(b"ftyp", brand, bytes(4), brand, b"mp41" if brand == b"isom" else b"")
    frames = len(FRAME) * asked.frames
    start = len(kind) + len(_moov(asked, 0)) + 16
    # 64 bits of length, so that every size fits.
    mdat = struct.pack(">I4sQ", 1, b"mdat", 16 + frames + padding)
    return Made([whole(kind + _moov(asked, start) + mdat), Part(FRAME, frames), Part(bytes(4096), padding)])


def box(kind: bytes, *content: bytes) -> bytes:
    inside = b"".join(content)
    return struct.pack(">I4s", 8 + len(inside), kind) + inside


def _moov(asked: Asked, first_frame: int) -> bytes:
    millis = round(asked.seconds * MILLIS)
    mvhd = struct.pack(
        ">5I I2H2I 9i 6I I", 0, 0, 0, MILLIS, millis, 0x10000, 0x100, 0, 0, 0, *UPRIGHT, *[0] * 6, 2
    )
    return box(b"moov", box(b"mvhd", mvhd), box(b"trak", _tkhd(asked, millis), _mdia(asked, first_frame)))


def _tkhd(asked: Asked, millis: int) -> bytes:
    width, height = _stored(asked)
    matrix = QUARTER if asked.turned else UPRIGHT
    head = struct.pack(">6I 2I4H", 7, 0, 0, 1, 0, millis, 0, 0, 0, 0, 0, 0)
    return box(b"tkhd", head, struct.pack(">9i2I", *matrix, width << 16, height << 16))


def _stored(asked: Asked) -> tuple[int, int]:
    return (asked.height, asked.width) if asked.turned else (asked.width, asked.height)


def _mdia(asked: Asked, first_frame: int) -> bytes:
    ticks = round(asked.seconds * TICKS)
    mdhd = box(b"mdhd", struct.pack(">5I2H", 0, 0, 0, TICKS, ticks, 0x55C4, 0))
    hdlr = box(b"hdlr", struct.pack(">2I4s3I", 0, 0, b"vide", 0, 0, 0), b"VideoHandler\0")
    vmhd = box(b"vmhd", struct.pack(">I4H", 1, 0, 0, 0, 0))
    dinf = box(b"dinf", box(b"dref", struct.pack(">2I", 0, 1), box(b"url ", struct.pack(">I", 1))))
    return box(b"mdia", mdhd, hdlr, box(b"minf", vmhd, dinf, _stbl(asked, ticks, first_frame)))


def _stbl(asked: Asked, ticks: int, first_frame: int) -> bytes:
    frames = asked.frames
    short, longer = divmod(ticks, frames)
    lasts = [(longer, short + 1), (frames - longer, short)]
    times = b"".join(struct.pack(">2I", *entry) for entry in lasts if entry[0])
    return box(
        b"stbl",
        box(b"stsd", struct.pack(">2I", 0, 1), _avc1(*_stored(asked))),
        box(b"stts", struct.pack(">2I", 0, len(times) // 8), times),
        box(b"stsc", struct.pack(">5I", 0, 1, 1, frames, 1)),
        box(b"stsz", struct.pack(">3I", 0, len(FRAME), frames)),
        box(b"stco", struct.pack(">3I", 0, 1, first_frame)),
    )


def _avc1(width: int, height: int) -> bytes:
    sps = sequence(width, height)
    avcc = b"\1" + sps[1:4] + b"\xff\xe1" + struct.pack(">H", len(sps)) + sps
    avcc += b"\1" + struct.pack(">H", len(PPS)) + PPS + b"\xfc\xf8\xf8\0"
    entry = struct.pack(">6xH16x2H2II H32xHh", 1, width, height, 72 << 16, 72 << 16, 0, 1, 24, -1)
    return box(b"avc1", entry, box(b"avcC", avcc))


def sequence(width: int, height: int) -> bytes:
    """H.264's sequence parameter set (7.3.2.1.1): profile High, this size. An odd one has no colour, for
    colour comes in steps of two."""
    across, down = -(-width // 16), -(-height // 16)
    odd = width % 2 or height % 2
    step = 1 if odd else 2
    bits = "".join(_golomb(number) for number in (0, 0 if odd else 1, 0, 0)) + "00"
    bits += _golomb(0) + _golomb(2) + _golomb(1) + "0" + _golomb(across - 1) + _golomb(down - 1) + "111"
    for cut in (0, (across * 16 - width) // step, 0, (down * 16 - height) // step):
        bits += _golomb(cut)
    bits += "01"
    bits += "0" * (-len(bits) % 8)
    return b"\x67" + _escaped(bytes((100, 0, 40)) + int(bits, 2).to_bytes(len(bits) // 8))


def _golomb(number: int) -> str:
    digits = f"{number + 1:b}"
    return "0" * (len(digits) - 1) + digits


def _escaped(payload: bytes) -> bytes:
    """No two zero bytes before a byte under 4 (7.4.1.1)."""
    out = bytearray()
    for byte in payload:
        if byte < 4 and out[-2:] == b"\0\0":
            out.append(3)
        out.append(byte)
    return bytes(out)
