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
# A location encoder takes two numbers and gives back many. Nothing in those many numbers shows whether they are the right ones: a
# vector for the wrong continent has as many digits as one for the right street. That is why most of the traps below raise no error. Each has
# a name, a demonstration of a few lines that you can copy, and a remedy. They are ordered from those that nearly everybody meets to those
# that pass every check but the last.
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
# Nothing here depends on the embedded world: the places are real, and so are the weights. The page uses these imports, four cities and some
# land of the contiguous United States:

# %%
import time
from functools import partial

import numpy as np
import pandas as pd
import torch

from placeprior import coords, encoders
from placeprior.book import figures
from placeprior.encoders import geoclip, harmonics
from placeprior.encoders.basis import heads
from placeprior.errors import PlacePriorError
from placeprior.evidence import traps
from placeprior.scores import vectors as likeness

cities = {"Los Angeles": (-118.24, 34.05), "Denver": (-104.99, 39.74)}
cities |= {"Chicago": (-87.63, 41.88), "Miami": (-80.19, 25.76)}
lonlat = np.array(list(cities.values()))
land = coords.Land(0.5).places
places = land[np.random.default_rng(0).choice(len(land), 800, replace=False)]
cosine = partial(likeness.cosine, centre=0.0)  # of each row of one table with the same row of another


def ask(call, *given, **options):
    """What a call gives, or what it says when it refuses."""
    try:
        return call(*given, **options)
    except (PlacePriorError, RuntimeError) as error:
        print(f"{type(error).__name__}: {error}\n")


# %% tags=["remove-cell"]
from threadpoolctl import threadpool_limits

from placeprior.book.tables import captioned
from placeprior.book.traps import draw_alias, draw_jumps, draw_probes, probe_table

figures.style()
_ = threadpool_limits(1)  # as the runs do; more threads only wait for each other while runs are being made

# %% [markdown]
# For the first two traps we need an encoder *without* this project's checks around it, as one finds it in any repository. `bare` is GeoCLIP's
# network {cite:p}`vivanco2023geoclip` on its published weights, in whatever precision it is told.

# %%
weights = encoders.load("geoclip").weights


@torch.inference_mode()
def bare(lonlat, kind=torch.float32, waves=geoclip.fourier):
    """GeoCLIP without checks: lonlat (n, 2), degrees -> (n, 512)."""
    told = {name: value.to(kind) for name, value in weights.items()}
    xy, total = geoclip.equal_earth(torch.tensor(np.array(lonlat), dtype=kind)), 0
    for scale in geoclip.CAPSULES:
        hidden = waves(xy, told[f"{scale}.capsule.0.b"])
        for layer in geoclip.LINEAR:
            hidden = torch.nn.functional.linear(hidden, told[f"{scale}.{layer}.weight"], told[f"{scale}.{layer}.bias"])
            hidden = hidden if layer == geoclip.LINEAR[-1] else torch.relu(hidden)
        total = total + hidden
    return total.float().numpy()


# %% [markdown]
# (trap-order)=
# ## 1. Latitude first
#
# People say "latitude and longitude"; maps, geometry libraries and this project write $(x, y)$, which is longitude first. Encoders disagree: the
# `geoclip` package takes (latitude, longitude), SatCLIP {cite:p}`klemmer2025satclip` takes (longitude, latitude). Code written for one and
# given to the other runs without a murmur:

# %%
right, swapped = bare(lonlat), bare(lonlat[:, ::-1])
print("all finite:", np.isfinite(swapped).all())
print("length of the vectors, right  :", np.linalg.norm(right, axis=1).round(2))
print("length of the vectors, swapped:", np.linalg.norm(swapped, axis=1).round(2))
print("cosine of right and swapped   :", cosine(right, swapped).round(2))
pairs = [cosine(right[[i]], right[[j]])[0] for i in range(4) for j in range(i)]
print("cosine of two different cities:", np.round([min(pairs), max(pairs)], 2), "at least and at most")

