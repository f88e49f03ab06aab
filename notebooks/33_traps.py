# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters", "remove-cell"]
profile = "demo"

# %% [markdown]
# # Ten traps with location encoders
#
# ```{goals}
# :needs: {doc}`place`
# recognise ten mistakes that seldom raise an error
# test for each in a few lines
# name the remedy
# ```
#
# ```{answer}
# :question: How does one notice a wrong vector?
# Not by looking: a vector for the wrong continent has as many digits as one for the right street. Each trap has a demonstration of a few lines to copy, and a remedy. The last is no mistake in the code at all: told GeoCLIP's 512 numbers, a linear
# model learns any number *drawn by lot* for each of 400 stations, as algebra says it must, and nothing for others.
# ```
#
# | trap | what you see | remedy |
# |---|---|---|
# | {ref}`1. Latitude first <trap-order>` | nothing: the vectors of a place in Antarctica | one order everywhere, checked against a region |
# | {ref}`2. Too few digits <trap-digits>` | at best an error of types, at worst another place's vector | positions and waves in 32 bits or more |
# | {ref}`3. Still in training mode <trap-mode>` | a place has another vector each time | `.eval()` before the first vector |
# | {ref}`4. Every day anew <trap-anew>` | hours, for the same vectors again | each distinct place once, then a look-up |
# | {ref}`5. The edge of the map <trap-edge>` | a cliff at the date line or a pole | know which encoders close around the globe |
# | {ref}`6. Too coarse, too fine <trap-grain>` | one vector for a state, or a map of noise | waves no shorter than two cells, cells no larger than the question |
# | {ref}`7. Harmonics of another kind <trap-harmonics>` | pretrained vectors that mean nothing | the very convention of the weights, by a recurrence |
# | {ref}`8. Dead numbers, blown up <trap-dead>` | inputs hundreds of times too large | one scale for the whole vector |
# | {ref}`9. The probe that leaves its region <trap-probe>` | impossible estimates in the next state | score out of region; doubt what is linear and fitted nearby |
# | {ref}`10. A name in disguise <trap-name>` | a splendid score that ends at the last known station | random vectors as a control; whole stations held out |
#
# The places and the weights are real; nothing is measured.

# %%
import textwrap
import time
from functools import partial

import numpy as np
import pandas as pd
import torch
import xarray as xr

from placeprior import coords, encoders
from placeprior.encoders import basis, geoclip, harmonics
from placeprior.encoders.basis import heads
from placeprior.errors import PlacePriorError
from placeprior.evidence import traps
from placeprior.scores import vectors as likeness

cities = {"Los Angeles": (-118.24, 34.05), "Denver": (-104.99, 39.74)}
cities |= {"Chicago": (-87.63, 41.88), "Miami": (-80.19, 25.76)}
lonlat = np.array(list(cities.values()))
land, places = traps.land()  # cells of half a degree, and 800 of them
cosine = partial(likeness.cosine, centre=0.0)  # row by row


def ask(call, *given, **options):
    """What a call gives, or what it says when it refuses."""
    try:
        return call(*given, **options)
    except (PlacePriorError, RuntimeError) as error:
        told = f"{type(error).__name__}: {error}"
        print("\n".join(textwrap.wrap(told, 85)), end="\n\n")


# %% tags=["remove-cell"]
from threadpoolctl import threadpool_limits

from placeprior.book import figures
from placeprior.book.traps import draw_alias, draw_jumps, draw_probes

figures.style()
# as the runs do; more threads only wait for each other while runs are being made
_ = threadpool_limits(1)

# %% [markdown]
# `bare` is GeoCLIP's network ({doc}`place`) *without* this project's checks, in whatever precision it is told.

# %%
weights = encoders.load("geoclip").weights


@torch.inference_mode()
def bare(lonlat, kind=torch.float32, waves=geoclip.fourier):
    """GeoCLIP without checks: lonlat (n, 2), degrees -> (n, 512)."""
    told = {name: value.to(kind) for name, value in weights.items()}
    xy = geoclip.equal_earth(torch.tensor(np.array(lonlat), dtype=kind))
    total = 0
    for scale in geoclip.CAPSULES:
        hidden = waves(xy, told[f"{scale}.capsule.0.b"])
        for layer in geoclip.LINEAR:
            name = f"{scale}.{layer}"
            hidden = hidden @ told[f"{name}.weight"].T + told[f"{name}.bias"]
            hidden = (
                hidden if layer == geoclip.LINEAR[-1] else torch.relu(hidden)
            )
        total = total + hidden
    return total.float().numpy()


