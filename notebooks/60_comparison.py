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

from placeprior.book import comparison, figures
from placeprior.book.tables import captioned
from placeprior.evidence.gains import matched_gains

figures.style()

# %% [markdown]
# # Within regions and out of them
#
# ```{goals}
# :needs: {doc}`splits`, {doc}`scores`
# say what each way of telling a model its place is worth, at new stations and in new regions
# read a grid of signs, and say what it leaves open
# tell a gain over no location from a gain over the best rival
# ```
#
# ```{answer} lonlat-stations geoclip-hadamard-stations waves-stations kriging-over-place-stations no-place-stations no-place-regions trees-regions trees-over-place-regions geoclip-hadamard-regions trees-geoclip-regions kriging-regions lonlat-regions law-far
# :question: Same rows, same network, same budget: what does it add to be told the place?
# At new stations of real measurements coordinates add {val}`claims.lonlat-stations.aqs.difference:+.3f` R² and GeoCLIP's
# {val}`claims.geoclip-hadamard-stations.aqs.difference:+.3f` is undecided; kriging, which unlike the network reads the other monitors' PM2.5 of the day, lies
# {val}`claims.kriging-over-place-stations.aqs.difference:+.3f` above it. In new regions GeoCLIP's {val}`claims.geoclip-hadamard-regions.aqs.difference:+.3f` is undecided
# on the checkerboard of 16°, and clear 160 km and more from training, a distance chosen after others had been looked at
# ({val}`claims.law-far.aqs.difference:+.3f`, {doc}`law`); boosted trees without a place add {val}`claims.trees-regions.aqs.difference:+.3f`.
# ```
#
# *WR* stands for within region: other stations (*spatial*) or other days (*random*) of regions that were learned. *OoR* stands for out of
# region, with the size of a checkerboard's cells in degrees. The reference is the network without a place that has the layer
# that a vector brings along (`none+head`); coordinates bring none, and theirs has none. An empty cell was not run, or its reference was not. {doc}`data` describes the tasks.
#
# ## Every arm on every split

# %%
tasks = {
    "real, weather 2019": matched_gains(real, "weather-2019"),
    "real, neighbours 2021": matched_gains(real, "neighbours-2021"),
    "embedded world": matched_gains(profile, "world"),
}
tasks = {
    title: comparison.main(table)
    for title, table in tasks.items()
    if len(table)
}

# %% mystnb={"figure": {"caption": "Test R² of each arm minus that of the network without a place that has the same layers, on the same rows; of rivals, minus that of the one with the extra head. First rivals without a network, then placebos, then ways of telling the network its place. Real measurements first, simulated ones below.", "name": "fig-comparison-signs"}, "image": {"alt": "A grid with an arm a row and a split a column: triangles up where an arm is clearly better than no location, triangles down where clearly worse, dots where undecided, each with its number."}}
fig = figures.signs(
    tasks,
    "test R² minus that of the same network, told no place",
    reference=None,
)
_ = figures.label(
    fig,
    f"{real} and {profile}",
    n=sum(int(table["fits"].sum()) for table in tasks.values()),
    of="pairs of runs",
    embedded=False,
    note="and simulated where a panel says so",
    data=comparison.download(tasks),
)

# %% tags=["hide-input"]
captioned(
    comparison.looks(tasks),
    "How many differences are clear one by one, and which stay clear when all of a task and split are looked at together (Holm's rule).",
    "tab-comparison-holm",
)

# %% [markdown]
# ## The levels
#
# The two partitions of a checkerboard are two questions, shown apart.

# %%
level = comparison.load(real, "weather-2019")
captioned(
    comparison.levels(level.scores),
    f"Test R², real PM2.5 of 2019 from weather, mean over seeds; both partitions of a checkerboard apart; {level.origin}.",
    "tab-comparison-real",
)

# %%
level = comparison.load(profile, "world")
captioned(
    comparison.levels(level.scores),
    f"Test R², embedded world, mean over seeds; both partitions of a checkerboard apart; {level.origin}.",
    "tab-comparison-world",
)

# %% [markdown]
# ## What the scores rest on

# %%
asked = {
    "real, weather 2019": (real, "weather-2019"),
    "real, neighbours 2021": (real, "neighbours-2021"),
    "embedded world": (profile, "world"),
}
loaded = {title: comparison.load(*asked[title]) for title in tasks}
captioned(
    comparison.sizes(loaded),
    "What the scores rest on, by task and split.",
    "tab-comparison-sizes",
)

# %% [markdown]
# ## Beside the reported numbers
#
# The study's numbers are second-hand: taken from others' summaries, not checked. They come from other inputs and a larger
# network, so compare directions, not values.

# %%
captioned(
    comparison.beside_reported(
        {title: (loaded[title].scores, found) for title, found in tasks.items()}
    ),
    "R² of no location → of the arm, as reported (second-hand; two values are a checkerboard's partitions) and here, and whether the "
    "direction agrees with ours where ours is clear.",
    "tab-comparison-reported",
)

# %% [markdown]
# ## What this does not show
#
# One year is one year: its fires decide what the West looks like, and no interval here knows about another. The networks are small; {doc}`budget` asks
# whether twice their training changes an answer. And a gain does not say *why*: {doc}`controls` takes it apart.
#
# ## Exercises
#
# ```{admonition} Exercise: overlapping, yet clear
# :class: exercise tip
# On the two partitions *no location, residuals kriged* and *extra head* overlap in {numref}`tab-comparison-real`, while their difference in {numref}`fig-comparison-signs` is
# clear. How can both be right?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# What is hard for both arms, a partition or a year, spreads their scores and cancels in the difference on the same rows. The variance of a difference is
# $\sigma_a^2 + \sigma_b^2 - 2\rho\,\sigma_a\sigma_b$, which is small when the two arms' scores go together ($\rho$ near 1).
# ```
#
# ```{admonition} Exercise: how many seeds?
# :class: exercise tip
# The difference between two arms varies with a standard deviation $s$ between seeds. How many seeds are needed for a standard error of a third of a difference of 0.01?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The mean of $k$ seeds has a standard error of $s/\sqrt k$. Setting it to $0.01/3$ gives $k = (300\,s)^2$: nine seeds for $s = 0.01$, thirty-six for twice
# that.
# ```
#
# ```{admonition} Exercise: a fair rival
# :class: exercise tip
# In the neighbours task the network's main input is the estimate of inverse distance. Write down weights with which a network of one linear layer
# equals inverse distance. Why can a trained network still be worse?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Weight one on the neighbour feature (unscaled), zero on all else. The trained network minimises the loss on *training* rows, where
# neighbours are as near as training stations are to one another. In a new region they are far, and how much to trust them has changed.
# ```