# %% [markdown]
# **Remedy.** One order everywhere, turned round only inside the adapter of each encoder. A latitude beyond 90° gives a swap away;
# the pair of Chicago does not, because 87.6° south is a place. Only a *region* can tell there.

# %%
for city in ("Los Angeles", "Chicago"):
    place = cities[city][::-1]
    print(city, "swapped, anywhere on Earth:")
    if ask(coords.check_lonlat, [place]) is not None:
        print("accepted\n")
print("Chicago swapped, within the country:")
_ = ask(coords.check_lonlat, [cities["Chicago"][::-1]], region=coords.CONUS_BOX)

# %% [markdown]
# (trap-digits)=
# ## 2. Too few digits
#
# NumPy computes in 64 bits, networks in 32, and a GPU is fastest in 16. The first meeting is loud and harmless:

# %%
_ = ask(torch.nn.Linear(2, 4), torch.from_numpy(lonlat))

# %% [markdown]
# The second is silent. A number in `bfloat16` keeps eight binary digits: near 100 degrees it moves in steps of half a degree. `float16` keeps eleven.
# And a place that is stored well is still lost if the *multiplication by the frequencies* happens in few digits, which is what automatic mixed precision
# (`torch.autocast`) does to every matrix product.

# %%
for kind in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
    stored = torch.tensor(lonlat, dtype=kind).double().numpy()
    off, alike = np.diag(coords.great_circle_km(lonlat, stored)).max(), cosine(right, bare(lonlat, kind)).min()
    print(f"{str(kind):15}  place off by {1000 * off:10,.1f} m   lowest cosine {alike:6.3f}")
with torch.autocast("cpu", torch.bfloat16):
    print(f"place in 32 bits, autocast to bfloat16    lowest cosine {cosine(right, bare(lonlat)).min():6.3f}")

# %% [markdown]
# **Remedy.** Projection and waves in 32 bits at least; what comes after may have fewer. The positions of the basis encoders in this project
# are computed in 64 bits and handed on in 32, and a network that is adopted ({doc}`own`) is given its places in 32 bits at least. Here is the same
# autocast, kept away from the waves:

# %%
careful = torch.autocast("cpu", enabled=False)(geoclip.fourier)  # outside of any autocast
with torch.autocast("cpu", torch.bfloat16):
    worst = cosine(right, bare(lonlat, waves=careful)).min()
print(f"waves in 32 bits, the rest in bfloat16    lowest cosine {worst:6.3f}")

# %% [markdown]
# (trap-mode)=
# ## 3. Still in training mode
#
# A PyTorch network is born in training mode, where dropout throws numbers away at random and batch normalisation looks at whatever else is in the
# batch. (SatCLIP's network has dropout before its hidden layers.) Forget `.eval()`, and a place has a different vector each time it is asked for:

# %%
_ = torch.manual_seed(0)
network = torch.nn.Sequential(torch.nn.Linear(2, 64), torch.nn.Dropout(0.5), torch.nn.Tanh(), torch.nn.Linear(64, 8))
given = torch.tensor(lonlat / 100, dtype=torch.float32)
with torch.inference_mode():
    print("the same places asked twice:", cosine(network(given), network(given)).round(2))
    print("after .eval()              :", cosine(network.eval()(given), network(given)).round(2))

# %% [markdown]
# **Remedy.** `.eval()`, and a test that asks twice. `adopt` does both: of a network it takes a copy in evaluation mode, and a function that
# gives a place another vector in other company is refused.

# %%
_ = network.train()
encoders.adopt("calm", network)
_ = ask(encoders.adopt, "restless", lambda lonlat: network(torch.tensor(lonlat / 100).float()))

# %% [markdown]
# (trap-anew)=
# ## 4. Every day anew
#
# A table of station-days has each place hundreds of times, and its vector does not change from day to day. Encoding row by row is the easiest code to
# write and costs as many times too much as there are days.

