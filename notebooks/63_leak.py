# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters", "remove-cell"]
profile = "aqs"

# %% tags=["remove-cell"]
from placeprior.book import figures, leak_diagrams, results
from placeprior.book import leak as page
from placeprior.book.tables import captioned

figures.style()

# %% [markdown]
# # How much of a score is leak
#
# ```{goals}
# :needs: {doc}`splits`, {doc}`scores`
# find by hand which held-out labels reach an input
# say where a leak has most to tell
# ask three questions that find most leaks
# ```
#
# ```{answer} leak-pool leak-scalers leak-place
# :question: How much does a score rise when held-out labels reach the inputs?
# On real measurements of 2021, a neighbour feature that is computed from all monitors before the split raises
# the R² of the network without a place in new regions by {val}`claims.leak-pool.aqs.difference:.2f` ({val}`claims.leak-pool.aqs.low:.2f` to {val}`claims.leak-pool.aqs.high:.2f`): the test looks
# like one amid monitors. Scalers of all rows change it by {val}`claims.leak-scalers.aqs.difference:+.3f` ({val}`claims.leak-scalers.aqs.low:+.3f` to {val}`claims.leak-scalers.aqs.high:+.3f`). Whether the leaks
# change what a place is worth was not run.
# ```
#
# A **leak** is a hidden measurement that finds its way into the inputs: the model is asked for what it was told. Most are small mistakes of order:
# something is computed from all data, and the data are split afterwards. The code of the study that this book reproduces has two of this kind
# ({doc}`../departures`, numbers 1 and 2); the rest of this book has neither. Here we put them back **on purpose**, and measure what they are worth.
#
# ## A leak among six stations
#
# Take six made-up monitors on one day. Three in the west are for training. Three in the east, across the border of a checkerboard's cell, are held out:
# there was smoke, and the model may not know. The input is the **neighbour feature**, the mean of the nearest monitors of the day, each weighted by one
# over its distance $d$ ({cite:t}`shepard1968`),
#
# $$
# x(s, t) = \frac{\sum_{i \in N} y_i(t) / d(s, i)}{\sum_{i \in N} 1 / d(s, i)}
# $$ (eq-leak-feature)
#
# where $N$ are the nearest monitors to $s$ in a pool, $s$ itself left out. **Clean**: the pool is the training monitors. **Leaky**: all monitors. The
# code is that of all runs, here with the nearest three.

# %%
import numpy as np
import pandas as pd

from placeprior.coords import great_circle_km
from placeprior.space.neighbours import neighbour_pm25

lonlat = np.array(
    [
        [-103.0, 40.3],
        [-102.0, 39.5],
        [-101.0, 40.4],
        [-98.8, 39.6],
        [-97.6, 40.4],
        [-96.6, 39.5],
    ]
)
measured = np.array([6.0, 7.0, 8.0, 30.0, 36.0, 33.0])
training = np.array([True, True, True, False, False, False])
pools = {"clean": training, "leaky": np.ones(6, bool)}
inputs = {
    name: neighbour_pm25(measured[:, None], lonlat, pool[:, None], k=3)[:, 0]
    for name, pool in pools.items()
}

# %% [markdown]
# By hand, that is $\sum y_i / d_i$ over $\sum 1 / d_i$ of the three monitors in each row:

# %%
apart = great_circle_km(lonlat, lonlat)


def nearest(station, pool, k=3):
    """The k nearest other monitors of a pool: letter, and km."""
    others = [
        i for i in np.argsort(apart[station]) if pool[i] and i != station
    ][:k]
    return ", ".join(f"{'ABCDEF'[i]} {apart[station, i]:.0f}" for i in others)


# %% tags=["hide-input"]
parts = np.where(training, "training", "held out")
example = pd.DataFrame(
    {
        f"{name}: nearest three, km": [
            nearest(station, pool) for station in range(len(lonlat))
        ]
        for name, pool in pools.items()
    },
    index=pd.Index(
        [
            f"{letter}, {part}"
            for letter, part in zip("ABCDEF", parts, strict=True)
        ],
        name="monitor",
    ),
)
captioned(
    example,
    "Which monitors make the neighbour feature of each of the six, and how far away they are.",
    "tab-leak-toy",
)

# %% mystnb={"figure": {"caption": "Lines lead from each monitor to the three whose labels make its input, orange and dashed where the label is held out. Squares: training; circles: held out; under each, what it measured and its input.", "name": "fig-leak-toy"}, "image": {"alt": "Two panels, clean above and leaky below, with the same three squares on the left and three circles on the right of a dotted line. Above, all lines are grey and lead to squares. Below, the circles are joined to each other by dashed orange lines, and some orange lines lead across to the squares."}} tags=["hide-input"]
fig = leak_diagrams.draw_example(lonlat, measured, training, inputs)

# %% [markdown]
# Take the input itself as the estimate. At the three held-out monitors its root mean square error, in µg m⁻³, is

# %%
error = {
    name: (values - measured)[~training] for name, values in inputs.items()
}
{
    name: round(float(np.sqrt(np.mean(each**2))), 1)
    for name, each in error.items()
}