# %% [markdown]
# (trap-order)=
# ## 1. Latitude first
#
# People say "latitude and longitude"; maps and this project write $(x, y)$, longitude first. The `geoclip` package takes the one, SatCLIP {cite:p}`klemmer2025satclip` the other, and neither
# murmurs:

# %%
right, swapped = bare(lonlat), bare(lonlat[:, ::-1])
print("all finite:", np.isfinite(swapped).all())
print("length, right  :", np.linalg.norm(right, axis=1).round(2))
print("length, swapped:", np.linalg.norm(swapped, axis=1).round(2))
print("cosine of right and swapped :", cosine(right, swapped).round(2))
pairs = [cosine(right[[i]], right[[j]])[0] for i in range(4) for j in range(i)]
print("cosine of two of the cities :", np.round([min(pairs), max(pairs)], 2))

# %% [markdown]
# **Remedy.** One order everywhere, turned round only inside each encoder's adapter. A latitude beyond 90° gives a swap away; 87.6° south is a place, so for Chicago only a *region* can.

# %%
for city in ("Los Angeles", "Chicago"):
    print(city, "swapped, anywhere on Earth:")
    if ask(coords.check_lonlat, [cities[city][::-1]]) is not None:
        print("accepted\n")
print("Chicago swapped, within the country:")
_ = ask(coords.check_lonlat, [cities["Chicago"][::-1]], region=coords.CONUS_BOX)

# %% [markdown]
# (trap-digits)=
# ## 2. Too few digits
#
# NumPy computes in 64 bits, networks in 32, and a GPU is fastest in 16. Where the first two meet, it is loud and harmless:

# %%
_ = ask(torch.nn.Linear(2, 4), torch.from_numpy(lonlat))

# %% [markdown]
# The third is silent. A `bfloat16` moves in steps of half a degree near 100. And a place that is stored well is still lost if the *multiplication by the frequencies* happens in few
# digits, as automatic mixed precision (`torch.autocast`) does it.

# %%
for kind in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
    stored = torch.tensor(lonlat, dtype=kind).double().numpy()
    off = 1000 * np.diag(coords.great_circle_km(lonlat, stored)).max()
    alike = cosine(right, bare(lonlat, kind)).min()
    print(
        f"{str(kind):15} place off by {off:8,.1f} m   lowest cosine {alike:.2f}"
    )
with torch.autocast("cpu", torch.bfloat16):
    alike = cosine(right, bare(lonlat)).min()
    print(f"place in 32 bits, autocast to bfloat16  lowest cosine {alike:.2f}")

# %% [markdown]
# **Remedy.** Projection and waves in 32 bits at least; what comes after may have fewer. The same autocast, kept away from the waves:

# %%
careful = torch.autocast("cpu", enabled=False)(geoclip.fourier)
with torch.autocast("cpu", torch.bfloat16):
    alike = cosine(right, bare(lonlat, waves=careful)).min()
print(f"waves in 32 bits, the rest in bfloat16  lowest cosine {alike:.2f}")

# %% [markdown]
# (trap-mode)=
# ## 3. Still in training mode
#
# A PyTorch network is born in training mode, where dropout throws numbers away at random (SatCLIP's network has some) and batch normalisation looks at whatever else is in the batch.

# %%
_ = torch.manual_seed(0)
first, last = torch.nn.Linear(2, 64), torch.nn.Linear(64, 8)
network = torch.nn.Sequential(
    first, torch.nn.Dropout(0.5), torch.nn.Tanh(), last
)
given = torch.tensor(lonlat / 100, dtype=torch.float32)
with torch.inference_mode():
    print("asked twice  :", cosine(network(given), network(given)).round(2))
    network.eval()
    print("after .eval():", cosine(network(given), network(given)).round(2))

# %% [markdown]
# **Remedy.** `.eval()`, and a test that asks twice. `adopt` ({doc}`own`) does both, and refuses a function that gives a place another vector in other company.

# %%
_ = network.train()
encoders.adopt("calm", network)
_ = ask(
    encoders.adopt, "restless", lambda at: network(torch.tensor(at).float())
)

