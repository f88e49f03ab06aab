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
import cartopy.crs as ccrs
import numpy as np
import pandas as pd
import torch
from IPython.display import Markdown
from threadpoolctl import threadpool_limits

from placeprior import coords, encoders
from placeprior.book import figures
from placeprior.book.tables import captioned
from placeprior.book.words import listed
from placeprior.encoders import basis, satclip
from placeprior.encoders.harmonics import satclip_harmonics
from placeprior.errors import MissingWeights
from placeprior.runs import plan
from placeprior.scores import spectra, vectors

figures.style()
torch.set_num_threads(1)  # as the runs do; more threads only wait for each other while runs are being made
_ = threadpool_limits(1)
small = profile == "smoke"
rng = np.random.default_rng(0)
DENVER = np.array([[-104.99, 39.74]])
PLATE = ccrs.PlateCarree()

lon, lat = coords.grid(2.0 if small else 0.5)
cells = np.column_stack([m.ravel() for m in np.meshgrid(lon, lat)])
on_land = coords.inside(cells)
places = cells[on_land]

PLANE = ["lonlat", "sincos", "tile", "wrap", "rbf", "rff", "space2vec-grid", "space2vec-theory"]
SPHERE = ["xyz", "nerf", "sphere2vec-c", "sphere2vec-c+", "sphere2vec-m", "sphere2vec-m+", "sphere2vec-dfs", "siren-sh"]
TRAINED = encoders.list_encoders("*-untrained") + encoders.list_encoders("*-fmow") + encoders.list_encoders("*-yfcc")


def at_hand(name):
    """Whether an encoder's weights are here."""
    try:
        return bool(encoders.load(name).fingerprint)
    except MissingWeights:
        return False


SATCLIP = [name for name in ("satclip-l10", "satclip-l40") if at_hand(name)]
OWN = ["slepian", "geoclip", "geoclip-slepian", *SATCLIP]
EVERY = [*PLANE, *SPHERE, *OWN, *sorted(TRAINED, key=lambda n: (n.rsplit("-", 1)[0], n))]
vectors_of = {name: encoders.embed(name, places) for name in EVERY}
centre = {name: v.mean(0, dtype=np.float64) for name, v in vectors_of.items()}


def look(name):
    """Colour, marker and printed name of an encoder, without a way of joining."""
    return figures.look(name, "channels" if name in ("lonlat", "sincos") else "hadamard")


def said(name):
    """An encoder's printed name; of a basis, without the head that this page leaves out."""
    return look(name).name.removesuffix(", Hadamard").removesuffix(", residual").removesuffix(", SIREN")


def raster(values):
    """Values of the land cells (n, …) as a map (ny, nx, …), NaN at sea."""
    values = np.asarray(values, dtype=float)
    full = np.full((len(cells), *values.shape[1:]), np.nan)
    full[on_land] = values
    return full.reshape(len(lat), len(lon), *values.shape[1:])


def star(ax):
    ax.plot(*figures.ALBERS.transform_point(*DENVER[0], PLATE), "*", ms=9, color="white", mec=figures.INK, zorder=6)


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

# %% mystnb={"figure": {"caption": "One number of each of eight position encodings, over the country. Each has its own scale of colours, from its smallest to its largest value.", "name": "fig-gallery-numbers"}, "image": {"alt": "Eight small maps. Tile: a mosaic of square cells. RBF: one broad bump. RFF: a slope from coast to coast. Space2Vec grid: stripes along the meridians. Space2Vec theory: slanted stripes. Sphere2Vec-DFS: bumps and hollows in a chequered pattern. Harmonics: one broad hollow. Slepian: a dozen round patches, light and dark, that fill the country."}} tags=["hide-input"]
NUMBERS = {  # which number: one that shows the shape at the size of the country
    "tile": 0,
    "rbf": 40,
    "rff": 8,
    "space2vec-grid": 2 * 9,
    "space2vec-theory": 6 * 9 + 2,
    "sphere2vec-dfs": 24 + 12 * 3 + 3,
    "siren-sh": 7 * 8 + 5,
    "slepian": 20,
}
fig, axes = figures.subplots(4, 2, size=(6.4, 9.0), maps=True)
for ax, (name, number) in zip(axes.flat, NUMBERS.items(), strict=True):
    column = vectors_of[name][:, number]
    low, high = column.min(), column.max()
    figures.grid_map(
        ax, lon, lat, raster((column - low) / (high - low)), "", unit=None, kind="similarity", vmin=0, vmax=1, bar=False
    )
    ax.set_title(said(name))
