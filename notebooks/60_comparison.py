# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters", "remove-cell"]
profile = "demo"

# %% tags=["remove-cell"]
from IPython.display import Markdown

from placeprior.arms import splits_in, where
from placeprior.book import differences, figures, results
from placeprior.book.tables import CELL, TABLE, captioned, cells, gains
from placeprior.book.words import listed, looked, rule
from placeprior.errors import StoreError
from placeprior.evidence import matched
from placeprior.scores import metrics

figures.style()

# %% [markdown]
# # The comparison: within and out of region
#
# Every variant on every split, in the embedded world: simulated, so that nothing here is a finding about the
# atmosphere. Same rows, same network, same budget, same seeds; only what is told about the place differs
# ({doc}`../question`). WR stands for within region, OoR for out of region with the checkerboard's cells in degrees
# ({doc}`../concepts/splits`). The tables also hold three controls, which {doc}`controls` explains: an extra head without a
# place, a random vector for each place, and GeoCLIP's vectors at the wrong places. How to read the scores and intervals: {doc}`../concepts/scores`. The same comparison on real
# measurements: {doc}`aqs`.
#
# ## All scores

# %%
world = results.load(profile, "world", "core")
with_controls = results.load(profile, "world", "core", "controls")

# %% tags=["remove-cell"]
if world.scores.empty:
    raise StoreError(f"results/{profile} has no scores of the embedded world; collect the profile first")
splits = splits_in(world.scores)
seeds = sorted(world.scores["seed"].unique())
fits = f"{world.scores['run'].nunique()} runs, seeds {', '.join(map(str, seeds))}, both partitions of a checkerboard"
controlled = listed([where(split) for split in splits_in(results.load(profile, "world", "controls").scores)])

# %%
captioned(
    cells(with_controls.scores),
    f"Test R², {TABLE}; {fits}; controls on {controlled or 'no split'} only; {world.origin}.",
    "tab-comparison-r2",
)

# %%
captioned(
    cells(with_controls.scores, "rmse"), f"Test RMSE in {figures.UNIT}, {TABLE}; {world.origin}.", "tab-comparison-rmse"
)

# %% [markdown]
# On a checkerboard the two partitions are two different test sets, and their difference is often larger than anything the
# variants do: so they stand apart, and the ± is between seeds alone. Do not compare variants by whether their ± overlap, either. What
# is common to all variants cancels in the *differences* below.

# %% mystnb={"figure": {"caption": "Test R² of every fit (pale dots: seeds and folds), their mean (marker) and the range from the smallest to the largest fit (bar), one panel a split. Panels have their own scales. Two clusters of dots on a checkerboard are its two partitions.", "name": "fig-comparison-forest"}, "image": {"alt": "One panel a split. Each arm, from inverse distance over no location to GeoCLIP, has a row with pale dots for single fits, a marker for their mean and a bar for their range of test R²."}}
r2 = world.scores[world.scores["metric"] == "r2"]
fig = figures.forests({where(split): r2[r2["split"] == split] for split in splits}, "test R²")
_ = figures.label(fig, profile, n=r2["run"].nunique(), of="runs", embedded=True)

# %% [markdown]
# ## Differences to no location
#
# For every seed and fold, both arms are scored on the same test rows; the difference of the two scores is one pale dot.
# The marker is their mean.

# %% tags=["remove-input"]
Markdown(rule())

# %%
reach = matched.reach(profile, "world")
found = matched.differences(world.scores, world.sums, "none", reach=reach)
learned = found[found["arm"] != "idw"]

# %% mystnb={"figure": {"caption": "Test R² minus that of no location on the same rows: single fits (pale dots), their mean (marker), and its 95 % interval over places and trainings (bar; none with one seed), one panel a split. Right of the dashed line the arm beats no location. Panels have their own scales; a number at an edge is a single fit beyond it. Inverse distance is left out here.", "name": "fig-comparison-differences"}, "image": {"alt": "One panel a split. Each way of telling the place has a row with the difference of its R² to no location: pale dots for fits, a marker for the mean and a bar for the interval, around a dashed line at zero."}}
_ = differences.draw(world, learned, "ΔR² to no location")

