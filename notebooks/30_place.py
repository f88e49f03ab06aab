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
from placeprior.book import figures, multiples
from placeprior.book.place import city_table, draw_reach
from placeprior.book.tables import captioned
from placeprior.book.words import minus

figures.style()

# %% [markdown]
# # From a coordinate to a vector
#
# ```{goals}
# :needs: {doc}`../question`
# compute a place's vector, and how alike two vectors are, by hand
# write GeoCLIP's and SatCLIP's location encoders in some fifty lines each
# say what a vector holds that the coordinates do not
# ```
#
# ```{answer}
# :question: How does a network learn where it is?
# It is given nothing, or numbers that stand for the place: the two coordinates, their sines, or a vector from a **location encoder**, a function of longitude and
# latitude that was fixed before training. Such a function is a few waves over the map and a small network behind them. The waves decide how far apart two places may be and still count as alike;
# what the network was trained on decides which places do.
# ```
#
# Nothing on this page is measured, and nothing is trained. It needs these imports, three places, and the land of the contiguous United States in cells:

# %%
import itertools
import math
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import safetensors.torch
import torch

from placeprior import coords, encoders
from placeprior.encoders import geoclip
from placeprior.scores import spectra, vectors

torch.set_num_threads(1)
denver, boulder, miami = (-104.99, 39.74), (-105.27, 40.01), (-80.19, 25.76)
land = coords.Land(0.5)  # the side of a cell, degrees
count = 1500  # pairs of places in each class of distance

# %% tags=["remove-cell"]
if profile == "smoke":
    land, count = coords.Land(1.0), 300

# %% [markdown]
# ## By hand
#
# **Two numbers** say everything: no two places share a longitude and a latitude. But what matters for PM2.5 is rarely a simple function of them. A city is a bump a few tenths of a degree wide; to make one out of two smooth ramps,
# a network needs many units, and training data *around that very bump*. Degrees also jump at the date line. **Sines and cosines** do not; but over one country they are ramps again, a little bent:

# %%
lon, lat = np.radians(denver)
print("degrees:", denver)
print(
    "sines  :",
    np.round([np.sin(lat), np.cos(lat), np.sin(lon), np.cos(lon)], 3),
)

# %% [markdown]
# What a network needs are numbers that change quickly, and it hardly ever learns to make them from slow ones {cite:p}`tancik2020`. So they are made for it. Draw **random frequencies** $B$ once, and replace the place $v$ by
#
# $$
# \begin{aligned}
# \gamma(v) &= \bigl[\cos(2\pi B v),\ \sin(2\pi B v)\bigr], \\
# B_{kl} &\sim \mathcal{N}(0, \sigma^2).
# \end{aligned}
# $$ (eq-fourier)
#
# Each row of $B$ is a wave over the map in a random direction; a large $\sigma$ makes short waves. With two waves, and the map $v = (\text{longitude}, \text{latitude}) / 180$:

# %%
sigma, rng = 8, np.random.default_rng(0)
B = rng.normal(0, sigma, (2, 2)).round(1)
v = np.array(denver) / 180
turns = B @ v
print("B     =", B.tolist())
print("v     =", v.round(4))
print("B v   =", turns.round(3), "turns")
angle = 2 * np.pi * turns
print("γ(v)  =", np.cos(angle).round(3), np.sin(angle).round(3))

# %% [markdown]
# How alike are two places? The usual measure is the **cosine** of their vectors, $\cos(a, b) = a^\top b / (\lVert a\rVert\,\lVert b\rVert)$: 1 for the same direction, 0 for none in common.


# %%
def fourier(place, B):
    """Random Fourier features of a place, degrees."""
    turns = B @ np.array(place) / 180
    return np.concatenate(
        [np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)]
    )


def cosine(a, b):
    """Cosine of two vectors."""
    return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