# %%
days = np.repeat(places[:100], 30, axis=0)  # a hundred places, a month
encoder, given = encoders.load("geoclip"), {}
distinct, row = np.unique(days, axis=0, return_inverse=True)
_ = encoders.embed("geoclip", days)  # once before, so that the last way shows any later occasion
for way, encode in {
    "every row": lambda: encoder(days),
    "each place once": lambda: encoder(distinct)[row],
    "embed, on any later occasion": lambda: encoders.embed("geoclip", days),
}.items():
    start = time.perf_counter()
    given[way] = encode()
    print(f"{way:28} {time.perf_counter() - start:6.2f} s")

# %% [markdown]
# **Remedy.** Encode each distinct place once and look it up. `encoders.embed` does this, and keeps the vectors of costly encoders on disk
# under a name made from the encoder's fingerprint and the places, so that other weights never get old vectors. The numbers are the same up to
# rounding: sums of another batch are added in another order.
#
# (trap-edge)=
# ## 5. The edge of the map
#
# Most encoders draw the globe on a sheet first, and a sheet has edges. At the date line two neighbours become strangers. So do, at a pole, two places on
# opposite meridians, for every formula that reads longitude by itself. Two metres apart in Fiji:

# %% mystnb={"figure": {"caption": "How far apart the vectors of two places are that lie two metres apart across the date line (circles) or a pole (squares), in units of the distance of two places drawn at random on the globe. Zero: the encoder is continuous there; one: it takes the two for strangers.", "name": "fig-traps-edge"}, "image": {"alt": "One row an encoder, with a circle for the date line and a square for the poles on an axis from zero. Both marks of xyz, nerf and the spherical harmonics lie at zero. Sines and cosines of longitude close at the date line but not at the poles. Planar encoders and GeoCLIP jump at both."}}
west_of, east_of = np.array([[179.99999, -16.8]]), np.array([[-179.99999, -16.8]])
for name in ("lonlat", "sincos", "sphere2vec-c", "geoclip"):
    print(f"{name:13} cosine {cosine(encoders.load(name)(west_of), encoders.load(name)(east_of))[0]:7.4f}")
asked = (
    "geoclip lonlat nerf rff sincos siren-sh space2vec-grid space2vec-theory sphere2vec-c sphere2vec-c+ "
    "sphere2vec-dfs sphere2vec-m sphere2vec-m+ tile wrap-ffn xyz xyz-yfcc"
)
jumps = pd.DataFrame({name: traps.jumps(name) for name in asked.split()}).T
jumps = jumps.loc[jumps.max(axis=1).sort_values(kind="stable").index]
fig = draw_jumps(jumps)
_ = figures.label(fig, profile, n=120, of="pairs of places an encoder", embedded=None)

# %% [markdown]
# **Remedy.** Over the contiguous United States neither edge is near, and this book does nothing about them. For Fiji, Chukotka or a polar station take an encoder
# that is a function of the *point on the sphere* ({doc}`gallery`), and test it with two places on either side.
#
# (trap-grain)=
# ## 6. Too coarse, too fine
#
# A vector shows neither how large a piece of land it stands for nor how quickly it changes. A table of cells has one vector for everything inside a cell:

# %%
vectors = encoders.load("tile")(places)
print(f"{len(np.unique(vectors, axis=0))} different vectors for {len(places)} places all over the country")

# %% [markdown]
# At the other end are waves that are shorter than the cells of the map that is drawn with them. Sampled less than twice a wave, a wave looks like
# another, longer one: this is **aliasing**. The map then shows patterns that belong to the grid, not to the land. Neighbouring cells no longer have anything to do
# with each other:

# %%
middle = {name: encoders.load(name)(places).mean(0) for name in ("sincos", "sphere2vec-c", "geoclip", "nerf")}
print("median cosine of neighbouring cells (centred), by the size of a cell")
for name, mean in middle.items():
    encoder, told = encoders.load(name), []
    for step in (0.5, 0.1, 0.01):
        alike = cosine(encoder(places) - mean, encoder(places + (0, step)) - mean)
        told.append(f"{step:5}°: {np.median(alike):5.2f}  ")
    print(f"{name:13}", *told)

# %% mystnb={"figure": {"caption": "One wave of the encoder `nerf` (the cosine of the second axis of the unit vector at the tenth octave) in four degrees around Denver, on three grids. Right: as it is. Left and middle: the same wave, asked once a cell of a coarser grid. Values from -1 to 1.", "name": "fig-traps-alias"}, "image": {"alt": "Three square maps. On cells of half a degree an irregular pattern of blocks; on cells of a quarter of a degree another one, like a chequered cloth; on cells of a hundredth of a degree narrow parallel stripes that slant upwards to the right, which neither of the other two shows."}}
octave, nerf = 9, encoders.position("nerf")
wave = 2 * coords.EARTH_RADIUS_KM / 2**octave
column = nerf.dim // 2 + nerf.dim // 6 + octave  # a cosine, of the second axis
fig = draw_alias(nerf, column, (0.5, 0.25, 0.01), (-107.0, 37.0, -103.0, 41.0))
_ = figures.label(fig, profile, embedded=None, note=f"a wave of {wave:.0f} km along its own axis")

# %% [markdown]
# **Remedy.** Decide on the cell of the map first; a wave must be at least two cells long (the sampling theorem), and four look better. The multi-scale
# encoders have their finest radius as a parameter. In the plane a full wave is $2 \pi r$ degrees long, so for cells of $d$ degrees $r \geq d / \pi$.

# %%
for radius in (0.01, 0.5 / np.pi):
    lengths = 2 * np.pi / encoders.position("space2vec-grid", min_radius=radius).frequency
    short = (lengths < 2 * 0.5).sum()
    print(f"finest radius {radius:.3f}°: {short} of {len(lengths)} waves are shorter than two cells of 0.5°")

# %% [markdown]
# A cell of the coarser kind is a choice too: it says that what differs inside it shall not matter. It is a trap only for those who did not choose it.
#
# (trap-harmonics)=
# ## 7. Harmonics of another kind
#
# "Spherical harmonics up to degree 20" is not one set of numbers. Conventions differ in the pole from which angles are counted, in a sign (Condon and Shortley's),
# in a factor. For a network that is *trained* on them this hardly matters: its first layer learns the signs. For weights that are *already* trained it is fatal, and
# invisible, as all versions have the same size, range and smoothness. SatCLIP's weights were trained with harmonics whose terms of order 0 are $\pi$ times too large,
# by a bracket that was missing in a program; its users must make the same mistake. SatCLIP's weights are not at hand here. A network of the same kind with random
# weights shows what would happen to them:

# %%
sines = heads.Siren(20**2, generator=torch.Generator().manual_seed(0))
asked = torch.from_numpy(places)
orders = torch.cat([torch.arange(-degree, degree + 1) for degree in range(20)])
theirs, textbook = harmonics.satclip_harmonics(asked, 20), harmonics.real_harmonics(asked, 20)
versions = {
    "as the weights expect": theirs,
    "order 0 without the factor": theirs / torch.where(orders == 0, np.pi, 1.0),
    "Condon-Shortley sign": theirs * (-1.0) ** orders.abs(),
    "angles from the north pole": textbook * torch.where(orders == 0, np.pi, 1.0),
    "textbook": textbook,
}
with torch.inference_mode():
    meant = sines(theirs.float())
    for name, version in versions.items():
        alike = cosine(meant, sines(version.float()))
        print(f"{name:28} cosine with the meant vector: median {np.median(alike):5.2f}, lowest {alike.min():5.2f}")

