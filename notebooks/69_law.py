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
from IPython.display import Markdown

from placeprior.book import figures, lines
from placeprior.book.law import cells, draw_by_distance, draw_by_length, draw_by_stations, ends
from placeprior.book.tables import captioned
from placeprior.evidence import budget, law
from placeprior.runs import configuration, store, trials

figures.style()

# %% [markdown]
# # What place is worth
#
# Not one number: a function of what else is known. This page measures what a network gains from being told where it is,
# over the same network without a place ("no location, extra head"), as a function of three things:
#
# - **how near** the nearest training station is, over all splits together;
# - **how many** stations it learned from, on the same test stations;
# - **how long** it learned: the training of this book, and twice as long.
#
# Four ways of telling the place are followed: GeoCLIP, the density of population, coordinates, and a random vector for each
# place, which knows nothing. Once on real measurements (weather task of 2019, {doc}`aqs`), once in the embedded world.
#
# The gain at some test rows is how much smaller the mean squared error is, in units of the variance $s^2$ of PM2.5 in a
# split's test rows:
#
# $$
# G = \frac{1}{s^2}\left(\overline{e^2_\text{without}} - \overline{e^2_\text{with}}\right) .
# $$ (eq-law-gain)
#
# Over all rows of a split this is the difference in R². Over the rows of one distance it is still in the same unit, so that
# distances can be compared. Intervals are over blocks of the map and over trainings together ({doc}`../concepts/scores`).


# %%
def measured(name, task):
    """Gains by distance, by number of stations and by length of training, of one task."""
    scores, sums, embedded = store.scores(name), store.sums(name), name == profile
    scores = scores[scores["task"] == task]
    oracle = law.place_part(**configuration.profile(name)["tasks"][task]["options"]) if embedded else None
    trained = pd.Series({run: stamp["sizes"]["train"]["stations"] for run, stamp in store.stamps(name).items()})
    doubling = trials.read(name, "doubling")
    longer = budget.curve(budget.doubled(doubling[doubling["task"] == task], sums))
    return (
        law.by_distance(scores, sums, oracle=oracle),
        law.by_stations(scores, sums, trained),
        longer[longer["arm"].isin(law.ARMS)],
    )


origin = {"weather-2019": ("real measurements", real), "world": ("embedded world", profile)}
found = {task: measured(name, task) for task, (_, name) in origin.items()}


# %% mystnb={"figure": {"caption": "What place is worth: gain over the same network without a place, as a share of the variance of PM2.5, with 95 % intervals (those that leave the axes are in the table). By the distance from a test station to its nearest training station, all splits pooled (top; bins that double, 0 km: the station itself is trained on); by the number of training stations (middle); by the length of training, on the spatial split and both partitions of the 16° checkerboard (bottom; with twice the length, the interval of the plain one). Dotted, in the embedded world: what one would gain who knew all that place does.", "name": "fig-law"}, "image": {"alt": "Three rows of two panels, real measurements left and the embedded world right: lines with error bars for four ways of telling the place around a dashed line at zero, against distance, number of stations and length of training."}} tags=["hide-input"]
fig, axes = figures.subplots(3, 2, size=(6.4, 8.6), sharey="row")
for row, tables, draw in zip(
    axes, zip(*found.values(), strict=True), (draw_by_distance, draw_by_stations, draw_by_length), strict=True
):
    drawn = [draw(ax, table) for ax, table in zip(row, tables, strict=True) if len(table)]
    lines.limit(row, pd.concat(drawn) if drawn else [])
for ax, (task, (what, _)) in zip(axes[0], origin.items(), strict=True):
    ax.set_title(f"{task}, {what}")
fig.supylabel("gain, share of the variance", fontsize="medium")
figures.legend_above(fig, law.ARMS)
tested = max((table["stations"].max() for table, *_ in found.values() if len(table)), default=0)
_ = figures.label(
    fig,
    real,
    n=tested,
    of="test stations at most",
    embedded=False,
    note=f"right: embedded world (simulated), profile {profile}",
)

# %% [markdown]
# **Where the gain ends**: the first distance, from near to far, whose interval does not lie above zero; and the same by
# number of stations, from few to many.

# %%
told = {}
for task, (by_distance, by_stations, _) in found.items():
    told[task, "distance"] = ends(by_distance)
    told[task, "stations"] = ends(by_stations, lambda row: f"{row.trained:.0f}")
captioned(
    pd.concat(told, names=["task", "by"]).reset_index(["task", "by"]),
    f"Where the gain is clear, and where it ends; profiles {real} and {profile}.",
    "tab-law-ends",
)

# %%
Markdown(
    "\n\n".join(
        captioned(
            cells(gains),
            f"Gain by distance, as a share of the variance, with 95 % intervals; {task}, profile {origin[task][1]}.",
            f"tab-law-{task}",
        ).data
        for task, (gains, *_) in found.items()
        if len(gains)
    )
)

# %% [markdown]
# ## How to read it
#
# - **Distance is not varied alone.** Near stations are those of random and spatial splits, far ones those of checkerboards,
#   whose networks learned from half the country. A line falls or rises with both.
# - **A random vector** tells which station it is and nothing else. It can help where the station itself was trained on
#   (0 km) and is noise at any other. A gain of another arm at 0 km may be memory too.
# - **Instrument noise does not count**: it adds the same to both squared errors, on average.
# - **The dotted line** compares the embedded world with the same world in which every place factor is at its mean: same
#   weather, smoke and hidden variation. It is what one misses who knows everything but the place. A network without a place
#   guesses part of it from its predictors, so that no arm need reach the line.
# - **Twice the length** was tried without population density; the page {doc}`budget` says whether it changes an answer.
#
# ```{admonition} Exercise
# :class: exercise tip
# Why is the gain divided by the variance of a whole split, and not by that of the rows at that distance?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The variance differs between distances: remote stations lie in the rural West, where most days are clean and a few are full
# of smoke. Divided by their own variance, the same reduction of the error would look small there and large elsewhere, and a
# bend of the line could come from the divisor alone.
# ```
