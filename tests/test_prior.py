"""What is read from vectors at monitors: made-up vectors that hold a fact or do not, and how it is shown."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import toy_cube

from placeprior import data, encoders
from placeprior.book import prior as drawings
from placeprior.data.world import land
from placeprior.evidence import facts, prior
from placeprior.runs import configuration, store
from placeprior.scores import metrics, probes

BASES = ["nerf", "xyz"]


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def lonlat():
    """Every other place is a city."""
    rng, (towns, people) = np.random.default_rng(0), land.cities()
    places = np.column_stack([rng.uniform(-120, -75, 160), rng.uniform(30, 47, 160)])
    places[::2] = rng.permutation(towns[people >= probes.CITY])[:80]
    return places


@pytest.fixture(scope="module")
def known(lonlat):
    return facts.known(pd.DataFrame(lonlat, columns=["lon", "lat"]).assign(pm25=np.linspace(5, 12, 160)))


class Given(facts.Vectors):
    """Vectors that no encoder made."""

    def __init__(self, tables, lonlat):
        super().__init__(tables, lonlat)
        self._made = tables

    def answer(self, name, question, about, compute):
        return np.asarray(compute(self[name]))


@pytest.fixture(scope="module")
def found(lonlat, known):
    """Trained on photographs, a vector holds the facts; with other weights it is noise."""
    rng, made = np.random.default_rng(1), {}
    for name in [name for base in BASES for name in facts.trained(base)] + ["slepian", "geoclip"]:
        made[name] = rng.normal(size=(160, 6))
        if name.endswith("yfcc"):
            z = (known - known.mean()) / known.std()
            made[name][:, :4] = z + 0.2 * rng.normal(size=z.shape)
    return Given(made, lonlat)


@pytest.fixture(scope="module")
def reading(found, known):
    return prior.read(found, known)


# --- places, facts, encoders ------------------------------------------------------------------------------------------


def test_places_are_those_of_measurements_or_else_of_the_embedded_world(monkeypatch):
    measured = pd.DataFrame({"name": ["a"], "lon": [-100.0], "lat": [40.0], "pm25": [8.0]})
    monkeypatch.setattr(store, "scores", lambda *_: None)
    monkeypatch.setattr(store, "sums", lambda _: None)
    monkeypatch.setattr(probes, "monitors", lambda *_: measured)
    assert facts.monitors("aqs", "weather-2019", "demo")[1]
    assert facts.known(measured).columns.tolist() == ["density", "elevation", "city", "pm25"]
    monkeypatch.setattr(probes, "monitors", lambda *_: measured[:0])
    monkeypatch.setattr(configuration, "profile", lambda _: {"tasks": {"toy": {"load": "toy"}}})
    monkeypatch.setattr(data, "load", lambda _: toy_cube())
    places, real = facts.monitors("aqs", "weather-2019", "demo")
    assert not real and len(places) == 40 and list(facts.known(places)) == ["density", "elevation", "city"]


def test_architectures_have_both_corpora_and_some_differ_in_nothing_else():
    bases = list(facts.pairs())
    names = encoders.list_encoders("*")
    assert {name for base in bases for name in facts.trained(base)} <= set(names)
    assert set(BASES) <= set(facts.exact()) < set(bases)


def test_vectors_are_the_encoders_own(lonlat):
    made = facts.Vectors(["lonlat", "xyz"], lonlat[:10])
    assert {name: table.shape for name, table in made.items()} == {"lonlat": (10, 2), "xyz": (10, 3)}
    assert np.allclose(made["xyz"], encoders.load("xyz")(lonlat[:10]))


# --- what is read -----------------------------------------------------------------------------------------------------


def test_interpolation_knows_other_folds_alone():
    lonlat = np.array([[-100.0, 40], [-100.1, 40], [-80, 35], [-80.1, 35]])
    y = np.array([[1.0], [3], [5], [7]])
    estimates = prior.interpolated(lonlat, y, np.array([1, 2, 1, 2]))
    assert estimates[:, 0] == pytest.approx([3, 1, 7, 5], abs=0.02)


def test_a_reading_has_every_encoder_split_and_fact(reading, found, known, lonlat):
    assert len(reading.scores) == (len(found) + 1) * len(probes.SPLITS) * 4 and reading.targets == list(known)
    assert len(reading.control) == len(found) * len(probes.SPLITS) * 4 and reading.control.max() < 0.2
    own = reading.of("xyz-yfcc", facts.OOR)
    assert (own["r2"] > 0.4).all() and (reading.of("xyz-fmow", facts.OOR)["r2"] < 0.2).all()
    assert ((own["low"] <= own["r2"]) & (own["r2"] <= own["high"])).all()
    assert own["auc"].notna().tolist() == [False, False, True, False]
    y, (fold, unit) = known.to_numpy(), prior.dealt(lonlat)[facts.OOR]
    wanted = probes.held_out(found["xyz-yfcc"], y, fold, unit)
    assert own["r2"].to_numpy() == pytest.approx(prior.r2_of(lonlat, y, wanted))
    sums = probes.block_sums(lonlat, y, wanted)
    assert np.allclose(reading.draws["xyz-yfcc", facts.OOR], metrics.bootstrap(sums)["r2"])


def test_means_over_encoders_and_their_interval(reading):
    names = ["nerf-yfcc", "xyz-yfcc"]
    both = [reading.of(name, facts.WR).loc["density", "r2"] for name in names]
    mean, low, high = reading.level(names, facts.WR, "density")
    assert mean == pytest.approx(np.mean(both)) == reading.r2(names, facts.WR)["density"] and low < mean < high


def test_what_training_adds(reading):
    gains = prior.gains(reading, BASES)
    assert len(gains) == len(prior.GAINS) * len(probes.SPLITS) * 4
    photographs = gains[(gains["first"] == "yfcc") & (gains["split"] == facts.OOR)]
    assert (photographs["clear"] == 1).all() and (photographs["difference"] > 0.3).all()


def test_a_claim_rests_on_density_read_far_from_training_places(reading):
    said = prior.claimed(reading)
    assert said["geoclip r2"] == reading.of("geoclip", facts.OOR).loc["density", "r2"]
    assert said["geoclip low"] < said["geoclip r2"] < said["geoclip high"]


def test_blocks_are_farther_than_places_next_door(lonlat):
    apart = prior.apart(lonlat)
    assert apart.is_monotonic_increasing and apart.index[0] == "spatial" and set(apart.index) == set(probes.SPLITS)


# --- how it is shown --------------------------------------------------------------------------------------------------


def test_figures_have_a_panel_a_fact_and_a_mark_an_encoder(reading, found, known, lonlat):
    fig = drawings.draw_within_and_out(reading)
    assert [ax.get_title() for ax in fig.axes] == list(drawings.TARGETS.values())
    assert len(fig.axes[0].collections) == len(found) + 1
    assert [ax.get_xlabel() != "" for ax in fig.axes] == [False, False, True, True]
    assert drawings.look("xyz-fmow") == drawings.LOOKS["fmow"]
    fig = drawings.draw_fading(reading, prior.apart(lonlat), BASES)
    assert len(fig.axes[0].lines) == 7 and fig.axes[0].get_ylabel() == "R²"
