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
from IPython.display import Markdown
from threadpoolctl import threadpool_limits

from placeprior.book import figures
from placeprior.book.gallery import (
    costs_table,
    draw_colours,
    draw_decay,
    draw_fields,
    draw_numbers,
    draw_spectra,
    formulas_table,
    measures_table,
    satclip_table,
)
from placeprior.book.tables import captioned
from placeprior.runs import configuration

figures.style()
torch.set_num_threads(1)  # as the runs do; more threads only wait for each other while runs are being made
_ = threadpool_limits(1)
small = profile == "smoke"

# %% [markdown]
# # Encoder gallery
#
# {doc}`place` looked at one location encoder closely. There are many more, and papers compare them by name: Space2Vec, Sphere2Vec, NeRF, SIREN, GeoCLIP, SatCLIP.
# This page sets them side by side: what each one computes, how far it sees, how many directions its numbers really have, how fine its map is, and what
# it costs. The question is not yet which of them helps; that is asked in {doc}`zoo`.
#
# Nothing here is trained, and nothing depends on the embedded world. An encoder is a function of longitude and latitude; the maps show the contiguous United States as that function
# sees it.
#
# ## Two parts
#
# Nearly every location encoder is a **position encoding** followed by a **head**,
#
# $$
# E(\lambda, \varphi) = h_\theta\bigl(p(\lambda, \varphi)\bigr).
# $$ (eq-gallery-encoder)
#
# The position encoding $p$ is a fixed formula: it spreads longitude $\lambda$ and latitude $\varphi$ over many numbers, bumps or waves of several sizes, and nothing in it learns.
# The head $h_\theta$ is a small network with weights $\theta$ that mixes these numbers into a vector. Why the detour? Because a network learns what varies slowly in its inputs first and what varies fast
# hardly ever {cite:p}`tancik2020`. Waves that vary fast, given as inputs, take that work off it.
#
# **Where do the weights come from?** There are three answers, and they make three kinds of encoder.
#
# - *Trained with the task.* The head starts from random weights and learns from the training stations, together with the rest of the model. Such a **basis encoder** brings no knowledge along. It only offers shapes.
# - *Trained beforehand.* The head learned from another task with far more data, usually images and where they were taken, and is then kept. It brings a **prior**: what such images show of a place.
# - *Not trained.* The random weights are kept. This is a control: what the formula and the width give by themselves.
#
# **What does the formula take the Earth for?** Again three answers.
#
# - *A plane.* Longitude and latitude are $x$ and $y$. Simple, and wrong where the map is cut: at the date line, and near the poles, where a degree of longitude shrinks to nothing.
# - *A sphere.* The formula starts from sines and cosines of the angles, or from the point in space.
# - *A list of cells.* Each cell of a grid has a row in a table of numbers, and the row itself is learned. Nothing is shared between neighbouring cells.
#
# ### The multi-scale idea
#
# Most formulas repeat one shape at $F$ **scales**. Their radii grow by a fixed factor, from the finest to the coarsest {cite:p}`mai2020`:
#
# $$
# r_f = r_{\min} \left(\frac{r_{\max}}{r_{\min}}\right)^{f/(F-1)}, \qquad f = 0, \dots, F-1.
# $$ (eq-gallery-radii)
#
# A coordinate divided by $r_f$ goes through sine and cosine; a full wave is then $2\pi r_f$ long. Coarse waves say which part of the country, fine ones which end of town. One wave
# alone is ambiguous, since it repeats, but all together are not: like the hands of a clock.

# %%
import numpy as np
import pandas as pd

from placeprior import coords, encoders
from placeprior.evidence import gallery

land = coords.Land(resolution=2.0 if small else 0.5)

# %% mystnb={"figure": {"caption": "One number of each of eight position encodings, over the country. Each has its own scale of colours, from its smallest to its largest value.", "name": "fig-gallery-numbers"}, "image": {"alt": "Eight small maps. Tile: a mosaic of square cells. RBF: one broad bump. RFF: a slope from coast to coast. Space2Vec grid: stripes along the meridians. Space2Vec theory: slanted stripes. Sphere2Vec-DFS: bumps and hollows in a chequered pattern. Harmonics: one broad hollow. Slepian: a dozen round patches, light and dark, that fill the country."}}
# Of each encoder a number that shows the shape at the size of the country.
SHOWN = {"tile": 0, "rbf": 40, "rff": 8, "space2vec-grid": 2 * 9, "space2vec-theory": 6 * 9 + 2}
SHOWN |= {"sphere2vec-dfs": 24 + 12 * 3 + 3, "siren-sh": 7 * 8 + 5, "slepian": 20}
fig = draw_numbers(land, {name: gallery.number(name, which, land.places) for name, which in SHOWN.items()})
_ = figures.label(fig, profile, n=len(land.places), of=f"land cells of {land.resolution:g}° a map", embedded=None)

