# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters", "remove-cell"]
profile = "demo"
real = "aqs"

# %% tags=["remove-cell"]
import numpy as np
import pandas as pd
from IPython.display import Markdown

from placeprior import coords
from placeprior.arms import where
from placeprior.book import figures, fine_structure, results
from placeprior.book.fine_structure import draw_day, draw_fine
from placeprior.book.tables import captioned
from placeprior.book.words import listed, minus
from placeprior.evidence import artefacts
from placeprior.scores import spectra

figures.style()
ENCODERS = ("geoclip-hadamard", "geoclip-concat")

# %% [markdown]
# # Artefacts: what a map shows of its encoder
#
# A score at stations cannot see what a map does *between* them. A map can look rich in detail, and the detail can be false: it can come from
# the encoder instead of the air. Such a false detail is called an **artefact**.
#
# There is a reason to expect them. GeoCLIP describes a place by waves over the map, some of them only tens of kilometres long ({doc}`place`). A
# model that reads these waves can draw them. The study reports such patterns for an encoder with many fine waves {cite:p}`karimzadeh2025`, as a matter of looking. Here they are
# measured:
#
# 1. How much of a map varies over **short distances**, compared with the same model without a place, and with the truth where it is known?
# 2. **Where** is this fine structure: where the encoder has seen many photographs, or few?
# 3. Does it go along with **error**?
#
# ## National maps
#
# Three days, found by a rule from the network's own measurements, not by eye. Only days with a full window of history count, and at least a third as many
# monitors as on the fullest day.
#
# - The **clean day** has the lowest median over all monitors.
# - The **stagnant winter day** has the highest median from December to February.
# - The **smoke day** has the highest 95th percentile from June to September.
#
# Every arm draws every day, on all land. All maps of a day share one colour scale. First the **embedded world**, which is simulated and whose truth is known.

# %%
world = fine_structure.load(profile, embedded=True)
measured = fine_structure.load(real, embedded=False)
present = [maps for maps in (world, measured) if maps.kinds]

# %% tags=["hide-input"]
profiles = listed([maps.profile for maps in present])
captioned(
    fine_structure.days(present),
    f"The chosen days and the maps' levels over land, {figures.UNIT}. The embedded world's year is nominal: nothing in it happened. Profiles "
    f"{profiles}.",
    "tab-artefacts-days",
)

# %% mystnb={"figure": {"caption": "Embedded world, clean day: truth and the map of every arm (spatial split, first seed), on one colour scale.", "name": "fig-artefacts-world-clean"}, "image": {"alt": "Small maps of the contiguous US on a clean day: the truth first, then inverse distance and each model; those told a place by GeoCLIP show more small speckle."}}
_ = draw_day(world, "clean")

# %% mystnb={"figure": {"caption": "Embedded world, stagnant winter day: truth and the map of every arm (spatial split, first seed), on one colour scale.", "name": "fig-artefacts-world-winter"}, "image": {"alt": "Small maps of the contiguous US on a stagnant winter day, the truth first, then inverse distance and each model."}}
_ = draw_day(world, "winter")

# %% mystnb={"figure": {"caption": "Embedded world, smoke day: truth and the map of every arm (spatial split, first seed), on one colour scale.", "name": "fig-artefacts-world-smoke"}, "image": {"alt": "Small maps of the contiguous US on a smoke day, the truth first, then inverse distance and each model; plumes stand out."}}
_ = draw_day(world, "smoke")

# %% [markdown]
# Now real measurements: the neighbours task ({doc}`data`), whose only inputs are the neighbouring training monitors and the day of the year. These are known everywhere, so a map needs no
# further data. Its truth is not known.

# %% mystnb={"figure": {"caption": "Real measurements of 2021, clean day: the map of every arm (spatial split, first seed), on one colour scale.", "name": "fig-artefacts-aqs-clean"}, "image": {"alt": "Small maps of the contiguous US on a clean day, inverse distance first, then each model."}}
_ = draw_day(measured, "clean")

