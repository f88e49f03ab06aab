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
from threadpoolctl import threadpool_limits

from placeprior.book import figures, multiples
from placeprior.book.gallery import draw_family, draw_measures

figures.style()
# as the runs do; more threads only wait for each other while runs are being made
torch.set_num_threads(1)
_ = threadpool_limits(1)

# %% [markdown]
# # Encoder gallery
#
# ```{goals}
# :needs: {doc}`place`
# write fourteen of fifteen position encodings in a line or two
# see from a map how far an encoder carries what it learns
# know in what the public code differs from the papers
# ```
#
# ```{answer}
# :question: In what do location encoders differ?
# In how far and how finely they reach. Some are smooth and short, and call half a continent alike; some are rough and long, and know each place by itself. The published names hide this: a radius or a number of scales changes more than a name does. Which of them helps is asked in {doc}`zoo`.
# ```
#
# Nearly every location encoder is a **position encoding**, a fixed formula $p$ that spreads a place over many numbers, and a **head** $h_\theta$, a small network that reads them:
#
# $$
# E(\lambda, \varphi) = h_\theta\bigl(p(\lambda, \varphi)\bigr).
# $$ (eq-gallery-encoder)
#
# The head may be trained with the task, from nothing: then the formula only offers shapes. Or it was trained beforehand, on images: then it brings a *prior* ({doc}`prior`). Or it stays random: a control. Below, the formulas come one at a time, each in code and with two maps: one of its
# numbers, and the cosine of all its numbers with those of Denver, seen from the country's mean ({doc}`place`). The head can only mix what is there.

# %%
import numpy as np
from scipy.special import sph_harm_y

from placeprior import coords, encoders
from placeprior.evidence import gallery
from placeprior.scores import vectors

land, count = coords.Land(resolution=0.5), 100  # cells of half a degree
box = gallery.box()  # where waves are counted

# %% tags=["remove-cell"]
if profile == "smoke":
    land, count, box = coords.Land(resolution=2.0), 30, gallery.box(32)

# %%
x, y = land.places.T  # longitude and latitude, degrees
lam, phi = np.radians(land.places).T  # the same, radians
denver = gallery.DENVER
home = coords.great_circle_km(denver, land.places)[0].argmin()


def radii(least, most, count=16):
    """From fine to coarse, each a fixed factor larger."""
    return least * (most / least) ** (np.arange(count) / (count - 1))


def waves(angle, r):
    """Sine and cosine at every radius: (n,) -> (n, F, 2)."""
    turn = angle[:, None] / r
    return np.stack([np.sin(turn), np.cos(turn)], axis=2)


def flat(numbers):
    """One row a place."""
    return numbers.reshape(len(x), -1)


def field(numbers):
    """Cosine of each cell's numbers with those of Denver's cell, centred."""
    return vectors.cosine(numbers, numbers[[home]], numbers.mean(0))


# %% tags=["remove-cell"]
about = {"n": len(x), "of": "cells a map"}


def check(made):
    """Fail where a formula of the page gives other numbers than this book's own encoder."""
    for name, found in made.items():
        np.testing.assert_allclose(
            found, encoders.embed(name, land.places), atol=1e-6, err_msg=name
        )


# %% [markdown]
# ## Cells and bumps
#
# - `tile` {cite:p}`berg2014,tang2015`, $t_{c(x)}$: a row of a table, learned cell by cell.
# - `rbf` {cite:p}`mai2020`, $\exp(-\lVert x - a_m\rVert^2 / 2s^2)$: nearness to each of a hundred anchors, which in a run are training stations.

# %%
table = encoders.position("tile").table.detach().numpy()  # drawn by lot
anchors = encoders.position("rbf").anchors.numpy()
cell = 36 * np.floor((y + 90) / 10) + np.floor((x + 180) / 10)
away = ((land.places[:, None] - anchors) ** 2).sum(axis=2)
cells = {"tile": table[cell.astype(int)], "rbf": np.exp(-away / (2 * 9.0**2))}

# %% tags=["remove-cell"]
check(cells)

# %% mystnb={"figure": {"caption": "Cells and bumps. Left: one number, from its smallest (light) to its largest (dark). Right: cosine with Denver (star). Colours in fourteen steps. Neighbours across the edge of a tile share nothing; the field of RBF is as wide as its bumps.", "name": "fig-gallery-cells"}, "image": {"alt": "Two rows of two maps. Tile: a mosaic of squares of ten degrees; beside it one dark red square south of Denver among paler, arbitrary ones. RBF: one bump in the East; beside it a wide red oval around Denver, and blue in the East."}} tags=["hide-input"]
shown = {"tile": 0, "rbf": 40}
numbers = {name: cells[name][:, which] for name, which in shown.items()}
fields = {name: field(found) for name, found in cells.items()}
fig = draw_family(land, numbers, fields, denver)
data = multiples.fields(land, fields)
_ = figures.label(fig, profile, **about, embedded=None, data=data)

