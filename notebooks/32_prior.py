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
import torch
from IPython.display import Markdown

from placeprior.arms import BASES
from placeprior.book import figures
from placeprior.book.prior import (
    SPLITS,
    bounds_table,
    draw_alive,
    draw_architectures,
    draw_bounds,
    draw_facts,
    draw_fading,
    draw_gains,
    draw_within_and_out,
    gains_table,
    said,
    scores_table,
    verdict,
)
from placeprior.book.tables import captioned, folded
from placeprior.book.words import capital

figures.style()
torch.set_num_threads(1)  # as the runs do; more threads only wait for each other while runs are being made
small = profile == "smoke"

# %% [markdown]
# # From basis to prior: what does pretraining add?
#
# A location encoder has two parts. The first is a **basis**: a formula that turns longitude and latitude into waves of many lengths
# ({doc}`gallery`). It knows *where* a place is, and nothing else. The second is a network with weights. If the weights are random, the whole is
# still only a basis. If they were learned from images, the vector may also say *what is there*: people, forest, mountains. Then it is a **prior**: something
# known about a place before anything was measured at it.
#
# Which of the two a vector is cannot be seen by looking at it. But it can be asked, without any network of PM2.5 and within a second: can simple
# facts about a place be *read* from its vector? The tool for this is called a **probe** {cite:p}`alain2016`: a model too simple to find out anything by itself. If
# a straight line through the numbers of the vector gives the population density, then the vector holds the population density.
#
# The question has a trap in it. A basis with many waves can draw *any* smooth map, if it is told the map at places near by. So a probe that is tested
# among the places it was fitted to cannot tell a prior from a basis. In a region that was held out it can: there is no
# neighbour to copy from. What is still read there was in the vector.
#
# ## What is asked
#
# Places are the monitors of the real task for weather in 2019 that have at least a hundred days of measurements (those of the embedded world, where no measurements are committed). Of each we know:
#
# - **population density**, log$_{10}$(1 + people km$^{-2}$), smoothed over ten and forty kilometres, from the populated places of GeoNames;
# - a **stylised terrain** in metres. This is the height formula of the embedded world ({doc}`world`): a plateau and seven smooth ridges where the large
#   mountain ranges are. It is *no* digital elevation model: it has no valleys, no hills, and nothing finer than a few tens of kilometres. A vector that knew
#   every real slope would not get full marks here;
# - whether the place is **near a city**: within 25 km of the middle of a town with at least a hundred thousand people, asked as 1 or 0;
# - where it was measured, the **mean PM2.5** of the year in µg m⁻³, on the days that can be scored (the first twenty of the year are history only), taken from the committed sums of the runs.

# %%
import pandas as pd

from placeprior.evidence import facts, prior

places, measured = facts.monitors(real, "weather-2019", profile)
places = places[:: 3 if small else 1]
lonlat = places[["lon", "lat"]].to_numpy()
known = facts.known(places)
known.describe().loc[["count", "mean", "std", "min", "max"]].round(2)

# %% tags=["remove-cell"]
origin = real if measured else profile
note = "terrain: the embedded world's" if measured else ""

# %% mystnb={"figure": {"caption": "What the probes are asked, at the monitors. Population density and closeness to a city come from real towns, mean PM2.5 from measurements; the terrain is the embedded world's formula.", "name": "fig-prior-targets"}, "image": {"alt": "Maps of the contiguous US with a dot a monitor. Density and closeness to a city are patchy, high at the coasts and around large towns; the terrain is smooth and high in the West; mean PM2.5 is highest in California's valleys and moderate in the East."}}
fig = draw_facts(lonlat, known)
_ = figures.label(fig, origin, n=len(places), of="monitors", embedded=not measured, note=note)

