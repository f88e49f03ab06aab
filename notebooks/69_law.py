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
from IPython.display import Markdown

from placeprior.book import figures, results
from placeprior.book import law as page

figures.style()

# %% [markdown]
# # What place is worth
#
# ```{goals}
# :needs: {doc}`splits`, {doc}`scores`
# read what a place is worth off the distance to the nearest training station
# say why places are counted in stations, and not in rows
# tell what is learned about a place from what is learned about a year
# ```
#
# ```{answer} law-near law-far law-far-concat law-grows law-years
# :question: What does a network gain from being told where it is?
# At new stations 160 km and more from training, with weather as inputs, GeoCLIP's vector, multiplied in, gains {val}`claims.law-far.aqs.difference:+.3f` of the
# variance of real PM2.5 ({val}`claims.law-far.aqs.low:+.3f` to {val}`claims.law-far.aqs.high:+.3f`), a distance chosen after finer bins had been seen, none of which decides; over
# the whole split of new regions the same arm is undecided ({doc}`comparison`), and so is the vector concatenated, at these distances
# ({val}`claims.law-far-concat.aqs.low:+.3f` to {val}`claims.law-far-concat.aqs.high:+.3f`). Within 40 km ({val}`claims.law-near.aqs.difference:+.3f`, {val}`claims.law-near.aqs.low:+.3f` to {val}`claims.law-near.aqs.high:+.3f`) and in the embedded world
# it is open whether it helps, and whether it is worth more the farther training lies.
# ```
#
# Not one number, but a function of what else is known. The gain at some test rows is how much smaller the mean squared error is than that of the
# same network without a place (`none+head`), in units of the variance $s^2$ of PM2.5 in a split's test rows:
#
# $$
# G = \frac{1}{s^2}\left(\overline{e^2_\text{without}} - \overline{e^2_\text{with}}\right) .
# $$ (eq-law-gain)
#
# Over all rows of a split this is the difference in R². Over the rows of one distance it is still in the same unit, so that distances can be
# compared. Instruments' noise adds the same to both errors, and drops out. Intervals are those of {doc}`scores`, but a fold counts with its rows,
# because at one distance some folds have next to none, and an arm that was trained once has no interval.
#
# Four ways of telling the place are followed: GeoCLIP's vector, the density of population, coordinates, and a random vector for each place, which
# knows nothing.
#
# ## By the distance to training
#
# Splits test some stations near and some far from training. Here all splits are pooled, and their test stations sorted by the distance to
# the nearest training station. Two wider bins join neighbouring ones: within 40 km, and 160 km and more.

# %%
import pandas as pd

from placeprior.evidence import law, years
from placeprior.runs import configuration, store

BINS = [*law.BINS_KM, *law.MERGED_KM]
profiles = {"weather-2019": real, "world": profile}
scores, sums, by_distance = {}, {}, {}
for task, name in profiles.items():
    every = store.scores(name)
    scores[task], sums[task] = every[every["task"] == task], store.sums(name)
    by_distance[task] = law.by_distance(scores[task], sums[task], bins=BINS)

# %% tags=["remove-cell"]
# In the embedded world it is known what place does: one more line.
options = configuration.profile(profile)["tasks"]["world"]["options"]
by_distance["world"] = law.by_distance(
    scores["world"], sums["world"], bins=BINS, oracle=law.place_part(**options)
)

# %% mystnb={"figure": {"caption": "What place is worth by distance: gain over the same network without a place, in bins that widen by four, all splits pooled; right of the vertical line the same stations in two wider bins, within 40 km and 160 km and more. Filled where the 95 % interval excludes zero, hollow where it does not, a cross where one training gives no interval; where an interval leaves the axes, the data have its ends. Above, real measurements; below, the embedded world, dotted what one would gain who knew all that place does.", "name": "fig-law"}, "image": {"alt": "Two panels below each other, real measurements and the embedded world: for four ways of telling the place, gain with error bars against the distance to the nearest training station, around a dashed line at zero; right of a vertical line two wider bins."}} tags=["hide-input"]
tested = max(
    table["stations"].max() for table in by_distance.values() if len(table)
)
_ = page.stacked(
    by_distance,
    profiles,
    page.draw_by_distance,
    "km to the nearest training station",
    n=tested,
    of="test stations a bin at most",
)