# %% [markdown]
# ## Waves on a plane
#
# Longitude and latitude are taken for $x$ and $y$. Most formulas repeat one shape at $F$ scales, whose radii grow by a fixed factor {cite:p}`mai2020`; $\lambda_f = \lambda / r_f$, and a full wave is $2\pi r_f$ long:
#
# $$
# r_f = r_{\min} \left(\frac{r_{\max}}{r_{\min}}\right)^{f/(F-1)}, \qquad f = 0, \dots, F-1.
# $$ (eq-gallery-radii)
#
# - `wrap` {cite:p}`macaodha2019`, $\sin\lambda,\ \sin 2\varphi,\ \cos\lambda,\ \cos 2\varphi$: one turn around the globe, one from pole to pole. `wrap-ffn` is the same with another head.
# - `rff` {cite:p}`rahimi2007`, $\sqrt{2/64}\,\cos(\omega_k^\top x + b_k)$: 64 waves in random directions, drawn once ({doc}`place`).
# - `space2vec-grid` {cite:p}`mai2020`, $\sin\lambda_f,\ \cos\lambda_f,\ \sin\varphi_f,\ \cos\varphi_f$.
# - `space2vec-theory` {cite:p}`mai2020,gao2019`, $\sin\frac{u_j^\top x}{r_f},\ \cos\frac{u_j^\top x}{r_f}$ along 0°, 120° and 240°.

# %%
drawn = encoders.position("rff")
omega, shift = drawn.omega.numpy(), drawn.shift.numpy()
unit = np.column_stack([x / 180, y / 90])
r = radii(0.01, 360)  # degrees
sines = [wave(turn) for wave in (np.sin, np.cos) for turn in (lam, 2 * phi)]
along = (x, -x / 2 + np.sqrt(3) / 2 * y, -x / 2 - np.sqrt(3) / 2 * y)
plane = {
    "wrap": np.column_stack(sines),
    "rff": np.sqrt(2 / 64) * np.cos(unit @ omega + shift),
    "space2vec-grid": flat(np.stack([waves(x, r), waves(y, r)], axis=1)),
    "space2vec-theory": flat(
        np.stack([waves(axis, r) for axis in along], axis=2)
    ),
}

# %% tags=["remove-cell"]
check(plane)

# %% mystnb={"figure": {"caption": "Waves on a plane. Left: one number. Right: cosine with Denver (star). RFF is as smooth as wrap, since its frequencies are small. The grid makes a cross of the places that share Denver's longitude or latitude; of theory, its column remains.", "name": "fig-gallery-plane"}, "image": {"alt": "Four rows of two maps. Wrap: a slope from north to south; beside it the West red, the East blue. RFF: a slope; beside it nearly the same red West and blue East. Space2Vec grid: stripes along the meridians; beside it a tartan with a red cross through Denver. Space2Vec theory: slanted stripes; beside it speckle with a red column through Denver."}} tags=["hide-input"]
shown = {"wrap": 1, "rff": 8, "space2vec-grid": 18, "space2vec-theory": 56}
numbers = {name: plane[name][:, which] for name, which in shown.items()}
fields = {name: field(found) for name, found in plane.items()}
fig = draw_family(land, numbers, fields, denver)
data = multiples.fields(land, fields)
_ = figures.label(fig, profile, **about, embedded=None, data=data)

# %% [markdown]
# ## The point on the sphere
#
# A plane is cut at the date line and torn at the poles ({doc}`traps`). The point in space is not, nor are the waves that close around the globe.
#
# - `xyz` {cite:p}`mai2023`, $\cos\varphi\cos\lambda,\ \cos\varphi\sin\lambda,\ \sin\varphi$: three numbers without any edge.
# - `nerf` {cite:p}`mildenhall2020`, $\sin 2^f\pi v,\ \cos 2^f\pi v$, $v$ as `xyz`: octaves down to 400 m.
# - `siren-sh` {cite:p}`russwurm2024`, $Y_{\ell m}(\lambda, \varphi)$, $\ell < 8$: spherical harmonics, with a head of sines; waves down to $360°/\ell$ cost $L^2$ numbers, for the whole globe.
# - `slepian` {cite:p}`simons2006`, $\sum_{\ell m} g_{\alpha,\ell m} Y_{\ell m}$, $\ell < 60$: those 55 of $60^2$ mixtures that live almost wholly inside this country. Its $g$ solve an eigenproblem; this one is a call of the library.