# %% [markdown]
# The second face of this trap is arithmetic. Written out as polynomials, harmonics of high degree are small differences of enormous terms. This is the
# Legendre polynomial of degree $n$ at 0.9, by its coefficients and by a recurrence; it can never leave the range from -1 to 1.

# %%
from numpy.polynomial.legendre import leg2poly
from scipy.special import eval_legendre

for degree in (5, 10, 20, 39):
    written_out = leg2poly(np.eye(degree + 1)[degree])[::-1]
    single, double = np.polyval(written_out.astype(np.float32), np.float32(0.9)), np.polyval(written_out, 0.9)
    recurrence = eval_legendre(degree, 0.9)
    print(f"degree {degree:2}: 32 bits {single:15,.4f}   64 bits {double:8.4f}   by recurrence {recurrence:8.4f}")

# %% [markdown]
# **Remedy.** Use the functions that the weights were trained with, compare a few vectors with published ones, and compute by recurrence in 64 bits. Here
# `placeprior.encoders.harmonics` has both kinds under their names.
#
# (trap-dead)=
# ## 8. Dead numbers, blown up
#
# An encoder that ends in a ReLU gives zeros. Some of its numbers are zero in the whole country: **dead**, harmless and useless. Others are zero at nearly all places
# where you train, and not where you test. To scale each number by its own standard deviation, as one does with weather, divides these by almost nothing.
# Take the encoders that the authors of TorchSpatial publish ({cite:p}`wu2024torchspatial`; {doc}`upstream`), fit the scales west of 100° W and look east:

# %%
for name in ("xyz-fmow", "xyz-yfcc", "nerf-yfcc", "sphere2vec-c-fmow"):
    dead, numbers, each, whole = traps.blown_up(name, places, land).values()
    print(
        f"{name:18} dead {dead:3} of {numbers}   largest in the east: each alone {each:8,.0f}, one scale {whole:3.0f}"
    )

# %% [markdown]
# **Remedy.** Centre each number, and divide all by *one* scale: the numbers of a vector share their unit. The runs of this book do so
# ({doc}`place` shows the function). Count the dead before you speak of 256 dimensions.
#
# (trap-probe)=
# ## 9. The probe that leaves its region
#
# A **probe** is a linear model that reads one known thing from a vector ({doc}`prior`); so, in effect, is the last layer of any network. Fitted in one part of the
# country it may read well there and be absurd in the next, where the numbers of the vector leave the range in which the weights were fitted. The thing to be read here is
# real and easily known: the density of population (of GeoNames, smoothed over some forty kilometres, as $\log_{10}(1 + \text{people km}^{-2})$). The strength of the ridge is
# chosen by cross-validation, so this is a careful probe.

# %% mystnb={"figure": {"caption": "Range of the population density that a linear probe reads from each encoder, at places it was not fitted on. Circles and thin bars: fitted on places all over the country. Squares and thick bars: fitted east of 100° W, asked west of it. Bars from the lowest to the highest estimate, marks at the median; grey band: the true range over the country. The axis is linear between -1 and 1, then logarithmic.", "name": "fig-traps-probe"}, "image": {"alt": "One pair of bars an encoder. Fitted all over the country, all encoders stay about inside the grey band. Fitted in the east and asked in the west, the bars of slepian and sphere2vec-c leave the band far on both sides, those of the others less."}}
density = encoders.load("urban")(places)[:, 1].astype(float)
names = ("lonlat", "slepian", "sphere2vec-c", "xyz-yfcc", "nerf-yfcc", "geoclip")
fitted = traps.sides(places)  # the places that a probe is fitted at; it is asked for the others
told = {(name, where): traps.probe(name, places, train) for name in names for where, train in fitted.items()}
fig = draw_probes(told, density)
_ = figures.label(fig, profile, n=len(places), of="places", embedded=None, note="density: GeoNames")