# %% [markdown]
# ## All of them
#
# In the table, $\varphi_f = \varphi / r_f$ and $\lambda_f = \lambda / r_f$, and $x$ stands for $(\lambda, \varphi)$; where there is an $f$, the numbers of all scales stand side by side. Lengths are those of the encoders as this book runs them.
# Whether an encoder is *whole* at the date line and at the poles was measured when this page was made: the same vector at 180° east and 180° west, and one vector at the pole whatever the longitude.

# %%
captioned(
    formulas_table(),
    "Location encoders of this book. `wrap` and `wrap-ffn` have one formula and two heads. The last rows stand for all encoders of TorchSpatial that were trained "
    "beforehand; they are named by basis and corpus. A dash: made for this country, and refused elsewhere.",
    "tab-gallery-encoders",
)

# %% [markdown]
# A few words on those that need them.
#
# - **Sphere2Vec** exists in five versions, which differ in what is multiplied by what. In `sphere2vec-c` both angles are scaled alike. In `sphere2vec-m` only one is scaled at a time, so that a fine
#   detail in latitude meets the whole of longitude. The *plus* versions add the waves of the grid. `sphere2vec-dfs`, the *double Fourier sphere*, takes all products of two waves, and so grows with $F^2$.
# - **Spherical harmonics** $Y_{\ell m}$ are the sphere's own Fourier series: the only waves that close around the globe and over the poles. Degree $\ell$ has waves of about $360°/\ell$. Their
#   price is that they spread over the whole Earth: what a region needs must be paid for everywhere, $L^2$ numbers for waves down to $360°/L$.
# - A **SIREN** {cite:p}`sitzmann2020` is a network whose layers are sines instead of ReLUs. It can make finer waves out of coarse harmonics.
# - **Slepian functions** are those mixtures $g_\alpha$ of harmonics that live almost wholly inside one region, here the contiguous United States. Of $L^2$ mixtures only about $L^2 A / 4\pi$ do, where $A$ is the region's area on the unit sphere: a
#   short vector that is as fine as many harmonics, but useless elsewhere.
#
# In this book, the degrees $L$ of the harmonics and the number of functions that remain, of which each has more than half of its energy on the country's land; and the same of `siren-sh`, where all remain:

# %%
{name: (encoders.position(name).degrees, encoders.position(name).dim) for name in ("slepian", "siren-sh")}

