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
import torch
from IPython.display import Code

from placeprior.book import figures
from placeprior.book.place import city_table, draw_components, draw_decay, draw_similarity, draw_waves, wave_table
from placeprior.book.tables import captioned
from placeprior.book.words import minus

figures.style()
torch.set_num_threads(1)  # as the runs do; more threads only wait for each other while runs are being made
small = profile == "smoke"

# %% [markdown]
# # How to tell a model where it is
#
# A network takes numbers. This page asks which numbers should stand for a place. Four answers are compared in this book:
#
# - `none`: nothing. The weather already differs from place to place, and that may be enough.
# - `lonlat`: longitude and latitude, two numbers.
# - `sincos`: the sine and cosine of both, four numbers.
# - `geoclip`: a vector from an encoder that was trained elsewhere, on photographs.
#
# Nothing on this page is trained. Apart from the table near its end that says so, nothing depends on the
# **embedded world** either: an encoder is a function of longitude and latitude, and the maps show the real Earth as
# that function sees it. It uses these imports, three places, and the land of the country in cells:

# %%
import inspect

import numpy as np
import pandas as pd

from placeprior import coords, data, encoders
from placeprior.encoders import coordinates, geoclip
from placeprior.scores import spectra, vectors

PLACES = {"Los Angeles": (-118.24, 34.05), "Denver": (-104.99, 39.74), "rural Nebraska": (-101.04, 42.04)}
VARIANTS = {"lonlat": "channels", "sincos": "channels", "geoclip": "hadamard"}
land = coords.Land(1.0 if small else 0.5)
places, rng = land.places, np.random.default_rng(0)

# %% [markdown]
# ## Coordinates
#
# Two numbers say everything: no two places share them. The difficulty is the other way round. What matters for PM2.5
# is rarely a simple function of longitude and latitude. A city is a bump a few tenths of a degree wide; for a network
# to make one out of two smooth ramps it needs many units, and training data *around that very bump*.
#
# Raw degrees have a second fault: at the date line, longitude jumps from 180 to −180 although the place hardly changes.
# Sines and cosines do not jump:

# %%
Code(inspect.getsource(coordinates.sincos), language="python")

# %% [markdown]
# Inside the contiguous United States that fault does not show. There, sines and cosines are
# nearly straight functions of the degrees, except one: the sine of longitude turns round at 90° W, the meridian of
# Memphis and New Orleans, and makes a trough in the middle of the country. Of the variance of each over the land cells,
# a straight-line function of longitude and latitude explains

# %%
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

degrees, waves = (encoders.embed(name, places).astype(float) for name in ("lonlat", "sincos"))
straight = LinearRegression().fit(degrees, waves).predict(degrees)
explained = r2_score(waves, straight, multioutput="raw_values")
for name, share in zip(("sin lat", "cos lat", "sin lon", "cos lon"), explained, strict=True):
    print(f"{name} {100 * share:5.1f} %")

# %% [markdown]
# What the network gains from `sincos` here is some curvature, above all that trough.
#
# ## What a location encoder is
#
# A **location encoder** is a function from a place to a vector, $E: (\lambda, \varphi) \mapsto \mathbb{R}^d$, fixed before our model
# sees any data. The hope is that places which are alike *in a way that matters* get vectors that are alike, wherever they
# are: two harbours, two ski towns, two suburbs. A model could then carry over what it learned at one to the other. Longitude and
# latitude cannot do this; for them, alike means near.
#
# Such a function must be able to change quickly from one block to the next and slowly across a continent. A network fed with two raw
# numbers learns the slow part first and the quick part hardly ever {cite:p}`tancik2020`. The remedy is to feed it **random Fourier
# features**: draw a matrix $B$ of random frequencies once, and replace the projected place $v = (x, y)$ by
#
# $$
# \gamma(v) = \bigl[\cos(2\pi B v),\ \sin(2\pi B v)\bigr], \qquad B_{kl} \sim \mathcal{N}(0, \sigma^2).
# $$ (eq-fourier)
#
# Each feature is a wave over the map with a random direction. The scale $\sigma$ sets the wavelength: large $\sigma$, short
# waves. GeoCLIP {cite:p}`vivanco2023geoclip` uses three scales, after projecting the globe onto the plane with the Equal Earth
# projection, which keeps areas right.

# %%
encoder = encoders.load("geoclip")
captioned(
    wave_table(encoder.weights),
    "Wavelengths of GeoCLIP's Fourier features (measured at the equator), computed from its published weights",
    "tab-place-waves",
)


