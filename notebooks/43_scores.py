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
simulated = "demo"

# %% tags=["remove-cell"]
from IPython.display import display

from placeprior.book import figures, results
from placeprior.book import scores as page
from placeprior.book.tables import captioned

figures.style()

# %% [markdown]
# # Scores, and what *clear* means
#
# ```{goals}
# :needs: {doc}`splits`
# say what R² hides and RMSE shows
# compute a paired difference and say what its interval speaks of
# tell a clear difference from one among many
# ```
#
# ```{answer} interval-holds interval-no-wider stations-alone-fails against-itself
# :question: When is a difference between two models more than luck?
# Here, when its 95 % interval over places *and* trainings excludes zero; on every page *clear*, *better* and *worse* mean that. In simulations the interval, nominally of 95 %, holds the truth in {val}`claims.interval-holds.demo.value:.0%` to {val}`claims.interval-no-wider.demo.value:.0%` of cases. One that takes every station for evidence of its own, and training for exact, holds it in at most {val}`claims.stations-alone-fails.demo.value:.1%`.
# ```
#
# ## Five scores
#
# All are computed on test rows, in µg m⁻³. With measurements $y_i$, estimates $\hat y_i$, and
# $\bar y$ the mean of the *test* measurements, for $i = 1, \dots, n$ station-days:
#
# | score | formula | unit | perfect | says |
# |---|---|---|---|---|
# | R² | $1 - \sum_i (y_i - \hat y_i)^2 \big/ \sum_i (y_i - \bar y)^2$ | none | 1 | share of the test variance explained; below 0 is worse than the constant $\bar y$ |
# | RMSE | $\sqrt{\tfrac1n \sum_i (y_i - \hat y_i)^2}$ | µg m⁻³ | 0 | typical error, large errors weigh most |
# | MAE | $\tfrac1n \sum_i \lvert y_i - \hat y_i \rvert$ | µg m⁻³ | 0 | typical error, all errors weigh alike |
# | MBE | $\tfrac1n \sum_i (\hat y_i - y_i)$ | µg m⁻³ | 0 | too high (+) or too low (−) on average |
# | RMSE on high days | RMSE where $y_i \ge 35$ | µg m⁻³ | 0 | smoke days, where health is at stake and data are few |
#
# Two test sets, and the same errors on both:

# %%
import numpy as np

error = np.array([1.0, -1.0, 1.0, -1.0])
for place, y in {
    "calm": np.array([6.0, 7.0, 8.0, 9.0]),
    "smoky": np.array([6.0, 7.0, 8.0, 30.0]),
}.items():
    r2 = 1 - (error**2).sum() / ((y - y.mean()) ** 2).sum()
    print(
        f"{place:6} RMSE {np.sqrt((error**2).mean()):.1f} µg m-3, R² {r2:+.2f}"
    )

# %% [markdown]
# R² divides by the spread of the test set, and a wide spread flatters. R² of different *test sets* (partitions of a checkerboard, years) must not be
# compared as skill; R² of different *models on the same rows* may. From both scores the spread comes back, $\mathrm{SD} = \mathrm{RMSE} / \sqrt{1 - R^2}$: a
# quick check of any table.
#
# High days are chosen by the *measured* value, so even a perfect model of noisy measurements seems to underestimate them. Compare
# models by that score; do not read its bias as a fault.
#
# Something to beat is **inverse-distance weighting** (`idw`) {cite:p}`shepard1968`, the mean of the nearest training monitors of the
# day, weighted by one over distance.
#
# ## Paired
#
# Two models are tested on the same station-days, and a hard day is hard for both. Take the *difference* of their scores in each fit:
# what is common cancels. Two intervals that overlap can belong to a clear difference.

# %%
from placeprior.evidence.gains import gains

task, arm, reference = "weather-2019", "geoclip-hadamard", "none+head"
many = gains(real, task, against=reference)  # of every arm, on every split
found = many[many["arm"] == arm]
found.set_index("split")[["difference", "low", "high", "clear", "fits"]].round(
    3
)

