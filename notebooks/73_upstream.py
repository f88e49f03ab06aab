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
import pandas as pd
import torch
from IPython.display import Markdown

from placeprior.arms import where
from placeprior.book import figures
from placeprior.book.families import collapsed_fits
from placeprior.book.tables import captioned, folded
from placeprior.book.upstream import (
    draw_cells,
    draw_forest,
    draw_foretold,
    draw_probes,
    draw_spreads,
    foretold_table,
    gain_table,
    named,
    pairs_table,
    probe_table,
    verdict,
)
from placeprior.book.words import NOTE, gain, looked, rule

figures.style()
torch.set_num_threads(1)  # as the runs do; more threads only wait for each other while runs are being made

# %% [markdown]
# # Does the upstream corpus matter, or the basis, or only contrast?
#
# GeoCLIP and SatCLIP are both encoders of places, both **contrastive**: trained to match an image with the place where it was taken
# ({doc}`place`). GeoCLIP's images are photographs that people took, SatCLIP's are taken from orbit. In the study GeoCLIP did better, and its authors are reported
# (second-hand) to explain this by the **upstream corpus**, that is, by what the encoder was trained on: photographs show the places where people are, as people see them, and so do monitors {cite:p}`karimzadeh2025`.
#
# That may be so. But the two encoders differ in nearly everything: in the basis (random Fourier features against spherical harmonics), in the width, in the number of
# images, in the loss, in the resolution. A difference between two things that differ in everything cannot be put down to one of them.
#
# This page holds the rest fixed. There are published encoders of *one* architecture that were trained on two corpora {cite:p}`wu2024torchspatial`:
#
# | | fMoW | YFCC |
# |---|---|---|
# | name | Functional Map of the World {cite:p}`christie2018` | YFCC100M-GEO100 {cite:p}`tang2015` |
# | an image is | a satellite scene | a photograph on Flickr |
# | classes | 62 uses of land (airport, crop field, place of worship …) | 100 everyday things (from animals to snow) |
# | images | some 363,000 to train with | 88,986 in all |
# | from | all continents | the United States |
#
# Together with the same architecture with **random weights**, that makes three arms that share everything but what they were trained on.
#
# What were they trained for? To say which classes are likely at a place before the image is looked at, a **class prior** {cite:p}`macaodha2019`: with $e(x)$ the
# vector of place $x$ and one weight vector $w_c$ for each class,
#
# $$
# p(c \mid x) = \sigma\bigl(w_c \cdot e(x)\bigr).
# $$ (eq-upstream-prior)
#
# Nothing is contrasted: no image is compared with a place. So these are *no* stand-ins for SatCLIP, and SatCLIP itself is not part of this page; {doc}`zoo` says whether it was run.
#
# What the pairs can tell is the effect of the **corpus as a whole**. From the table: the corpora differ not only in looking from above or from the
# ground, but also in where they look, at what, and how often. One of them was even collected in the very country that is tested here. If YFCC wins, photographs
# may be the reason, or the United States may be.

# %%
from placeprior.evidence import facts, families, matched, upstream

pairs = facts.pairs()
exact = [base for base, unlike in pairs.items() if not unlike]
confounded = [base for base, unlike in pairs.items() if unlike]
pairs_table(pairs, "tab-upstream-pairs")

# %% [markdown]
# The page rests on the exact pairs. Even they may differ in their step size and number of epochs, which were tuned for each corpus by those
# who trained them. The other pairs are shown once, marked as confounded. All vectors are frozen unless it says otherwise, and all join by a
# Hadamard product. Each question below is a set of differences: an arm, and what it is compared with.
# Some questions also have a mean over the exact pairs.

# %%
from dataclasses import replace

from placeprior.book import results

within, beyond = facts.WR, facts.OOR
questions, means = upstream.questions(exact, confounded), upstream.means(exact)
needed = {"none"} | {arm for asked in questions.values() for pair in asked.items() for arm in pair}
made = [results.load(profile, "world", arms=needed, splits=(within, beyond))]
made += [results.load(real, "weather-2019", arms=needed, splits=(within, beyond))]
sources = [replace(s, scores=s.scores[~s.scores["run"].isin(families.collapsed(s.scores))]) for s in made]
world, weather = sources
reach = {s.task: matched.reach(s.profile, s.task) for s in sources}


