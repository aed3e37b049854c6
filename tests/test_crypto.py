"""Sealing for the database, signing for the browser."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant.crypto import Vault, fingerprint
from sextant.errors import SetupError

VAULT = Vault("the operator's long secret")
OTHER = Vault("the operator's long secreT")


@given(st.text(), st.text())
def test_a_sealed_text_opens_for_its_row(text, row):
    assert VAULT.open(VAULT.seal(text, row), row) == text


def test_a_sealed_text_opens_in_another_process_with_the_same_secret():
    assert Vault("the operator's long secret").open(VAULT.seal("token", "row"), "row") == "token"


def test_a_sealed_text_does_not_hold_the_text():
    sealed = VAULT.seal("token-token-token", "row")
    assert "token" not in sealed
    assert b"token" not in base64.urlsafe_b64decode(sealed + "==")


def test_two_seals_of_the_same_text_differ():
    assert len({VAULT.seal("token", "row") for _ in range(50)}) == 50


def cannot_open(vault, sealed, row="row"):
    with pytest.raises(SetupError, match="SEXTANT_SECRET_KEY"):
        vault.open(sealed, row)


def test_another_row_cannot_open_it():
    cannot_open(VAULT, VAULT.seal("token", "row"), "row2")


def test_another_secret_cannot_open_it():
    cannot_open(OTHER, VAULT.seal("token", "row"))


def test_every_changed_byte_is_noticed():
    data = base64.urlsafe_b64decode(VAULT.seal("token", "row") + "==")
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        cannot_open(VAULT, base64.urlsafe_b64encode(bytes(changed)).decode().rstrip("="))


def test_what_is_cut_off_anywhere_cannot_be_opened():
    sealed = VAULT.seal("token", "row")
    for length in range(len(sealed)):
        cannot_open(VAULT, sealed[:length])


@pytest.mark.parametrize("junk", ["", "x", "not base64 at all", "é", "{}"])
def test_junk_cannot_be_opened(junk):
    cannot_open(VAULT, junk)


# ---- links ----


@given(st.text())
def test_a_signed_text_comes_back(text):
    assert VAULT.signed(VAULT.sign(text)) == text


def test_a_signature_of_another_secret_is_refused():
    assert VAULT.signed(OTHER.sign("session-1")) is None


def test_a_signature_does_not_fit_another_text():
    signature = VAULT.sign("session-1").rpartition(".")[2]
    assert VAULT.signed(f"session-2.{signature}") is None


def test_a_truncated_link_is_refused_at_every_length():
    link = VAULT.sign("session-1")
    assert [VAULT.signed(link[:length]) for length in range(len(link))] == [None] * len(link)


def test_a_link_with_something_added_is_refused():
    link = VAULT.sign("session-1")
    assert [VAULT.signed(link + more) for more in ("A", "=", ".", " ", "\n")] == [None] * 5


@pytest.mark.parametrize("link", ["", ".", "session-1", "session-1.", ".signature", "a.é", "é.é", "\x00"])
def test_what_was_never_signed_is_refused(link):
    assert VAULT.signed(link) is None


def test_a_signed_link_goes_through_an_address_unchanged():
    link = VAULT.sign("4df2f2b9-4c5f-4b3a-9581-1bcb8b4f7d01")
    assert set(link) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def test_a_seal_is_no_signature():
    assert VAULT.signed(VAULT.seal("token", "row")) is None


def test_a_fingerprint_is_steady_and_tells_secrets_apart():
    assert fingerprint("mk_a") == fingerprint("mk_a") != fingerprint("mk_b")
    assert "mk_a" not in fingerprint("mk_a")