# %% mystnb={"figure": {"caption": "Real measurements. Above: R² of single fits of a network with GeoCLIP's vector and of the same network without a place; a line joins two fits on the same rows with the same seed. Below: the mean difference and its 95 % interval.", "name": "fig-scores-pairs"}, "image": {"alt": "Two panels, a column a split. Above, pairs of markers joined by lines; the fits of a checkerboard form two groups, one a partition, far apart from each other. Below, one marker a split with a vertical bar, and a line at zero."}} tags=["hide-input"]
mine = results.load(
    real, task, arms=[arm, reference], splits=list(found["split"])
)
fits = mine.scores[mine.scores["metric"] == "r2"]
fig = page.draw_pairs(fits, found, arm, reference)
told = found[
    [
        "split",
        "difference",
        "low",
        "high",
        "clear",
        "se",
        "dof",
        "blocks",
        "fits",
    ]
]
_ = figures.label(
    fig,
    real,
    n=int(found["fits"].sum()),
    of="pairs of fits",
    embedded=False,
    data=told,
)

# %% [markdown]
# ## The interval
#
# Three things would change if the study were done again. **Seeds**: another start of the weights and order of batches. **Places**: other monitors could have
# been there. **Folds**: another part held out; but the two partitions of a checkerboard are two questions, not two samples of one, and how far they lie
# from each other is no measure of doubt.
#
# A year at one station is nothing like 365 pieces of evidence: a model that misjudges the place is wrong on most of its days. If errors within a
# station have correlation $\rho$, then $m$ rows are worth
#
# $$
# m_\text{eff} = \frac{m}{1 + (m - 1)\,\rho}
# $$ (eq-effective)
#
# independent ones. Neighbouring stations err alike too. What comes close to independent evidence is a **block** of the map, wider than the distance over which errors
# are alike.
#
# Let $D_{fs}$ be a difference on fold $f$ with seed $s$, of $F$ folds with $S_f$ seeds each, and $D$ the mean over folds of the mean over seeds. Its variance has two parts:
#
# $$
# V = \underbrace{\frac{B-1}{B} \sum_{b=1}^{B} \bigl(D_{(b)} - D\bigr)^2}_{\text{places}} + \underbrace{\frac{\hat\sigma^2}{F^2} \sum_f \frac{1}{S_f}}_{\text{training}}
# $$ (eq-interval)
#
# The first is the **jackknife** {cite:p}`tukey1958`: $D_{(b)}$ is the difference without the stations of one of $B$ square blocks {cite:p}`kunsch1989,lahiri2003`, 500 km wide or as wide as errors are alike. The
# second is the variance $\hat\sigma^2$ between seeds of a fold. The interval is $D \pm t_\nu \sqrt{V}$, with degrees of freedom $\nu$ from those of both
# parts {cite:p}`satterthwaite1946`. With one seed the training's noise is borrowed from the split's other network arms; where none has two seeds there is no interval.
#
# No rows are needed, only a few sums a station: with $e_i = \hat y_i - y_i$, $n$, $\sum e$, $\sum e^2$, $\sum \lvert e \rvert$, $\sum y$, $\sum y^2$, and two of them over high
# days. They are committed, and `placeprior.scores.paired` reads them.
#
# ## Does it hold?
#
# Simulated, at the stations of the embedded world: errors of two models are made up. Neighbours err alike, one model is a little better, and each training has a luck of its own. From these errors the
# interval is computed as on all pages, and counted: how often does it hold the true difference?

# %%
from placeprior import evidence

coverage = evidence.read(simulated, "coverage")

# %% mystnb={"figure": {"caption": "How often a 95 % interval holds the true difference of R², in simulations: the interval of this book (filled) and, in fewer simulations, one that takes stations for independent and training for exact (hollow), by number of seeds. Dashed: 95 %.", "name": "fig-scores-coverage"}, "image": {"alt": "Four panels with the number of seeds across and the share of intervals that hold the truth up. Filled circles and squares lie near the dashed line at 95 per cent; hollow ones lie far below it."}} tags=["hide-input"]
fig = page.draw_coverage(coverage)
n = int(coverage["replicates"].sum())
_ = figures.label(
    fig,
    simulated,
    n=n,
    of="simulated differences",
    embedded=True,
    data=coverage,
)

