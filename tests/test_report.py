"""A person's report as a page: wide and on a phone, light and dark, and what its words rest on."""

import json
from types import SimpleNamespace

import browse
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from placeprior.book import advice, report
from placeprior.evidence import verdict
from placeprior.evidence.verdict import Answer

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="6"><rect width="9" height="6" fill="#fff"/></svg>'


def answer(verdict, split="spatial", difference=0.1, low=0.05, high=0.15, **more):
    return Answer(split, "Between your stations", verdict, "geoclip-hadamard", difference, low, high, **more)


def shown(kind, content, **options):
    return new_code_cell("draw()", outputs=[new_output("display_data", {kind: content})], **options)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A report with one of everything that a report has."""
    found = [
        answer("helps"),
        answer("harms", "knndm", -0.1, -0.2, -0.05),
        answer("undecided", "random", 0.0, -0.1, 0.1),
    ]
    cards = advice.cards(SimpleNamespace(answers=found, question=("spatial", None)))
    table = f"<table><tr>{'<th>an arm with a long name</th>' * 6}</tr><tr>{'<td>0.61 (3.2)</td>' * 6}</tr></table>"
    drawn = {"mystnb": {"figure": {"caption": "What is drawn.", "name": "a"}, "image": {"alt": "A square."}}}
    cells = [
        new_markdown_cell("# A question\n\nWords with `code` and a [link](https://doi.org/10)."),
        shown("text/html", cards, metadata={"tags": ["remove-input"]}),
        shown("image/svg+xml", SVG, metadata=drawn),
        shown("text/html", table),
    ]
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(report.html(new_notebook(cells=cells), "A question"), encoding="utf-8")
    return path


@pytest.mark.parametrize("size", [browse.WIDE, browse.PHONE], ids=["wide", "phone"])
def test_a_report_is_read_on_any_window_by_day_and_by_night(chromium, page, size):
    window = chromium(size)
    browse.visit(window, page)
    paper = "return getComputedStyle(document.querySelector('main')).backgroundColor"
    light = {theme: (browse.colour(window, theme), window.execute_script(paper))[1] for theme in ("light", "dark")}
    assert light["light"] == "rgb(255, 255, 255)" and max(map(int, light["dark"][4:-1].split(","))) < 64
    for theme in ("light", "dark"):
        browse.colour(window, theme)
        assert not browse.grave(window), theme
    wide, there = window.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    assert wide <= there


def beside(**what):
    return advice.beside(answer("undecided", **what))


def test_a_wide_interval_says_whether_trainings_or_places_are_wanting():
    assert "few trainings (2 here)" in beside(trainings=2, chance=0.8, dof=2.1)
    assert "(5 blocks in all)" in beside(trainings=3, chance=0.02, dof=1.6, blocks=5)
    for enough in ({"trainings": 6, "chance": 0.8, "dof": 9.0}, {"blocks": 30, "chance": 0.1, "dof": 9.0}, {}):
        assert "is wide" not in beside(**enough)


def test_where_nothing_is_clear_the_best_simple_method_is_named_with_its_score():
    said = beside(r2={"kriging": 0.97, "gbt": 0.87, "geoclip-hadamard": -0.53, "lonlat": 0.99})
    assert "ordinary kriging, 0.97; GeoCLIP has −0.53" in said
    assert "highest" not in beside(r2={"geoclip-hadamard": 0.5}, better={"kriging": 0.1})


def test_methods_have_a_capital_at_the_start_of_a_sentence_alone():
    told = advice.beside(answer("undecided", worse={"mean": -0.3}, alone=["lonlat"]))
    assert told.startswith("Lon/lat: a gain") and told.endswith("clearly worse: station mean.")


def test_what_is_not_known_or_has_no_bound_is_none_in_json():
    plain = verdict.as_json([answer("unknown", low=float("nan"), high=float("nan"))])[0]
    assert plain["low"] is None and plain["dof"] is None and "NaN" not in json.dumps(plain)


def advised(own, model="none+head"):
    return advice.steps(SimpleNamespace(answer=own, answers=[own], chosen=(model, None)))


@pytest.mark.parametrize("split, where", [("spatial", "between your stations"), ("random", "on other days")])
def test_advice_against_the_place_is_about_the_question_that_was_asked(split, where):
    own = answer("harms", split, -0.1, -0.2, -0.05)
    own.question = {"spatial": "Between your stations", "random": "On other days at your stations"}[split]
    said = advised(own)
    assert f"**Leave the place out** {where}" in said and "far from stations" not in said


def test_advice_does_not_leave_the_place_out_and_keep_it_in_one_breath():
    said = advised(answer("undecided", low=-0.1), "lonlat/channels")
    assert "Leave the place out" in said and "fit --arm none+head" in said and "`lonlat/channels`" in said
    for own, model in ((answer("helps"), "lonlat/channels"), (answer("undecided", low=-0.1), "none+head")):
        assert "--arm" not in advised(own, model)


def test_a_way_that_is_worse_by_itself_is_named_where_others_are_not():
    assert "GeoCLIP: clearly worse by itself" in beside(down=["geoclip-hadamard"])
    assert "worse by itself" not in advice.beside(answer("harms", down=["geoclip-hadamard"])) + beside()


@pytest.mark.parametrize(
    "name, said", [("gbt", "boosted trees do"), ("gbt+lonlat", "lon/lat do"), ("idw", "distance does")]
)
def test_trees_are_many_and_other_rivals_one(name, said):
    assert f"{said} better still (+0.30)" in answer("helps", better={name: 0.3}).sentence
