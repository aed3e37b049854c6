"""Instagram: what an author may set, as the OpenAPI document has it."""

from __future__ import annotations

import msgspec
import pytest

from sextant.platforms.instagram.options import InstagramOptions


def test_options_are_typed_and_described() -> None:
    schema = msgspec.json.schema(InstagramOptions)["$defs"]["InstagramOptions"]
    fields = schema["properties"]
    assert all("description" in field for field in fields.values())
    assert fields["collaborators"]["maxItems"] == 3
    assert fields["alt_texts"]["items"]["maxLength"] == 1000
    for wrong in ({"kind": "video"}, {"thumb_offset": -1}, {"collaborators": list("abcd")}, {"nope": 1}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, InstagramOptions)


def test_the_cover_is_a_medium_of_its_own() -> None:
    assert InstagramOptions(cover_url="https://a.example/c.jpg").addresses() == {
        "cover_url": "https://a.example/c.jpg"
    }
    assert InstagramOptions().addresses() == {}