# %% [markdown]
# ## How public code differs, and what was mended
#
# The formulas above come from papers. The most complete public collection of such encoders is **TorchSpatial** {cite:p}`wu2024torchspatial`. We read its code at one fixed version, commit 9f8d833, and wrote all formulas anew. Where the code
# and the formulas differ, the table says so. (The harmonics were also read in SatCLIP's own code, commit 1ead106.) It is about these versions only; published scores may come from others. Code that nobody publishes has no such table.
#
# ```{list-table} The public code, as read, and what this project does
# :header-rows: 1
# :name: tab-gallery-mended
# :class: prose-table
# :widths: 14 34 30 26
#
# * - Encoder
#   - In the public code
#   - What follows
#   - Here
# * - tile
#   - The side of a cell is taken as an argument but not passed on. The default of a million degrees leaves one cell.
#   - Every place has the same vector, which learns; the encoder is a constant. The table in the published weights has one row.
#   - Cells have the side that is asked for.
# * - Sphere2Vec M+ and DFS
#   - The smallest radius is not used. Radii run from 1 to the largest; with the usual largest radius of 1 they are all 1.
#   - All scales are the same: hundreds of numbers, a handful of which differ.
#   - Both radii count, as in the other encoders and in the paper.
# * - wrap
#   - Latitude makes a full turn from pole to pole.
#   - The poles have one code.
#   - Kept, since the paper has it so; said in the documentation.
# * - wrap (with the common head)
#   - The caller's own array of coordinates is scaled in place.
#   - A second call with the same array encodes other places.
#   - No input is ever changed; a test holds every encoder to that.
# * - NeRF
#   - The number of octaves that the command line asks for does not reach the encoder.
#   - It is always the default.
#   - It is used.
# * - harmonics
#   - The import of the harmonics is commented out, and the module is missing.
#   - The encoder raises an error. With the missing module it loses a dimension.
#   - Written by a recurrence.
# * - harmonics (of SatCLIP, too)
#   - $\sqrt{(2\ell+1)/4\cdot\pi}$ stands for $\sqrt{(2\ell+1)/4\pi}$ in the terms of order 0, which are then $\pi$ times too large; polynomials are written out.
#   - In single precision, no numbers at all near degree 40; in double precision, errors that grow with the degree.
#   - Orthonormal, by a stable recurrence {cite:p}`holmes2002`. For SatCLIP's weights the factor is kept, because they were trained with it.
# * - all
#   - Position encodings are computed in NumPy, in float64, and become a tensor at the end.
#   - No gradient with respect to the place, no use of a GPU.
#   - Tensors from beginning to end.
# * - all
#   - The last layer of the head is followed by an activation, and in training by a dropout of one half.
#   - With a ReLU no negative numbers and many zeros; in training half of the vector is missing.
#   - Not done where we train the head. Kept for the weights that were trained so, as in use: activation, no dropout.
# * - Space2Vec, Sphere2Vec
#   - Scaled longitudes jump at the date line and differ at the pole.
#   - Neighbours in Fiji look far apart.
#   - Kept, since the formulas have it so; measured in {numref}`tab-gallery-encoders` and {doc}`traps`.
# ```

# %% [markdown]
# Two of these can be seen at once. First, how many dimensions the numbers span over the country, by the radii:

# %%
from placeprior.encoders import basis

radii = {"all 1": 1.0, "growing to 1": 0.001}  # the smallest
spanned = {
    name: {what: gallery.dimensions(name, scales, least, land.places) for what, least in radii.items()}
    for name, scales in (("sphere2vec-m+", 16), ("sphere2vec-dfs", 6))
}
pd.DataFrame(spanned).T

# %% [markdown]
# And `wrap` at both poles:

# %%
basis.numbers(encoders.position("wrap"), [(0.0, 90.0), (0.0, -90.0)]).round(6)

# %% [markdown]
# ## Receptive fields
#
# Which places does an encoder take for similar to a given one? Take the vector of Denver, and the cosine of its angle with every other place's vector, both seen from the mean vector
# $\bar e$ of the country's land ({doc}`place` says why):
#
# $$
# s(x) = \frac{(e(x) - \bar e)^\top (e(x_0) - \bar e)}{\lVert e(x) - \bar e\rVert\,\lVert e(x_0) - \bar e\rVert}.
# $$ (eq-gallery-cosine)
#
# We call the map of $s$ the **receptive field** of the place. Of a basis encoder it is that of the numbers which its head reads; the head can only mix these.

# %% mystnb={"figure": {"caption": "Receptive field of Denver (star) in twelve encoders: cosine of each cell's vector with Denver's, both centred. One scale of colours, cut off at both ends. Waves shorter than the cells show as speckle.", "name": "fig-gallery-fields"}, "image": {"alt": "Twelve small maps in red for like and blue for unlike. Tile: one dark square beside arbitrary ones. Wrap, RBF and harmonics: half of the country red, the other half blue. Space2Vec theory: speckle with a red column through Denver. Sphere2Vec-C and NeRF: speckle with a red band along its parallel. Sphere2Vec-DFS: a lattice of lines. Slepian: a round red spot with faint rings. The xyz network trained on photographs: one red region, the northern Rockies and Plains. GeoCLIP: faint speckle. GeoCLIP and Slepian: a spot in faint speckle."}}
FIELDS = ["tile", "wrap", "rbf", "space2vec-theory", "sphere2vec-c", "sphere2vec-dfs"]
FIELDS += ["nerf", "siren-sh", "slepian", "xyz-yfcc", "geoclip", "geoclip-slepian"]
denver = np.array([[-104.99, 39.74]])
fields = {name: gallery.receptive_field(name, denver, land.places) for name in FIELDS}
fig = draw_fields(land, fields, denver, "Denver")
_ = figures.label(fig, profile, n=len(land.places), of=f"land cells of {land.resolution:g}° a map", embedded=None)