# %% mystnb={"figure": {"caption": "Real measurements of 2021, stagnant winter day: the map of every arm (spatial split, first seed), on one colour scale.", "name": "fig-artefacts-aqs-winter"}, "image": {"alt": "Small maps of the contiguous US on a stagnant winter day, inverse distance first, then each model."}}
_ = draw_day(measured, "winter")

# %% mystnb={"figure": {"caption": "Real measurements of 2021, smoke day: the map of every arm (spatial split, first seed), on one colour scale.", "name": "fig-artefacts-aqs-smoke"}, "image": {"alt": "Small maps of the contiguous US on a smoke day, inverse distance first, then each model."}}
_ = draw_day(measured, "smoke")

# %% [markdown]
# ## Only the fine part
#
# Large patterns hide small ones. So take off from each map its Gaussian mean over the surroundings and look at what is left. The Gaussian is chosen such that a wave of
# 200 km passes by half; shorter ones pass nearly whole, longer ones hardly.

# %% mystnb={"figure": {"caption": "Embedded world, the fine part of the maps of the stagnant winter day (of the first day there is, where the record has no winter): each map minus its Gaussian mean over the surroundings, on one colour scale. The truth's fine part is what a perfect map would show.", "name": "fig-artefacts-world-fine"}, "image": {"alt": "Small maps in red and blue of the fine part of the truth and of each arm's map; towns stand out as red dots in the truth."}}
_ = draw_fine(world, "winter")

# %% mystnb={"figure": {"caption": "Real measurements, the fine part of the maps of the stagnant winter day, on one colour scale.", "name": "fig-artefacts-aqs-fine"}, "image": {"alt": "Small maps in red and blue of the fine part of each arm's map of real measurements; without a place only rings around monitors remain."}}
_ = draw_fine(measured, "winter")

# %% [markdown]
# ## Power spectra
#
# A **power spectrum** says how the variance of a map is shared out among waves of different length. Maps are drawn on cells of equal area, 25 km wide, in the largest box that
# is all land. A plane is taken off {cite:p}`errico1985`, a Hann window makes the edges fade {cite:p}`harris1978`, and the power of the two-dimensional Fourier transform,
#
# $$
# P(k) = \Bigl\langle \bigl| \mathcal F\{w \cdot z\}(k_x, k_y) \bigr|^2 \Bigr\rangle_{k_x^2 + k_y^2 \approx k^2},
# $$ (eq-artefacts-spectrum)
#
# is averaged over rings of equal wavelength $1/k$. Every spectrum is divided by its map's variance, so that only the *shape* counts. The maps are one every sixty days.
#
# ### The encoder itself
#
# First the source of all suspicion. Each of GeoCLIP's three networks reads waves whose frequencies were drawn from a normal distribution with standard deviation
# $\sigma = 1$, 16 or 256 a unit of its map. The length of such a frequency vector has a Rayleigh distribution, so a share $q$ of the waves is
# shorter than
#
# $$
# \ell_q = \frac{U}{\sigma \sqrt{-2 \ln q}}, \qquad U = \frac{180\,R}{66.50336},
# $$ (eq-artefacts-wavelength)
#
# where $U$ is the length, on an Earth of radius $R$, of a unit of GeoCLIP's map, which keeps areas; the number is the scale in its code. ({doc}`place` measures the same waves at the equator, where the map is stretched the other way.)

# %%
encoder = world.table[world.table["variant"].eq("geoclip") & world.table["task"].eq("-")]
local = encoder[encoder["what"] == "share"].set_index("source")["value"]
waves = {sigma: spectra.wavelengths(sigma) for sigma in spectra.SIGMAS.values()}

# %% tags=["hide-input"]
rows = [
    (f"{sigma}", f"{low:,.0f} to {high:,.0f}", f"{middle:,.0f}", f"{100 * local[f'scale {sigma}']:.1f} %")
    for sigma, (low, middle, high) in waves.items()
]
rows.append(("all three added", "", "", f"{100 * local['encoder']:.1f} %"))
captioned(
    pd.DataFrame(
        rows, columns=["σ", "80 % of the waves [km]", "median [km]", f"variance below {spectra.LOCAL_KM:.0f} km"]
    ),
    f"Wavelengths that the scales imply, and the share of the variance of the {int(encoder['n'].max())} numbers of the vectors (over the box) that is at wavelengths "
    f"below {spectra.LOCAL_KM:.0f} km. No measurements.",
    "tab-artefacts-scales",
)