def ask(s, question, metric="r2"):
    """Differences of single arms, and of the means over pairs."""
    over = means.get(question, {})
    return upstream.answer(s.scores, s.sums, questions[question], over, metric=metric, reach=reach[s.task])


found = {(s.task, question): ask(s, question) for s in sources for question in questions}


# %% tags=["hide-input"]
def part(s, question, arms=None):
    table = found[s.task, question]
    return table[table["arm"].isin(arms)] if arms else table


def draw(figure, table, s, *options, note=NOTE):
    """A figure of one task with its origin under it, or a line where there are no such runs."""
    if table.empty:
        return figures.nothing(s.title, s.profile, embedded=s.embedded)
    fig, most = figure(table, *options), table["stations"].max()
    return figures.label(fig, s.profile, n=most, of="stations at most", embedded=s.embedded, note=note)


def tables(question, against, arms=None):
    name = f"tab-upstream-{question}"
    shown = [gain_table(part(s, question, arms), s, against, f"{name}-{s.short}-r2") for s in sources]
    return Markdown("\n\n".join(table.data for table in shown if table) or "*No such runs are in the results yet.*")


# %% [markdown]
# ## All arms at a glance
#
# The reference is the same network without a place (`none+head`, see {doc}`controls`). WR stands for within region and OoR for out of region ({doc}`../concepts/splits`). First the **embedded
# world**, then real measurements.

# %%
frozen = [families.GEOCLIP, *(families.trained(base, c) for base in exact for c in ("untrained", *upstream.CORPORA))]

# %% mystnb={"figure": {"caption": "Embedded world: test R² minus that of the same network without a place, on the same rows, for three architectures with random weights, trained on satellite scenes (fMoW), and trained on photographs (YFCC); and GeoCLIP. Fits (pale dots), mean (marker), 95 % interval over places and trainings (bar). Panels have their own scales.", "name": "fig-upstream-world"}, "image": {"alt": "One panel a split with a row for each architecture and training and one for GeoCLIP, with dots, markers and intervals around a dashed line at zero."}}
_ = draw(draw_forest, part(world, "place", frozen), world, "ΔR² to none+head")

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-upstream-weather"}, "image": {"alt": "One panel a split for the weather task with a row for each architecture and training and one for GeoCLIP, with dots, markers and intervals around a dashed line at zero."}}
_ = draw(draw_forest, part(weather, "place", frozen), weather, "ΔR² to none+head")

# %%
tables("place", "`none+head`", frozen)

# %% [markdown]
# Some fits may have **collapsed**: that is a failure of training, not a verdict on a vector. Such fits are left out of all differences on this
# page, which flatters their arms; here they are counted.

# %%
collapsed_fits({s.title: s.scores for s in made}, "tab-upstream-collapsed")

# %% [markdown]
# ## 1. Photographs or satellite scenes?
#
# The difference that the study's explanation is about, with the architecture held fixed: YFCC minus fMoW on the same rows, for each exact pair, and their mean.

# %% tags=["hide-input"]
Markdown(rule())

# %% mystnb={"figure": {"caption": "Embedded world: test R² of an architecture trained on photographs (YFCC) minus that of the same architecture trained on satellite scenes (fMoW), on the same rows, for the exact pairs and their mean; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar).", "name": "fig-upstream-corpus-world"}, "image": {"alt": "One panel a split; a row for each exact pair and one for their mean, with dots, markers and intervals around a dashed line at zero."}}
_ = draw(draw_forest, part(world, "corpus"), world, "ΔR², YFCC − fMoW")

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-upstream-corpus-weather"}, "image": {"alt": "One panel a split for the weather task; a row for each exact pair and one for their mean, with dots, markers and intervals around a dashed line at zero."}}
_ = draw(draw_forest, part(weather, "corpus"), weather, "ΔR², YFCC − fMoW")

