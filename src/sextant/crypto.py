"""Sealing what must not be readable in the database, and signing what goes through a browser."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sextant.errors import SetupError


class Vault:
    """AES-256-GCM under the operator's secret; a sealed text opens only for the row it was sealed for."""

    def __init__(self, secret: str) -> None:
        self._aead = AESGCM(_derived(secret, b"sextant/seal/1"))
        self._mac = _derived(secret, b"sextant/sign/1")

    def seal(self, text: str, row: str) -> str:
        nonce = os.urandom(12)
        return _b64(nonce + self._aead.encrypt(nonce, text.encode(), row.encode()))

    def open(self, sealed: str, row: str) -> str:
        """Raises SetupError when the secret is another one or the text belongs to another row."""
        try:
            data = _unb64(sealed)
            return self._aead.decrypt(data[:12], data[12:], row.encode()).decode()
        except (InvalidTag, ValueError):
            raise SetupError(
                "A sealed token cannot be opened: SEXTANT_SECRET_KEY is not the one it was sealed with."
            ) from None

    def sign(self, text: str) -> str:
        """`text.signature`, for an address that goes through a browser."""
        return f"{text}.{self._signature(text)}"

    def signed(self, value: str) -> str | None:
        """The text of a good signature, else None."""
        text, _, signature = value.rpartition(".")
        return text if hmac.compare_digest(signature.encode(), self._signature(text).encode()) else None

    def _signature(self, text: str) -> str:
        return _b64(hmac.digest(self._mac, text.encode(), "sha256")[:18])


def fingerprint(secret: str) -> str:
    """A one-way hash for looking a high-entropy secret up (API keys, OAuth states)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _derived(secret: str, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose).derive(secret.encode())


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
