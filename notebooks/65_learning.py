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

from placeprior.arms import called, where
from placeprior.book import figures
from placeprior.book.learning import carried_rows, draw_curves, draw_gains, draw_years, gain_rows, levels
from placeprior.book.tables import captioned, folded
from placeprior.book.words import INTERVAL, gain, looked, rule
from placeprior.errors import StoreError

figures.style()

# %% [markdown]
# # How many places must be seen
#
# A country without a network of monitors has, perhaps, thirty of them. Would it help its model of the air to be told about
# the places, as by GeoCLIP's vector? Or must hundreds of places be seen before a vector of place means anything? This page
# trains on fewer and fewer stations and looks at what is left. It then asks the same of **years**: does what place teaches
# in one year hold in another?
#
# ## Why places are counted in stations, not in rows
#
# A year at a monitor is some three hundred rows. For the weather, these are three hundred examples: warm and cold, wind and
# calm. For the *place* they are **one** example: the same vector, three hundred times. Whatever a model learns from "a
# place like this has air like that", it learns from as many examples as there are stations.
#
# With few stations that goes wrong in a way that is easy to write down. Let $n$ stations have levels $a_1, \dots, a_n$ that
# the weather does not explain, and let $v_1, \dots, v_n$ be their vectors of $p$ numbers. A linear reading of the place
# looks for weights $w$ with
#
# $$
# w^\top v_i \approx a_i, \qquad i = 1, \dots, n .
# $$ (eq-learning-place)
#
# If $n \le p$ (and the vectors are independent), some $w$ satisfies this *exactly*, for **any** levels, also for levels
# shuffled among the stations. The training error says nothing then about what $w$ says at a new place. GeoCLIP's vector has
# $p = 512$. Longitude and latitude have $p = 2$: little to say, but little to get wrong. A curve of the test score against
# $n$, a **learning curve**, shows when the evidence begins to outweigh the freedom.
#
# ## How it was done
#
# In the spatial split a tenth of the stations is tested and a tenth of the others validates ({doc}`../concepts/splits`).
# Here only $N$ of the remaining ones are kept for training, drawn at random; of one seed, fewer are a part of more.
# **Tested and validating stations stay the same**, so that scores along a curve are about the same rows. The validating
# stations decide nothing, so a country with twenty-five stations could be helped in the same way.
#
# Each arm is compared with its **matched reference**: the same network without the place. For longitude and latitude that
# is "no location"; for GeoCLIP, which brings a deeper head, it is "no location, extra head" ({doc}`controls`).

# %%
from placeprior.evidence import learning

world, monitors = learning.curve(profile), learning.curve(real)
if world is None:
    raise StoreError(f"results/{profile} has no runs with few stations (spatial@100); make them with `make demo-full`")

# %% tags=["hide-input"]
origins = {
    curve.profile: f"task {curve.task}, {where(curve.split)}, {kind}, profile {curve.profile}"
    for curve, kind in ((world, "embedded world"), (monitors, "real measurements"))
    if curve
}


def training(curve):
    """What few stations do to the training."""
    table = learning.steps(curve).map("{:,.0f}".format).rename(index="{:,}".format).rename_axis("training stations")
    table = table.rename(columns={"rows": "training rows", "steps": "steps an epoch"})
    caption = f"What few stations do to the training; {origins[curve.profile]}."
    return captioned(table, caption, f"tab-learning-budget-{curve.profile}")


training(world)

# %% [markdown]
# **Few stations also mean few steps.** The number of rows an epoch is a cap: where there are fewer rows, an epoch is
# shorter, and all arms get fewer steps of the optimiser. So the left ends of the curves below mix two things, few places
# and short training. The *gains* do not: an arm and its reference have the same rows and the same steps. Yet a network that
# needs long to find a use for a vector of 512 numbers is at a disadvantage where the training is short.
#
# ## The embedded world

# %% mystnb={"figure": {"caption": "Learning curves in the embedded world: test R² and RMSE against the number of training stations (logarithmic axis), the same test rows at every point; means over seeds.", "name": "fig-learning-world"}, "image": {"alt": "Two panels with one line an arm against the number of training stations on a logarithmic axis: test R² on the left, root mean square error on the right."}}
_ = draw_curves(world, profile, embedded=True)

# %% [markdown]
# Some stations are hard for every arm, and which are tested moves all scores of the table together. In the gains below it that
# cancels.

# %% tags=["hide-input"]
Markdown(rule())