# %%
tables("corpus", "the same architecture trained on fMoW")

# %% tags=["hide-input"]
shown = []
for s in sources:
    against, name = "the same architecture trained on fMoW", f"tab-upstream-corpus-{s.short}-rmse"
    table = gain_table(ask(s, "corpus", "rmse"), s, against, name, f"RMSE in {figures.UNIT}")
    shown += [folded(f"{s.heading}: the same in {figures.UNIT}", table)] if table else []
Markdown("\n\n".join(shown))

# %% [markdown]
# The **confounded** pairs are below: read them with the table of what else differs in mind. They have fewer seeds.

# %%
tables("confounded", "the encoder's fMoW version (other settings differ too)")

# %% [markdown]
# ## 2. Does any training add something?
#
# Perhaps neither corpus matters, because the basis does it all. The arms with random weights say: they have the same formula and width, and have seen nothing.

# %% mystnb={"figure": {"caption": "Embedded world: test R² of trained weights minus that of random weights in the same architecture, on the same rows; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar).", "name": "fig-upstream-training-world"}, "image": {"alt": "One panel a split; rows for each exact architecture trained on satellite scenes and on photographs, and for the means over architectures, around a dashed line at zero, the score of random weights."}}
_ = draw(draw_forest, part(world, "training"), world, "ΔR² to random weights")

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-upstream-training-weather"}, "image": {"alt": "One panel a split for the weather task; rows for each exact architecture trained on satellite scenes and on photographs, and for the means over architectures, around a dashed line at zero, the score of random weights."}}
_ = draw(draw_forest, part(weather, "training"), weather, "ΔR² to random weights")

# %%
tables("training", "random weights in the same architecture")

# %% [markdown]
# ## 3. Corpus or basis?
#
# Which choice matters more: what to train on, or which basis to train? Let $m_{bc}$ be the mean score of basis $b$ trained on corpus $c$. It can be
# written as
#
# $$
# m_{bc} = \mu + \beta_b + \gamma_c + \delta_{bc}, \qquad \textstyle\sum_b \beta_b = \sum_c \gamma_c = \sum_b \delta_{bc} = \sum_c \delta_{bc} = 0,
# $$ (eq-upstream-twoway)
#
# a **two-way decomposition** {cite:p}`fisher1925`: $\beta_b$ is what basis $b$ adds whatever the corpus, $\gamma_c$ what corpus $c$ adds whatever the basis, and $\delta_{bc}$ is what
# only the two together explain. The **spread** of each part is its root mean square over the cells, in units of R². If corpora matter, the lines below lie far apart in height from left to right; if bases
# matter, they lie far apart from each other; if it depends, they cross.

# %% mystnb={"figure": {"caption": "Embedded world: mean test R² of every basis with every training, minus that of the same network without a place. Parallel lines: training adds the same to every basis. Bars: 95 % intervals over places and trainings; symbols are set a little apart. Panels have their own scales.", "name": "fig-upstream-cells-world"}, "image": {"alt": "One panel a split; three lines, one a basis, from random weights over satellite scenes to photographs, with vertical bars around a dashed line at zero."}}
_ = draw(draw_cells, part(world, "place", frozen[1:]), world, exact)

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-upstream-cells-weather"}, "image": {"alt": "One panel a split for the weather task; three lines, one a basis, from random weights over satellite scenes to photographs, with vertical bars around a dashed line at zero."}}
_ = draw(draw_cells, part(weather, "place", frozen[1:]), weather, exact)

# %%
spread = {s.task: upstream.two_way(s.scores, s.sums, exact) for s in sources}

# %% mystnb={"figure": {"caption": "Embedded world: spread of test R² between bases with the corpus fixed, between corpora (fMoW, YFCC) with the basis fixed, and of what only both together explain; marker: as measured. Grey tick: the spread that differences between single fits would give by themselves. A spread is never negative, so compare with the tick, not with zero.", "name": "fig-upstream-twoway"}, "image": {"alt": "One panel a split, three rows: basis, corpus and both together, each with a marker and a grey tick on an axis that starts at zero."}}
_ = draw(draw_spreads, spread["world"], world, note=f"{2 * spread['world']['bases'].max()} cells")

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-upstream-twoway-weather"}, "image": {"alt": "One panel a split for the weather task, three rows: basis, corpus and both together, each with a marker and a grey tick on an axis that starts at zero."}}
_ = draw(draw_spreads, spread["weather-2019"], weather, note=f"{2 * spread['weather-2019']['bases'].max()} cells")