# %% [markdown]
# (trap-anew)=
# ## 4. Every day anew
#
# A station has the same vector every day.

# %%
days = np.repeat(places[:100], 30, axis=0)  # a hundred places, a month
encoder = encoders.load("geoclip")
distinct, row = np.unique(days, axis=0, return_inverse=True)
_ = encoders.embed("geoclip", days)  # kept on disk from here on
ways = {"every row": lambda: encoder(days)}
ways["each place once"] = lambda: encoder(distinct)[row]
ways["embed, on any later day"] = lambda: encoders.embed("geoclip", days)
for way, encode in ways.items():
    start = time.perf_counter()
    encode()
    print(f"{way:24} {time.perf_counter() - start:5.2f} s")

# %% [markdown]
# **Remedy.** Encode each distinct place once and look it up. `encoders.embed` does so, and keeps the vectors of costly encoders on disk under the encoder's fingerprint, so that other weights never get old vectors.
#
# (trap-edge)=
# ## 5. The edge of the map
#
# Most encoders draw the globe on a sheet first, and a sheet has edges. Two places in Fiji, two metres apart across the date line:

# %%
west, east = np.array([[179.99999, -16.8]]), np.array([[-179.99999, -16.8]])
for name in ("lonlat", "sincos", "sphere2vec-c", "geoclip"):
    encoder = encoders.load(name)
    print(f"{name:13} cosine {cosine(encoder(west), encoder(east))[0]:5.2f}")

# %%
asked = (
    "geoclip lonlat nerf rff sincos siren-sh space2vec-grid space2vec-theory "
)
asked += "sphere2vec-c sphere2vec-dfs sphere2vec-m tile wrap-ffn xyz"
jumps = pd.DataFrame({name: traps.jumps(name) for name in asked.split()}).T
jumps = jumps.loc[jumps.max(axis=1).sort_values(kind="stable").index]

# %% mystnb={"figure": {"caption": "How far apart the vectors of two places are that lie two metres apart across the date line (circles) or a pole (squares), in units of the distance of two random places on the globe. Zero: continuous; one: strangers.", "name": "fig-traps-edge"}, "image": {"alt": "One row an encoder, with a circle for the date line and a square for the poles on an axis from zero. Both marks of xyz, nerf and the spherical harmonics lie at zero. Sines and cosines of longitude close at the date line but not at the poles. Planar encoders and GeoCLIP jump at both."}} tags=["hide-input"]
fig = draw_jumps(jumps)
about = {
    "n": 120,
    "of": "pairs an encoder",
    "data": jumps.rename_axis("encoder"),
}
_ = figures.label(fig, profile, **about, embedded=None)

# %% [markdown]
# **Remedy.** Over the contiguous United States neither edge is near. For Fiji or a polar station take a function of the *point on the sphere* ({doc}`gallery`), and test it on either side.
#
# (trap-grain)=
# ## 6. Too coarse, too fine
#
# A table of cells has one vector for everything inside a cell:

# %%
told = np.unique(encoders.load("tile")(places), axis=0)
print(
    f"{len(told)} different vectors for {len(places)} places all over the country"
)

# %% [markdown]
# At the other end, a wave that is sampled less than twice looks like another, longer one: **aliasing**. The map then shows patterns of the grid, not of the land.

# %%
octave, nerf = 9, encoders.position("nerf")
wave = 2 * coords.EARTH_RADIUS_KM / 2**octave
column = nerf.dim // 2 + nerf.dim // 6 + octave  # a cosine, of the second axis
waves = {}
for k, step in enumerate((0.5, 0.25, 0.01)):
    lon, lat = coords.grid(step, (-107, 37, -103, 41))
    values = basis.numbers(nerf, coords.cells(lon, lat))[:, column]
    axes = {f"lat{k}": lat, f"lon{k}": lon}
    waves[step] = xr.DataArray(values.reshape(len(lat), len(lon)), axes)