# %%
out = np.cos(phi)  # how far from the axis
xyz = np.column_stack([out * np.cos(lam), out * np.sin(lam), np.sin(phi)])
octaves = flat(xyz[:, :, None] * np.pi * 2.0 ** np.arange(16))


def harmonic(degree, order):
    """A real spherical harmonic, orthonormal."""
    value = sph_harm_y(degree, abs(order), np.pi / 2 - phi, lam)
    part = value.imag if order < 0 else value.real
    return part * (np.sqrt(2) * (-1.0) ** order if order else 1)


pairs = [(n, m) for n in range(8) for m in range(-n, n + 1)]
sphere = {
    "xyz": xyz,
    "nerf": np.column_stack([np.sin(octaves), np.cos(octaves)]),
    "siren-sh": np.column_stack([harmonic(*pair) for pair in pairs]),
    "slepian": encoders.embed("slepian", land.places),
}

# %% tags=["remove-cell"]
check({name: sphere[name] for name in sphere if name != "slepian"})

# %% mystnb={"figure": {"caption": "On the sphere. Left: one number. Right: cosine with Denver (star). xyz sets West against East, as every smooth formula does; to NeRF all beyond Denver's own cell are strangers, but for the line of its latitude; harmonics are coarse; the spot of Slepian is fine.", "name": "fig-gallery-sphere"}, "image": {"alt": "Four rows of two maps. xyz: a slope; beside it the West red, the East blue. NeRF: broad bands; beside it faint speckle with a thin red line along Denver's parallel. Harmonics: one broad hollow; beside it a red disc over the West, and a blue East. Slepian: a dozen round patches, light and dark; beside it a round red spot at Denver with faint rings."}} tags=["hide-input"]
shown = {"xyz": 1, "nerf": 19, "siren-sh": 61, "slepian": 20}
numbers = {name: sphere[name][:, which] for name, which in shown.items()}
fields = {name: field(found) for name, found in sphere.items()}
fig = draw_family(land, numbers, fields, denver)
data = multiples.fields(land, fields)
_ = figures.label(fig, profile, **about, embedded=None, data=data)

# %% [markdown]
# ## Sphere2Vec
#
# Five versions {cite:p}`mai2023`, which differ in what is multiplied by what. Radii are in radians here.
#
# - `sphere2vec-c`, $\sin\varphi_f,\ \cos\varphi_f\cos\lambda_f,\ \cos\varphi_f\sin\lambda_f$: both angles scaled alike.
# - `sphere2vec-c+` adds the waves of the grid.
# - `sphere2vec-m`, $\sin\varphi_f,\ \cos\varphi_f\cos\lambda,\ \cos\varphi\cos\lambda_f,\ \cos\varphi_f\sin\lambda,\ \cos\varphi\sin\lambda_f$: one angle scaled at a time.
# - `sphere2vec-m+` adds the grid again.
# - `sphere2vec-dfs` {cite:p}`orszag1974`: all products of a wave of $\varphi$ and one of $\lambda$, $4F + 4F^2$ numbers.

# %%
r, r6 = radii(0.001, 1), radii(0.001, 1, 6)  # radians
(sp, cp), (sl, cl) = (
    np.moveaxis(waves(angle, r), 2, 0) for angle in (phi, lam)
)
P, S, C = np.cos(phi)[:, None], np.sin(lam)[:, None], np.cos(lam)[:, None]
mixed = [sp, cp * C, P * cl, cp * S, P * sl]
one, other = (flat(np.moveaxis(waves(angle, r6), 2, 1)) for angle in (phi, lam))
parts = {
    "sphere2vec-c": [sp, cp * cl, cp * sl],
    "sphere2vec-c+": [sp, cp, sl, cl, cp * cl, cp * sl],
    "sphere2vec-m": mixed,
    "sphere2vec-m+": [*mixed, cp, sl, cl],
}
sphere2vec = {
    name: flat(np.stack(each, axis=2)) for name, each in parts.items()
}
products = flat(one[:, :, None] * other[:, None, :])
sphere2vec["sphere2vec-dfs"] = np.column_stack([one, other, products])

# %% tags=["remove-cell"]
check(sphere2vec)