# %% tags=["hide-input"]
table = pd.concat([spread[s.task].assign(task=s.title) for s in sources], ignore_index=True)
numbers = {column: table[column].map("{:.3f}".format).replace("nan", "–") for column in ("spread", "chance")}
captioned(
    table.assign(split=table["split"].map(where), **numbers)[["task", "split", "part", *numbers, "bases", "fits"]],
    f"Spread of test R² between bases, between corpora, and of both together, and what differences between single fits would give by themselves; profiles {profile} and {real}.",
    "tab-upstream-twoway",
) if len(table) else Markdown("*The results do not have two exact pairs yet, so nothing can be taken apart.*")

# %% [markdown]
# ## 4. Only contrast?
#
# GeoCLIP is contrastive and the class priors are not. The comparison is easily made:

# %% mystnb={"figure": {"caption": "Embedded world: test R² of the class priors minus that of GeoCLIP, on the same rows; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar). Left of the line GeoCLIP is better.", "name": "fig-upstream-contrast-world"}, "image": {"alt": "One panel a split; rows for each exact architecture trained on satellite scenes and on photographs, and for their means, around a dashed line at zero, the score of GeoCLIP."}}
_ = draw(draw_forest, part(world, "contrast"), world, "ΔR² to GeoCLIP")

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-upstream-contrast-weather"}, "image": {"alt": "One panel a split for the weather task; rows for each exact architecture trained on satellite scenes and on photographs, and for their means, around a dashed line at zero, the score of GeoCLIP."}}
_ = draw(draw_forest, part(weather, "contrast"), weather, "ΔR² to GeoCLIP")

# %%
tables("contrast", "GeoCLIP")

# %% [markdown]
# :::{table} GeoCLIP and the class priors differ in five things at once.
# :name: tab-upstream-differs
#
# | differs in | GeoCLIP | class priors |
# |:---|:---|:---|
# | basis | random Fourier features at three scales, on an equal-area map | wrap, xyz, NeRF |
# | numbers a place | 512, positive and negative | 256, many of them zero |
# | network | three branches of four layers | one of two layers |
# | images | millions of photographs on Flickr, worldwide (MP-16) | tens of thousands, United States (YFCC), or hundreds of thousands, worldwide (fMoW) |
# | what is learned | which place belongs to which photograph, through a large image model | which of some tens of classes is likely |
# :::
#
# So this comparison says how far class priors get, *not* what contrast is worth. A contrast has no corpus of class names to learn from: it must tell places apart by everything that
# shows in an image, which leaves more in the vector. That is a reason to expect more of it. But the basis, the width and the number of images point the same way,
# and no published encoder lets them be separated. To do so, one would train one basis, on one corpus, twice: once to name classes and once to
# match images. The corpus is the smaller problem: MP-16 and YFCC100M-GEO100 are both parts of one collection of Flickr photographs.
#
# ## 5. Frozen, or trained on?
#
# The vectors were frozen. Two other ways are open for the small architectures: to let the published weights go on learning with the network (`tuned`), and to start from nothing and learn all with the
# task (**end to end**). If a prior is only a good place to start, what it is worth must show here; if it holds something that monitors cannot teach, freezing should be better in new regions.