# %% mystnb={"figure": {"caption": "Radially averaged power spectra of GeoCLIP's vectors over the box, mean over their numbers, each divided by its variance: the embedding and its three networks by themselves. Shaded: the wavelengths of the middle 80 % of the waves that a network of scale 16 and 256 reads; those of scale 1 are longer than the axis. Dotted: the limit below which this page calls a wave local. Grey dash: equal power at all wavelengths.", "name": "fig-artefacts-encoder"}, "image": {"alt": "Lines of power against wavelength on logarithmic axes, long waves left: scale 1 falls steeply, scale 16 falls from a few hundred kilometres on, scale 256 is nearly flat, and the sum of all lies between."}}
spectrum = encoder[encoder["what"] == "spectrum"]
fig = fine_structure.draw_encoder(spectrum)
_ = figures.label(fig, profile, n=spectrum["n"].max(), of="numbers a vector", embedded=None)

# %% [markdown]
# ### The maps

# %% mystnb={"figure": {"caption": "Radially averaged power spectra of the maps, each divided by its variance, mean over the maps of a year. Left: embedded world, with the truth in black. Right: real measurements. Above the truth at short wavelengths means detail that is not there; below it, detail that is missing. Dotted: the limit below which a wave counts as local.", "name": "fig-artefacts-spectra"}, "image": {"alt": "Two panels of lines of power against wavelength on logarithmic axes, long waves left. Inverse distance falls most steeply; the lines of GeoCLIP lie above that of no location at short wavelengths."}}
fig = fine_structure.draw_spectra(present)
count = int(world.rows("share")["n"].max())
note = "embedded world and real measurements" if len(present) > 1 else ""
_ = figures.label(fig, profile, n=count, of="maps an arm", embedded=True, note=note)

# %%
shares = fine_structure.shares(present)

# %% tags=["hide-input"]
captioned(
    shares,
    "Local energy of the maps in the box: share of the variance, mean over the maps and (smallest to largest map); root mean square of that part. Differences of the share are "
    f"paired map by map, with 95 % intervals of Student's t over {count} maps sixty days apart (embedded world); bold where they exclude zero. One fit an arm.",
    "tab-artefacts-share",
)

# %% [markdown]
# A share is relative: it can also rise because a map varies less in the large. And it can be like the truth's for the wrong reason: the amount of detail may be right and its place wrong. Part of the
# embedded world's truth is speckle that belongs to no neighbourhood ({doc}`world`) and that no map can have. And a map without any place is not free of detail either, where its predictors have some.
#
# ## Where the encoder has seen photographs
#
# GeoCLIP learned from 4.7 million photographs that people had put on the web. Where they were taken is not published with it. The `geoclip` package ships a **gallery** of a hundred thousand coordinates; how it was drawn
# from the photographs is not documented. It is used here as a **proxy** for the training set, and all that follows is about the proxy. Density means: photographs of the gallery within 100 km of
# a cell, per $10^4$ km².

# %% mystnb={"figure": {"caption": "Coordinates of the gallery that the geoclip package ships, within 100 km of each place, per 10,000 km²: a proxy for where GeoCLIP's training photographs were taken. The colours are logarithmic.", "name": "fig-artefacts-photos"}, "image": {"alt": "Map of the contiguous US: dense around the coasts and the large cities, sparse over the Great Plains and the inner West."}}
land = coords.Land(0.5)
density = artefacts.photo_density(land.places)

fig, ax = figures.subplots(size="map", maps=True)
shown = land.raster(np.log10(1 + density))
figures.grid_map(ax, land.lon, land.lat, shown, "log₁₀ (1 + photographs per 10,000 km²)", unit=None, kind="count")
inside = int(coords.inside(artefacts.gallery()).sum())
_ = figures.label(fig, profile, n=inside, of="coordinates of the gallery in the country", embedded=None)

