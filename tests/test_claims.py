"""The ledger of claims: rules decide as they say, and what is recorded is what is computed."""

import pandas as pd
import pytest
import yaml

from placeprior.book import claims, decisions, verdicts
from placeprior.book.verdicts import NOT_RUN
from placeprior.errors import ConfigError, UnknownName
from placeprior.scores.paired import FOUND

RULE = {"kind": "gain", "arm": "lonlat", "split": "spatial", "expects": "above"}
CLAIM = {"id": "a", "says": "It helps.", "who": "ours", "where": "here", "page": "comparison", "rule": RULE}


@pytest.fixture
def gained(monkeypatch):
    """Let an arm have the given interval on a split, in however many folds."""

    def put(low, high, split="spatial", folds=1):
        row = dict.fromkeys(FOUND, 0.0) | {"difference": (low + high) / 2, "low": low, "high": high, "folds": folds}
        row |= {"arm": "lonlat", "split": split, "fits": 2, "clear": int(low > 0) - int(high < 0)}
        monkeypatch.setattr(decisions, "gains", lambda *_, **__: pd.DataFrame([row]))

    return put


def asked(rule=None, at=None):
    return CLAIM | {"rule": RULE | (rule or {}), "at": {"demo": {"task": "world", "verdict": "undecided"} | (at or {})}}


@pytest.mark.parametrize(
    ("low", "high", "expects", "verdict"),
    [
        (0.01, 0.05, "above", "supported"),
        (-0.05, -0.01, "above", "contradicted"),
        (-0.01, 0.05, "above", "undecided"),
        (-0.05, -0.01, "below", "supported"),
        (0.01, 0.05, "below", "contradicted"),
        (-0.01, 0.015, "alike", "supported"),
        (0.03, 0.05, "alike", "contradicted"),
        (0.01, 0.05, "alike", "undecided"),
    ],
)
def test_an_interval_decides(gained, low, high, expects, verdict):
    gained(low, high)
    found = claims.judge(asked({"expects": expects}), "demo")
    assert found.verdict == verdict
    assert found.values["low"] == low and found.values["high"] == high


def test_a_difference_that_has_a_unit_says_it():
    row = {"difference": 15.658, "low": -17.386, "high": 48.703}
    assert verdicts.compared(row, "below", unit="km", digits=0).text == "+16 km (−17 to +49)"
    assert verdicts.compared(row, "below").text == "+15.658 (−17.386 to +48.703)"


def test_one_seed_decides_nothing(gained):
    gained(float("nan"), float("nan"))
    found = claims.judge(asked(), "demo")
    assert found.verdict == "undecided" and "low" not in found.values


def test_half_a_checkerboard_is_not_run(gained):
    gained(0.01, 0.05, split="checkerboard-16", folds=1)
    assert claims.judge(asked({"split": "checkerboard-16"}), "demo").verdict == "not run"
    gained(0.01, 0.05, split="checkerboard-16", folds=2)
    assert claims.judge(asked({"split": "checkerboard-16"}), "demo").verdict == "supported"


def test_what_was_not_run_has_no_verdict(gained):
    gained(0.01, 0.05)
    assert claims.judge(asked({"arm": "sincos"}), "demo") == NOT_RUN


def test_a_number_of_a_table_decides(monkeypatch):
    table = pd.DataFrame({"kind": ["a", "b"], "holds": [0.95, 0.85]})
    asked_of = []
    monkeypatch.setattr(decisions.tables, "read", lambda profile, _: asked_of.append(profile) or table)
    rule = {"kind": "table", "name": "coverage", "column": "holds", "what": "least held", "take": "min"}
    rule |= {"at_least": 0.9}
    claim = CLAIM | {"rule": rule, "at": {"demo": {"verdict": "supported"}}}
    assert claims.judge(claim, "demo").verdict == "contradicted"
    claim["rule"] = rule | {"where": {"kind": "a"}}
    found = claims.judge(claim, "demo")
    assert found.verdict == "supported" and found.values == {"value": 0.95}
    assert found.text == "0.95" and claims.decided(claim) == "least held: at least 0.9"
    claim["rule"] = rule | {"unit": "%"}
    assert claims.judge(claim, "demo").text == "85 %" and claims.decided(claim) == "least held: at least 90 %"
    claims.judge(claim | {"rule": rule | {"profile": "aqs"}}, "demo")
    assert asked_of == ["demo"] * 3 + ["aqs"]
    claim["rule"] = {key: value for key, value in rule.items() if key != "at_least"}
    with pytest.raises(ConfigError, match="at_least or at_most"):
        claims.judge(claim, "demo")