# %% mystnb={"figure": {"caption": "One Fourier feature of each scale (the cosine whose wavelength is the median of its scale), over the country; and the finest one again in a box of five degrees around Denver. Values from -1 to 1.", "name": "fig-place-fourier"}, "image": {"alt": "Four pictures. Scale 1: an almost uniform slope over the whole country. Scale 16: a few broad stripes. Scale 256: a fine hatching over the whole map. The box around Denver shows that the hatching consists of regular parallel stripes some tens of kilometres wide."}}
country, box = coords.grid(0.25 if small else 0.1), coords.grid(0.02, (-107.5, 37.25, -102.5, 42.25))
fig = draw_waves(spectra.middle_wave, spectra.SIGMAS, country, box, {"Denver": PLACES["Denver"]})
_ = figures.label(fig, profile, n=country[0].size * country[1].size, of="grid cells a map", embedded=None)

# %% [markdown]
# A single wave says nothing. Hundreds of them, weighted and bent by a network, can say anything, just as sums of waves make
# any sound. Each scale has its own network, and the three results are added. This is the whole encoder; it has what
# every encoder of this book has, a name, a length, a fingerprint, and a call that takes longitude and latitude:

# %%
Code(inspect.getsource(geoclip.GeoClip), language="python")

# %% [markdown]
# How much does each scale say? Its variance over the country, as a share of that of the sum (the shares need not add up
# to 100 %: what two scales say can overlap or cancel):