# %% mystnb={"figure": {"caption": "Embedded world: one basis, seven ways, test R² minus that of the same network without a place: frozen with random, fMoW or YFCC weights; going on learning from each of these; and trained from the start. Fits (pale dots), mean (marker), 95 % interval over places and trainings (bar).", "name": "fig-upstream-tuned-world"}, "image": {"alt": "One panel a split; for each of two bases seven rows, frozen, tuned and end to end, with dots, markers and intervals around a dashed line at zero."}}
_ = draw(draw_forest, part(world, "place", upstream.ways()), world, "ΔR² to none+head")

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-upstream-tuned-weather"}, "image": {"alt": "One panel a split for the weather task; for each of two bases seven rows, frozen, tuned and end to end, with dots, markers and intervals around a dashed line at zero."}}
_ = draw(draw_forest, part(weather, "place", upstream.ways()), weather, "ΔR² to none+head")

# %% tags=["hide-input"]
asked = {
    "going on": "going on from these weights minus the same weights frozen",
    "start": "going on from trained weights minus going on from random ones",
    "end to end": "end to end minus frozen YFCC weights",
}
rows = [
    (s.title, where(row.split), what, named(row.arm), gain(row), str(row.fits))
    for s in sources
    for question, what in asked.items()
    for row in found[s.task, question].itertuples()
]
captioned(
    pd.DataFrame(rows, columns=["task", "split", "difference", "arm", "R²", "fits"]),
    "What going on learning changes, and what the start is worth then; 95 % intervals over places and trainings, bold where clear.",
    "tab-upstream-tuned",
) if rows else Markdown("*No runs in which the weights go on learning are in the results yet.*")

# %% [markdown]
# Fits that collapsed are not in these numbers; they are counted under the first table of this page. One detail keeps the last comparison from being exact: the published heads end in a ReLU, and those
# that are trained from the start do not ({doc}`gallery`).
#
# ## 6. What the vectors know
#
# {doc}`prior` asks vectors for facts about places by a ridge regression, without any network of PM2.5. Here are the same questions for the exact pairs. Random weights are drawn three times and their scores averaged.

# %%
places = facts.measured(real, "weather-2019")
places = places.iloc[::3].reset_index(drop=True) if profile == "smoke" else places
vectors = [families.variant(arm) for arm in [*frozen[1:], frozen[0]]]
read = upstream.probed(places, vectors, (within, beyond), seeds=1 if profile == "smoke" else 3)

# %% mystnb={"figure": {"caption": "Probes at the monitors: R² of a fact read from an architecture trained on photographs (YFCC) minus R² from the same architecture trained on satellite scenes (fMoW): the exact pairs (pale), their mean (diamond) and its 95 % bootstrap interval over blocks of 500 km. Left: test places at random among the training places; right: held-out cells of 16°.", "name": "fig-upstream-probes"}, "image": {"alt": "Two panels with one row a fact: population density, stylised terrain, closeness to a city, mean PM2.5; three pale marks, a diamond and a bar each, around a dashed line at zero."}}
if read.targets:
    fig = draw_probes(read, exact, {"places at random": within, "cells of 16°": beyond})
    figures.label(fig, real, n=len(places), of="monitors", embedded=False, note="terrain: the embedded world's")
else:
    figures.nothing("measured places", real, embedded=False)

# %%
probe_table(read, exact, (within, beyond), real, "tab-upstream-probes")

# %% [markdown]
# Does what a probe reads foretell what a network gains? Each vector is one point below: across, what the probe reads of the measured mean PM2.5; upwards, what the network of the weather task gains
# by that vector over no place. Both are about the same monitors and the same year, so this is the fairest chance that a probe can have.

# %%
beside = upstream.foretold(read, found["weather-2019", "place"], "pm25")

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: gain of the network in test R² over no place against what a ridge probe reads of the mean PM2.5 from the same vector, within the region and out of it. One mark a vector: random weights (cross), fMoW (square), YFCC (triangle), GeoCLIP (star).", "name": "fig-upstream-foretold"}, "image": {"alt": "Two scatter plots of gain in R² against probe R² with ten marks each, labelled by kind of training."}}
if len(beside):
    figures.label(draw_foretold(beside), real, n=len(vectors), of="vectors", embedded=False)
else:
    figures.nothing("gains of the weather task", real, embedded=False)

# %%
foretold_table(beside, real, "tab-upstream-foretold")

# %% [markdown]
# ## The answer, as far as the runs go

