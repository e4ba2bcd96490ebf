"""Which model is asked, by the settings."""

import pytest

from adapters.gemini import GEMINI_URL
from domain.insight_results import InsightsUnavailable, PortfolioInsights
from tests.adapters.memory_table import MemoryTable
from tests.domain.identity_world import SetClock
from tests.domain.insight_world import ALICE, GOOD, ScriptedModel, holding
from web.insights import GEMINI_MODEL, GeminiSettings, open_insights, read_gemini
from web.variables import SettingsError, Variables

KEY = "AIza-made-up-for-tests-0123456789"


def test_without_variables_nobody_is_asked() -> None:
    assert read_gemini(Variables({})) == GeminiSettings(
        api_key="", model=GEMINI_MODEL, url=GEMINI_URL
    )


def test_key_model_and_address_are_read_and_the_key_is_not_shown() -> None:
    found = read_gemini(
        Variables(
            {
                "GOOGLE_GEMINI_API_KEY": f" {KEY}\n",
                "CNOP_GEMINI_MODEL": "gemini-3.5-flash-lite",
                "CNOP_GEMINI_URL": "http://127.0.0.1:8080",
            }
        )
    )

    assert found == GeminiSettings(
        api_key=KEY, model="gemini-3.5-flash-lite", url="http://127.0.0.1:8080"
    )
    assert KEY not in repr(found)


@pytest.mark.parametrize(
    "wrong",
    [
        {"GOOGLE_GEMINI_API_KEY": f"{KEY} {KEY}"},
        {"CNOP_GEMINI_MODEL": "Gemini/3"},
        {"CNOP_GEMINI_URL": "gemini.test"},
    ],
)
def test_what_can_not_be_right_is_told_without_the_key(wrong: dict[str, str]) -> None:
    variables = Variables({"GOOGLE_GEMINI_API_KEY": KEY} | wrong)

    read_gemini(variables)

    with pytest.raises(SettingsError, match="CNOP_GEMINI_MODEL") as refused:
        variables.settle()
    assert KEY not in str(refused.value)


async def test_without_a_key_there_are_no_insights() -> None:
    clock = SetClock()

    async with open_insights(GeminiSettings(), MemoryTable(clock.now_s), clock=clock) as insights:
        found = await insights.about(ALICE, holding(), [])

    assert isinstance(found, InsightsUnavailable)
    assert found.reason.name == "NOT_CONFIGURED"


async def test_with_a_key_gemini_is_asked_where_the_settings_say() -> None:
    clock = SetClock()
    nobody_there = GeminiSettings(api_key=KEY, url="http://127.0.0.1:9")

    async with open_insights(nobody_there, MemoryTable(clock.now_s), clock=clock) as insights:
        found = await insights.about(ALICE, holding(), [])

    assert isinstance(found, InsightsUnavailable)
    assert found.reason.name == "PROVIDER_ERROR"


async def test_what_was_written_before_a_restart_is_given_after_it() -> None:
    clock = SetClock()
    table = MemoryTable(clock.now_s)
    settings = GeminiSettings()

    async with open_insights(settings, table, clock=clock, model=ScriptedModel(GOOD)) as insights:
        first = await insights.about(ALICE, holding(), [])
    async with open_insights(settings, table, clock=clock, model=ScriptedModel()) as insights:
        second = await insights.about(ALICE, holding(), [])

    assert isinstance(first, PortfolioInsights)
    assert isinstance(second, PortfolioInsights)
    assert second.cached
    assert second.summary == first.summary