# %% tags=["hide-input"]
def scores(curve):
    """R2 and RMSE by number of stations, the second folded."""
    r2, rmse = (
        captioned(
            levels(curve, metric),
            f"Test {name} by number of training stations, mean over seeds ± their standard deviation; {origins[curve.profile]}.",
            f"tab-learning-{metric}-{curve.profile}",
        )
        for metric, name in (("r2", "R²"), ("rmse", f"RMSE in {figures.UNIT}"))
    )
    return Markdown(f"{r2.data}\n\n{folded('The same as root mean square errors', rmse)}")


scores(world)

# %%
world_r2, world_rmse = learning.gains(world), learning.gains(world, "rmse")

# %% mystnb={"figure": {"caption": "Embedded world: gain in test R² over the matched reference on the same rows, against the number of training stations; means over seeds and 95 % intervals over places and trainings. Above the dashed line telling the place helps. The extra head alone is measured against no location.", "name": "fig-learning-world-gain"}, "image": {"alt": "Lines with error bars, one an arm, of the gain in R² against the number of training stations on a logarithmic axis, around a dashed line at zero."}}
_ = draw_gains(world_r2, profile, embedded=True)


# %% tags=["hide-input"]
def gains(curve, r2, rmse):
    """Gains by number of stations."""
    return captioned(
        gain_rows(r2, rmse),
        f"Gain over the matched reference on the same rows, {INTERVAL} over places and trainings, bold where ΔR² is clear; {origins[curve.profile]}.",
        f"tab-learning-gain-{curve.profile}",
    )


gains(world, world_r2, world_rmse)

# %% [markdown]
# From how many stations on telling the place **pays**, that is, every gain in R² is clearly above zero; and by how much the gain grows from
# the fewest stations to all.


# %% tags=["hide-input"]
def pays(curve, r2):
    """From how many stations on a told place pays, and how its gain grows."""
    found = learning.growth(curve, r2)
    found["growth"] = [gain(row) for row in found.itertuples()]
    found["pays from"] = found["pays_from"].map("{:,.0f}".format).replace("nan", "at no number")
    caption = f"From how many stations a told place pays, and by how much its gain in R² grows, {INTERVAL}; {origins[curve.profile]}."
    shown = found[["pays from", "growth"]].rename(index=called).rename_axis("arm")
    return captioned(shown, caption, f"tab-learning-pays-{curve.profile}")


pays(world, world_r2)

# %%
Markdown(looked(world_r2[world_r2["arm"] != "none+head"]))

# %% [markdown]
# ## Real measurements
#
# The weather task of 2019 ({doc}`aqs`): no neighbours, so that the only way to know a place is to be told.

# %%
if monitors:
    monitors_r2, monitors_rmse = learning.gains(monitors), learning.gains(monitors, "rmse")
training(monitors) if monitors else Markdown(f"*No runs with few stations are in `results/{real}`.*")

# %% mystnb={"figure": {"caption": "Learning curves on real measurements of 2019, weather task: test R² and RMSE against the number of training stations (logarithmic axis), the same test rows at every point; means over seeds.", "name": "fig-learning-aqs"}, "image": {"alt": "Two panels with one line an arm against the number of training stations on a logarithmic axis, for EPA's monitors: test R² on the left, root mean square error on the right."}}
_ = draw_curves(monitors, real, embedded=False)

# %%
scores(monitors) if monitors else None

# %% mystnb={"figure": {"caption": "Real measurements of 2019, weather task: gain in test R² over the matched reference on the same rows, against the number of training stations; means over seeds and 95 % intervals over places and trainings. Above the dashed line telling the place helps.", "name": "fig-learning-aqs-gain"}, "image": {"alt": "Lines with error bars, one an arm, of the gain in R² at EPA's monitors against the number of training stations on a logarithmic axis, around a dashed line at zero."}}
_ = draw_gains(monitors_r2 if monitors else None, real, embedded=False)

# %%
gains(monitors, monitors_r2, monitors_rmse) if monitors else None

# %%
pays(monitors, monitors_r2) if monitors else None

# %%
Markdown(looked(monitors_r2[monitors_r2["arm"] != "none+head"])) if monitors else None

# %% [markdown]
# ## Another year
#
# A place stays, the weather and the fires of a year do not. If a vector of place teaches what a place is like (a valley, a
# city, a coast), the lesson should hold in another year. If it teaches where *this* year's smoke was, it should not.
#
# The split `year-A-B` trains on days of year A and tests on days of year B, at stations that are held out **in all years**.
# The task is that of neighbours ({doc}`aqs`), with clean neighbour features of the day from the training stations.
# `year-A-B` and `year-B-B` test the same rows, so that two trainings, of another year and of the same year, can be compared
# in pairs: down a column of the figures below. Along a row the test rows differ, and R² must not be compared
# ({doc}`../concepts/scores`).