# %% [markdown]
# - **Distance is not varied alone.** Near stations are tested by splits whose networks learned from stations all around, far ones by
#   checkerboards, whose networks learned from half the country.
# - **A station that was trained on** would stand at 0 km, where a gain may be memory and even a random vector is a name; with a random split such
#   a bin appears. Elsewhere a random vector is noise that the network has learned to read ({doc}`controls`).
# - **The dotted line** compares the embedded world with the same world in which every place factor is at its mean. A network without a place
#   guesses part of it from weather and haze, so that no arm need reach the line.
#
# ## By the number of training stations
#
# A year at a monitor is three hundred examples of the weather, but **one** of the place. So the spatial split is trained again on $N$ of its training
# stations, drawn at random; in one seed a smaller set lies within every larger; test stations stay the same.
#
# ```{admonition} Why places are counted in stations
# :class: dropdown
# Let $n$ stations have levels $a_1, \dots, a_n$ that the weather does not explain, and vectors $v_1, \dots, v_n$ of $p$ numbers. A linear reading of
# the place looks for weights $w$ with
#
# $$
# w^\top v_i \approx a_i, \qquad i = 1, \dots, n .
# $$ (eq-law-place)
#
# If $n \le p$ and the vectors are independent, some $w$ satisfies this *exactly*, for **any** levels, also for levels shuffled among the
# stations. The training error then says nothing about a new place. GeoCLIP's vector has $p = 512$; coordinates have 2. Few stations also mean few
# steps: an arm and its reference share both, but a network that needs long to find a use for 512 numbers is at a disadvantage.
# ```

# %%
by_stations = {}
for task, name in profiles.items():
    stamps = store.stamps(name)
    trained = pd.Series(
        {run: stamps[run]["sizes"]["train"]["stations"] for run in stamps}
    )
    by_stations[task] = law.by_stations(scores[task], sums[task], trained)

# %% mystnb={"figure": {"caption": "Gain in R² over the same network without a place, by the number of training stations; spatial split, the same test rows at every number; means over seeds, 95 % intervals; a cross has none.", "name": "fig-law-stations"}, "image": {"alt": "Panels below each other: for each way of telling the place a line with error bars of the gain against the number of training stations, around a dashed line at zero."}} tags=["hide-input"]
few = {
    task: table
    for task, table in by_stations.items()
    if results.has(profiles[task], "learning")
}
if few:
    tested = max(table["stations"].max() for table in few.values())
    _ = page.stacked(
        few,
        profiles,
        page.draw_by_stations,
        "training stations",
        n=tested,
        of="test stations",
    )
# %% tags=["remove-input"]
results.missing(real, "learning")

# %% [markdown]
# A place could also be worth much to a network that has not finished learning, and little later: {doc}`budget` sets the gains beside those of twice as many passes.
#
# ## From one year to another
#
# A place stays; the fires of a year do not. A lesson about the place holds in another year: trained on 2018 or on 2021, a network is tested on the
# same rows of the neighbours task ({doc}`data`), at stations held out in **both** years. No interval knows about another draw of years.

# %%
yearly = years.read(real)
carried = years.carried(yearly, store.sums(real))

# %% tags=["hide-input"]
Markdown(page.carried_over(carried)) if results.has(real, "years") else None

# %% tags=["remove-input"]
results.missing(real, "years")

# %% [markdown]
# ## Exercises
#
# ```{admonition} Exercise: one unit
# :class: exercise tip
# Why is the gain divided by the variance of a whole split, and not by that of the rows at that distance?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The variance differs between distances: remote stations lie in the rural West, where most days are clean and a few are full of smoke. Divided by
# their own variance, the same reduction of the error would look small there and large elsewhere, and a bend of the line could come from the
# divisor alone.
# ```
#
# ```{admonition} Exercise: shuffled levels
# :class: exercise tip
# Take {eq}`eq-law-place` with $n = 25$ and $p = 512$. Draw vectors and levels at random, and solve for the shortest $w$ (`numpy.linalg.lstsq`).
# How large is the training error? How good is the estimate for a new station from the same distribution?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The training error is zero up to rounding. The new level was drawn independently of its vector, so no estimate can be good; its expected squared
# error is the variance of the levels plus that of $w^\top v$: worse than saying the mean. A network that is kept small and trained briefly fails
# less badly.
# ```