def test_counted_arms_decide(monkeypatch):
    table = pd.DataFrame({"arm": ["tile-hadamard", "wrap-hadamard", "none"], "split": "spatial", "clear": [1, 0, 1]})
    monkeypatch.setattr(decisions, "matched_gains", lambda *_: table)
    monkeypatch.setattr(decisions.results, "has", lambda *_: True)
    rule = {"kind": "count", "matrix": "zoo", "split": "spatial", "sign": "above", "at_most": 0}
    found = claims.judge(CLAIM | {"rule": rule, "at": {"demo": {"task": "world", "verdict": "supported"}}}, "demo")
    assert found.verdict == "contradicted" and found.values == {"clear": 1, "of": 2}  # `none` is not of the matrix
    monkeypatch.setattr(decisions.results, "has", lambda *_: False)
    assert claims.judge(CLAIM | {"rule": rule, "at": {"demo": {"task": "world"}}}, "demo") == NOT_RUN


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"who": None}, ConfigError, None),
        ({"rule": {"kind": "guess"}}, UnknownName, "guess"),
        ({"at": {"moon": {"verdict": "supported"}}}, UnknownName, "moon"),
        ({"at": {"demo": {"verdict": "proven"}}}, UnknownName, "proven"),
    ],
)
def test_a_wrong_ledger_is_refused(tmp_path, change, error, match):
    claim = {key: value for key, value in (asked() | change).items() if value is not None}
    file = tmp_path / "claims.yml"
    file.write_text(yaml.safe_dump([claim]))
    with pytest.raises(error, match=match):
        claims.read(file)


def test_two_claims_of_one_name_are_refused(tmp_path):
    file = tmp_path / "claims.yml"
    file.write_text(yaml.safe_dump([asked(), asked()]))
    with pytest.raises(ConfigError, match="two claims 'a'"):
        claims.read(file)


def test_what_is_recorded_is_what_is_computed():
    assert not claims.moved(claims.evaluate())


def test_claims_name_pages_that_exist():
    root = claims.path().parents[1]
    pages = {*yaml.safe_load((root / "runs.yml").read_text())["pages"], "index", "question"}
    assert {claim["page"] for claim in claims.read()} <= pages


def test_a_changed_verdict_is_told(monkeypatch, gained):
    gained(0.01, 0.05)
    monkeypatch.setattr(claims, "read", lambda: [asked()])
    monkeypatch.setattr(claims, "evaluate", lambda: {"a": {"demo": claims.judge(asked(), "demo")}})
    [line] = claims.moved(claims.evaluate())
    assert "recorded 'undecided', computed 'supported'" in line and "'comparison'" in line


def test_false_alarms_are_a_share_of_all_pairs(monkeypatch):
    pairs = pd.DataFrame({"task": ["world"] * 4 + ["other"], "clear": [0, 1, -1, 0, 1]})
    monkeypatch.setattr(decisions.against_itself, "committed", lambda profile: pairs)
    claim = CLAIM | {"rule": {"kind": "itself", "at_most": 0.5}, "at": {"demo": {"task": "world"}}}
    found = claims.judge(claim, "demo")
    assert found.verdict == "supported" and found.values == {"value": 0.5, "clear": 2, "of": 4}
    claim["rule"]["at_most"] = 0.4
    assert claims.judge(claim, "demo").verdict == "contradicted"
    monkeypatch.setattr(decisions.against_itself, "committed", lambda profile: pairs[:0])
    assert claims.judge(claim, "demo") == NOT_RUN


def test_a_rule_with_a_word_too_many_or_too_few_is_named(gained):
    gained(0.01, 0.05)
    with pytest.raises(ConfigError, match="claim 'a', kind 'gain'.*'colour'"):
        claims.judge(asked({"colour": "red"}), "demo")
    claim = asked()
    claim["rule"] = {key: value for key, value in claim["rule"].items() if key != "arm"}
    with pytest.raises(ConfigError, match="'arm'"):
        claims.judge(claim, "demo")