_ = figures.label(fig, profile, n=len(places), of=f"land cells of {lon[1] - lon[0]:g}° a map", embedded=None)

# %% [markdown]
# ## All of them
#
# In the table, $\varphi_f = \varphi / r_f$ and $\lambda_f = \lambda / r_f$, and $x$ stands for $(\lambda, \varphi)$; where there is an $f$, the numbers of all scales stand side by side. Lengths are those of the encoders as this book runs them.
# Whether an encoder is *whole* at the date line and at the poles was measured when this page was made: the same vector at 180° east and 180° west, and one vector at the pole whatever the longitude.

# %% tags=["remove-input"]
HEAD, NOTHING = "the head", "nothing"
ROWS = [  # encoder, formula, source, what is learned
    ("lonlat", r"$\lambda,\ \varphi$", "–", NOTHING),
    ("sincos", r"$\sin\varphi,\ \cos\varphi,\ \sin\lambda,\ \cos\lambda$", "–", NOTHING),
    ("tile", r"$t_{c(x)}$, the row of cell $c$", "{cite:p}`berg2014,tang2015`", "the table $t$, the head"),
    ("wrap", r"$\sin\lambda,\ \sin 2\varphi,\ \cos\lambda,\ \cos 2\varphi$", "{cite:p}`macaodha2019`", HEAD),
    (
        "rbf",
        r"$\exp(-\lVert x - a_m\rVert^2 / 2s^2)$",
        "{cite:p}`mai2020`",
        "the head; anchors $a_m$ are training stations",
    ),
    (
        "rff",
        r"$\sqrt{2/F}\,\cos(\omega_k^\top x + b_k)$",
        "{cite:p}`rahimi2007`",
        "the head; $\\omega_k$, $b_k$ are drawn once",
    ),
    ("space2vec-grid", r"$\sin\lambda_f,\ \cos\lambda_f,\ \sin\varphi_f,\ \cos\varphi_f$", "{cite:p}`mai2020`", HEAD),
    (
        "space2vec-theory",
        r"$\sin\frac{u_j^\top x}{r_f},\ \cos\frac{u_j^\top x}{r_f}$, $u_j$ at 0°, 120°, 240°",
        "{cite:p}`mai2020,gao2019`",
        HEAD,
    ),
    ("xyz", r"$\cos\varphi\cos\lambda,\ \cos\varphi\sin\lambda,\ \sin\varphi$", "{cite:p}`mai2023`", HEAD),
    ("nerf", r"$\sin 2^f\pi v,\ \cos 2^f\pi v$, $v$ as `xyz`", "{cite:p}`mildenhall2020`", HEAD),
    (
        "sphere2vec-c",
        r"$\sin\varphi_f,\ \cos\varphi_f\cos\lambda_f,\ \cos\varphi_f\sin\lambda_f$",
        "{cite:p}`mai2023`",
        HEAD,
    ),
    ("sphere2vec-c+", "`sphere2vec-c` and `space2vec-grid`", "{cite:p}`mai2023`", HEAD),
    (
        "sphere2vec-m",
        r"$\sin\varphi_f,\ \cos\varphi_f\cos\lambda,\ \cos\varphi\cos\lambda_f,\ \cos\varphi_f\sin\lambda,\ \cos\varphi\sin\lambda_f$",
        "{cite:p}`mai2023`",
        HEAD,
    ),
    ("sphere2vec-m+", "`sphere2vec-m` and `space2vec-grid`", "{cite:p}`mai2023`", HEAD),
    (
        "sphere2vec-dfs",
        r"all of `space2vec-grid`, and every wave of $\varphi$ times every wave of $\lambda$",
        "{cite:p}`mai2023,orszag1974`",
        HEAD,
    ),
    ("siren-sh", r"$Y_{\ell m}(\lambda, \varphi)$, $\ell < L$", "{cite:p}`russwurm2024`", "the head, of sines"),
    ("slepian", r"$\sum_{\ell m} g_{\alpha,\ell m} Y_{\ell m}(\lambda, \varphi)$", "{cite:p}`simons2006`", HEAD),
    (
        "geoclip",
        r"$\sum_{s} \mathrm{MLP}_s(\cos 2\pi B_s v,\ \sin 2\pi B_s v)$, $v$ on an equal-area map",
        "{cite:p}`vivanco2023geoclip,savric2019`",
        "all but $B_s$, beforehand, from photographs",
    ),
    (
        "satclip-l40",
        r"$\mathrm{SIREN}\bigl(Y_{\ell m}(\lambda, \varphi)\bigr)$, $\ell < L$",
        "{cite:p}`klemmer2025satclip`",
        "the SIREN, beforehand, from satellite images",
    ),
    (
        "xyz-fmow",
        r"as `xyz`, then the head",
        "{cite:p}`wu2024torchspatial`",
        "the head, beforehand, from classes of satellite scenes",
    ),
    (
        "xyz-yfcc",
        r"as `xyz`, then the head",
        "{cite:p}`wu2024torchspatial`",
        "the head, beforehand, from classes of photographs",
    ),
    ("xyz-untrained", r"as `xyz`, then the head", "–", NOTHING),
    ("geoclip-slepian", "both side by side, each divided by one number", "this project", "nothing more"),
]
around = np.array([(side, height) for side in (-180.0, 180.0) for height in range(-80, 81, 10)])
north = np.array([(turn, 90.0) for turn in (-170.0, -60.0, 20.0, 130.0)])