# %%
captioned(
    probe_table(told, {where: density[~train] for where, train in fitted.items()}),
    f"What a linear probe reads, at places it was not fitted on; true values {density.min():.1f} … {density.max():.1f} (n = {len(places):,} places)",
    "tab-traps-probe",
)

# %% [markdown]
# Two things go wrong. A number that hardly varies where the probe is fitted may be given any weight, and may vary much elsewhere: a Slepian function that lives in the West is
# such a number for a probe from the East. And a long wave that was only ever seen rising goes on to numbers that were never seen.
#
# **Remedy.** Score out of region whatever you mean to use there ({doc}`splits`), and choose penalties there too. A model that only *looks* bounded where it was fitted is not bounded.
#
# (trap-name)=
# ## 10. A name in disguise
#
# The last trap passes every test of the code, because nothing is wrong with the code. A vector of several hundred numbers differs from place to place in nearly as many
# independent directions as there are stations. A model can then learn *any* number for each station. To see it, give each station a number drawn by lot, which is the
# same on all of its days. Days split at random have the same stations on both sides, so that the fit is the test; then ask for stations that were not seen:

# %%
for name in ("lonlat", "urban", "xyz-yfcc", "geoclip"):
    same, new = traps.by_lot(name, places)
    print(f"{name:9} R², other days of the same stations: {same:5.2f}   other stations: {new:6.2f}")

# %% [markdown]
# There is nothing to know about these numbers, and a long vector "explains" them. On real pollution the same gain appears beside whatever the encoder does know, and no score on known
# stations can tell the two apart.
#
# **Remedy.** Hold out whole stations, and regions; and run the same model with a **random vector** for each place, of the same length. What the encoder gains beyond that is geography
# ({doc}`controls`).
#
# ## What this shows, what it does not
#
# It shows that each of these mistakes is real for encoders that are in use, how large it is in one demonstration, and what is done about it here. The sizes belong to the
# demonstration: a swap in another country, a probe across another meridian or another network of sines give other numbers.
#
# It does not show how often these mistakes are made, or that any published result suffers from one. And it is no list of all mistakes: what a *split* can do wrong fills
# {doc}`../concepts/splits` and {doc}`leak`.
#
# ````{admonition} Exercise 1: where no region helps
# :class: exercise tip
# A swapped pair in the contiguous United States leaves the country. Name a country in which it may not, and a check that would still find the swap.
# ````
#
# ````{admonition} Solution 1
# :class: solution dropdown
# A country that the line "longitude equals latitude" passes through: eastern Turkey, for example, where (39, 40) and (40, 39) both lie. There the coordinates alone cannot tell. Something
# else that is known of a station can: its height, its distance to the town it is named after, or the time of its sunrise.
# ````
#
# ````{admonition} Exercise 2: the anchors
# :class: exercise tip
# The encoder `rbf` says how near a place is to each of a hundred anchors, which are stations. Somebody draws the anchors from *all* stations, before the split. No label is used. Is it
# a leak?
# ````
#
# ````{admonition} Solution 2
# :class: solution dropdown
# Yes, if the score is to hold for places that were unknown at training. Each test station that became an anchor has a number of its own which is near 1 there and nowhere else. The weight of that
# number is not trained by any label of that station, but the position and density of the test stations, which a map's new places do not have, have shaped the inputs. Scalers, principal
# components and bases fitted on all stations do the same, more faintly. In this project all of these are fitted on training stations alone.
# ````
#
# ````{admonition} Exercise 3: waves for a map
# :class: exercise tip
# `sphere2vec-c` measures its radii in radians. Its finest is 0.001. Is it fit for a map with cells of a tenth of a degree?
# ````
#
# ````{admonition} Solution 3
# :class: solution dropdown
# A full wave is $2\pi \cdot 0.001$ radians, or $0.36$ degrees: three and a half cells. That is above the limit of two, so the wave is not mistaken for a longer one, but it is drawn coarsely.
# On cells of half a degree it would be aliased.
# ````