# %% [markdown]
# ## The probe
#
# Let $v$ be the vector of a place and $y$ the fact. Each number of $v$ is brought to mean 0 and standard deviation 1 over the places that the
# probe is fitted to, which gives $z$; then
#
# $$
# \hat y = a + b \cdot z, \qquad (a, b) = \arg\min \; \frac1n \sum_{i=1}^n (y_i - a - b \cdot z_i)^2 + \lambda\, b \cdot b .
# $$ (eq-prior-ridge)
#
# This is **ridge regression** {cite:p}`hoerl1970`. The penalty $\lambda$ keeps the weights small where there are more of them than places could
# settle. It is chosen anew for every fact and every training set, by cross-validation *within* the training places.
#
# Places are held out in four ways, the last two as the runs of this book do ({doc}`splits`): one by one at random, in blocks, and in the cells of two checkerboards. The inner
# cross-validation holds out the same *units* as the outer one: places, blocks, or cells. Otherwise the penalty would be
# right for places next door and far too weak for new regions.
#
# Every place is estimated once, by the probe that did not see it, and the score is
#
# $$
# R^2 = 1 - \frac{\sum_i (y_i - \hat y_i)^2}{\sum_i (y_i - \bar y)^2}
# $$ (eq-prior-r2)
#
# over all places: 1 for perfect, 0 for no better than the mean. For the yes-or-no question the table below also has the **AUC**, the chance that a place near a city is
# ranked above one that is not. Near places are alike, so the bootstrap draws not places but blocks of 500 km: its 95 % intervals are wide, and honest.

# %%
bases = ["nerf", "xyz"] if small else list(facts.pairs())
exact = [base for base in bases if base in facts.exact()]
ordered = [*exact, *(base for base in bases if base not in exact)]
others = facts.others()

vectors = facts.Vectors([name for base in bases for name in facts.trained(base)] + others, lonlat)
reading = prior.read(vectors, known)

# %% [markdown]
# ### Three traps
#
# A probe that is fitted carelessly to these vectors gives numbers that mean nothing. The published priors end in a ReLU, which cuts negative numbers off.
#
# **Dead units.** Many of the 256 numbers are 0 at every monitor, because the unit is only alive in some other part of the world. They
# say nothing, and a scale cannot be fitted to them. They are dropped.

# %% mystnb={"figure": {"caption": "How many of a vector's 256 numbers differ between the monitors at all, for each architecture with random weights and trained on two corpora.", "name": "fig-prior-dead"}, "image": {"alt": "One row an architecture with three markers on an axis from 0 to 100 percent. The markers of one row lie apart: which units are alive depends on the architecture and on the corpus."}}
fig = draw_alive(prior.alive(vectors), ordered)
_ = figures.label(fig, origin, n=len(places), of="monitors", embedded=None if measured else True)

# %% [markdown]
# **Scale.** Numbers differ in size by orders of magnitude, and one penalty for all would in effect forbid the small ones. Hence the standard deviation in {eq}`eq-prior-ridge`; it is
# taken from the training places alone.
#
# **Wild lines.** After that division the worst is still to come. A unit may be alive at a handful of training places, and *hardly* alive. In the
# region that was held out it may be a hundred of these small standard deviations off, and a line has no upper end. The
# remedy: a number counts only within the range that it had at the training places.

# %%
priors = [name for base in exact for name in facts.trained(base)[1:]]
without = {name: prior.unbounded(vectors, name, known, facts.OOR) for name in priors}
scores = {name: prior.r2_of(lonlat, known.to_numpy(float), estimates) for name, estimates in without.items()}
scores = pd.DataFrame(scores, index=known.columns).T
worst = prior.farthest_astray(scores)

# %% mystnb={"figure": {"caption": "One fact, one prior, held-out cells of 16°: estimates of the stylised terrain without bounds (left) and with every number kept within the range of the training places (right). The vertical axis of the left panel is logarithmic beyond ±10,000 m.", "name": "fig-prior-wild"}, "image": {"alt": "Two scatter plots of estimated against true terrain height. On the left some estimates are tens of thousands of metres off; on the right all lie within a few thousand metres and near the line of equality or the mean."}}
within = prior.bounded(vectors, worst, known, facts.OOR)
terrain = list(known).index("elevation")
fig = draw_bounds(known["elevation"].to_numpy(), without[worst][:, terrain], within[:, terrain], worst)
_ = figures.label(fig, origin, n=len(places), of="monitors", embedded=True, note=f"{said(worst)}, {SPLITS[facts.OOR]}")

# %%
captioned(
    bounds_table(scores, pd.DataFrame({name: reading.of(name, facts.OOR)["r2"] for name in priors}).T, worst),
    f"R² in held-out cells of 16°, everything else being the same: of the prior that goes astray furthest, and the lowest over {len(priors)} priors and all facts. {len(places):,} monitors, profile {origin}.",
    "tab-prior-bounds",
)