# %%
captioned(
    gains(found),
    f"Test R² minus that of no location on the same rows, {CELL}; {world.origin}.",
    "tab-comparison-differences",
)

# %%
Markdown(looked(learned))

# %% [markdown]
# Count on a pattern over splits, not on a single interval.
#
# ## High days
#
# Smoke days are few and matter most. The score is the RMSE over test rows with a measured PM2.5 at the level of the US
# daily standard or above (see {doc}`../concepts/scores` for what choosing rows by their measurement does).

# %%
captioned(
    cells(world.scores, "rmse_35", 1),
    f"Test RMSE in {figures.UNIT} on rows with measured PM2.5 of at least {metrics.HIGH:.0f} {figures.UNIT}, "
    f"{TABLE}; {world.origin}.",
    "tab-comparison-high",
)

# %%
high = matched.differences(world.scores, world.sums, "none", metric="rmse_35", reach=reach)
none = world.scores.loc[world.scores["arm"] == "none", "run"]
days = world.sums.loc[world.sums["run"].isin(none), "n_35"].sum()
captioned(
    gains(high[high["arm"] != "idw"], 2),
    f"The same RMSE minus that of no location on the same rows, in {figures.UNIT}, {CELL}. Over all fits of one arm, "
    f"{days:,.0f} tested rows are such days; {world.origin}.",
    "tab-comparison-high-differences",
)

# %% [markdown]
# ## Beside the reported numbers
#
# The study's numbers below are **reported (second-hand)**: extracted by others, not checked against the paper ({doc}`../question`). They
# come from real measurements of 2021, other inputs and another size of network; ours from a simulated world. **It is not the
# same experiment, and equal or different values prove nothing.** What can be compared is a direction: does telling the
# place help where the study says that it helps?

# %%
beside = differences.beside_reported(world.scores, learned, "here, embedded world")
captioned(
    beside,
    f"R² reported (second-hand) for real PM2.5 and R² here ({world.origin}). Two values are a checkerboard's two "
    "partitions. Undecided: our difference is not clear.",
    "tab-comparison-reported",
)

# %%
beside["direction against no location"].value_counts()

# %% [markdown]
# ## What this shows, what it does not
#
# It shows how the arms rank in *this* simulated year, with *this* small network and budget, and which of the ranks survive
# another draw of stations. The embedded world was not tuned for any arm, but its geography is one draw: another
# seed of the world is another map of regional characters, and no interval here knows about that. Nor does a difference
# say *why*: GeoCLIP also brings a deeper head ({doc}`../departures`, number 8). And a year of budgeted training on
# two cores favours whatever is learned quickly.
#
# ```{admonition} Exercise: overlapping, yet clear
# :class: exercise tip
# Two arms' ranges can overlap in {numref}`fig-comparison-forest` while their difference in {numref}`fig-comparison-differences`
# is clear. How can both be right?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The range in the first figure contains what differs between folds and seeds and is common to both arms: a hard
# partition is hard for all. In the difference it cancels. The variance of a difference is
# $\sigma_a^2 + \sigma_b^2 - 2\rho\,\sigma_a\sigma_b$, which is small when the correlation $\rho$ of the two arms' scores is near 1.
# ```
#
# ```{admonition} Exercise: how many seeds?
# :class: exercise tip
# Take the dots of one arm and one split. Estimate the standard deviation over seeds of the difference, and from it how many
# seeds would be needed to see a difference of 0.01 with a standard error of a third of it.
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# With a standard deviation $s$ between seeds, the mean of $k$ seeds has a standard error of $s/\sqrt k$. Setting it to
# $0.01/3$ gives $k = (300\,s)^2$: nine seeds for $s = 0.01$, and thirty-six for twice that.
# ```