# %% mystnb={"figure": {"caption": "One wave of the encoder `nerf` (a cosine of the tenth octave) in four degrees around Denver. Right: as it is. Left and middle: the same wave, asked once a cell of a coarser grid. Values from -1 to 1.", "name": "fig-traps-alias"}, "image": {"alt": "Three square maps. On cells of half a degree an irregular pattern of blocks; on cells of a quarter of a degree another one, like a chequered cloth; on cells of a hundredth of a degree narrow parallel stripes that slant upwards to the right, which neither of the other two shows."}} tags=["hide-input"]
fig = draw_alias(waves)
told = f"a wave of {wave:.0f} km along its own axis"
data = xr.Dataset({f"cells_of_{step}": each for step, each in waves.items()})
_ = figures.label(fig, profile, embedded=None, note=told, data=data)

# %% [markdown]
# **Remedy.** Decide on the cell of the map first; a wave must be at least two cells long. In the plane a full wave is $2 \pi r$ degrees, so for cells of $d$ degrees take a finest radius $r \geq d / \pi$.

# %%
for radius in (0.01, 0.5 / np.pi):
    grid = encoders.position("space2vec-grid", min_radius=radius)
    short = (2 * np.pi / grid.frequency < 2 * 0.5).sum()
    print(f"finest radius {radius:.3f}°: {short} of 16 waves are too short")

# %% [markdown]
# (trap-harmonics)=
# ## 7. Harmonics of another kind
#
# Conventions of spherical harmonics differ in the pole from which angles count, in a sign, in a factor. A network *trained* on them does not mind. To weights that are *already* trained another convention is another place, and nothing tells. SatCLIP's
# were trained with terms of order 0 that are $\pi$ times too large, from a missing bracket. Random weights of its kind say what each slip costs:

# %%
sines = heads.Siren(20**2, generator=torch.Generator().manual_seed(0))
asked = torch.from_numpy(places)
orders = torch.cat([torch.arange(-degree, degree + 1) for degree in range(20)])
theirs = harmonics.satclip_harmonics(asked, 20)
textbook = harmonics.real_harmonics(asked, 20)
large = torch.where(orders == 0, np.pi, 1.0)
versions = {
    "as the weights expect": theirs,
    "order 0 of usual size": theirs / large,
}
versions["Condon-Shortley sign"] = theirs * (-1.0) ** orders.abs()
versions["angles from the north pole"] = textbook * large
versions["textbook"] = textbook
with torch.inference_mode():
    meant = sines(theirs.float())
    for name, version in versions.items():
        alike = cosine(meant, sines(version.float()))
        told = (
            f"median cosine {np.median(alike):5.2f}, lowest {alike.min():5.2f}"
        )
        print(f"{name:27} {told}")

# %% [markdown]
# Another pole leaves nothing in common with the vectors that were meant, and another sign little: both are fatal. Without the factor $\pi$ they only bend a little; it is kept all the same.
#
# The second face is arithmetic. Written out as polynomials, high degrees are small differences of enormous terms. The Legendre polynomial of degree $n$ at 0.9 can never leave -1 to 1:

# %%
from numpy.polynomial.legendre import leg2poly
from scipy.special import eval_legendre

for degree in (10, 20, 39):
    written_out = leg2poly(np.eye(degree + 1)[degree])[::-1].astype(np.float32)
    wrong = np.polyval(written_out, np.float32(0.9))
    true = eval_legendre(degree, 0.9)
    print(
        f"degree {degree}: written out {wrong:10,.2f}   by recurrence {true:5.2f}"
    )

# %% [markdown]
# **Remedy.** The very functions of the weights, by recurrence, in 64 bits; compare a few vectors with published ones.
#
# (trap-dead)=
# ## 8. Dead numbers, blown up
#
# An encoder that ends in a ReLU gives zeros. Some of its numbers are zero in the whole country: **dead**, harmless and useless. Others are zero at nearly all training places only: dividing each by its own standard deviation, as
# with weather, divides these by almost nothing. Encoders of TorchSpatial {cite:p}`wu2024torchspatial`, scaled west of 100° W, seen in the east:

# %%
for name in ("xyz-fmow", "xyz-yfcc", "nerf-yfcc", "sphere2vec-c-fmow"):
    dead, numbers, each, whole = traps.blown_up(name, places, land).values()
    print(f"{name:18} {dead:3} of {numbers} dead   up to ", end="")
    print(f"{each:5,.0f} each alone, {whole:2.0f} by one scale")