# %% [markdown]
# All other numbers on this page have bounds.
#
# A third safeguard is a **control** {cite:p}`hewitt2019`. Every probe was also asked for the same facts *dealt to the wrong places*. Nothing can be read
# there, so any score clearly above 0 would be the probe's own doing.
#
# The control's R² over all encoders, facts and ways of holding out. A score must be well above its highest to count:

# %%
pd.Series(reading.control).agg(["count", "mean", "max"]).round(3).to_frame("R²").T

# %% [markdown]
# ## Within the region, and out of it
#
# Each mark is an encoder. Across: what is read when test places lie *among* the training places. Upwards: what is read in held-out cells of 16°. On the
# dashed line nothing is lost on the way out. A basis can be far to the right. For a fact that changes from town to town only a prior can be far up; one as
# smooth as the stylised terrain can also be guessed from far away.
#
# The plain cross is no encoder: it is the **inverse-distance mean** of the nearest training places, the simplest way to copy from neighbours.

# %% mystnb={"figure": {"caption": "R² of ridge probes for four facts: test places at random among the training places (across) against held-out cells of 16° (upwards). Grey crosses: architectures with random weights; orange squares: trained on satellite scenes (fMoW); blue triangles: trained on photographs (YFCC); one mark an architecture. Dashed: equal.", "name": "fig-prior-wr-oor"}, "image": {"alt": "Scatter plots, one a fact. For population density and closeness to a city random weights and satellite priors lie near zero upwards, several photograph priors are in between, and GeoCLIP lies close to the dashed line at the upper right. For the terrain nearly all marks are far to the right and spread upwards."}}
fig = draw_within_and_out(reading)
_ = figures.label(fig, origin, n=len(places), of="monitors", embedded=not measured, note=note)

# %% [markdown]
# ### One architecture at a time
#
# The next figure has the same numbers for two facts with their intervals, one row an architecture. In a row, only the training differs, exactly so in the
# first rows: {doc}`upstream` says in what else the two published files of the other architectures differ.

# %% mystnb={"figure": {"caption": "R² of ridge probes in held-out cells of 16°, one row an architecture: random weights, trained on satellite scenes (fMoW) or on photographs (YFCC); below, encoders of other kinds. Bars: 95 % bootstrap intervals over blocks of 500 km. The two panels have their own scales.", "name": "fig-prior-architectures"}, "image": {"alt": "Two panels, population density and mean PM2.5, one row an architecture with three markers and bars each, and below them rows for coordinates, spherical harmonics, Slepian functions, GeoCLIP and the combination of the last two."}}
fig = draw_architectures(reading, [target for target in ("density", "pm25") if target in known], ordered, others)
_ = figures.label(fig, origin, n=len(places), of="monitors", embedded=not measured)

# %% [markdown]
# ## What pretraining adds
#
# Subtract, on the same places and folds, the score of random weights from that of trained ones, and take the mean over the architectures. One resample of
# blocks serves all, so what is hard for all cancels. No network is trained for a probe, so here an interval is over places alone, and *clearly* means that it
# excludes zero.

# %%
gains = prior.gains(reading, bases)

# %% mystnb={"figure": {"caption": "What training adds to what can be read: R² after training on satellite scenes (orange) or on photographs (blue) minus R² with random weights, mean over the architectures. Hollow: test places at random among the training places; filled: held-out cells of 16°. Bars: 95 % bootstrap intervals over blocks.", "name": "fig-prior-gain"}, "image": {"alt": "One group of four marks a fact, around a dashed line at zero: satellite scenes and photographs, each hollow for places at random and filled for held-out cells, with horizontal bars."}}
fig = draw_gains(gains)
_ = figures.label(fig, origin, n=len(places), of="monitors", embedded=not measured, note=note)

# %%
captioned(
    gains_table(gains),
    f"Differences in R² of probes, mean over {len(bases)} architectures ({', '.join(BASES[base] for base in bases)}), with 95 % intervals over blocks; bold "
    f"where this excludes zero. {len(places):,} monitors, profile {origin}.",
    "tab-prior-gain",
)

# %%
found = {}
for corpus in ("yfcc", "fmow"):
    level = reading.level([f"{base}-{corpus}" for base in bases], facts.OOR, "density")
    found[corpus] = verdict(corpus, prior.is_prior(reading, gains, corpus, bases), level)
Markdown(" ".join(found.values()))

# %% [markdown]
# It depends on the architecture: the tables at the end have each.
#
# ## How knowledge fades with distance
#
# The four ways of holding out differ in how far the nearest training place is. What comes from neighbours must fade with this distance. What
# comes from the vector need not.