for name, other in {"Boulder": boulder, "Miami": miami}.items():
    few = cosine(fourier(denver, B), fourier(other, B))
    more = rng.normal(0, sigma, (20_000, 2))
    many = cosine(fourier(denver, more), fourier(other, more))
    apart = np.linalg.norm(np.subtract(denver, other)) / 180
    limit = np.exp(-2 * (np.pi * sigma * apart) ** 2)
    print(f"Denver and {name:7} two waves {few:6.3f}", end="   ")
    print(f"20,000 waves {many:6.3f}   formula {limit:6.3f}")

# %% [markdown]
# Since $\cos\alpha\cos\beta + \sin\alpha\sin\beta = \cos(\alpha - \beta)$, the cosine depends on nothing but the *difference* of the two places, and with many waves it becomes a bell curve of their distance,
# $\exp(-2\pi^2\sigma^2\lVert v - v'\rVert^2)$ {cite:p}`rahimi2007`. With two waves it is a matter of luck. So before anything is trained, $\sigma$ alone says how far likeness reaches:

# %%
start, end, km, group = vectors.pairs_from(land.places, count, rng)
centre = encoders.embed("geoclip", land.places).mean(0)
a, b = (encoders.embed("geoclip", where) for where in (start, end))
pairs = pd.DataFrame({"km": km, "class": group})
pairs = pairs.assign(cosine=vectors.cosine(a, b, centre))

# %% mystnb={"figure": {"caption": "Likeness of two places against their distance. Lines: the formula for random Fourier features of GeoCLIP's three scales, on a map without distortion. Triangles: GeoCLIP's own vectors, centred, median of the pairs in a class of distance; band: their middle 80 %.", "name": "fig-place-reach"}, "image": {"alt": "Three falling curves on a logarithmic axis of distance: scale 256 falls to zero within some thirty kilometres, scale 16 within a few hundred, scale 1 stays near one across the country. GeoCLIP's medians fall slowly across all three, from nearly one at three kilometres through one half at some sixty to zero beyond a thousand."}} tags=["hide-input"]
about = {"n": len(km), "of": "pairs of places", "data": pairs}
_ = figures.label(draw_reach(pairs), profile, **about, embedded=None)

# %% tags=["hide-input"]
from placeprior.book import interactive

interactive.scales(profile)

# %% [markdown]
# No single scale serves at all distances. Networks on three of them, trained, give a likeness that falls slowly over all.
#
# ## GeoCLIP in fifty lines
#
# GeoCLIP {cite:p}`vivanco2023geoclip` is just that: the globe laid flat by the Equal Earth projection {cite:p}`savric2019`, random Fourier features at three scales, $\sigma$ = 1, 16 and 256, a network of four layers for each, and
# the sum of the three.


# %%
def equal_earth(lonlat):
    """Degrees, (n, 2) -> a flat map on which areas are right, (n, 2)."""
    lon, lat = torch.deg2rad(lonlat).T
    t = torch.asin(math.sqrt(3) / 2 * torch.sin(lat))
    a, b, c, d = 1.340264, -0.081106, 0.000893, 0.003796
    stretch = a + 3 * b * t**2 + 7 * c * t**6 + 9 * d * t**8
    x = 2 / math.sqrt(3) * lon * torch.cos(t) / stretch
    y = a * t + b * t**3 + c * t**7 + d * t**9
    return torch.stack([x, y], dim=1) * 66.50336 / 180  # x = 1 at 180° east


