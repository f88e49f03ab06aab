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
from IPython.display import display

from placeprior import evidence
from placeprior.book import baselines, figures, results
from placeprior.book import clusters as page
from placeprior.book.tables import captioned

figures.style()

# %% [markdown]
# # Places that behave alike
#
# ```{goals}
# :needs: {doc}`splits`, {doc}`baselines`
# say how far apart two Gaussians are, and check it by hand
# take a method apart: which of its parts finds the clusters?
# leave out a kind of weather instead of a square of the map
# ```
#
# ```{answer} clusters-planted clusters-penalty clusters-simple clusters-again clusters-regions clusters-own clusters-own-lots
# :question: Do clusters by behaviour and place find regions that are real, and does the spatial penalty help?
# Planted zones are found where each place has days of its own (adjusted Rand index {val}`claims.clusters-planted.demo.value:.2f`, where 1 is the same division and 0 chance), with the penalty better than without in {val}`claims.clusters-penalty.demo.more:.0f` of {val}`claims.clusters-penalty.demo.of:.0f` seeds if the truth chooses its radius, on average not without; with neighbours' days, as published, k-means of log-covariances reaches {val}`claims.clusters-simple.demo.value:.2f`, and the method less even with its radius chosen by the truth. On a year of real weather, with no label to tune it, the method finds {val}`claims.clusters-again.aqs.value:.0f` cluster; five kinds by k-means are real enough that trees of their own gain {val}`claims.clusters-own.aqs.difference:.2f` R² at new stations ({val}`claims.clusters-own.aqs.low:.2f` to {val}`claims.clusters-own.aqs.high:.2f`, one fit; in new regions undecided).
# ```
#
# **Source:** MC-GTA {cite:p}`wang2024mcgta`; abstract, public code and its printed numbers read, tables not seen. **Faithful:** squared Wasserstein distances of local Gaussians, a stable variogram without the
# usual half, the penalty, density clustering (*DBSCAN*: who has enough others within a *radius* joins them). **Smaller:** hundreds of places, five variables, plain covariances instead of sparse ones. **Corrected:** range along a sorted grid, zero diagonal, radius by a knee, no shared data. **Full scale** would need their four data sets, labels kept from tuning.
#
# ## How unlike are two places?
#
# Sum up what is measured at a place as a Gaussian with mean $\mu$ and covariance $\Sigma$. Moving one into the other costs
#
# $$
# W_2^2 = \lVert\mu_i-\mu_j\rVert^2 + \operatorname{tr}\bigl(\Sigma_i+\Sigma_j-2(\Sigma_i^{1/2}\Sigma_j\Sigma_i^{1/2})^{1/2}\bigr).
# $$ (eq-clusters-w2)
#
# The generalised variogram $\gamma(h)$ is its mean over pairs of places $h$ apart. A pair that differs by more, up to a margin $\delta$, is pushed further apart, with a strength $\beta$:
#
# $$
# W_2^2 + \beta\,\max(0,\ W_2^2 - \gamma(h) + \delta).
# $$ (eq-clusters-penalty)
#
# Beyond the range, where $\gamma$ is flat, there is no penalty.

# %%
import numpy as np

from placeprior.space import clusters

first, second = np.array([[2.0, 1], [1, 2]]), np.diag([1.0, 3])
pair = clusters.Gaussians(
    np.array([[0.0, 0], [1, -1]]), np.stack([first, second])
)
squared = clusters.wasserstein(pair)[0, 1]
curve = clusters.Curve(nugget=0.2, sill=3.0, length_km=300, power=1)
print(f"by hand 10 - 2 √14 = {10 - 2 * 14**0.5:.6f}, computed {squared:.6f}")
print(
    f"penalty at 150 km with δ = 1: {clusters.penalty(squared, curve(150), 1.0):.6f}"
)

# %% [markdown]
# ## Which part does the work?
#
# Six hundred places lie in three zones that differ in the covariance of five variables alone. Each has thirty days of its own or, as published, single days of its thirty nearest places. Every part is taken away in turn; k-means is told that there are three.

# %% tags=["hide-input"]
there = [name for name in (real, profile) if results.has(name, "agreement")]
tables = {name: evidence.read(name, "agreement") for name in there}
display(
    captioned(
        page.planted(tables[profile]),
        "Planted zones: adjusted Rand index of what was found and what was planted, mean ± standard deviation over seeds, and normalised mutual information. *Radius by truth* is an upper bound, not a result. A place in no cluster is one of its own. Embedded world (simulated).",
        "tab-clusters-planted",
    )
    if profile in tables
    else results.missing(profile, "agreement")
)