# %%
every = {
    s.task: pd.concat([found[s.task, question].assign(question=question) for question in questions], ignore_index=True)
    for s in sources
}
answers = pd.concat([families.looks(own, ["question", "arm"]) for own in every.values()])
answers = answers[answers["arm"].str.startswith("mean of pairs")].groupby(["question", "arm"], sort=False).sum()

# %% tags=["hide-input"]
words = {"corpus": "YFCC − fMoW", "training": "trained − random weights", "contrast": "class priors − GeoCLIP"}
headings = ["comparisons", "clearly better", "clearly worse", "better, all together", "worse, all together"]
table = (
    answers.set_axis(headings, axis=1).rename_axis(["question", "mean over architectures"]).rename(index=words, level=0)
)
captioned(
    table.reset_index().astype(str),
    f"In how many comparisons (task and split) a mean over the exact pairs is clearly above or below zero, by itself and when all differences of the page are looked at together; profiles {profile} and {real}.",
    "tab-upstream-answers",
) if len(table) else Markdown("*No mean over the pairs has been run yet.*")

# %%
corpus = pd.concat([part(s, "corpus", ["mean of pairs"]) for s in sources])
Markdown(verdict(corpus["clear"].tolist()))

# %% [markdown]
# ## All looks together
#
# Many intervals stand on this page, and the more one looks, the more is found by luck. The last two columns of the table above
# count what stays.

# %%
Markdown("\n".join(f"- **{s.heading}.** {looked(every[s.task])}" for s in sources))

# %% [markdown]
# ## What this shows, what it does not
#
# It shows what exchanging the upstream corpus does when the architecture stays the same, what training does at all, and how both compare with exchanging the basis: for class priors of a small size, on two tasks,
# with a small network and few seeds.
#
# It does not show what *photographs* do, as against *satellite images*. The two corpora differ in their classes, in how many images they have, and in where these come from: the photographs are from the
# country that is tested. To separate the view from the rest, one would need photographs and satellite scenes of the same places with the same classes. Nor does it show what contrast does.
#
# And it is silent about SatCLIP. A contrastive encoder of satellite images may hold more than a prior over land uses does, and a prior that says little may say so because naming
# classes asks little of it. In the tables of those who published the encoders, knowing the place helps both corpora's classifiers by about a percentage point {cite:p}`wu2024torchspatial`: there was not much
# about places that these two tasks could teach.
#
# ```{admonition} Exercise: a fair pair
# :class: exercise tip
# You may train two encoders of your own. Which two would tell what *contrast* is worth, and what must be equal between them? Which two would tell what the *view* is worth?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# For contrast: one basis, width, corpus and number of steps; one encoder learns to name the classes of the images, the other to match places with vectors of the same images from one frozen image
# model. For the view: one basis, width and loss; photographs and satellite scenes at the *same* places, as many of each, with labels that mean the same or with none. In both cases several seeds
# of the upstream training, because one training is one draw.
# ```
#
# ```{admonition} Exercise: one training is one draw
# :class: exercise tip
# The seeds of the runs repeat the training of the PM2.5 network. What do they *not* repeat, and which way does this err in the intervals of section 1?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Each published encoder was trained once. Another training on the same corpus would give another vector, and all runs here would share that change. So the intervals hold for *these* encoders; as statements on
# the corpora they are too narrow. The three pairs are the only repetition: three draws of each corpus, in different architectures. If they disagree in sign, the corpus effect is not established, however narrow each interval is.
# ```
#
# ```{admonition} Exercise: why the tick is not zero
# :class: exercise tip
# In the decomposition, let all cells have the same true score and let each measured mean have an independent error with variance $\sigma^2$. What is the expected mean square of $\gamma_c$, with $B$ bases and $C$ corpora?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The mean over $B$ cells of one corpus has variance $\sigma^2/B$. Subtracting the grand mean leaves $\frac{\sigma^2}{B}\bigl(1 - \frac1C\bigr)$, that is $\sigma^2 \frac{C-1}{BC}$. It is above zero, so a
# spread is never zero in practice, and the tick in {numref}`fig-upstream-twoway` is its square root.
# ```