# %%
from placeprior.runs import store

yearly, sums = learning.across_years(real), store.sums(real)
r2 = yearly[yearly["metric"] == "r2"]
by_year, carried = learning.by_year(yearly, sums), learning.carried(yearly, sums)

# %% mystnb={"figure": {"caption": "Test R² by year of training (row) and of test (column), neighbours task, real measurements; means over seeds. The tested stations were trained on in no year. Compare within a column only.", "name": "fig-learning-years"}, "image": {"alt": "One square table of coloured cells for each arm, rows the year of training and columns the year of test, each cell with its R²."}}
_ = draw_years(r2, "value", real, runs=r2["run"].nunique())

# %% mystnb={"figure": {"caption": "Gain in test R² over the reference by year of training (row) and of test (column), neighbours task, real measurements; on the same rows in each cell, means over seeds. Red: telling the place helps.", "name": "fig-learning-years-gain"}, "image": {"alt": "One square table of coloured cells for each arm with a place, rows the year of training and columns the year of test: red where its R² is above that of the reference, blue where it is below."}}
_ = draw_years(by_year, "difference", real, runs=r2["run"].nunique())

# %% tags=["hide-input"]
headings = {
    "arm": "arm",
    "reference": "against",
    "trained": "trained on",
    "tested": "tested on",
    "stations": "stations",
}
shown = by_year[[*headings]].replace({name: called(name) for name in {*by_year["arm"], *by_year["reference"]}})
shown = shown.rename(columns=headings).astype(str)
shown.insert(4, "ΔR²", [gain(row) for row in by_year.itertuples()])
captioned(
    shown,
    f"Gain in R² by year of training and of test, with 95 % intervals over places and trainings, bold where clear; real measurements, profile {real}.",
    "tab-learning-years",
)

# %% [markdown]
# Does the lesson hold in another year? Over all pairs of two different years and all seeds, on the same rows throughout:

# %%
captioned(
    carried_rows(carried),
    f"Gain in R² after training on the year of test and on another year, by how much the second is larger, and how much R² changes without a place; {INTERVAL}s, bold where clear; real measurements, profile {real}.",
    "tab-learning-carried",
)

# %% [markdown]
# Years are few, and no interval here knows about another draw of years: read a result as one about these years. Where an encoder is measured
# against no location, and not against its extra head alone, the runs across years have no such arm ({doc}`../departures`, number 8): the head
# is part of its gain, in the same year and in another.
#
# ## What this shows, what it does not
#
# It shows how the worth of a told place changes with the number of places seen, for one small network with one budget, and
# at random choices of stations from one dense network. It does not show what a *sparse* network is like: real sparse
# networks stand in cities, and theirs is not a random choice. Nor does it separate places from steps: with the same number
# of steps, the left ends of the curves may look different. And the validating stations remain many (see above).
#
# The years show how a lesson about place carries over where the network stays the same. Monitors come and go, instruments
# change, and a few years are a small sample of what years are like.
#
# ```{admonition} Exercise: shuffled levels
# :class: exercise tip
# Take {eq}`eq-learning-place` with $n = 25$ stations and $p = 512$. Draw vectors and levels at random, and solve for the
# shortest $w$ (`numpy.linalg.lstsq`). How large is the training error? Draw a new station from the same distribution: how
# good is the estimate of its level?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The training error is zero up to rounding. The new level was drawn independently of its vector, so no estimate can be
# good; its expected squared error is the variance of the levels plus that of $w^\top v$, which is worse than saying the
# mean. A model that stops early, or is kept small, fails less badly, and this is why the network does not collapse with few
# stations.
# ```
#
# ```{admonition} Exercise: the same steps
# :class: exercise tip
# {numref}`fig-learning-world` mixes few places with few steps. Which change of `runs.yml` would give all numbers of
# stations the same steps? What would then differ instead?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Give each number of stations a matrix of its own, whose `epochs` are in inverse proportion to its training rows: every point then takes the same
# steps. What differs is how often a row is seen: with few stations many times, with many stations a few times.
# One can hold fixed the steps or the passes, not both; with noise in the measurements, seeing a row many times is worth
# less than seeing another.
# ```