# %% [markdown]
# A field can be too narrow or too wide. How much of the land within 300 km of Denver has a cosine above one half, and how much of the land beyond a thousand? In percent:

# %%
from placeprior.coords import great_circle_km

km = great_circle_km(denver, land.places)[0]
near, far = km < 300, km > 1000
alike = {
    name: {"within": (field[near] > 0.5).mean(), "beyond": (field[far] > 0.5).mean()} for name, field in fields.items()
}
(100 * pd.DataFrame(alike)).T.round()

# %% [markdown]
# Where the first number is small, most of the land around is a stranger. Where the second is not, some far places count as near ones: for a formula because it hardly changes, its waves
# repeat or its cells are drawn by lot; for a trained encoder perhaps because the places look alike.
#
# ## Three directions in one colour
#
# A receptive field is about one place. To see a whole encoder, let its three strongest **principal components** ({doc}`place`) be one colour: the first is its lightness, the second runs from blue to yellow, the third from green to red. Places of one colour
# are alike in what varies most. The colours mean nothing beyond that, and they cannot be compared from map to map. The number in brackets says how much of the encoder one sees: where it is small, no three directions matter more
# than the others, and these three are an arbitrary choice.

# %% mystnb={"figure": {"caption": "First three principal components of six encoders as lightness (first), blue to yellow (second) and green to red (third). In brackets: the share of the variance that the three hold. Colours are arbitrary and differ in meaning from map to map.", "name": "fig-gallery-colours"}, "image": {"alt": "Six maps of the contiguous US in many colours. Harmonics and the xyz network with random weights: nearly the same smooth sweep of colours from coast to coast. The same network trained on satellite scenes: a smooth sweep; on photographs: smooth regions of one colour each, such as the West, the South and the East. Slepian: wavy bands. GeoCLIP: a mottled map on which the arid West, the Plains and the humid East differ."}}
COLOURED = ["siren-sh", "slepian", "xyz-untrained", "xyz-fmow", "xyz-yfcc", "geoclip"]
fig = draw_colours(land, {name: gallery.colours(name, land.places) for name in COLOURED})
_ = figures.label(fig, profile, n=len(land.places), of=f"land cells of {land.resolution:g}° a map", embedded=None)

# %% [markdown]
# ## How likeness fades with distance
#
# Now all places at once. Draw pairs of places at all distances from a few kilometres to the width of the country, as many near as far, and take the median of
# the centred cosine in each class of distance. The distance at which it has fallen to one half is a measure of how far an encoder carries what it learns at one place to the next.

# %%
from placeprior.scores import vectors

names = gallery.every()
start, end, apart = vectors.pairs(30 if small else 100, np.random.default_rng(0))
curves = gallery.decay(names, land.places, start, end, apart)

# %% mystnb={"figure": {"caption": "Median centred cosine of the vectors of two places against their distance, in twelve classes. Top: what the heads of basis encoders read, from the plane (left) and the sphere (right). Bottom left: one network on each of three bases, with random weights, trained on satellite scenes (fMoW) and on photographs (YFCC). Bottom right: the others. Dotted line: one half.", "name": "fig-gallery-decay"}, "image": {"alt": "Four panels of falling curves against distance on a logarithmic axis. Coordinates, wrap, RBF, RFF, xyz and harmonics stay near one up to hundreds of kilometres and then drop below zero. Space2Vec, Sphere2Vec and NeRF fall steadily from the start. Among the networks, training moves NeRF's curve up and that of xyz a little down. GeoCLIP falls steadily, Slepian functions stay near one up to a hundred kilometres and then drop to zero."}}
PANELS = {
    "the Earth as a plane": gallery.PLANE,
    "the Earth as a sphere": gallery.SPHERE,
    "one head, trained or not": [
        f"{base}-{how}" for base in ("xyz", "nerf", "space2vec-theory") for how in gallery.TRAINED
    ],
    "others": gallery.others(),
}
fig = draw_decay(curves, PANELS)
_ = figures.label(fig, profile, n=len(apart), of="pairs of places", embedded=None)