# %% mystnb={"figure": {"caption": "Sphere2Vec. Left: one number. Right: cosine with Denver (star). C: a band along the parallel, since its first number knows latitude alone. C+: a column joins it. M: a sharper cross, as a fine detail of one angle meets the whole of the other; the grid of M+ hardly changes it. DFS: a lattice.", "name": "fig-gallery-sphere2vec"}, "image": {"alt": "Five rows of two maps. The left maps have stripes or chequered bumps a thousand kilometres wide. Right: a soft red band along Denver's parallel for Sphere2Vec-C; a thin cross through Denver for C+, and a sharper one on a tartan for M and M+; a lattice of many crossing lines for DFS."}} tags=["hide-input"]
shown = {"sphere2vec-c": 28, "sphere2vec-c+": 58, "sphere2vec-m": 47}
shown |= {"sphere2vec-m+": 75, "sphere2vec-dfs": 63}
numbers = {name: sphere2vec[name][:, which] for name, which in shown.items()}
fields = {name: field(found) for name, found in sphere2vec.items()}
fig = draw_family(land, numbers, fields, denver)
data = multiples.fields(land, fields)
_ = figures.label(fig, profile, **about, embedded=None, data=data)

# %% [markdown]
# ## Trained beforehand
#
# One formula, `xyz`, with a head of random weights, one trained to name classes of satellite scenes (fMoW), and one of photographs (YFCC) {cite:p}`wu2024torchspatial`; and GeoCLIP, $\sum_{s} \mathrm{MLP}_s(\cos 2\pi B_s v,\ \sin 2\pi B_s v)$. The left maps let the three strongest principal components be one colour: the first is
# lightness, the second runs from blue to yellow, the third from green to red. Places of one colour are alike in what varies most.

# %% mystnb={"figure": {"caption": "Trained beforehand. Left: three principal components as one colour; in brackets, the share of the variance that they hold. Colours are arbitrary and mean something else in each map. Right: cosine with Denver (star). To a formula that knew only West and East, photographs give kinds of country, and a likeness with an outline.", "name": "fig-gallery-trained"}, "image": {"alt": "Four rows of two maps. xyz with random weights: a smooth sweep of colours from coast to coast; beside it the West red, the East blue. Trained on satellite scenes: a smooth sweep, and nearly the same red and blue. Trained on photographs: smooth regions of one colour each, such as the West, the South and the Northeast; beside it one red region, the northern Rockies and Plains. GeoCLIP: a mottled map on which the arid West, the Plains and the humid East differ; beside it faint speckle."}} tags=["hide-input"]
names = ["xyz-untrained", "xyz-fmow", "xyz-yfcc", "geoclip"]
colours = {name: gallery.colours(name, land.places) for name in names}
fields = {
    name: gallery.receptive_field(name, denver, land.places) for name in names
}
fig = draw_family(land, colours, fields, denver)
data = multiples.fields(land, fields)
_ = figures.label(fig, profile, **about, embedded=None, data=data)

# %% [markdown]
# **SatCLIP** {cite:p}`klemmer2025satclip` belongs here, and joins the figure below and all tables of this book where its weights are at hand; {doc}`place` builds it, and says how to get them.
#
# ## All in two numbers
#
# How far does an encoder carry what it learns? Draw pairs of places at all distances, and take the distance at which the median cosine has fallen to one half. And how many *independent* directions do its numbers have? Count the principal components that hold 90 % of the variance: few, and the vector is in truth short;
# nearly all, and it can tell every training station from every other, good as a name, dangerous as a description.

# %%
names = gallery.every()
start, end, km = vectors.pairs(count, np.random.default_rng(0))
curves = gallery.decay(names, land.places, start, end, km)
parts = [name for name in names if name != "geoclip-slepian"]  # both are there
local = gallery.waves(parts, *box)[1]
measures = gallery.directions(names, land.places)
measures = measures.assign(half=gallery.half(curves), local=local)

# %% mystnb={"figure": {"caption": "Reach (the distance at which the median cosine of two places falls to one half; below 2 km at the left edge) and number of directions (components for 90 % of the variance) of all encoders: formulas as they are, and what heads make of them, random or trained. One row a formula, sorted by its reach.", "name": "fig-gallery-measures"}, "image": {"alt": "Two panels, one row an encoder, with up to four markers. Coordinates, wrap, RFF, xyz, harmonics and RBF reach about a thousand kilometres with two to four directions. NeRF, Space2Vec and Sphere2Vec reach ten to eighty kilometres with twenty to seventy. Heads with random weights on these reach less and have a hundred and more directions; trained ones reach farther and have fewer. GeoCLIP reaches some sixty kilometres and has by far the most directions."}} tags=["hide-input"]
fig = draw_measures(measures)
about |= {"n": len(km), "of": "pairs of places"}
data = measures.rename_axis("encoder")
_ = figures.label(fig, profile, **about, embedded=None, data=data)