# %% [markdown]
# Nothing was learned in between. No monitor sees its **own** label, and the test is spoilt all the same: each of the three tells the other two about
# the smoke. The training rows change too, so that a model is also *trained* on held-out labels.
#
# ## Which label reaches which input
#
# **Scalers** are a second door: inputs and target are brought to mean 0 and variance 1. Taken over training *and* test rows, these two numbers a column
# carry a little of the test into everything.

# %% mystnb={"figure": {"caption": "Grey: allowed ways of labels into inputs. Orange and dashed: the two that open when something is computed from all rows before the split. Labels of validation rows go as the held-out ones do.", "name": "fig-leak-paths"}, "image": {"alt": "Two diagrams side by side. Each has two boxes of labels, training and held out, above two boxes of inputs, of training rows and of held-out rows. On the left, grey arrows lead only from the training labels to both boxes of inputs. On the right, dashed orange arrows lead also from the held-out labels to both."}} tags=["hide-input"]
fig = leak_diagrams.draw_paths()

# %% [markdown]
# ## What each leak is worth
#
# The task is that of same-day neighbours, real measurements of 2021 ({doc}`data`). Runs are made again with {eq}`eq-leak-feature` read from all
# monitors (*neighbours leak*), with scalers of training and test rows together (*scalers leak*), and with both, as in the reference code. All else is
# the same, so that each leaky run has a clean counterpart.

# %%
from placeprior.evidence import leak, matched
from placeprior.runs import store

TASK = "neighbours-2021"
# every leaky run and its clean twin
scores, sums = leak.twins(leak.runs(profile, TASK)), store.sums(profile)
reach = matched.reach(profile, TASK)  # how far errors are alike
worth = leak.changes(scores, sums, reach)

# %% mystnb={"figure": {"caption": "Test R² of leaky runs minus that of their clean twins on the same rows, 95 % intervals.", "name": "fig-leak-changes"}, "image": {"alt": "One panel a split on one scale. Each arm has a marker with a bar for the neighbours' leak, for the scalers' and for both, around or right of a dashed line at zero."}} tags=["hide-input"]
if results.has(profile, "leak"):
    _ = page.draw_changes(worth, profile)

# %% tags=["hide-input"]
captioned(
    page.levels(scores),
    f"Test R², clean and leaky, means over seeds (spatial and random: one fold); real measurements of 2021, profile {profile}.",
    "tab-leak-r2",
) if results.has(profile, "leak") else results.missing(profile, "leak")

# %% [markdown]
# A leak is worth what it tells that is news. Amid training monitors the clean feature is good already; deep inside a held-out cell it is nearly blind,
# and the leaky one reads from the next monitor as everywhere: a test that is meant to be hard becomes an easy one.
#
# ## Does the leak change who wins?
#
# A leaky feature may already say what a place is like, and leave less for a place vector to add. That is asked of four scores on the same rows:
#
# $$
# \begin{aligned}
# \Delta\Delta = {} & \bigl(R^2_\text{place} - R^2_\text{none+head}\bigr)_\text{leaky} \\
# & - \bigl(R^2_\text{place} - R^2_\text{none+head}\bigr)_\text{clean}
# \end{aligned}
# $$ (eq-leak-gain)

# %%
gains = leak.gains(scores, sums, reach)

# %% mystnb={"figure": {"caption": "Gain of GeoCLIP's vector over the same network without a place, clean, with both leaks, and the second minus the first; 95 % intervals.", "name": "fig-leak-gain"}, "image": {"alt": "For each split three markers with bars: the gain without leaks, open, with leaks, filled, and the change, around a dashed line at zero."}} tags=["hide-input"]
if results.has(profile, "leak-place"):
    _ = page.draw_gains(gains, profile)

# %% tags=["remove-input"]
results.missing(profile, "leak-place")

# %% [markdown]
# ## What this does not show
#
# This is the strongest case: a small model whose main input is the neighbour feature. The reference's feature also drops monitors within some 23 km
# (number 3), which weakens its leak in cities. So these are **not** the sizes of the leak in the published numbers. Nor are neighbours a bad input:
# where monitors report on the day, use them, and call the test by its name, amid monitors.
#
# Three questions find most leaks: *What was computed before the split? From which rows? Would it exist on the day, at the place, of use?*
#
# ## Exercises
#
# ```{admonition} Exercise: a leak without neighbours
# :class: exercise tip
# A model that fills gaps of satellite haze is trained on all days and monitors, with PM2.5 among its predictors. Its output is an input of a PM2.5
# model that is tested on held-out monitors. Is there a leak? Through which arrows of {numref}`fig-leak-paths`?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Yes. The gap filler has learned from held-out labels, and its estimates near held-out monitors carry them: both dashed arrows, through a model instead
# of a mean. Whatever is fitted, however far upstream, belongs inside the fold. (The reference's gap filler does not use PM2.5.)
# ```
#
# ```{admonition} Exercise: one out of six
# :class: exercise tip
# In {numref}`fig-leak-toy`, hold out only E, and leave the other five in the pool. What is its input now? Why is this number not a leak?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The same as the leaky one: E's nearest three are all in the pool. It is no leak because D and F are not held out: here they are monitors that report,
# and whoever asks for a place among reporting monitors will have them. The number is the same; the question is another.
# ```