# %% [markdown]
# ## Found twice?
#
# Real stations have no truth. But clusters from a year's odd weeks should be those from its even ones. Temperature, moisture, wind, pressure or the mixed layer enter, less each station's monthly means; **no PM2.5**.

# %% tags=["hide-input"]
if tables:
    display(
        captioned(
            page.again(tables),
            "Adjusted Rand index of clusters from odd and from even weeks, and how many clusters (with those of few stations). Weather: real measurements; embedded world: simulated, three worlds.",
            "tab-clusters-again",
        )
    )

# %% [markdown]
# One cluster that holds everything is stable too: read both columns. Shuffled places agree just as well, so what is stable owes nothing to where places lie.
#
# ## As regions left out
#
# The split `clusters` deals stations, below those of the embedded world, to five kinds of weather by k-means of log-covariances, and tests each in turn: out of *kind*, wherever it lies. It reads no label; predictors are known everywhere.

# %%
from placeprior import data
from placeprior.runs import configuration
from placeprior.space.splits import FOLDS, lonlat_of

task = configuration.profile(profile)["tasks"]["world"]
cube = data.load(task["load"], **task.get("options", {}))
fold = clusters.folds(cube, FOLDS, np.random.default_rng([0, 0]))

# %% mystnb={"figure": {"caption": "Embedded world: the five kinds of weather, each tested in turn.", "name": "fig-clusters-folds"}, "image": {"alt": "Map of the contiguous United States with stations as marks of five colours and shapes; most kinds fill a part of the country, and their borders interleave."}} tags=["hide-input"]
_ = page.draw_folds(lonlat_of(cube), fold, profile, embedded=True)

# %% mystnb={"figure": {"caption": "R² of arms minus that of the network without a place, when a tenth of stations, cells of 16° or kinds of weather are left out. An empty cell was not run.", "name": "fig-clusters-signs"}, "image": {"alt": "A grid with a row for GeoCLIP and rows for boosted trees of all stations, of a kind of weather each and of a lot each, and three columns a task: new stations, new cells, new kinds of weather. Triangles are clear differences, dots undecided ones."}} tags=["hide-input"]
from placeprior.evidence.gains import gains

found = {}
for name, which in ((real, "weather-2019"), (profile, "world")):
    table = gains(name, which)
    kept = table["arm"].isin(
        ["geoclip-hadamard", "gbt", "gbt+kinds", "gbt+lots"]
    ) & table["split"].isin(["spatial", "checkerboard-16", "clusters"])
    found |= (
        {results.TASKS[which].split(",")[0]: table[kept]} if kept.any() else {}
    )
if found:
    _ = baselines.draw_signs(
        found, f"{real} and {profile}", reference="none+head"
    )

# %% [markdown]
# ## A model for each?
#
# If kinds are real, a model for each should pay, though it learns from fewer rows. At new stations of real measurements it does, in one fit: trees of their own are better than trees for all by {val}`claims.clusters-own.aqs.difference:.3f` R² ({val}`claims.clusters-own.aqs.low:.3f` to {val}`claims.clusters-own.aqs.high:.3f`), and than trees for as many lots of the same sizes by {val}`claims.clusters-own-lots.aqs.difference:.3f` ({val}`claims.clusters-own-lots.aqs.low:.3f` to {val}`claims.clusters-own-lots.aqs.high:.3f`). In the embedded world only the second holds ({val}`claims.clusters-own-lots.demo.difference:.3f`, {val}`claims.clusters-own-lots.demo.low:.3f` to {val}`claims.clusters-own-lots.demo.high:.3f`; against trees for all {val}`claims.clusters-own.demo.difference:+.3f`, {val}`claims.clusters-own.demo.low:+.3f` to {val}`claims.clusters-own.demo.high:+.3f`).

# %% tags=["remove-input"]
results.spent("clusters", "kinds", profiles=[real, profile])

# %% [markdown]
# ## What this does not show
#
# Planted zones are as the method assumes. A wrong division can be stable.
#
# ## Exercises
#
# ```{admonition} Exercise: equal spreads
# :class: exercise tip
# What is $W_2^2$ of two Gaussians with the same covariance?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# $\lVert\mu_i-\mu_j\rVert^2$: the trace is zero, as $(\Sigma^{1/2}\Sigma\,\Sigma^{1/2})^{1/2}=\Sigma$.
# ```
#
# ```{admonition} Exercise: shared neighbours
# :class: exercise tip
# Two places have 29 of 30 neighbours in common. Why do they look alike even where neither resembles the other?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Their Gaussians come from almost the same 30 vectors, so the distance is near zero whatever the two measured. Clusters then follow the map.
# ```