# %% [markdown]
# On rough formulas training smooths; on smooth ones it adds directions.
#
# ## How public code differs, and what was mended
#
# The most complete public collection is **TorchSpatial** {cite:p}`wu2024torchspatial`. We read its code at commit 9f8d833 (the harmonics also in SatCLIP's, 1ead106) and wrote all formulas anew. The table is about these versions only; published scores may come from others.
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
#   - The side of a cell is not passed on; a million degrees leave one cell.
#   - Every place has the same vector. The table in the published weights has one row.
#   - Cells have the side that is asked for.
# * - Sphere2Vec M+ and DFS
#   - The smallest radius is not used; with the usual largest of 1, all are 1.
#   - Hundreds of numbers, a handful of which differ.
#   - Both radii count, as in the paper.
# * - wrap
#   - Latitude makes a full turn from pole to pole.
#   - The poles have one code.
#   - Kept, since the paper has it so.
# * - wrap (with the common head)
#   - The caller's own array is scaled in place.
#   - A second call with it encodes other places.
#   - No input is ever changed; a test holds every encoder to that.
# * - NeRF
#   - The number of octaves does not reach the encoder.
#   - It is always the default.
#   - It is used.
# * - harmonics
#   - The import is commented out, and the module is missing.
#   - An error.
#   - Written by a recurrence.
# * - harmonics (of SatCLIP, too)
#   - $\sqrt{(2\ell+1)/4\cdot\pi}$ stands for $\sqrt{(2\ell+1)/4\pi}$ in the terms of order 0; polynomials are written out.
#   - Terms $\pi$ times too large; in single precision, no numbers at all near degree 40.
#   - Orthonormal, by a stable recurrence {cite:p}`holmes2002`. For SatCLIP's weights the factor is kept.
# * - all
#   - Computed in NumPy, in float64, and made a tensor at the end.
#   - No gradient, no use of a GPU.
#   - Tensors from beginning to end.
# * - all
#   - An activation follows the head's last layer, and in training a dropout of one half.
#   - No negative numbers; in training half of the vector is missing.
#   - Not done where we train the head. Kept for weights that were trained so.
# * - Space2Vec, Sphere2Vec
#   - Scaled longitudes jump at the date line and differ at the pole.
#   - Neighbours in Fiji look far apart.
#   - Kept, since the formulas have it so; measured in {doc}`traps`.
# ```
#
# The second row can be seen at once: how many dimensions the numbers span over the country, if all radii are 1, and if they grow to 1.

# %%
for name, scales in (("sphere2vec-m+", 16), ("sphere2vec-dfs", 6)):
    for word, least in {"all 1": 1.0, "growing": 0.001}.items():
        rank = gallery.dimensions(name, scales, least, land.places)
        print(f"{name:15} radii {word:8} {rank:3} dimensions")

# %% [markdown]
# ## Exercises
#
# ````{admonition} Exercise: degrees and radians
# :class: exercise tip
# Space2Vec's smallest radius is given in degrees and Sphere2Vec's in radians. How long, in kilometres on a meridian, is the finest full wave of $r_{\min} = 0.01$ in either?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# A full wave is $2\pi r_{\min}$. A degree is about 111 km: $2\pi \cdot 0.01 \cdot 111 \approx 7$ km. A radian is the Earth's radius, about $6371$ km: $2\pi \cdot 0.01 \cdot 6371 \approx 400$ km. One number, two encoders, a factor of $180/\pi$.
# ````
#
# ````{admonition} Exercise: eight numbers
# :class: exercise tip
# All radii of `sphere2vec-dfs` are equal to 1. Write down its distinct numbers, and compare with the rank above.
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# Four waves, $\sin\varphi, \cos\varphi, \sin\lambda, \cos\lambda$, and four products of a wave of $\varphi$ with one of $\lambda$: eight, however many scales there are. The others are copies.
# ````
#
# ````{admonition} Exercise: five kilometres
# :class: exercise tip
# An encoder's median cosine falls to one half at 5 km. Your stations are 50 km apart. What can a model learn with it, on a random split and on a checkerboard ({doc}`splits`)? Which control of {doc}`controls` would behave alike?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# No two stations are alike for it: each has nearly its own direction, a name. On a random split the model can remember each station's mean by it. On a checkerboard a new station's vector is as strange as any. A random vector behaves in the same way; if the encoder does not beat it, likeness was of no use.
# ````
