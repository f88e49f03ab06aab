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
from placeprior.book import figures
from placeprior.book.prior import draw_fading, draw_within_and_out

figures.style()

# %% [markdown]
# # From basis to prior: what does pretraining add?
#
# ```{goals}
# :needs: {doc}`place`, {doc}`splits`
# probe a vector for a fact, in a dozen lines
# tell an encoder that knows where from one that knows what is there
# ```
#
# ```{answer} photographs-prior satellite-prior geoclip-prior
# :question: Does a pretrained vector say what is at a place, or only where it is?
# Photographs say what is there: asked at real places, with places and vectors alone, a straight line reads population density in held-out regions better after training on them than from random weights, by {val}`claims.photographs-prior.aqs.difference:+.2f` R² ({val}`claims.photographs-prior.aqs.low:+.2f` to {val}`claims.photographs-prior.aqs.high:+.2f`),
# and from GeoCLIP with R² {val}`claims.geoclip-prior.aqs.value:.2f` ({val}`claims.geoclip-prior.aqs.low:.2f` to {val}`claims.geoclip-prior.aqs.high:.2f`). Whether classes of satellite scenes add anything is undecided: {val}`claims.satellite-prior.aqs.difference:+.2f` ({val}`claims.satellite-prior.aqs.low:+.2f` to {val}`claims.satellite-prior.aqs.high:+.2f`).
# ```
#
# An encoder is a **basis**, a formula that turns a place into waves ({doc}`gallery`), and a network. With random weights the whole still only knows *where* a place is. With weights learned from images it may say *what is there*: then it is a **prior**, known before anything was
# measured. Which of the two a vector is can be asked with a **probe** {cite:p}`alain2016`, a model too simple to find out anything by itself: what a straight line reads from the numbers, they hold.
#
# The question has a trap in it. A basis with many waves can draw *any* smooth map if it is told the map near by. So a probe that is tested among its training places cannot tell a prior from a basis. In a region that was held out it can: there is no neighbour to copy from.
#
# ## What is asked
#
# The places are the monitors of the real task for weather in 2019 with at least a hundred days (without committed measurements, those of the embedded world). Four facts are known of each: **population density** (log$_{10}$(1 + people km$^{-2}$), GeoNames); **closeness to a
# city**, 1 within 25 km of the middle of a town of a hundred thousand and else 0; the **mean PM2.5** of the year; and a **stylised terrain**, the embedded world's formula of plateau and ridges, no elevation model.

# %%
import numpy as np
import torch
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold

from placeprior import encoders
from placeprior.book.prior import TARGETS
from placeprior.evidence import facts, prior, upstream
from placeprior.scores import probes

torch.set_num_threads(1)
places, measured = facts.monitors(real, "weather-2019", profile)
lonlat = places[["lon", "lat"]].to_numpy()
known = facts.known(places)
print(
    len(places), "places, each with", ", ".join(TARGETS[fact] for fact in known)
)

# %% tags=["remove-cell"]
if profile == "smoke":
    places = places[::3]
    lonlat, known = lonlat[::3], facts.known(places)
origin = real if measured else profile
labelled = {"n": len(places), "of": "monitors"}
labelled["note"] = "terrain: the embedded world's" if measured else ""

# %% [markdown]
# ## A probe in a dozen lines
#
# Ridge regression {cite:p}`hoerl1970` (the answer's has finer penalties), with three precautions against the traps of such vectors ({doc}`traps`): dead numbers are dropped, each other one is scaled by the training places, and counts only within the range that it had there. The penalty is chosen by cross-validation that holds out the same *units* as
# the test does; otherwise it would be right for places next door and far too weak for new regions.


# %%
def read(vectors, fact, fold, unit):
    """R² of a fact, each place estimated by the probe that did not see its fold."""
    estimate = np.empty(len(fact))
    for held in np.unique(fold):
        train = fold != held
        mean, sd = vectors[train].mean(0), vectors[train].std(0)
        alive = sd > 1e-6 * np.abs(vectors[train]).max(0)
        z = (vectors - mean)[:, alive] / sd[alive]
        z = z.clip(z[train].min(0), z[train].max(0))
        inner = list(GroupKFold(3).split(z[train], groups=unit[train]))
        probe = RidgeCV(np.logspace(-1, 6, 8), cv=inner).fit(
            z[train], fact[train]
        )
        estimate[~train] = probe.predict(z[~train])
    return r2_score(fact, estimate)


density = known["density"].to_numpy()
for split in (facts.WR, facts.OOR):
    fold, unit = probes.deal(split, lonlat, np.random.default_rng(0))
    for name in ("lonlat", "siren-sh", "xyz-untrained", "geoclip"):
        told = encoders.embed(name, lonlat).astype(float)
        print(f"{split:16} {name:14} R² {read(told, density, fold, unit):5.2f}")

# %% [markdown]
# ## Within the region, and out of it
#
# All encoders, all facts: seven bases with random weights, trained on satellite scenes (fMoW) and on photographs (YFCC) {cite:p}`wu2024torchspatial`, and some others. The black cross is no encoder but the **inverse-distance mean** of the nearest training places, the simplest way to copy from neighbours.