# %% [markdown]
# **Remedy.** Centre each number, and divide all by *one* scale. Count the dead before you speak of 256 dimensions.
#
# (trap-probe)=
# ## 9. The probe that leaves its region
#
# A **probe** is a linear model that reads one known thing from a vector ({doc}`prior`); so is the last layer of a network. Elsewhere the numbers leave the range in which its weights were fitted. This one reads the density of population ($\log_{10}(1 + \text{people km}^{-2})$, GeoNames), with a
# penalty chosen by cross-validation.

# %%
density = encoders.load("urban")(places)[:, 1].astype(float)
names = (
    "lonlat",
    "slepian",
    "sphere2vec-c",
    "xyz-yfcc",
    "nerf-yfcc",
    "geoclip",
)
# where a probe is fitted; asked elsewhere
fitted, told = traps.sides(places), {}
for where, train in fitted.items():
    told |= {(name, where): traps.probe(name, places, train) for name in names}

# %% mystnb={"figure": {"caption": "Range of the population density that a linear probe reads, at places it was not fitted on. Circles, thin bars: fitted all over the country. Squares, thick bars: fitted east of 100° W, asked west of it. Bars from lowest to highest estimate, marks at the median; band: the true range. The axis is linear between -1 and 1, then logarithmic.", "name": "fig-traps-probe"}, "image": {"alt": "One pair of bars an encoder. Fitted all over the country, all encoders stay about inside the grey band. Fitted in the east and asked in the west, the bars of slepian and sphere2vec-c leave the band far on both sides, those of the others less."}} tags=["hide-input"]
fig = draw_probes(told, density)
rows = [
    {"encoder": name, "fitted": at, "read": told[name, at]} for name, at in told
]
data = pd.DataFrame(rows).explode("read")
about = {"n": len(places), "of": "places", "data": data}
_ = figures.label(fig, profile, **about, embedded=None)


# %%
from sklearn.metrics import r2_score

for name in names:
    print(f"{name:13} R²", end="")
    for where, train in fitted.items():
        r2 = r2_score(density[~train], told[name, where])
        print(f"   fitted {where}: {r2:9,.2f}", end="")
    print()

# %% [markdown]
# **Remedy.** Score out of region whatever you mean to use there ({doc}`splits`), and choose penalties there too.
#
# (trap-name)=
# ## 10. A name in disguise
#
# The last trap passes every test of the code. A vector with at least as many independent numbers as there are stations lets a linear model give *any* value to each, by algebra alone. Give each of 400 stations a number drawn by lot, the same on all of its days; a test on other days of these stations is then the training data once
# more:

# %%
for name in ("lonlat", "urban", "xyz-yfcc", "geoclip"):
    same, new = traps.by_lot(name, places)
    print(f"{name:9} R² in training {same:5.2f}, at other stations {new:5.2f}")

# %% [markdown]
# There is nothing to know about these numbers, and a long vector "explains" them. On real pollution the same gain stands beside whatever the encoder does know.
#
# **Remedy.** Hold out whole stations, and regions. At known stations, what the encoder gains beyond a **random vector** for each place is more than a name. At new stations a random vector is damage, no baseline: compare there with the network without a place (`none+head`) and with random waves ({doc}`controls`).
#
# ## Exercises
#
# ````{admonition} Exercise: where no region helps
# :class: exercise tip
# A swapped pair in the contiguous United States leaves the country. Name a country in which it may not, and a check that would still find the swap.
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# One that the line "longitude equals latitude" passes through: in eastern Turkey (39, 40) and (40, 39) both lie. Something else that is known of a station can tell: its height, its distance to the town it is named after, the time of its sunrise.
# ````
#
# ````{admonition} Exercise: the anchors
# :class: exercise tip
# The encoder `rbf` says how near a place is to each of a hundred stations. Somebody draws these anchors from *all* stations, before the split. No label is used. Is it a leak?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# Yes, if the score is to hold for places unknown at training. No label trains the weight of a test station's own anchor, but the positions and density of the test stations, which a map's new places do not have, have shaped the inputs. Scalers, components and bases fitted on all stations do the
# same, more faintly. Here all are fitted on training stations alone.
# ````
#
# ````{admonition} Exercise: waves for a map
# :class: exercise tip
# `sphere2vec-c` measures its radii in radians. Its finest is 0.001. Is it fit for a map with cells of a tenth of a degree?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# A full wave is $2\pi \cdot 0.001$ radians, or $0.36$ degrees: three and a half cells, above the limit of two, but drawn coarsely. On cells of half a degree it would be aliased.
# ````
