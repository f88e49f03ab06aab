"""Slips in a table of one's own: what the numbers give away, and one line for every kind from every command."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from typer.testing import CliRunner

from placeprior.cli import app
from placeprior.data import example, slips, survey
from placeprior.data.columns import Choice
from placeprior.data.slips import CODES, refuse_lost_signs, without_codes
from placeprior.data.stations import read
from placeprior.errors import CubeError
from placeprior.space import domain

PM25, HUMIDITY = "pm25 [µg m-3]", "humidity [%]"
BASE = example.example(24, 45)


def changed(**columns):
    return BASE.assign(**columns)


def where(column, rows, value):
    return BASE.assign(**{column: BASE[column].astype(object).where(~BASE.index.isin(rows), value)})


# --- numbers that stand for missing ---


@pytest.mark.parametrize("column, code", [(PM25, -9999.0), (PM25, -999.0), (HUMIDITY, 9999.9), (HUMIDITY, -99.9)])
def test_codes_for_missing_are_missing_and_said(tmp_path, column, code):
    rows = range(0, len(BASE), 50)
    where(column, rows, np.nan).to_csv(tmp_path / "blank.csv", index=False)
    where(column, rows, code).to_csv(tmp_path / "code.csv", index=False)
    right, found = (read(tmp_path / f"{name}.csv", Choice()) for name in ("blank", "code"))
    name = column.partition(" ")[0]
    np.testing.assert_array_equal(found.cube[name].values, right.cube[name].values)
    assert any(note.startswith(f"{name} is {code:g} in {len(rows)} rows") for note in found.notes)
    assert not any("taken for missing" in note for note in right.notes)
    for there, expected in zip(found.at, right.at, strict=True):  # where estimates of a row are written
        np.testing.assert_array_equal(there, expected)


@given(arrays(np.float32, st.integers(2, 50), elements=st.floats(-500, 500, width=16)), st.sampled_from(CODES))
def test_a_code_far_from_all_values_is_found_and_values_among_others_stay(values, code):
    rest = np.setdiff1d(values, np.array(CODES, np.float32))
    if not rest.size:
        return
    wide = max(np.ptp(rest), 1) * 2
    own = np.concatenate([rest, rest + wide, np.array([code], np.float32)])
    _, found = without_codes(own)
    far = max(code - own[:-1].max(), own[:-1].min() - code) > np.ptp(own[:-1])
    assert found == ({code: 1} if far or code < 0 <= own[:-1].min() else {})
    same, none = without_codes(rest)
    assert same is rest and not none


# --- a sign that is lost ---


@pytest.mark.parametrize("name", ["longitude", "latitude"])
def test_a_lost_sign_is_refused_and_a_station_overseas_is_not(tmp_path, name):
    with pytest.raises(CubeError, match=f"'S001'.*other sign of its {name}"):
        where_first = BASE[name].where(BASE["site_id"] != "S001", -BASE[name])
        changed(**{name: where_first}).to_csv(tmp_path / "s.csv", index=False)
        read(tmp_path / "s.csv", Choice())
    lonlat = np.column_stack([np.linspace(-110, -90, 30), np.linspace(30, 40, 30)])
    refuse_lost_signs(lonlat, list("x" * 30))
    refuse_lost_signs(np.vstack([lonlat, [[150.0, -30.0]]]), list("x" * 31))  # turned, it is nowhere near the others
    refuse_lost_signs(np.vstack([lonlat, lonlat * (-1, 1)]), list("x" * 60))  # as many here as there


# --- where estimates may be wanted ---


@pytest.mark.parametrize("turn", [0.0, 30.0, 90.0])
def test_stations_along_a_line_have_surroundings(turn):
    along, angle = np.linspace(-3, 3, 24), np.radians(turn)
    places = domain.hull_places(np.column_stack([-100 + along * np.cos(angle), 40 + along * np.sin(angle)]))
    assert 500 < len(places) < 8000
    assert len(domain.hull_places(np.tile([[-100.0, 40.0]], (5, 1)))) == 1


# --- every kind, from the command line ---


def _text(frame):
    return frame.to_csv(index=False).encode()


def _twice(name):
    return lambda: BASE.to_csv(index=False).replace(f",{HUMIDITY},", f",{name},", 1).encode()


KINDS = {
    "a predictor twice": (_twice("aod [1]"), "column 'aod' occurs twice"),
    "the target twice but for case": (_twice("PM25"), "'pm25' and 'PM25' are one name"),
    "a month": (lambda: _text(changed(date=BASE["date"].str[:7])), "YYYY-MM-DD (a table of months"),
    "a year": (lambda: _text(changed(date=BASE["date"].str[:4])), "YYYY-MM-DD (a table of months"),
    "times of day": (lambda: _text(changed(date=BASE["date"] + "T06:00")), "--daily mean"),
    "year, month and day apart": (
        lambda: _text(changed(year=2021, month=1, day_of_month=3).drop(columns="date")),
        "join year, month and day",
    ),
    "north of the pole": (lambda: _text(changed(latitude=BASE["latitude"] + 60)), "station 'S001': lon="),
    "nowhere": (lambda: _text(changed(latitude=0.0, longitude=0.0)), "lon 0, lat 0"),
    "one place": (lambda: _text(changed(latitude=40.0, longitude=-100.0)), "24 stations stand at 1 place;"),
    "a header alone": (lambda: _text(BASE.iloc[:0]), "no rows"),
    "nothing": (lambda: b"", "is empty"),
    "another encoding": (lambda: BASE.to_csv(index=False).encode("latin-1"), "UTF-8"),
    "two bytes a letter": (lambda: BASE.to_csv(index=False).encode("utf-16"), "UTF-8"),
    "semicolons": (lambda: _text(BASE).replace(b",", b";"), "separated by ';'"),
    "a longer row": (lambda: _text(BASE) + b"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17\n", "cannot be read as CSV"),
    "decimal commas": (
        lambda: _text(changed(**{PM25: BASE[PM25].map("{:.2f}".format).str.replace(".", ",")})),
        "decimals with a point",
    ),
    "a word in the target": (lambda: _text(where(PM25, [8], "<0.5")), "row 9 (station 'S001'): pm25 is '<0.5'"),
    "a control character": (lambda: _text(changed(site_id=BASE["site_id"] + "\x07")), "control characters"),
    "no number of the target": (lambda: _text(changed(**{PM25: np.inf})), "not finite"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_one_line_and_nothing_is_written(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    make, said = KINDS[kind]
    (tmp_path / "s.csv").write_bytes(make())
    done = CliRunner().invoke(app, ["compare", "s.csv"])
    assert done.exit_code == 1 and not done.stdout
    assert done.stderr.startswith("error: s.csv: ") and done.stderr.count("\n") == 1 and said in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["s.csv"]


@pytest.mark.parametrize(
    "text, said",
    [
        ("lon,lat\n-100,x\n", "row 1: lat is 'x'"),
        ("lon,lat\n-100,40\n-90,\n", "row 2: lat is ''"),
        ("lon,lat,lat\n-100,40,41\n", "'lat' occurs twice"),
        ("lon,lat\n40,-100\n", "swapped"),
        ("lon,lat\n", "no row"),
        ("lon;lat\n-100;40\n", "separated by ';'"),
        ("place\nhere\n", "has no lon"),
        ("", "no header"),
        (None, "No such file"),
    ],
)
def test_places_where_estimates_are_wanted_are_refused_in_one_line(tmp_path, monkeypatch, text, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.csv").write_bytes(_text(BASE))
    if text is not None:
        (tmp_path / "p.csv").write_text(text)
    done = CliRunner().invoke(app, ["compare", "s.csv", "--towards", "p.csv"])
    assert done.exit_code == 1 and done.stderr.startswith("error: p.csv") and done.stderr.count("\n") == 1
    assert said in done.stderr and not (tmp_path / "report").exists()


def test_a_predictor_with_a_cell_that_is_no_number_is_left_out_and_the_cell_named(tmp_path):
    where(HUMIDITY, [4], "wet").to_csv(tmp_path / "s.csv", index=False)
    found = read(tmp_path / "s.csv", Choice())
    assert "humidity" not in found.cube and any("row 5 " in note and "'wet'" in note for note in found.notes)


def test_a_column_of_times_beside_the_date_is_no_second_date(tmp_path):
    changed(time="00:00").to_csv(tmp_path / "s.csv", index=False)
    found = read(tmp_path / "s.csv", Choice())
    assert found.roles.date == "date" and found.roles.left_out["time"] == "no number"


def test_two_spellings_of_an_accent_are_one_station(tmp_path):
    day = BASE["date"].rank(method="dense")
    name = BASE["site_id"].where(BASE["site_id"] != "S001", np.where(day % 2, "Que\u0301", "Qu\u00e9"))
    changed(site_id=name).to_csv(tmp_path / "s.csv", index=False)
    assert read(tmp_path / "s.csv", Choice()).cube.sizes["station"] == 24


def test_a_row_of_another_year_without_a_value_of_the_target_is_noticed(tmp_path):
    frame = where(PM25, [0], np.nan)
    frame.loc[0, "date"] = "2011-01-01"
    frame.to_csv(tmp_path / "s.csv", index=False)
    said = survey.survey(read(tmp_path / "s.csv", Choice()).cube, 21)[1]
    assert any("another year" in line for line in said)


# --- where work goes on all the same ---


def test_a_place_elsewhere_that_a_slip_would_bring_home_is_told_and_a_true_one_is_not():
    known = np.column_stack([np.linspace(5, 15, 20), np.linspace(45, 55, 20)])
    assert "other sign of its longitude (1 such place)" in slips.elsewhere(
        np.array([[100.0, 40]]), np.array([[-99.0, 41]])
    )
    assert "other sign of its latitude" in slips.elsewhere(known * (1, -1), known)
    assert "lon and lat exchanged (20 such places)" in slips.elsewhere(known[:, ::-1], known)
    assert slips.elsewhere(known + (90, -60), known) == "" == slips.elsewhere(known, known)


@pytest.mark.parametrize(
    "places, said",
    [
        ([[0.0, 0.0], [-100, 40]], "row 1 is at lon 0, lat 0"),
        ([*[[-100.0 + at / 9, 40] for at in range(12)], [100.0, 40]], "row 13 at lon 100, lat 40"),
    ],
)
def test_odd_places_are_told_by_embed_and_distance_and_the_number_stays(tmp_path, monkeypatch, places, said):
    monkeypatch.chdir(tmp_path)
    for name, rows in (("odd", places), ("good", [[-100.0, 40.0]])):
        (tmp_path / f"{name}.csv").write_text("lon,lat\n" + "".join(f"{lon},{lat}\n" for lon, lat in rows))
    for words in (["embed", "{}.csv", "--encoder", "sincos", "-o", "e.csv"], ["distance", "good.csv", "{}.csv"]):
        done = [CliRunner().invoke(app, [word.format(name) for word in words]) for name in ("odd", "good")]
        assert done[0].exit_code == 0 and said in done[0].stderr and said not in done[0].stdout
        assert not done[1].stderr


def test_what_a_tuned_encoder_gives_by_itself_is_not_taken_for_its_vectors(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.csv").write_text("lon,lat\n-100,40\n")
    for words in (["embed", "p.csv", "-o", "e.csv"], ["distance", "p.csv", "p.csv"]):
        done = CliRunner().invoke(app, [*words, "--encoder", "geoclip-tuned"])
        assert "geoclip-tuned is trained with a network: by itself it gives the 2 numbers" in done.stderr


def test_a_target_of_numbers_that_scaling_takes_for_one_is_refused(tmp_path):
    changed(**{PM25: BASE[PM25] * 1e-13}).to_csv(tmp_path / "s.csv", index=False)
    with pytest.raises(CubeError, match="unit of larger numbers"):
        survey.survey(read(tmp_path / "s.csv", Choice()).cube, 21)


def test_examples_run():
    assert doctest.testmod(slips).failed == 0