# %% [markdown]
# Holding costs width: an honest interval is often several times as wide as one that looks at stations alone, and fewer differences are clear.
#
# Against itself: of six trainings of the network without a place two are compared with two others, in every way. Nothing differs but
# luck, so each difference called clear is a false alarm; about one in twenty may be.

# %% tags=["hide-input"]
from placeprior.evidence import against_itself

alarms = against_itself.alarms(against_itself.committed(profile, real))
if len(alarms):
    text = "Differences of test R² of an arm to itself, two seeds against two others. Pairs share trainings."
    display(captioned(page.alarms_table(alarms), text, "tab-scores-aa"))
else:
    display(results.missing(real, "against_itself"))

# %% [markdown]
# ## One among many
#
# Of twenty looks at nothing, one is clear. **Holm's rule** {cite:p}`holm1979` counts the looks: of $m$ differences the most surprising must be clear at a level of $1 - 0.05/m$, the
# next at $1 - 0.05/(m-1)$, and so on until one is not. {doc}`comparison` says how many of its differences stay.

# %%
from placeprior.scores.interval import surviving

print(
    f"{len(many)} differences to {reference}: {(many['clear'] != 0).sum()} clear, {len(surviving(many))} by Holm's rule"
)

# %% [markdown]
# The interval speaks of other monitors in the same country and other trainings of the same network, in the same year. It does not know of another year,
# another simulated world, other settings, or a pretrained encoder trained anew.
#
# ```{quiz} Two models' intervals of R² overlap. What follows?
# - [ ] their difference is not clear | each interval holds what is hard for both; the difference does not
# - [x] nothing: ask for the interval of the difference | on the same rows most of the doubt cancels
# - [ ] the models are equally good | not told apart is not equal
# ```
#
# ## Exercises
#
# ````{admonition} Exercise: a paired difference
# :class: exercise tip
# R² without place is $0.28$ and $0.29$ on one partition (two seeds), $0.33$ and $0.35$ on the other; with place $0.32$ and $0.33$, $0.37$ and $0.36$. The standard error from places is $0.020$, and $t = 2.8$. Compute $D$
# and its interval.
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# Differences are $0.04$, $0.04$ and $0.04$, $0.01$; means $0.04$ and $0.025$, so $D = 0.0325$. Between seeds the variances are $0$ and $0.00045$, their mean $\hat\sigma^2 = 0.000225$. The
# training's part is $\hat\sigma^2/2^2 \cdot (1/2 + 1/2) = 0.000056$, so $\sqrt V = \sqrt{0.0004 + 0.000056} = 0.0214$, and the interval $0.0325 \pm 0.060$: undecided.
# ````
#
# ````{admonition} Exercise: days
# :class: exercise tip
# Errors of a station have correlation $\rho = 0.3$ from day to day, whichever the two days. How many independent days is a year worth? What happens to an interval when this is ignored?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# $365 / (1 + 364 \cdot 0.3) \approx 3.3$. Widths go with $1/\sqrt{m}$, so ignoring it gives one that is
# $\sqrt{365 / 3.3} \approx 10.5$ times too narrow.
# ````
#
# ````{admonition} Exercise: unbiased?
# :class: exercise tip
# A model has MBE 0 over the whole country. Is it unbiased?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# On average over station-days, yes. It can still be too high in every city and too low everywhere else; a map of the mean error a station shows it.
# ````
#
# ````{admonition} Exercise: what another seed is worth
# :class: exercise tip
# Let the variance of a difference be $P$ from places and $T/S$ from trainings, with $S$ seeds. From which $S$ on does a further seed narrow the interval by less than a tenth, if $T = P$?
# ````
#
# ````{admonition} Solution
# :class: solution dropdown
# The ratio of widths is $\sqrt{(1 + 1/(S + 1)) / (1 + 1/S)}$, apart from the quantile of $t$: above nine tenths from $S = 2$ on. Then only more places help.
# ````