def mlp(*widths):
    """Linear layers of these widths with a ReLU between each two."""
    layers = []
    for before, after in itertools.pairwise(widths):
        layers += [torch.nn.Linear(before, after), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


class PhotoEncoder(torch.nn.Module):
    """GeoCLIP's location encoder: lonlat in degrees, (n, 2) -> (n, 512)."""

    def __init__(self, sigmas=(1, 16, 256), waves=256, width=1024, dim=512):
        super().__init__()
        drawn = torch.stack([sigma * torch.randn(waves, 2) for sigma in sigmas])
        self.register_buffer("frequencies", drawn)  # kept, never trained
        widths = (2 * waves, width, width, width, dim)
        self.networks = torch.nn.ModuleList(mlp(*widths) for _ in sigmas)

    def forward(self, lonlat):
        v, total = equal_earth(lonlat), 0
        for B, network in zip(self.frequencies, self.networks, strict=True):
            angle = 2 * math.pi * v @ B.T
            total = total + network(
                torch.cat([angle.cos(), angle.sin()], dim=1)
            )
        return total

    def load(self, published):
        """Take the published weights, under their own names."""
        names = ("capsule.1", "capsule.3", "capsule.5", "head.0")
        for k, network in enumerate(self.networks):
            self.frequencies[k] = published[f"LocEnc{k}.capsule.0.b"]
            for layer, name in zip(network[::2], names, strict=True):
                layer.weight.data = published[f"LocEnc{k}.{name}.weight"]
                layer.bias.data = published[f"LocEnc{k}.{name}.bias"]
        return self.eval()


# %% [markdown]
# With the weights of the public package, 9.4 million numbers, it must do what this book's own encoder does:

# %%
_ = torch.manual_seed(0)
photos, unlearned = PhotoEncoder(), PhotoEncoder()
_ = photos.load(torch.load(geoclip.find_weights(), weights_only=True))
some = land.places[::10]
with torch.inference_mode():
    mine = photos(torch.tensor(some, dtype=torch.float32)).numpy()
gap = np.abs(mine - encoders.embed("geoclip", some)).max()
print(f"{mine.shape[1]} numbers up to {mine.max():.1f}, largest gap {gap:.0e}")

# %% mystnb={"figure": {"caption": "From waves to a number: the cosine of median wavelength of each of GeoCLIP's scales, and the first of the 512 numbers that its networks make of all their cosines and sines. Values of the waves from -1 to 1; the number in standard deviations, halved.", "name": "fig-place-waves"}, "image": {"alt": "Four maps. Scale 1: an almost uniform slope over the whole country. Scale 16: a few broad stripes. Scale 256: a fine hatching. The first number of the vector: irregular patches of all sizes, without any visible wave."}} tags=["hide-input"]
fine = coords.Land(1.0 if profile == "smoke" else 0.25)
waves = {}
for name, scale in spectra.SIGMAS.items():
    grid = spectra.middle_wave(name, fine.lon, fine.lat)
    waves[f"scale {scale}"] = grid[np.isfinite(fine.raster(fine.places[:, 0]))]
number = encoders.embed("geoclip", fine.places)[:, 0]
waves["number 1 of 512"] = (number - number.mean()) / number.std() / 2
fig = multiples.draw(fine, waves, "value", (-1, 1))
about = {
    "of": "cells",
    "n": len(fine.places),
    "data": multiples.fields(fine, waves),
}
_ = figures.label(fig, profile, **about, embedded=None)

# %% [markdown]
# Most of the vector comes from the two finer scales (shares of the variance over the country; what two scales say can overlap, so they need not add up to 100 %):

# %%
parts = spectra.capsules(some)
whole = sum(parts.values()).var(axis=0).sum()
for name, part in parts.items():
    print(f"{name:9} {100 * part.var(axis=0).sum() / whole:3.0f} %")

# %% [markdown]
# **What made these weights** are millions of geotagged photographs. A photograph goes through the image encoder of CLIP (pictures and captions) and becomes a vector $u_i$; its place becomes $e_i$. Training makes each $u_i$ more similar to the $e_i$ of its own place than to those
# of the other photographs in a batch (GeoCLIP adds a queue of other places),
#
# $$
# \mathcal{L} = -\frac{1}{n}\sum_i \log \frac{\exp(u_i^\top e_i / \tau)}{\sum_j \exp(u_i^\top e_j / \tau)}
# $$ (eq-contrast)
#
# (vectors of length 1; temperature $\tau$). This **contrastive** learning needs no labels, only pairs. So a vector knows what shows in photographs taken at a place: built or wild, palms or firs. It is sharp where many were taken, and a guess
# elsewhere. It knows no time, and about PM2.5 only what goes with such things.
#
# ## SatCLIP in fifty lines
#
# SatCLIP {cite:p}`klemmer2025satclip` was trained by the same contrast, with satellite images. Its waves are not drawn by lot: they are the **spherical harmonics**
# $Y_{\ell m}(\lambda, \varphi)$ of longitude and latitude, $L^2$ of them below degree $L$, which close around the globe {cite:p}`russwurm2024`. Behind them is a **SIREN** {cite:p}`sitzmann2020`, a network whose layers are sines:
#
# $$
# \begin{aligned}
# e &= W_3\, \sin\bigl(W_2 \sin(30\,(W_1\, y + b_1)) + b_2\bigr) + b_3, \\
# y &= \bigl(Y_{\ell m}(\lambda, \varphi)\bigr)_{\ell < L}.
# \end{aligned}
# $$ (eq-satclip)


# %%
def harmonics(lonlat, degrees):
    """Spherical harmonics as SatCLIP has them, (n, 2) -> (n, degrees**2)."""
    lon, lat = torch.deg2rad(lonlat).T
    # angles count from the south pole
    up, out = -torch.sin(lat), torch.cos(lat)
    turn = lon + math.pi  # and from the date line
    P = {(0, 0): torch.full_like(lon, math.sqrt(1 / (4 * math.pi)))}
    # each degree from the two before: no digit is lost
    for n in range(1, degrees):
        P[n, n] = math.sqrt((2 * n + 1) / (2 * n)) * out * P[n - 1, n - 1]
        for m in range(n):
            rise = math.sqrt((4 * n**2 - 1) / (n**2 - m**2))
            fall = math.sqrt(((n - 1) ** 2 - m**2) / (4 * (n - 1) ** 2 - 1))
            P[n, m] = rise * (up * P[n - 1, m] - fall * P.get((n - 2, m), 0))
    columns = []
    for n in range(degrees):
        for m in range(-n, n + 1):
            wave = torch.sin(-m * turn) if m < 0 else torch.cos(m * turn)
            # π: a slip that the weights know
            size = math.sqrt(2) if m else math.pi
            columns.append(size * P[n, abs(m)] * wave)
    return torch.stack(columns, dim=1)


class SatelliteEncoder(torch.nn.Module):
    """SatCLIP's location encoder: lonlat in degrees, (n, 2) -> (n, 256)."""

    def __init__(self, degrees=10, width=512, dim=256):
        super().__init__()
        self.degrees = degrees
        self.nnet = torch.nn.Module()  # named as in the published files
        widths = (degrees**2, width, width, dim)
        layers = [torch.nn.Linear(*pair) for pair in itertools.pairwise(widths)]
        for k, layer in enumerate(layers):
            bound = math.sqrt(6 / width) if k else 1 / degrees**2
            torch.nn.init.uniform_(layer.weight, -bound, bound)
        self.nnet.layers = torch.nn.ModuleList(layers[:-1])
        self.nnet.last_layer = layers[-1]
        self.double().eval()

    def forward(self, lonlat):
        hidden, speed = harmonics(lonlat.double(), self.degrees), 30.0
        for layer in self.nnet.layers:
            hidden, speed = torch.sin(speed * layer(hidden)), 1.0
        return self.nnet.last_layer(hidden)


# %% [markdown]
# SatCLIP's weights do not come with this book. The formulas can be tested without them: give both encoders the same *random* weights of the published shapes.

# %%
coarse, detailed = SatelliteEncoder(10), SatelliteEncoder(40)
for ours, name in ((coarse, "satclip-l10"), (detailed, "satclip-l40")):
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        file = Path(folder) / "weights.safetensors"
        safetensors.torch.save_file(ours.state_dict(), file)
        theirs = encoders.load(name, file)(some)
        gap = np.abs(ours(torch.tensor(some)).numpy() - theirs).max()
    print(f"{name}: {theirs.shape[1]} numbers, largest difference {gap:.0e}")

# %% [markdown]
# For the true ones, `placeprior weights satclip-l10 satclip-l40` fetches the files, or put `satclip-resnet18-l10.ckpt` and its like into the folder that `PLACEPRIOR_WEIGHTS` names. Every page of this book then shows SatCLIP too. {doc}`gallery` has the other encoders, one formula at a time.
#
# ## What each finds alike
#
# A vector's likeness to all others can be drawn as a map. One step comes first: subtract the country's mean vector. All places share something, if only that they are in the United States; it lifts every cosine and hides what tells places apart.


# %%
def alike(vectors_of, place):
    """Cosine of each land cell's vector with a place's, centred, (n,)."""
    both = torch.tensor(np.vstack([[place], land.places]), dtype=torch.float32)
    with torch.inference_mode():
        found = vectors_of(both).double().numpy()
    return vectors.cosine(found[1:], found[:1], found[1:].mean(0))


# %%
told = {"GeoCLIP": photos, "its shape, random weights": unlearned}
told |= {
    "SatCLIP's, L = 10, random": coarse,
    "SatCLIP's, L = 40, random": detailed,
}
maps = {title: alike(encoder, denver) for title, encoder in told.items()}

# %% mystnb={"figure": {"caption": "Cosine of each cell's vector with that of Denver (star), both centred: GeoCLIP, the same network with random weights, and SatCLIP's network with random weights on harmonics below degree 10 and below 40.", "name": "fig-place-similarity"}, "image": {"alt": "Four maps. GeoCLIP: faint speckle all over the country, without a region around Denver. The same network with random weights: a faint smudge around Denver that fades evenly. SatCLIP's with ten degrees: the West all alike, the East all unlike. With forty degrees: a disc some hundred kilometres wide around Denver, with faint rings."}} tags=["hide-input"]
stars = dict.fromkeys(maps, denver)
fig = multiples.draw(land, maps, "cosine with Denver", (-0.6, 0.6), stars=stars)
about |= {"n": len(land.places), "data": multiples.fields(land, maps)}
_ = figures.label(fig, profile, **about, embedded=None)

# %% tags=["hide-input"]
interactive.similarity(profile, resolution=5.0 if profile == "smoke" else 1.25)

# %% [markdown]
# Random weights already draw patterns, as coarse or as fine as their waves. What training adds is *which* far places count as alike. Ask GeoCLIP for the cities most like some others:

# %%
from placeprior.data.world.land import towns_of

towns = towns_of(75_000)  # the largest first
lonlat = towns[["lon", "lat"]].to_numpy()
near = coords.great_circle_km(lonlat, lonlat) < 10
# or a twin: a larger one is within 10 km
district = np.triu(near, 1).any(axis=0)
towns, lonlat = towns[~district].reset_index(drop=True), lonlat[~district]
told = encoders.embed("geoclip", lonlat) - centre
told = told / np.linalg.norm(told, axis=1, keepdims=True)
likeness, km = told @ told.T, coords.great_circle_km(lonlat, lonlat)

# %% tags=["hide-input"]
names = ["Denver, CO", "Houston, TX", "Boston, MA", "Seattle, WA"]
title = (
    f"Cities most similar by GeoCLIP, centred, among {len(towns):,} (GeoNames)"
)
captioned(city_table(towns, names, likeness, km), title, "tab-place-cities")

# %% [markdown]
# Boston and Seattle find their neighbours first, Denver large cities across the continent. Of a city's ten most similar, so many are also among its ten nearest:

# %%
itself = np.where(np.eye(len(towns), dtype=bool), np.inf, 0)
by_map = np.argsort(km + itself)[:, :10]
by_vector = np.argsort(itself - likeness)[:, :10]
shared = [len({*a} & {*b}) for a, b in zip(by_map, by_vector, strict=True)]
print(
    f"{np.mean(shared):.1f} on average; by chance {100 / (len(towns) - 1):.1f}"
)

# %% [markdown]
# ## What the numbers hold
#
# 512 numbers cannot be looked at, but their **principal components** can, the directions along which the vectors of the country differ most.

# %%
embedding = encoders.embed("geoclip", land.places).astype(float)
components, share = vectors.principal(embedding, 4)
corner = components[np.argmin(land.places.sum(1))]  # positive in the south-west
components *= np.where(corner < 0, -1, 1)

# %% [markdown]
# How much of that is position in disguise? Fit a smooth surface, a polynomial of third degree, to each, and correlate it with population density and a stylised height ({doc}`world`).

# %%
from scipy.stats import spearmanr

from placeprior.data.world.land import density, elevation

xy, rows = coords.project(land.places), {}
known = {"density": density, "height": elevation}
for k, component in enumerate(components.T):
    smooth = vectors.smooth_share(land.places, component)
    rows[k + 1] = {"of the variance": f"{100 * share[k]:.0f} %"}
    rows[k + 1]["smooth surface explains"] = f"{100 * smooth:.0f} %"
    for name, at in known.items():
        rank = spearmanr(component, at(xy)).statistic
        rows[k + 1][f"with {name}"] = f"{rank:+.2f}"
everything = vectors.smooth_share(land.places, embedding)
print(f"{vectors.components(share, 0.9)} components hold 90 % of the variance;")
print(
    f"a smooth surface explains {100 * everything:.0f} % of that of all numbers"
)

# %% tags=["hide-input"]
table = pd.DataFrame.from_dict(rows, orient="index").map(minus)
title = (
    f"The first components and what goes with them ({len(land.places):,} cells)"
)
captioned(table.rename_axis("component"), title, "tab-place-components")

# %% [markdown]
# So two of the four strongest directions are mostly smooth, and can be used as coordinates. Most of the variance is finer, and can serve as a name for each training station ({doc}`traps`).
#
# ## How the vector joins the model
#
# A vector is centred and divided by *one* number, so that none of its columns is blown up ({doc}`traps`); a trained layer brings it to the width of the network's summary of the weather, and the two are multiplied (**hadamard**), set side by side (**concat**), or joined
# in other ways ({doc}`model`). Coordinates simply join each day's predictors (**channels**).
#
# Whether any of this helps is not decided here: {doc}`comparison` measures that.
#
# ```{quiz} Two places differ by 2° in longitude and 1° in latitude. What does the cosine of their Fourier features depend on?
# - [ ] on how many cities lie between them | the features know nothing but the map
# - [ ] on where in the country the pair lies | the step is the same in degrees, and $\cos(\alpha - \beta)$ of each wave knows the step alone; in kilometres it is another
# - [x] on this step and on the waves drawn, that is, with many of them, on $\sigma$ | of each wave remains $\cos(\alpha - \beta)$; many of them only remove the luck
# ```
#
# ## Exercises
#
# ````{admonition} Exercise: a vector by lot
# :class: exercise tip
# An encoder maps each place to a random vector, fixed once. Draw its curve into {numref}`fig-place-reach`. On which splits could a model with this encoder beat one without a place, and why is it a useful control?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# Its cosine is about 0 at every distance, however short. If the same stations are in training and test, the model can learn each station's mean by its vector, as by a name, and may win. At new stations every vector is a
# new name, and the best it can do is to ignore it. At known stations an encoder must beat this control to be more than a name; at new ones compare with no place.
# ````
#
# ````{admonition} Exercise: one block
# :class: exercise tip
# From {eq}`eq-fourier`: how large must $\sigma$ be for the typical wave to be one city block (100 m) long, and what would happen between photographs that lie kilometres apart? GeoCLIP's map is half the equator long for $x$ from 0 to 1.
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# The unit is about $2 \cdot 10^4$ km, so 100 m is a frequency of $2 \cdot 10^5$ cycles. A row of $B$ is typically $1.2\,\sigma$ long, so $\sigma$ is some $1.7 \cdot 10^5$. Between photographs the waves turn many times with no data to fix them: the vector there is noise, the more so in 32-bit arithmetic, whose seven digits just place a point within about a metre.
# ````
