"""The operator's ceilings: numbers and money, and sentences that name the very variable."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sextant.collecting.ceilings import ceilings_for
from sextant.errors import SetupError
from sextant.platforms import PLATFORMS
from sextant.platforms.allowances import DAY, MONTH, Allowance, Measured

ROOT = Path(__file__).parent.parent
X, YOUTUBE, LINKEDIN = (PLATFORMS[name] for name in ("x", "youtube", "linkedin"))


def of(name: str, text: str) -> dict[str, Allowance]:
    """The allowances by name, with this as the operator's ceilings."""
    found = ceilings_for(PLATFORMS[name], {f"SEXTANT_{name.upper()}_CEILINGS": text})
    return {allowance.name: allowance for allowance in found}


def refusal(name: str, text: str) -> str:
    with pytest.raises(SetupError) as caught:
        of(name, text)
    return str(caught.value)


@pytest.mark.parametrize("name", list(PLATFORMS))
def test_without_ceilings_a_network_allows_what_it_documents(name: str) -> None:
    platform = PLATFORMS[name]
    assert isinstance(platform, Measured)
    assert ceilings_for(platform, {}) == platform.allowances
    assert ceilings_for(platform, {f"SEXTANT_{name.upper()}_CEILINGS": "  ,, "}) == platform.allowances


def test_a_ceiling_replaces_that_of_the_document() -> None:
    found = of("youtube", "units_per_day=8000")
    assert isinstance(YOUTUBE, Measured)
    for before in YOUTUBE.allowances:
        wanted = replace(before, ceiling=8000) if before.name == "units_per_day" else before
        assert found[before.name] == wanted


def test_where_none_is_documented_one_may_be_set_and_a_documented_one_lifted() -> None:
    found = of("x", "posts_per_day = 20000,lookups_per_15_minutes=None , posts_per_month=0")
    ceilings = {name: allowance.ceiling for name, allowance in found.items()}
    assert ceilings == {
        "posts_per_day": 20_000,
        "lookups_per_15_minutes": None,
        "account_lookups_per_15_minutes": 5_000,
        "posts_per_month": 0,
    }


def test_the_development_tiers_numbers_can_be_made_to_hold_always() -> None:
    found = of("linkedin", "calls_per_day=500, account_calls_per_day=100")
    assert (found["calls_per_day"].ceiling, found["account_calls_per_day"].ceiling) == (500, 100)


def test_money_is_posts_that_may_be_charged() -> None:
    found = of("x", "usd_per_day=5, usd_per_month=99.999")
    assert found["usd_per_day"] == Allowance("usd_per_day", "app", DAY, 1000, 0.005, charged_posts=True)
    assert found["usd_per_month"] == Allowance(
        "usd_per_month", "app", MONTH, 19_999, 0.005, charged_posts=True
    )


@pytest.mark.parametrize(
    ("dollars", "posts"), [("0.145", 29), ("0.0049", 0), ("0", 0), ("0.07", 14), (".5", 100)]
)
def test_money_is_reckoned_in_decimals(dollars: str, posts: int) -> None:
    assert of("x", f"usd_per_day={dollars}")["usd_per_day"].ceiling == posts


def test_no_ceiling_of_money_is_none() -> None:
    assert "usd_per_day" not in of("x", "usd_per_day=none")


@given(cents=st.integers(0, 10**9))
def test_the_posts_never_cost_more_than_the_money(cents: int) -> None:
    posts = of("x", f"usd_per_day={cents // 100}.{cents % 100:02}")["usd_per_day"].ceiling
    assert posts is not None
    assert posts * 5 <= cents * 10 < (posts + 1) * 5


def test_the_environment_of_the_process_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEXTANT_YOUTUBE_CEILINGS", "stats_per_day=7")
    assert ceilings_for(YOUTUBE)[0].ceiling == 7


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("x", "posts_per_hour=5", "SEXTANT_X_CEILINGS has no ceiling 'posts_per_hour'"),
        ("youtube", "usd_per_day=5", "SEXTANT_YOUTUBE_CEILINGS has no ceiling 'usd_per_day'"),
        ("x", "20,000", "SEXTANT_X_CEILINGS has '20' where name=number is expected"),
        ("x", "posts_per_day=20,000", "SEXTANT_X_CEILINGS has '000' where name=number is expected"),
        ("x", "posts_per_day=5,posts_per_day=6", "SEXTANT_X_CEILINGS names posts_per_day twice"),
        ("x", "posts_per_day=", "SEXTANT_X_CEILINGS has posts_per_day=; it has to be a whole number"),
        ("x", "posts_per_day=-1", "posts_per_day=-1; it has to be a whole number"),
        ("x", "posts_per_day=1.5", "posts_per_day=1.5; it has to be a whole number"),
        ("x", "posts_per_day=²", "posts_per_day=²; it has to be a whole number"),
        ("x", "posts_per_day=1234567890123", "a whole number of at most 12 digits, or none"),
        ("x", "usd_per_day=$5", "usd_per_day=$5; it has to be US dollars such as 5 or 2.50, or none"),
        ("x", "usd_per_day=-1", "it has to be US dollars"),
        ("x", "usd_per_day=NaN", "it has to be US dollars"),
        ("x", "usd_per_day=sNaN", "it has to be US dollars"),
        ("x", "usd_per_day=Infinity", "it has to be US dollars"),
        ("x", "usd_per_day=1e30", "it has to be US dollars"),
    ],
)
def test_what_is_wrong_is_said_with_the_possible_names(name: str, text: str, words: str) -> None:
    said = refusal(name, text)
    assert words in said
    assert f"SEXTANT_{name.upper()}_CEILINGS" in said
    possible = ", ".join(of(name, "usd_per_day=1, usd_per_month=1" if name == "x" else ""))
    assert said.endswith(f". Possible names: {possible}.")


@given(text=st.text(max_size=40))
def test_anything_is_ceilings_or_a_sentence(text: str) -> None:
    try:
        of("x", text)
    except SetupError as error:
        assert str(error).startswith("SEXTANT_X_CEILINGS ")  # noqa: PT017 - both outcomes are good


def test_every_allowance_is_documented() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    assert "`SEXTANT_<PLATFORM>_CEILINGS`" in text
    for platform in PLATFORMS.values():
        for allowance in ceilings_for(platform, {}):
            assert f"`{allowance.name}`" in text, allowance.name
            ceiling = "none" if allowance.ceiling is None else f"{allowance.ceiling:,}"
            assert f"| `{allowance.name}` | {ceiling} |" in text, allowance.name