# %% tags=["hide-input"]
half, tenth = np.percentile(density, [50, 90])
Markdown(
    f"Half of the land has at most {half:.1f} photographs per 10,000 km², a tenth has more than {tenth:.0f}; "
    f"{100 * np.mean(density == 0):.1f} % of the cells have none within 100 km."
)

# %% [markdown]
# ### Fine structure against photographs
#
# For every cell, take the fine part of a map, square it, and average over the maps: the **local energy** of the cell. Then take off the local energy of `none`, the model without a place. What
# is left is fine structure that came with the place. If the encoder made up detail where it has seen little, it would be largest at low densities.

# %% mystnb={"figure": {"caption": "Local energy of an arm's maps minus that of no location, in ten classes of cells by density of photographs (from few to many); mean over the cells of a class and 95 % bootstrap interval over squares of the map. Left: embedded world, right: real measurements. Each panel has its own scale.", "name": "fig-artefacts-deciles"}, "image": {"alt": "Two panels: difference of local energy against density of photographs on a logarithmic axis, one line with intervals for each way of telling the place, around a dashed line at zero."}}
fig = fine_structure.draw_classes(present)
classes = world.rows("decile")
n = classes[classes["source"] == classes["source"].iloc[0]]["n"].sum() if len(classes) else 0
_ = figures.label(fig, profile, n=n, of="cells a map", embedded=True, note="95 % intervals over squares of the map")

# %% [markdown]
# One number for such a relation is Spearman's **rank correlation** $\rho$: sort the cells by density and by energy, and correlate the two ranks. It is $+1$ when denser cells always have more, $-1$ when they always have
# less. Photographs are taken where people are, and people make PM2.5 with fine structure of its own. So each correlation is given twice: plain, and with the density of people held
# fixed (the partial rank correlation; densities of towns from GeoNames).

# %%
energy = fine_structure.relations(present, "energy")

# %% tags=["hide-input"]
captioned(
    energy,
    "Rank correlation over land cells of the density of photographs and the local energy minus that of no location; 95 % bootstrap intervals over squares of the map; bold "
    f"where they exclude zero; n = {int(world.rows('energy')['n'].max()):,} cells. One fit an arm; profiles {profiles}.",
    "tab-artefacts-energy",
)

# %% [markdown]
# The arms that have never seen a photograph are the yardstick here: a correlation that they share cannot come from the photographs.
#
# ### Error against photographs
#
# In the embedded world the error is known at every cell: the mean of $|\hat y - y|$ over the maps, minus that of `none`. A *negative* correlation with the density would mean that the encoder helps
# most where it has seen most.

# %%
error = fine_structure.relations(present, "error")

# %% tags=["hide-input"]
captioned(
    error,
    "Rank correlation over land cells of the density of photographs and the mean absolute error against the truth, minus that of no location; 95 % bootstrap intervals over squares of the map; bold "
    f"where they exclude zero; profile {profile}, embedded world. One fit an arm.",
    "tab-artefacts-error",
)

# %% [markdown]
# For real measurements the error is known at test stations only. For each station, take the mean absolute error of GeoCLIP's arm minus that of `none` over all fits that tested it; each
# station is one point. The same is done in the embedded world. Splits: {doc}`splits`.

# %%
asked = ((profile, "world"), (real, "weather-2019"), (real, "neighbours-2021"))
found = {}
for name, task in asked:
    for split in ("spatial", "checkerboard-16"):
        own = results.load(name, task, splits=[split])
        found[own.title, split] = artefacts.relations_at_stations(own.scores, own.sums, ENCODERS)
at_stations = pd.concat(found, names=["task", "split", "row"]).reset_index()