# %% [markdown]
# How far a trained encoder sees is decided by its basis and its training together; {numref}`tab-gallery-measures` has the distances in numbers. (Space2Vec's two corpora also differ in a
# radius and in the head's width, so its satellite curve is no exact counterpart.) {doc}`upstream` asks what all that is worth.
#
# ## How many directions
#
# A vector of many numbers need not have many *independent* ones. Three measures, all over the land of the country:
#
# - **Components.** How many principal components hold 90 % and 99 % of the variance? If few do, the vector is in truth short, and smooth. If nearly all are needed, it is rich, and can
#   tell every training station from every other: good as a name, dangerous as a description.
# - **Dead units.** How many numbers of a trained vector are the same at *every* cell? A ReLU at the end leaves such numbers at 0 where nothing in the region ever wakes them. They say nothing; a scaling column by column would blow them up
#   ({doc}`traps`).
# - **Local share.** How much of the variance is in waves shorter than 200 km? The next section explains.

# %%
from placeprior.scores import spectra

box = gallery.box(32 if small else None)
parts = [name for name in names if name != "geoclip-slepian"]  # its two parts are there
waves, local = gallery.waves(parts, *box)
measures = gallery.directions(names, land.places).assign(half=gallery.half(curves), local=local)

# %%
captioned(
    measures_table(measures),
    f"All encoders over the contiguous United States: {len(land.places):,} land cells of {land.resolution:g}° (components, dead units), {len(apart):,} pairs of places (cosine; a dash where the median never falls to one half), "
    f"{len(box[0]) * len(box[1]):,} cells of {spectra.CELL_KM:.0f} km (share of the variance at wavelengths below {spectra.LOCAL_KM:.0f} km). Basis encoders before their head. No measurements.",
    "tab-gallery-measures",
)

# %% [markdown]
# A unit that is dead here may be awake elsewhere: the heads that were trained on images were trained on the whole world.
#
# ## Fine and coarse
#
# How is an encoder's variance shared out among waves of different length? The **power spectrum** of {doc}`artefacts`, here of the encoders themselves: each number of the vector is a map; the spectra of these maps are added and divided by their total variance. A
# steep line is a smooth encoder. A flat one has as much in short waves as in long ones, and whatever reads it can draw patterns as short.

# %% mystnb={"figure": {"caption": "Radially averaged power spectra of seven encoders over the largest box that is all land, added over their numbers and divided by their variance. Long waves left. Dotted: the limit below which this book calls a wave local. Lines that leave the panel go on below it, where only the window's own leakage shows.", "name": "fig-gallery-spectra"}, "image": {"alt": "Seven lines of power against wavelength on logarithmic axes. Harmonics fall steeply from the start and Slepian functions fall off a cliff below about five hundred kilometres. The trained xyz network falls steadily, GeoCLIP slowly and then levels off. Space2Vec theory, Sphere2Vec-DFS and NeRF keep their power down to the shortest waves, with peaks and gaps."}}
fig = draw_spectra(waves, ["siren-sh", "slepian", "xyz-yfcc", "space2vec-theory", "sphere2vec-dfs", "nerf", "geoclip"])
_ = figures.label(fig, profile, n=len(box[0]) * len(box[1]), of=f"cells of {spectra.CELL_KM:.0f} km", embedded=None)

# %% [markdown]
# A basis of a few scales has a peak at each of its wavelengths and gaps between; a network after it fills them. Two warnings. Waves shorter than two cells cannot be seen on this grid; they appear as longer ones (*aliasing*), which lifts the right end of the lines of encoders that have such waves. And a basis encoder's spectrum is that of its inputs to the head: the
# head may leave the short waves unused.
#
# ## What they cost
#
# A formula is cheap. A network costs a few large products of matrices a place. The next table was not measured while this page was made: it is the kept output of `benchmarks/encoders.py`, measured once on one machine, with both
# sides in turns. *Public way* means the same formula, computed as the public code does it ({numref}`tab-gallery-mended`).

# %%

kept = configuration.root() / "benchmarks" / "encoders.txt"
lines = kept.read_text(encoding="utf-8").splitlines() if kept.is_file() else []
captioned(
    costs_table(lines),
    "Processor seconds for 100,000 places on one thread, and how many times as fast the same formula is here. Sizes are the published ones, so some vectors are longer than elsewhere "
    f"on this page. Measured once on one machine ({lines[-1]}).",
    "tab-gallery-cost",
) if lines else Markdown("*The benchmark's table is not at hand; `make bench` makes it.*")

# %% [markdown]
# In the benchmark's own words, over the position encodings that have a public counterpart:

# %%
[line for line in lines if line.startswith("all ")]

# %% [markdown]
# A ratio near 1 is no surprise where a formula has a handful of numbers: little is left to save beside checking the places. And a place is encoded once, not once a day: this project keeps the vectors of costly encoders on disk.
#
# ## SatCLIP
#
# **SatCLIP** {cite:p}`klemmer2025satclip` was trained to match places with Sentinel-2 satellite images, by the same contrast as GeoCLIP ({eq}`eq-contrast` in {doc}`place`). Its location encoder is that of {cite:t}`russwurm2024`:
#
# $$
# e = W_3\, \sin\bigl(W_2 \sin(30\,(W_1\, y + b_1)) + b_2\bigr) + b_3, \qquad y = \bigl(Y_{\ell m}(\lambda, \varphi)\bigr)_{\ell < L}.
# $$ (eq-gallery-satclip)

# %%
captioned(
    satclip_table(),
    "SatCLIP's location encoders as published. The shortest wave is that of the harmonics; the sines after them can make shorter ones.",
    "tab-gallery-satclip",
)

# %%
(
    {name: encoders.is_at_hand(name) for name in gallery.SATCLIP},
    encoders.load("satclip-l40").repo,
    encoders.load("satclip-l40").files[0],
)

# %% [markdown]
# Its weights do not come with this project. Where they were at hand when this page was made (`True` above), SatCLIP is in the tables and curves of this page; where not, nothing was put in
# its place. There are two ways to get them. Over the network, once: `placeprior weights satclip-l10 satclip-l40`. Or by hand: put the file that is named above from that repository on the Hugging Face hub
# into a folder, and name that in the environment variable `PLACEPRIOR_WEIGHTS`. This page, and the runs of {doc}`zoo`, then include it by themselves.
#
# Does it matter *which* harmonics feed weights that someone else has trained? {doc}`traps` tries that out.
#
# ## What this shows, what it does not
#
# It shows that encoders differ in kind, not in degree. Some are smooth and short, and carry what they learn at one place across half the country. Some are rough and long, and know each place by itself. The published names hide this: two
# members of one family can be further apart than two families, and a radius or a number of scales changes more than a name does.
#
# It does not show which one helps. A smooth encoder can carry over the right thing or the wrong one; a rough one can describe a city or only name a station. A receptive field of the *input* says what a head could use, not what it does use. And all measures here are for one country. An encoder that is whole at the poles pays for that, and gets nothing
# back in Kansas.
#
# ## Exercises
#
# ````{admonition} Exercise 1
# :class: exercise tip
# Space2Vec's smallest radius is given in degrees and Sphere2Vec's in radians. How long, in kilometres on a meridian, is the finest full wave of $r_{\min} = 0.01$ in either?
# ````
#
# ````{admonition} Solution 1
# :class: solution dropdown
# A full wave is $2\pi r_{\min}$ long. A degree is about 111 km, so in degrees it is $2\pi \cdot 0.01 \cdot 111 \approx 7$ km. A radian is the Earth's radius, about $6371$ km, so in radians it is $2\pi \cdot 0.01 \cdot 6371 \approx 400$ km. One number,
# two encoders, a factor of $180/\pi$.
# ````
#
# ````{admonition} Exercise 2
# :class: exercise tip
# All radii of `sphere2vec-dfs` are equal to 1. Write down its distinct numbers, and compare with the rank that the page found.
# ````
#
# ````{admonition} Solution 2
# :class: solution dropdown
# Four waves: $\sin\varphi, \cos\varphi, \sin\lambda, \cos\lambda$. Four products of a wave of $\varphi$ with one of $\lambda$. That makes eight, however many scales there are; the others are copies.
# ````
#
# ````{admonition} Exercise 3
# :class: exercise tip
# An encoder's median cosine falls to one half at 5 km. Your stations are 50 km apart. What can a model learn with it, on a random split and on a checkerboard? Which control of {doc}`controls` would behave alike?
# ````
#
# ````{admonition} Solution 3
# :class: solution dropdown
# No two stations are alike for it: each has nearly its own direction, a name. On a random split, where a station's other days are in training, the model can remember each station's mean by it. On a checkerboard a new station's vector is as strange as any; what
# was learned carries over only through what weak likeness there is. A random vector behaves in the same way, and if the encoder does not beat it, likeness was of no use.
# ````