# %%
parts = spectra.capsules(places[:: 1 + len(places) // 500])
total = sum(parts.values()).var(0).sum()
for name, part in parts.items():
    print(f"{name:9} {100 * part.var(0).sum() / total:3.0f} %")

# %% [markdown]
# ### What it was trained on
#
# GeoCLIP's networks were fitted to **millions of geotagged photographs**. A photograph goes through CLIP's image encoder and
# becomes a vector $u_i$; its place goes through the encoder above and becomes $e_i$. In a batch of photographs, training
# makes each $u_i$ more similar to the $e_i$ of its own place than to those of others,
#
# $$
# \mathcal{L} = -\frac{1}{n}\sum_i \log \frac{\exp(u_i^\top e_i / \tau)}{\sum_j \exp(u_i^\top e_j / \tau)}
# $$ (eq-contrast)
#
# (vectors scaled to length 1; temperature $\tau$). This is called **contrastive** learning: it needs no labels, only pairs. Three
# things follow for our use.
#
# - What the vector knows about a place is **what shows in photographs taken there**: built or wild, palms or firs, plain or
#   peaks. About PM2.5 it knows only as much as goes with such things.
# - Where many photographs were taken it can tell blocks apart; where few were taken it must guess from the surroundings.
# - It knows no time. A photograph of a smoky day and one of a clear day at a place pull at the same vector.
#
# ## What an embedding looks like
#
# 512 numbers a place cannot be looked at, but their main directions can. **Principal components** are the directions along
# which the vectors of the country differ most; the first few are drawn as maps.

# %% mystnb={"figure": {"caption": "The first six principal components of GeoCLIP's vectors over the country, each in units of its own standard deviation. The signs are arbitrary. In brackets: the share of the variance.", "name": "fig-place-components"}, "image": {"alt": "Six maps of the contiguous US. The first divides the arid, high West from the East, the second marks the Great Plains, the third north against south; later ones are patchier, with neighbouring cells that often differ."}}
embedding = encoders.embed("geoclip", places).astype(np.float64)
centre = embedding.mean(0)
components, share = vectors.principal(embedding, 6)
# The sign of a component is arbitrary: positive where the south-west corner of the country is.
components *= np.where(components[np.argmin(places.sum(1))] < 0, -1, 1)
fig = draw_components(land, components, share)
_ = figures.label(fig, profile, n=len(places), of=f"land cells of {land.resolution:g}°", embedded=None)

# %% [markdown]
# How much of this is just position in disguise? The table gives, for each component, the share of its variance that a
# smooth surface (a polynomial of third degree in longitude and latitude) explains, and its rank correlation with population
# density and with height (both stylised as in {doc}`world`).

# %%
from scipy.stats import spearmanr

from placeprior.data.world.land import density, elevation

xy, rows = coords.project(places), []
people, height = density(xy), elevation(xy)
for k, component in enumerate(components.T):
    ranks = [spearmanr(component, known).statistic for known in (people, height)]
    smooth = vectors.smooth_share(places, component)
    rows.append((k + 1, f"{100 * share[k]:.1f} %", f"{100 * smooth:.0f} %", *(minus(f"{r:+.2f}") for r in ranks)))
print(f"{vectors.components(share, 0.9)} components hold 90 % of the variance over these cells;")
print(f"a smooth surface explains {100 * vectors.smooth_share(places, embedding):.0f} % of that of all 512 numbers")
columns = ["component", "share of variance", "smooth surface explains", "with density", "with height"]
captioned(
    pd.DataFrame(rows, columns=columns),
    f"The first components and what goes with them (n = {len(places):,} cells)",
    "tab-place-components",
)

# %% [markdown]
# So much of the vector is position on the map, and a model can use it as coordinates. The rest is finer than such a surface.
#
# ## Similarity of one place to all others
#
# How alike are two vectors? The usual measure is their cosine,
# $\cos(a, b) = a^\top b / (\lVert a\rVert\,\lVert b\rVert)$: 1 for the same direction, 0 for none in common. There is a trap. The vectors of the
# country share a common part (they are all "in the United States", among other things), which lifts every cosine and
# hides differences. **Centring**, subtracting the mean vector of the country first, removes what all places share and leaves
# what tells them apart. A network does the same when its inputs are scaled.


# %%
def cosine(a, b):
    """Cosine of every row of a (n, d) with every row of b (m, d)."""
    return (a / np.linalg.norm(a, axis=1, keepdims=True)) @ (b / np.linalg.norm(b, axis=1, keepdims=True)).T


pick = rng.integers(0, len(places), (2, 4000))
rows = []
for name, told in {"as they are": embedding, "centred": embedding - centre}.items():
    spread = np.percentile(cosine(told, told)[pick[0], pick[1]], [5, 50, 95])
    rows.append((name, *(minus(f"{value:+.2f}") for value in spread)))
captioned(
    pd.DataFrame(rows, columns=["vectors", "5 %", "median", "95 %"]),
    f"Cosine of two places drawn at random (n = {pick.shape[1]:,} pairs)",
    "tab-place-cosine",
)

# %% mystnb={"figure": {"caption": "Cosine similarity of GeoCLIP's vector at the starred place with that of every other. Top left: vectors as they are. The other three: after centring.", "name": "fig-place-similarity"}, "image": {"alt": "Four maps. Top left, for Los Angeles without centring, nearly all values are above zero. After centring, far places are about zero or below, and single cells at other large cities stand out, for Los Angeles as for Denver. For rural Nebraska a broad patch of similar places surrounds the star."}}
targets = np.array(list(PLACES.values()))
at = encoders.embed("geoclip", targets).astype(float)
alike = dict(zip(PLACES, cosine(at - centre, embedding - centre), strict=True))
maps = [(name, "centred", alike[name]) for name in PLACES]
fig = draw_similarity(land, [("Los Angeles", "as it is", cosine(at, embedding)[0]), *maps], PLACES)
_ = figures.label(fig, profile, n=len(places), of="land cells a map", embedded=None)
for (name, similarity), km in zip(alike.items(), coords.great_circle_km(targets, places), strict=True):
    near, far = similarity[km < 300], similarity[km > 1000]
    print(
        f"{name:14} within 300 km {np.median(near):5.2f}, beyond 1,000 km {np.median(far):5.2f}, at most {far.max():.2f}"
    )

# %% [markdown]
# ## Similarity and distance
#
# If similarity were a function of distance alone, an encoder would be coordinates in another form. The figure draws pairs of places
# at all distances and shows, for each variant, how similar the vectors are that the model receives (scaled as described
# below).

# %% mystnb={"figure": {"caption": "Left: cosine of the scaled vectors of two places. Right: their Euclidean distance, as a share of the root mean square over random pairs of the country. Lines: medians in twelve classes of distance; bands: the middle 80 %.", "name": "fig-place-decay"}, "image": {"alt": "Two panels against distance on a logarithmic axis, three lines each. For lon/lat and sin/cos, vectors are the same up to a hundred kilometres and then drift apart. GeoCLIP's vectors differ by a quarter of the typical distance at a few kilometres already, and the rest follows slowly; beyond a few hundred kilometres its line is nearly level."}}
from placeprior.runs.inputs import place_scaler

start, end, distance, group = vectors.pairs_from(places, 300 if small else 1500, rng)
curves = []
for name, fusion in VARIANTS.items():
    scale = place_scaler(encoders.embed(name, places), fusion)
    a, b, typical = (scale(encoders.embed(name, where)).astype(float) for where in (start, end, places))
    norm = np.sqrt(((typical[pick[0]] - typical[pick[1]]) ** 2).sum(1).mean())
    same = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    apart = np.linalg.norm(a - b, axis=1) / norm
    curves.append(pd.DataFrame({"variant": name, "group": group, "km": distance, "cosine": same, "apart": apart}))
curves = pd.concat(curves)
fig = draw_decay(curves, VARIANTS)
_ = figures.label(fig, profile, n=len(distance), of="pairs of places", embedded=None)
near = curves[curves.km < 30].groupby("variant").apart.median()
far = curves[curves.km.between(300, 1000)].groupby("variant").apart.quantile([0.1, 0.9]).unstack()
for name in VARIANTS:
    low, high = far.loc[name]
    print(f"{name:8} apart, within 30 km: {near[name]:.2f} (median); 300 to 1,000 km: {low:.2f} to {high:.2f} (80 %)")

# %% [markdown]
# Where coordinates call two places a few kilometres apart the same, GeoCLIP keeps them well apart, and it calls nearly all distant
# places about equally different. Such a vector can tell a city from its surroundings. It also gives a flexible model something
# like a name for each training station.
#
# The left panel also shows a weakness of the cosine: for two numbers it is only the *direction* seen from the middle of the
# country, so it says little for `lonlat`. The right panel is what a network has to work with.
#
# ## Neighbours of a city
#
# Which other cities does the encoder take for most similar?

# %%
from placeprior.data.world.land import towns_of

people_from = 200_000 if small else 75_000
towns = towns_of(people_from)
lonlat = towns[["lon", "lat"]].to_numpy()
told = encoders.embed("geoclip", lonlat).astype(float) - centre
alike, km = cosine(told, told), coords.great_circle_km(lonlat, lonlat)
names = ("Los Angeles, CA", "Denver, CO", "Boston, MA", "Houston, TX", "Seattle, WA")
captioned(
    city_table(towns, names, alike, km),
    f"Cities by centred cosine of GeoCLIP's vectors, among {len(towns):,} with at least {people_from:,} people (GeoNames; some are districts of a larger city)",
    "tab-place-cities",
)

# %% [markdown]
# Is similar still near? Of a city's ten most similar cities, so many are also among its ten nearest:

# %%
itself = np.where(np.eye(len(towns), dtype=bool), np.inf, 0)
by_map, by_vector = np.argsort(km + itself, axis=1)[:, :10], np.argsort(itself - alike, axis=1)[:, :10]
shared = np.mean([len(set(a) & set(b)) for a, b in zip(by_map, by_vector, strict=True)])
print(f"{shared:.1f} on average; by chance {100 / (len(towns) - 1):.1f} ({len(towns):,} cities)")

# %% [markdown]
# ## How the vector joins the model
#
# Three ways are compared, written with formulas in {doc}`../concepts/model`:
#
# - **channels**: appended to every day's predictors. This is how `lonlat` and `sincos` enter, as in the study.
# - **hadamard**: brought to the width of the window's summary by a trained layer, and multiplied with it.
# - **concat**: brought to that width, and set beside it.
#
# Before that, the numbers are **scaled**, and how matters more than it seems. Scales are fitted on training stations only. Channels
# are scaled column by column, like weather: each to mean 0 and variance 1. An embedding is centred column by column but
# divided by *one* number:

# %%
Code(inspect.getsource(place_scaler), language="python")

# %% [markdown]
# The reason is held-out regions. A column that hardly varies in the training half of the country would be blown up by its
# own scale, and a place in the other half could then reach the model as an enormous number.
#
# The next table asks how strange a test station's vector is to a model: its distance to the nearest training station's vector, divided
# by what is usual *among* training stations. A large value means that the model must extrapolate. A value near 1 means that a test station is no stranger than
# the training stations are to each other. Stations are those of the **embedded world**, on the splits of {doc}`splits`.

# %%
from placeprior.evidence import strangeness
from placeprior.runs import configuration, plan

task = next(iter(configuration.profile(profile)["tasks"].values()))
cube = data.load(task["load"], **task.get("options", {}))
rows, alone = [], {variant: [] for variant in VARIANTS}
for name in dict.fromkeys(run.split for run in plan.runs(profile, "core") if run.split != "random"):
    rows.append([f"`{name}`"])
    for variant, fusion in VARIANTS.items():
        ratio, apart = strangeness.by_fold(cube, name, variant, fusion)
        rows[-1].append(" / ".join(f"{value:.1f}" for value in ratio))
        alone[variant].extend(apart)
for variant, apart in alone.items():
    print(f"{variant:8} {100 * np.mean(apart):3.0f} %")
captioned(
    pd.DataFrame(rows, columns=["split", *(f"`{v}`" for v in VARIANTS)]),
    f"Median distance of a test station's scaled vector to the nearest training station's, in units of the usual distance among training stations; one number a fold, seed 0, {cube.sizes['station']:,} stations of the embedded world",
    "tab-place-strange",
)

# %% [markdown]
# How usual is usual? The lines above the table say how far the nearest other training station's vector is, as a share of the
# distance of two drawn at random. Where it is large, training stations are nearly strangers to each other already. Values near 1 do then not
# say that a new region is familiar; they say that it is hardly stranger than a new station next door.
#
# ## Pitfalls
#
# **The order.** Libraries disagree on whether longitude or latitude comes first; GeoCLIP's own code takes latitude first. This project takes
# (longitude, latitude) everywhere and turns it round inside each encoder. A swapped pair is often still a valid place, so only a region can
# unmask it:

# %%
from placeprior.errors import PlacePriorError

for swapped, region in (((34.05, -118.24), None), ((39.74, -86.2), coords.CONUS_BOX)):
    try:
        coords.check_lonlat([swapped], names=["mine"], region=region)
    except PlacePriorError as error:
        print(f"{type(error).__name__}: {error}\n")

# %% [markdown]
# **The date line.** Two places on either side of it are neighbours; not every encoder knows. The Equal Earth map is cut there, and so is
# GeoCLIP. For the contiguous United States this does not matter; for Fiji it does.

# %%
fiji = np.array([[179.95, -16.8], [-179.95, -16.8], [179.85, -16.8]])
rows = []
for name in VARIANTS:
    first, *others = encoders.embed(name, fiji).astype(float)
    across, beside = (np.linalg.norm(first - other) for other in others)
    rows.append((f"`{name}`", f"{across:.4f}", f"{beside:.4f}", f"{across / beside:,.1f}"))
captioned(
    pd.DataFrame(rows, columns=["variant", "A: across the date line", "B: on one side of it", "A / B"]),
    f"Distance of the unscaled vectors of two places in Fiji {coords.great_circle_km(fiji, fiji)[0, 1]:.0f} km apart",
    "tab-place-dateline",
)

# %% [markdown]
# **Precision.** At the finest scale a place is multiplied by frequencies of several hundred cycles; half precision cannot hold the
# result. The encoder runs in 32-bit floating point, and a test compares it with the published package.
#
# **Reading too much into a map.** Two places can have similar vectors because they are alike, or because few photographs were taken at
# either. The vector does not say which.
#
# ## What this shows, what it does not
#
# It shows what each variant puts into the model: two ramps, four bent ramps, or a vector that is in part position and in part
# something finer. It shows that the encoder's vector separates near places that coordinates hardly separate, and that it relates
# some far ones.
#
# It does not show that any of this helps to estimate PM2.5. What looks meaningful on a map may be useless for the target, and
# what helps at known stations may harm in new regions. That is what {doc}`comparison` measures.
#
# ## Exercises
#
# ````{admonition} Exercise 1
# :class: exercise tip
# An encoder maps each place to a random vector, fixed once. Draw, in your head, its curve in {numref}`fig-place-decay`. On which
# splits could a model with this encoder beat `none`, and why is it a useful control?
# ````
#
# ````{admonition} Solution 1
# :class: solution dropdown
# The distance of the vectors is the typical one at every distance, however short: a flat line at 1. On `random` the model can learn each
# station's mean by its vector, as by a name, and may win. On `spatial` and the checkerboards a new station's vector is a
# new name, and the best it can do is to ignore it. An encoder that does not beat this control on new stations has not shown that it knows geography.
# ````
#
# ````{admonition} Exercise 2
# :class: exercise tip
# From {eq}`eq-fourier`: how large must $\sigma$ be for the typical wave to be one city block (100 m) long, and what would happen between
# photographs that lie kilometres apart? The unit of the map is half the equator.
# ````
#
# ````{admonition} Solution 2
# :class: solution dropdown
# The unit is about $2 \cdot 10^4$ km, so 100 m is a frequency of $2 \cdot 10^5$ cycles; the typical length of a row of $B$ is about
# $1.2\,\sigma$, so $\sigma$ is some $1.7 \cdot 10^5$. Between photographs the waves turn many times without any data to fix them: the vector there is noise, the more
# so in 32-bit arithmetic, whose seven digits are just enough to place a point within a few metres.
# ````
