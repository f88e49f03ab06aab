"""What is kept of real measurements, on a planted cube."""

import numpy as np
import pytest
from conftest import toy_cube

from placeprior import data
from placeprior.evidence import record
from placeprior.runs import configuration, plan


@pytest.fixture
def cube():
    planted = toy_cube(16, 40, missing=0.0)
    planted["pm25"][:] = 10.0
    planted["pm25"][2, 5] = 900.0
    planted["pm25"][4], planted["pm25"][6] = 12.0, -1.0
    planted["pm25"][8, 7:] = np.nan
    planted["pm25"][9, 1:] = np.nan
    return planted


@pytest.fixture
def parts(cube):
    made = record.record(cube)
    return {part: own.reset_index(drop=True) for part, own in made.groupby("part")}


def test_stations_are_chosen_by_what_they_measured(cube, parts):
    chosen = record.telling_stations(cube)
    assert list(chosen.values()) == [2, 4, 6, 8]
    assert parts["chosen"]["name"].tolist() == list(chosen)
    assert parts["chosen"]["lon"].tolist() == cube["lon"].values[[2, 4, 6, 8]].tolist()
    by_station = parts["day"].groupby("name", sort=False)["value"]
    assert by_station.size().tolist() == [40, 40, 40, 7] and by_station.max().iloc[0] == 900


def test_means_leave_out_what_was_not_measured(cube):
    cube["pm25"][0] = np.nan
    assert np.isnan(record.means(cube)[0]) and record.means(cube)[8] == 10.0


def test_shares_and_totals_are_those_of_the_values(cube, parts):
    values = cube["pm25"].values[np.isfinite(cube["pm25"].values)]
    total = parts["total"].set_index("name")["value"]
    assert total["measured"] == 14 * 40 + 8 and total["negative"] == 40 and total["highest"] == 900
    square = (values - values.mean()) ** 2
    assert total["variance in high"] == pytest.approx(square.max() / square.sum())
    for row in parts["level"].itertuples():
        assert row.value == pytest.approx((values > row.x).mean())


def test_a_record_is_read_back_by_task_and_part(project, monkeypatch, cube):
    monkeypatch.setitem(configuration.EVIDENCE, "record", "parquet")
    monkeypatch.setattr(data, "load", lambda task, **options: cube)
    run = next(iter(plan.runs("tiny", "core")))
    made = record.collect([run, run])
    assert made.columns.tolist() == record.COLUMNS and set(made["task"]) == {"toy"}
    assert (made["part"] == "station").sum() == 16  # two runs of a task are one record
    monkeypatch.setattr(record.tables, "read", lambda *_: made)
    assert record.read("tiny", "toy")["total"]["name"].iloc[0] == "days"
