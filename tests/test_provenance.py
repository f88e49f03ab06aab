"""The stamp says what made a result, and never fails for want of git or a package."""

import json
import subprocess

import pytest

from placeprior import provenance


def test_versions_name_what_can_change_a_result():
    found = provenance.versions()
    assert {"python", "placeprior", "numpy", "torch", "geoclip"} <= set(found)
    assert found["numpy"][0].isdigit()
    found["numpy"] = "changed"
    assert provenance.versions()["numpy"] != "changed"


def test_no_commit_where_there_is_no_repository(tmp_path):
    assert provenance.commit(tmp_path) is None


def test_no_commit_from_a_repository_that_does_not_hold_the_package(tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    inside = tmp_path / "site-packages"
    inside.mkdir()
    assert provenance.commit(inside) is None


def test_stamp_is_json_and_sorts_seeds():
    stamped = provenance.stamp("smoke", {"variant": "none"}, seeds=[2, 0, 2], seconds=1.26)
    again = json.loads(json.dumps(stamped))
    assert again["seeds"] == [0, 2]
    assert again["seconds"] == 1.3
    assert again["profile"] == "smoke"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.9, "59.9 s"), (60, "1 min 0 s"), (3600, "1 h 0 min")]
)
def test_duration(seconds, text):
    assert provenance.duration(seconds) == text


def test_footer_says_everything_and_leaves_out_what_is_unknown():
    stamped = provenance.stamp("demo", {"variant": "none", "days": 3}, seeds=[0, 1], seconds=3)
    text = provenance.footer(stamped, "10_world.py")
    for expected in ("`demo`", "notebooks/10_world.py", '`variant = "none"`', "0, 1", "3.0 s", "python 3"):
        assert expected in text
    assert text.startswith("````{admonition}") and text.rstrip().endswith("````") and "doit" not in text
    bare = provenance.footer(provenance.stamp("demo") | {"commit": None})
    assert "Seeds" not in bare and "Commit" not in bare and "Wall time" not in bare


def test_footer_shows_the_command_that_makes_this_page_alone():
    text = provenance.footer(provenance.stamp("demo"), "60_comparison.py", "comparison")
    assert "\n.venv/bin/doit page:comparison\n" in text