# %% tags=["hide-input"]
at_stations["text"] = [fine_structure.correlation(row) for _, row in at_stations.iterrows()]
table = at_stations.pivot(index=["task", "split", "arm", "n", "mean"], columns="given", values="text")
table = table.reindex(at_stations.set_index(table.index.names).index.unique()).reset_index()
table["split"], table["arm"] = table["split"].map(where), [figures.look(arm).name for arm in table["arm"]]
table["n"] = [f"{n:,.0f}" for n in table["n"]]
table["mean"] = [minus(f"{mean:+.2f}") for mean in table["mean"]]
heads = {
    "n": "stations",
    "mean": f"mean [{figures.UNIT}]",
    "": "ρ with density of photographs",
    "people": "people held fixed",
}
captioned(
    table.rename(columns=heads),
    "Rank correlation over test stations of the density of photographs and the mean absolute error of GeoCLIP's arm minus that of no location; 95 % bootstrap intervals over squares of the map; bold "
    "where they exclude zero. Mean: of that difference over stations.",
    "tab-artefacts-stations",
)

# %% tags=["hide-input"]
Markdown(fine_structure.luck(at_stations))

# %% mystnb={"figure": {"caption": "Mean absolute error of GeoCLIP (Hadamard) minus that of no location at each test station of the 16° checkerboard (of the spatial split, where there is none), against the density of photographs around it. Below the dashed line GeoCLIP is better. The line is a running median over a fifth of the stations. Extreme values are cut at the edges.", "name": "fig-artefacts-stations"}, "image": {"alt": "One panel a task: a cloud of dots around a dashed line at zero, against density of photographs on a logarithmic axis, with a line for the running median."}}
errors, of = {}, {}
for name, task in asked:
    for split in ("spatial", "checkerboard-16"):  # the board, where there is one
        own = results.load(name, task, splits=[split])
        if {ENCODERS[0], "none"} <= set(own.scores["arm"]):
            errors[own.title], of[own.title] = artefacts.at_stations(own.scores, own.sums, ENCODERS[0]), own
if errors:
    fig = fine_structure.draw_stations(errors, ENCODERS[0])
    worlds = [own.embedded for own in of.values()]
    note = f"and real measurements, profile {real}" if len(set(worlds)) > 1 else ""
    _ = figures.label(fig, profile, n=sum(map(len, errors.values())), of="stations", embedded=worlds[0], note=note)
else:
    figures.nothing("errors at stations", profile, embedded=True, of="maps")

# %% [markdown]
# ## What this shows, what it does not
#
# It shows how much fine structure each arm's maps have, and how much the truth has, where it is known. It shows where that fine structure goes along with what the encoder has seen, and whether
# the errors do. Energy beyond that of no location is *structure that came with the place*. It is an artefact only if the truth does not have it: in the embedded world the error decides that, and for real measurements nothing here
# does.
#
# It does not show a cause. Photographs, people, roads and monitors are densest in the same places; holding the density of people fixed takes off only what a
# single smooth number says about them. The gallery is a proxy, and 100 km a choice. Each arm is one fit: another seed would draw other fine structure. A network is free to bend waves into shorter ones, so the
# wavelengths of the Fourier features bound nothing. And cells of 25 km see no wave shorter than 50 km, although part of GeoCLIP's are.
#
# ```{admonition} Exercise: the spectrum of a town
# :class: exercise tip
# A town is a bump, $\exp(-r^2 / 2s^2)$ with $s$ = 20 km. Its power spectrum is again Gaussian, proportional to $\exp(-4\pi^2 s^2 k^2)$. At which wavelength has it fallen to half? Would a map
# of towns count as having artefacts on this page?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# $4\pi^2 s^2 k^2 = \ln 2$ gives $1/k = 2\pi s / \sqrt{\ln 2} \approx 7.5\,s$, about 150 km. So towns are local structure, and a map that draws real towns has much of it. That is why the truth's own share
# stands in the table, and why energy is compared with error before anything is called an artefact.
# ```
#
# ```{admonition} Exercise: a fair yardstick
# :class: exercise tip
# Train an arm with vectors of random waves of the three scales, drawn anew, in place of GeoCLIP's. What would its spectrum tell that `random-vector` cannot?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# `random-vector` has no waves at all: neighbouring cells get unrelated numbers, so its maps are white noise below any wavelength. Random waves have GeoCLIP's scales but nothing that was learned from photographs. If
# their maps had the same spectrum, the fine structure would come from the scales alone.
# ```