# %% mystnb={"figure": {"caption": "R² of probes against the median distance of a test place to the nearest training place, for the four ways of holding places out (evenly spaced). Lines for the three trainings are means over the architectures.", "name": "fig-prior-distance"}, "image": {"alt": "One panel a fact, six lines each over four distances. For density and closeness to a city GeoCLIP's line is nearly level, that of photographs falls moderately, and those of random weights, satellite scenes and inverse distance fall to about zero. For terrain and mean PM2.5 all lines fall."}}
fig = draw_fading(reading, prior.apart(lonlat), bases)
_ = figures.label(fig, origin, n=len(places), of="monitors", embedded=not measured, note=note)

# %% [markdown]
# ## All scores
#
# The table has R² with its interval in the two outermost ways of holding out; for closeness to a city also the AUC.


# %%
names = [*(name for base in ordered for name in facts.trained(base)), *others, prior.IDW]
parts = []
for split in (facts.WR, facts.OOR):
    caption = f"R² of probes and 95 % intervals over blocks, {SPLITS[split]}; AUC: near a city or not. {len(places):,} monitors, profile {origin}."
    table = captioned(scores_table(reading, split, names), caption, f"tab-prior-{split}")
    parts.append(folded(capital(SPLITS[split]), table))
Markdown("\n\n".join(parts))

# %% [markdown]
# SatCLIP {cite:p}`klemmer2025satclip`, a contrastive encoder of satellite images, is among the encoders where its weights were at hand when this page was made. The fMoW priors are
# *not* a substitute for it; they were trained to name the class of a scene, not to match scenes and places.
#
# ## What this shows, what it does not
#
# It shows what a *straight line* reads from a vector. What is in the vector in a more tangled form does not count here, though a network behind the vector could
# still use it: no score is no proof of ignorance. And what is read need not help: that a vector holds the population density helps with
# PM2.5 as far as density goes with PM2.5, beyond what the weather says already. Whether networks gain is asked in {doc}`zoo` and {doc}`upstream`.
#
# *Held out* means held out for the probe. The images that the encoders were trained on come from everywhere, also from the cells that are held out
# here. That is not a leak: it is what a prior is for. But it is why nothing here says how an encoder would do in a country of which it has seen no image.
#
# Population density and closeness to a city are two views of one fact, and both come from the list of towns that the embedded world is built on. The terrain is a
# formula. Only mean PM2.5 is measured. Random weights are one draw for each architecture; {doc}`upstream` has several. And all places
# are monitors, which stand where people are: nothing is asked about the empty parts of the map.
#
# ````{admonition} Exercise 1
# :class: exercise tip
# A colleague fits the probe with a penalty that was chosen by leaving out single places, and tests on a checkerboard. Is the score
# too high, too low, or right?
# ````
#
# ````{admonition} Solution 1
# :class: solution dropdown
# It is a fair score of a bad probe: no test place was used. But it is lower than it could be. Left out one by one, a place has neighbours among the
# training places, so fine waves seem to pay, and a small penalty wins. In a new region the same waves are noise. The penalty must be chosen on the task that it is for.
# ````
#
# ````{admonition} Exercise 2
# :class: exercise tip
# Why is a shuffled *target* a better control for a probe than a shuffled *vector*? Think of what each of the two leaves as it was.
# ````
#
# ````{admonition} Solution 2
# :class: solution dropdown
# With shuffled targets the vectors stay as they are: as many, as long, as alike among neighbours, with as many dead units. Whatever the probe could exploit in
# their shape it still can. If it scores nothing, then scores on the true targets come from what the vectors say about the places. Shuffled vectors answer the same question
# here, since only the pairing matters to a ridge regression with places dealt at random; but with blocks or cells they also lose the likeness among neighbours, so they control for more than one thing at once.
# ````
#
# ````{admonition} Exercise 3
# :class: exercise tip
# Let an encoder have as many independent numbers as there are training places. Show that without a penalty the probe reads any fact at the training
# places perfectly, and say what this means for scores that are not held out.
# ````
#
# ````{admonition} Solution 3
# :class: solution dropdown
# With a square, invertible matrix $Z$ of the vectors, $b = Z^{-1} y$ gives $Z b = y$ for every $y$, also for the control's. A score on the places that
# a probe was fitted to says how many numbers a vector has, not what it knows.
# ````
