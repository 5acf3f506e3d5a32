from __future__ import annotations

import csv
import io
import re

import pytest

from dispatch.bootstrap import phu_tho_providers
from dispatch.executors_study import Pool
from dispatch.investment import Bench, compare
from dispatch.messages import LANGUAGES, Language
from dispatch.study_page import pages
from dispatch.study_words import days_csv, scenarios_csv
from tests.dispatch.test_investment import alone, two_scenarios


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_study_is_one_printed_page_and_a_screen_that_needs_nothing_else(lang: Language) -> None:
    one = two_scenarios()
    bench = Bench(one, seed=1, pool=Pool(alone))
    compared = compare(bench, 4)
    made = pages(bench, compared, None, zones=phu_tho_providers(one.start).zones, lang=lang)
    assert made.pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", made.pdf)) == 1
    assert made.html.count("<svg") == 5
    assert "electric" in made.html
    assert not re.search(r'(?:src|href)="|url\(|https?://(?!www\.w3\.org/2000/svg)', made.html)
    # A card and a layer of the map for each scenario, five figures, and what each is worth by year.
    assert made.html.count('<article class="card') == 2
    assert made.html.count('class="layer"') == 2
    assert made.html.count("±") > 3 * one.horizon
    rows = list(csv.DictReader(io.StringIO(days_csv(compared))))
    assert len(rows) == 8
    assert {row["scenario"] for row in rows} == {"base", "electric"}
    assert "cost_per_stop" in scenarios_csv(compared)