def numbers_of(name):
    """An encoder as a function of places; of SatCLIP only its harmonics, if its weights are not here."""
    if name.startswith("satclip") and name not in SATCLIP:
        return lambda at: satclip_harmonics(torch.from_numpy(at), encoders.load(name).degrees).numpy()
    return encoders.load(name)


def whole(name):
    """Whether it gives one vector on both sides of the date line, and one at the pole; no answer for a country's own."""
    if "slepian" in name:
        return None, None
    west, east = np.split(numbers_of(name)(around).astype(float), 2)
    pole = numbers_of(name)(north).astype(float)
    size = max(np.abs(west).max(), 1e-9)
    return bool(np.abs(west - east).max() < 1e-4 * size), bool(np.abs(pole - pole[0]).max() < 1e-4 * size)


closed = {name: whole(name) for name, *_ in ROWS}
captioned(
    pd.DataFrame(
        [
            (
                f"`{name}`",
                formula,
                source,
                f"{encoders.load(name).dim:,}",
                *({True: "yes", False: "no", None: "–"}[c] for c in closed[name]),
                learned,
            )
            for name, formula, source, learned in ROWS
        ],
        columns=[
            "encoder",
            "numbers",
            "source",
            "how many",
            "whole at the date line",
            "at the pole",
            "what is learned",
        ],
    ),
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

# %% tags=["remove-input"]
made = encoders.position("slepian")
Markdown(
    f"In this book $L = {made.degrees}$: of {made.degrees**2:,} harmonics {made.dim} functions have more than half of their energy on the country's land. For `siren-sh`, $L = "
    f"{encoders.position('siren-sh').degrees}$, and {encoders.position('siren-sh').dim} harmonics."
)

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

# %% tags=["remove-input"]
lines = []
for name, size in (("sphere2vec-m+", 16), ("sphere2vec-dfs", 6)):
    ranks = []
    for least in (1.0, 0.001):
        made = encoders.position(name, frequency_num=size, min_radius=least, max_radius=1.0)
        ranks.append(np.linalg.matrix_rank(basis.numbers(made, places).astype(float), tol=1e-3))
    lines.append(
        f"`{name}` at {size} scales has {made.dim} numbers: with all radii equal to 1 they span {ranks[0]} dimensions over the country, with radii from 0.001 to 1 they span {ranks[1]}"
    )
poles = basis.numbers(encoders.position("wrap"), [(0.0, 90.0), (0.0, -90.0)])
Markdown(
    f"Two of these can be seen at once. {lines[0]}. {lines[1]}. And `wrap` puts "
    + ("the same numbers" if np.abs(poles[0] - poles[1]).max() < 1e-6 else "different numbers")
    + " at both poles."
)

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

# %% mystnb={"figure": {"caption": "Receptive field of Denver (star) in twelve encoders: cosine of each cell's vector with Denver's, both centred. One scale of colours, cut off at both ends. Waves shorter than the cells show as speckle.", "name": "fig-gallery-fields"}, "image": {"alt": "Twelve small maps in red for like and blue for unlike. Tile: one dark square beside arbitrary ones. Wrap, RBF and harmonics: half of the country red, the other half blue. Space2Vec theory: speckle with a red column through Denver. Sphere2Vec-C and NeRF: speckle with a red band along its parallel. Sphere2Vec-DFS: a lattice of lines. Slepian: a round red spot with faint rings. The xyz network trained on photographs: one red region, the northern Rockies and Plains. GeoCLIP: faint speckle. GeoCLIP and Slepian: a spot in faint speckle."}} tags=["hide-input"]
FIELDS = [
    "tile",
    "wrap",
    "rbf",
    "space2vec-theory",
    "sphere2vec-c",
    "sphere2vec-dfs",
    "nerf",
    "siren-sh",
    "slepian",
    "xyz-yfcc",
    "geoclip",
    "geoclip-slepian",
]
from_denver = {n: vectors.cosine(vectors_of[n], encoders.load(n)(DENVER), centre[n]) for n in FIELDS}
fig, axes = figures.subplots(4, 3, size=(6.4, 6.6), maps=True)
for ax, name in zip(axes.flat, FIELDS, strict=True):
    drawn = figures.grid_map(
        ax, lon, lat, raster(from_denver[name]), "", unit=None, kind="difference", vmin=-0.7, vmax=0.7, bar=False
    )
    star(ax)
    ax.set_title(said(name), fontsize="small")
figures.colourbar(axes, drawn, "cosine with Denver", None, extend="both")
_ = figures.label(fig, profile, n=len(places), of=f"land cells of {lon[1] - lon[0]:g}° a map", embedded=None)

# %% tags=["remove-input"]
km = coords.great_circle_km(DENVER, places)[0]
far = {n: np.nanmean(v[km > 1000] > 0.5) for n, v in from_denver.items()}
near = {n: np.nanmean(v[km < 300] > 0.5) for n, v in from_denver.items()}
spread = [n for n in FIELDS if far[n] > 0.02]
tight = [n for n in FIELDS if near[n] < 0.5]
Markdown(
    "A field can be too narrow or too wide. Less than half of the land within 300 km of Denver has a cosine above one half in: "
    + (listed([f"{said(n)} ({100 * near[n]:.0f} %)" for n in tight]) or "none of the twelve")
    + ". For these, most of the land around is a stranger. At the other end, more than two in a hundred cells beyond 1,000 km have a cosine above one half in: "
    + (listed([f"{said(n)} ({100 * far[n]:.0f} %)" for n in spread]) or "none of the twelve")
    + ". For these, some far places count as near ones: for a formula because it hardly changes, its waves repeat or its cells are drawn by lot; for a trained encoder perhaps because the places look alike."
)

# %% [markdown]
# ## Three directions in one colour
#
# A receptive field is about one place. To see a whole encoder, let its three strongest **principal components** ({doc}`place`) be one colour: the first is its lightness, the second runs from blue to yellow, the third from green to red. Places of one colour
# are alike in what varies most. The colours mean nothing beyond that, and they cannot be compared from map to map. The number in brackets says how much of the encoder one sees: where it is small, no three directions matter more
# than the others, and these three are an arbitrary choice.

# %% mystnb={"figure": {"caption": "First three principal components of six encoders as lightness (first), blue to yellow (second) and green to red (third). In brackets: the share of the variance that the three hold. Colours are arbitrary and differ in meaning from map to map.", "name": "fig-gallery-colours"}, "image": {"alt": "Six maps of the contiguous US in many colours. Harmonics and the xyz network with random weights: nearly the same smooth sweep of colours from coast to coast. The same network trained on satellite scenes: a smooth sweep; on photographs: smooth regions of one colour each, such as the West, the South and the East. Slepian: wavy bands. GeoCLIP: a mottled map on which the arid West, the Plains and the humid East differ."}} tags=["hide-input"]
COLOURED = ["siren-sh", "slepian", "xyz-untrained", "xyz-fmow", "xyz-yfcc", "geoclip"]
main = {name: vectors.principal(vectors_of[name]) for name in EVERY}
sides = [np.append(axis - (axis[1] - axis[0]) / 2, axis[-1] + (axis[1] - axis[0]) / 2) for axis in (lon, lat)]
fig, axes = figures.subplots(3, 2, size=(6.4, 6.4), maps=True)
for ax, name in zip(axes.flat, COLOURED, strict=True):
    scores, share = main[name]
    ax.pcolormesh(
        *sides,
        np.nan_to_num(raster(np.column_stack([vectors.colours(scores), np.ones(len(places))]))),
        transform=PLATE,
        rasterized=True,
    )
    ax.set_title(f"{said(name)} ({100 * share[:3].sum():.0f} %)")
_ = figures.label(fig, profile, n=len(places), of=f"land cells of {lon[1] - lon[0]:g}° a map", embedded=None)

# %% [markdown]
# ## How likeness fades with distance
#
# Now all places at once. Draw pairs of places at all distances from a few kilometres to the width of the country, as many near as far, and take the median of
# the centred cosine in each class of distance. The distance at which it has fallen to one half is a measure of how far an encoder carries what it learns at one place to the next.

# %% tags=["remove-cell"]
start, end, apart = vectors.pairs(30 if small else 100, rng)
ends = np.concatenate([start, end])
curves = {}
for name in EVERY:
    a, b = np.split(encoders.embed(name, ends), 2)
    curves[name] = vectors.by_distance(vectors.cosine(a, b, centre[name]), apart)
half = {name: vectors.falls_to(0.5, *curves[name]) for name in EVERY}

# %% mystnb={"figure": {"caption": "Median centred cosine of the vectors of two places against their distance, in twelve classes. Top: what the heads of basis encoders read, from the plane (left) and the sphere (right). Bottom left: one network on each of three bases, with random weights, trained on satellite scenes (fMoW) and on photographs (YFCC). Bottom right: the others. Dotted line: one half.", "name": "fig-gallery-decay"}, "image": {"alt": "Four panels of falling curves against distance on a logarithmic axis. Coordinates, wrap, RBF, RFF, xyz and harmonics stay near one up to hundreds of kilometres and then drop below zero. Space2Vec, Sphere2Vec and NeRF fall steadily from the start. Among the networks, training moves NeRF's curve up and that of xyz a little down. GeoCLIP falls steadily, Slepian functions stay near one up to a hundred kilometres and then drop to zero."}} tags=["hide-input"]
DASHES = {"untrained": ("-", "random weights"), "fmow": ("--", "fMoW"), "yfcc": (":", "YFCC")}
BASES = ("xyz", "nerf", "space2vec-theory")
PANELS = {
    "the Earth as a plane": PLANE,
    "the Earth as a sphere": SPHERE,
    "one head, trained or not": [f"{b}-{t}" for b in BASES for t in DASHES],
    "others": OWN,
}
fig, axes = figures.subplots(2, 2, size=(6.4, 8.2), sharey=True)
for ax, (title, names) in zip(axes.flat, PANELS.items(), strict=True):
    for number, name in enumerate(names):
        base, _, training = name.rpartition("-")
        dash = DASHES[training][0] if training in DASHES else ("-", "--", ":")[number % 3]
        text = said(base) if training == "untrained" else None if training in DASHES else said(name)
        ax.plot(*curves[name], color=look(name).colour, lw=1.6, ls=dash, label=text)
    if any(name.endswith("-untrained") for name in names):
        for dash, text in DASHES.values():
            ax.plot([], [], color="#777777", lw=1.6, ls=dash, label=text)
    ax.axhline(0.5, color="#777777", lw=1, ls=":", zorder=1)
    ax.set(xscale="log", title=title, ylim=(-1.05, 1.05), xlabel="distance [km]", xlim=(vectors.NEAR, vectors.FAR))
    ax.set_xticks([10, 100, 1000], ["10", "100", "1,000"])
    ax.legend(
        fontsize="x-small",
        loc="upper center",
        bbox_to_anchor=(0.45, -0.2),
        ncols=2,
        columnspacing=0.8,
        handlelength=2.2,
    )
for ax in axes[:, 0]:
    ax.set_ylabel("median cosine")
_ = figures.label(fig, profile, n=len(apart), of="pairs of places", embedded=None)

# %% tags=["remove-input"]
pairs_of = [(b, *(half[f"{b}-{t}"] for t in DASHES)) for b in BASES]


def distance(value):
    return "under 2 km" if value == 0 else "never" if np.isinf(value) else f"{value:,.0f} km"


def moved(names):
    return listed([said(n) for n in names]) or "none"


up, down = ([b for b, raw, _, photos in pairs_of if (photos > raw if sign > 0 else photos < raw)] for sign in (1, -1))
Markdown(
    "The distance at which likeness has fallen to one half, for one head with random weights, trained on satellite scenes, and trained on photographs: "
    + "; ".join(f"{said(b)}: {listed([distance(v) for v in values])}" for b, *values in pairs_of)
    + f". Against random weights, training on photographs lengthens it for {moved(up)} and shortens it for {moved(down)}"
    + (
        ". It smooths a basis that is rougher than what photographs tell, and roughens one that is smoother; with that, the trained encoders lie closer together than the random ones."
        if up and down and np.ptp([np.log1p(v[3]) for v in pairs_of]) < np.ptp([np.log1p(v[1]) for v in pairs_of])
        else "."
    )
    + " How far a trained encoder sees is decided by its basis and its training together. (Space2Vec's two corpora also differ in a radius and in the head's width, so its satellite curve is no exact counterpart.) {doc}`upstream` asks what all that is worth."
)

# %% [markdown]
# ## How many directions
#
# A vector of many numbers need not have many *independent* ones. Three measures, all over the land of the country:
#
# - **Components.** How many principal components hold 90 % and 99 % of the variance? If few do, the vector is in truth short, and smooth. If nearly all are needed, it is rich, and can
#   tell every training station from every other: good as a name, dangerous as a description.
# - **Dead units.** How many numbers of a trained vector are the same at *every* cell? A ReLU at the end leaves such numbers at 0 where nothing in the region ever wakes them. They say nothing; a scaling column by column would blow them up
#   ({doc}`traps`).
# - **Local share.** How much of the variance is in waves shorter than 200 km? The next section explains.

# %% tags=["remove-cell"]
box_lon, box_lat = spectra.axes()
rows_in, columns_in = spectra.box(box_lon, box_lat)
box_lon, box_lat = box_lon[columns_in], box_lat[rows_in]
if small:
    box_lon, box_lat = box_lon[:32], box_lat[:32]
in_box = np.column_stack([m.ravel() for m in np.meshgrid(box_lon, box_lat)])
waves = {}
for name in (n for n in EVERY if n != "geoclip-slepian"):  # its two parts are there
    fields = encoders.embed(name, in_box).astype(np.float64).T.reshape(-1, len(box_lat), len(box_lon))
    wavelength, power, local, total = spectra.spectrum(fields)
    waves[name] = wavelength, power.sum(0) / total.sum(), local.sum() / total.sum()

# %% tags=["remove-input"]
measures = pd.DataFrame(
    {
        "numbers": {n: v.shape[1] for n, v in vectors_of.items()},
        "half": half,
        "most": {n: vectors.components(main[n][1], 0.9) for n in EVERY},
        "all": {n: vectors.components(main[n][1], 0.99) for n in EVERY},
        "dead": {n: vectors.dead(vectors_of[n]) for n in EVERY},
        "local": {n: waves[n][2] for n in waves},
    }
).loc[EVERY]
captioned(
    pd.DataFrame(
        {
            "encoder": [f"`{n}`" for n in measures.index],
            "numbers": [f"{v:,.0f}" for v in measures["numbers"]],
            "cosine of ½ at [km]": ["< 2" if v == 0 else "–" if np.isinf(v) else f"{v:,.0f}" for v in measures["half"]],
            "components for 90 %": [f"{v:.0f}" for v in measures["most"]],
            "for 99 %": [f"{v:.0f}" for v in measures["all"]],
            "dead units": [f"{100 * v:.0f} %" for v in measures["dead"]],
            "below 200 km": [f"{100 * v:.0f} %" if np.isfinite(v) else "–" for v in measures["local"]],
        }
    ),
    f"All encoders over the contiguous United States: {len(places):,} land cells of {lon[1] - lon[0]:g}° (components, dead units), {len(apart):,} pairs of places (cosine; a dash where the median never falls to one half), "
    f"{len(in_box):,} cells of {spectra.CELL_KM:.0f} km (share of the variance at wavelengths below {spectra.LOCAL_KM:.0f} km). Basis encoders before their head. No measurements.",
    "tab-gallery-measures",
)

# %% tags=["remove-input"]
trained = measures.loc[[n for n in EVERY if n.endswith(("-fmow", "-yfcc"))]]
raw = measures.loc[[f"{n.rsplit('-', 1)[0]}-untrained" for n in trained.index]]
change = trained["dead"].to_numpy() - raw["dead"].to_numpy()
richest, geo, emptiest = measures["all"].idxmax(), measures.loc["geoclip"], trained["dead"].idxmax()
Markdown(
    f"Most components for 99 % of the variance: {said(richest)}, {measures.loc[richest, 'all']:.0f} of {measures.loc[richest, 'numbers']:.0f}. GeoCLIP needs {geo['all']:.0f} of {geo['numbers']:.0f}"
    + (", more than half of its numbers. " if geo["all"] > geo["numbers"] / 2 else ". ")
    + f"The heads that were trained on images need {trained['all'].min():.0f} to {trained['all'].max():.0f} of {trained['numbers'].max():.0f}. Up to {100 * trained['dead'].max():.0f} % of their units are dead over the country "
    f"({said(emptiest)}, which is left with {measures.loc[emptiest, 'all']:.0f} components); the median is {100 * trained['dead'].median():.0f} %. Against the same head with random weights, training has put units out in "
    f"{int((change > 0.01).sum())} of {len(change)} encoders and woken some in {int((change < -0.01).sum())}. A unit that is dead here may be awake elsewhere: these heads were trained on the whole world."
)

# %% [markdown]
# ## Fine and coarse
#
# How is an encoder's variance shared out among waves of different length? The **power spectrum** of {doc}`artefacts`, here of the encoders themselves: each number of the vector is a map; the spectra of these maps are added and divided by their total variance. A
# steep line is a smooth encoder. A flat one has as much in short waves as in long ones, and whatever reads it can draw patterns as short.

# %% mystnb={"figure": {"caption": "Radially averaged power spectra of seven encoders over the largest box that is all land, added over their numbers and divided by their variance. Long waves left. Dotted: the limit below which this book calls a wave local. Lines that leave the panel go on below it, where only the window's own leakage shows.", "name": "fig-gallery-spectra"}, "image": {"alt": "Seven lines of power against wavelength on logarithmic axes. Harmonics fall steeply from the start and Slepian functions fall off a cliff below about five hundred kilometres. The trained xyz network falls steadily, GeoCLIP slowly and then levels off. Space2Vec theory, Sphere2Vec-DFS and NeRF keep their power down to the shortest waves, with peaks and gaps."}} tags=["hide-input"]
SHOWN = ["siren-sh", "slepian", "xyz-yfcc", "space2vec-theory", "sphere2vec-dfs", "nerf", "geoclip"]
fig, ax = figures.subplots(size=(6.4, 4.6))
for number, name in enumerate(SHOWN):
    wavelength, power, _ = waves[name]
    drawn = look(name)
    ax.plot(
        wavelength,
        power,
        color=drawn.colour,
        lw=1.8,
        ls=("-", "--", ":")[number % 3],
        marker=drawn.marker,
        ms=4,
        markevery=6,
        label=said(name),
    )
ax.axvline(spectra.LOCAL_KM, color="#777777", lw=1, ls=":", zorder=1)
ticks = [t for t in (1500, 500, 200, 100, 50) if wavelength.min() * 0.95 < t < wavelength.max() * 1.05]
ax.set(xscale="log", yscale="log", xlabel="wavelength [km]", ylabel="power / variance [km²]")
ax.set(xlim=(wavelength.max() * 1.05, wavelength.min() * 0.95), ylim=(0.3, None))
ax.set_xticks(ticks, [f"{t:,}" for t in ticks])
ax.set_xticks([], minor=True)
fig.legend(loc="outside upper center", ncols=3, fontsize="small")
_ = figures.label(fig, profile, n=len(in_box), of=f"cells of {spectra.CELL_KM:.0f} km", embedded=None)

# %% [markdown]
# A basis of a few scales has a peak at each of its wavelengths and gaps between; a network after it fills them. Two warnings. Waves shorter than two cells cannot be seen on this grid; they appear as longer ones (*aliasing*), which lifts the right end of the lines of encoders that have such waves. And a basis encoder's spectrum is that of its inputs to the head: the
# head may leave the short waves unused.
#
# ## What they cost
#
# A formula is cheap. A network costs a few large products of matrices a place. The next table was not measured while this page was made: it is the kept output of `benchmarks/encoders.py`, measured once on one machine, with both
# sides in turns. *Public way* means the same formula, computed as the public code does it ({numref}`tab-gallery-mended`).

# %% tags=["remove-input"]
kept = plan.root() / "benchmarks" / "encoders.txt"
lines = kept.read_text(encoding="utf-8").splitlines() if kept.is_file() else []


def cost(line):
    """A row of the table from a line of the benchmark's, or None where it is something else."""
    name, *rest = line.split() or [""]
    if len(rest) not in (3, 6) or not rest[0].replace(",", "").isdigit():
        return None
    theirs, ours, ratio = rest[1:4] if len(rest) == 6 else ("–", rest[1], "–")
    seconds = (f"{1e5 / float(rate.replace(',', '')):.2f}" if rate != "–" else "–" for rate in (theirs, ours))
    title = f"`{name.removesuffix('-random')}`" + (" (random weights)" if name.endswith("-random") else "")
    return (title, rest[0], *seconds, ratio)


rows = [row for row in map(cost, lines) if row]
captioned(
    pd.DataFrame(rows, columns=["encoder", "numbers", "public way [s]", "here [s]", "ratio"]),
    "Processor seconds for 100,000 places on one thread, and how many times as fast the same formula is here. Sizes are the published ones, so some vectors are longer than elsewhere "
    f"on this page. Measured once on one machine ({lines[-1]}).",
    "tab-gallery-cost",
) if rows else Markdown("*The benchmark's table is not at hand; `make bench` makes it.*")

# %% tags=["remove-input"]
together = next((line for line in lines if line.startswith("all ")), None)
Markdown(
    f"In the benchmark's own words, over the position encodings that have a public counterpart: {together}."
    if together
    else ""
)

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

# %% tags=["remove-input"]
rows = []
for degrees in satclip.DEGREES:
    widths = (degrees**2, 512, 512, satclip.DIM)
    weights = sum(out * (into + 1) for into, out in zip(widths, widths[1:], strict=False))
    rows.append(
        (
            f"`satclip-l{degrees}`",
            f"{degrees}",
            f"{degrees**2:,}",
            f"{360 / (degrees - 1):.0f}°",
            "512, 512",
            f"{satclip.DIM}",
            f"{weights:,}",
        )
    )
captioned(
    pd.DataFrame(rows, columns=["encoder", "L", "harmonics", "shortest wave", "hidden", "numbers", "weights"]),
    "SatCLIP's location encoders as published. The shortest wave is that of the harmonics; the sines after them can make shorter ones.",
    "tab-gallery-satclip",
)

# %% tags=["remove-input"]
hub_file = encoders.load("satclip-l40").files[0]
Markdown(
    (
        f"Its weights are at hand here, and {listed([f'`{n}`' for n in SATCLIP])} appears in the tables and curves above."
        if SATCLIP
        else "**Not run here.** The weights do not come with this project and were not at hand when this page was made, so SatCLIP has no row in the tables and no curve in the figures above. Nothing was put in their place."
    )
    + f" There are two ways to get them. Over the network, once: `placeprior weights satclip-l10 satclip-l40`. Or by hand: put `{hub_file}` from `{encoders.load('satclip-l40').repo}` on the Hugging Face hub into a folder and name that in the "
    "environment variable `PLACEPRIOR_WEIGHTS`. This page, and the runs of {doc}`zoo`, then include it by themselves."
)

# %% [markdown]
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