# %%
bases = list(facts.pairs())
names = [
    name for base in bases for name in facts.trained(base)
] + facts.others()
reading = prior.read(facts.Vectors(names, lonlat), known)

# %% mystnb={"figure": {"caption": "R² of probes for four facts: test places at random among the training places (across) against held-out cells of 16° (upwards). One mark an encoder; the first three kinds are seven bases with random weights, trained on satellite scenes (fMoW), and on photographs (YFCC). Dashed: equal.", "name": "fig-prior-wr-oor"}, "image": {"alt": "Scatter plots, one a fact. For population density and closeness to a city random weights and satellite priors lie near zero upwards, several photograph priors are in between, and GeoCLIP lies close to the dashed line at the upper right. For the terrain nearly all marks are far to the right and spread upwards."}} tags=["hide-input"]
fig = draw_within_and_out(reading)
told = reading.scores.reset_index()
_ = figures.label(fig, origin, **labelled, embedded=not measured, data=told)

# %% [markdown]
# Far right and low is a basis: it copies, and is lost in a new region. Near the dashed line is a prior. The control {cite:p}`hewitt2019` deals the same facts to the wrong places; no score above is the probe's own doing:

# %%
print(f"facts dealt to wrong places: R² at most {reading.control.max():.2f}")

# %% [markdown]
# ## What training adds, and how it fades
#
# On the same places and folds, subtract the score with random weights from that after training. Of the seven bases only three are **exact pairs**, whose two files differ in nothing but the images ({doc}`upstream`); the mean over these answers the question, with an interval over blocks of 500 km (no network is trained for a probe, so over places
# alone).

# %%
exact = facts.exact()
asked = [
    f"{base}-{how}" for base in exact for how in ("untrained", "fmow", "yfcc")
]
# random weights: three draws
read_by = upstream.probed(places, asked, [facts.OOR])
seven = prior.gains(reading, bases)
seven = seven[(seven.second == "untrained") & (seven.split == facts.OOR)]
groups = f"{len(exact)} exact pairs", f"all {len(bases)} bases"
print("{:28}{:25}{}".format("minus random weights", *groups))
for corpus in ("fmow", "yfcc"):
    pairs = np.transpose(read_by.gap(corpus, "untrained", facts.OOR, exact))
    names = seven[seven["first"] == corpus].set_index("target")
    names = names.loc[list(known), ["difference", "low", "high"]].to_numpy()
    for fact, *rows in zip(known, pairs, names, strict=True):
        told = ["{:+.2f} ({:+.2f} to {:+.2f})".format(*row) for row in rows]
        print(f"{corpus} {TARGETS[fact]:20}", *told, sep="   ")

# %% [markdown]
# With all bases, satellite scenes add a little to density, clearly; with the exact pairs alone that is undecided. Four differ in settings as well, so the corpora are compared by the three.

# %% [markdown]
# What comes from neighbours must fade with the distance to the nearest training place. What comes from the vector need not.

# %% mystnb={"figure": {"caption": "R² of probes against the median distance of a test place to the nearest training place, for four ways of holding out (evenly spaced): places, blocks of 500 km, cells of 8° and of 16°. Lines for the three trainings are means over the architectures.", "name": "fig-prior-distance"}, "image": {"alt": "One panel a fact, six lines each over four distances. For density and closeness to a city GeoCLIP's line is nearly level, that of photographs falls moderately, and those of random weights, satellite scenes and inverse distance fall to about zero. For terrain and mean PM2.5 all lines fall."}} tags=["hide-input"]
km = prior.apart(lonlat)  # median distance to the nearest training place
fig = draw_fading(reading, km, bases)
told = reading.scores.reset_index().assign(
    km=lambda table: table["split"].map(km)
)
_ = figures.label(fig, origin, **labelled, embedded=not measured, data=told)

# %% [markdown]
# ## What this does not show
#
# What is in a vector in a more tangled form does not count here, though a network could use it. What is read need not help: density helps with PM2.5 only as far as it says more than the weather does ({doc}`zoo`, {doc}`upstream`). And monitors stand where people are:
# nothing is asked about the empty parts of the map.
#
# ## Exercises
#
# ````{admonition} Exercise: the wrong penalty
# :class: exercise tip
# A colleague chooses the penalty by leaving out single places, and tests on a checkerboard. Is the score too high, too low, or right?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# It is a fair score of a bad probe: no test place was used. But left out one by one, a place has neighbours in training, so fine waves seem to pay and a small penalty wins. In a new region the same waves are noise.
# ````
#
# ````{admonition} Exercise: what to shuffle
# :class: exercise tip
# Why is a shuffled *target* a better control for a probe than a shuffled *vector*?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# The vectors stay as they are: as many, as alike among neighbours, as many dead. Whatever the probe could exploit in their shape it still can. Shuffled vectors also lose the likeness among neighbours, and control for two things at once.
# ````
#
# ````{admonition} Exercise: as many numbers as places
# :class: exercise tip
# An encoder has as many independent numbers as there are training places. Show that without a penalty the probe reads any fact there perfectly. What does a score say that is not held out?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# With a square, invertible matrix $Z$ of the vectors, $b = Z^{-1} y$ gives $Z b = y$ for every $y$, also the control's. Such a score says how many numbers a vector has, not what it knows.
# ````
