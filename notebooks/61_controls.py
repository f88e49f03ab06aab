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
from placeprior.book import baselines, figures
from placeprior.book import controls as page
from placeprior.book.tables import captioned

figures.style()

# %% [markdown]
# # Is it the place, or the extra layer?
#
# ```{goals}
# :needs: {doc}`model`, {doc}`scores`
# name four causes of a gain that looks like geography, and the control for each
# say where a random vector can be a name, and where it is noise
# choose the reference that a gain is measured against
# ```
#
# ```{answer} controls-head controls-name random-vector-stations controls-waves controls-waves-regions density-new-regions
# :question: How much of what a location encoder seems to add would come without any knowledge of places?
# At new stations of the real weather task a random vector changes R² by {val}`claims.random-vector-stations.aqs.difference:+.3f`
# ({val}`claims.random-vector-stations.aqs.low:+.3f` to {val}`claims.random-vector-stations.aqs.high:+.3f`): it is no baseline, but damage, in the
# embedded world too ({val}`claims.random-vector-stations.demo.difference:+.3f`, {val}`claims.random-vector-stations.demo.low:+.3f` to
# {val}`claims.random-vector-stations.demo.high:+.3f`). The extra head alone changes it by
# {val}`claims.controls-head.aqs.difference:+.3f` ({val}`claims.controls-head.aqs.low:+.3f` to {val}`claims.controls-head.aqs.high:+.3f`) on real
# measurements, which excludes a change beyond ±0.02 there. Whether GeoCLIP's vectors serve better than smooth random waves, at new stations or in new
# regions, or than population density in new regions, is undecided in both.
# ```
#
# A model that is told a place differs from one that is told nothing in more than the place. A difference between the two can have four causes:
#
# 1. **The head.** Where a place vector joins, one more dense layer follows. The model without a place does not have it. (In the reference code the
#    two also differ in patience and batch: {doc}`../departures`, numbers 8 to 10. Here these are equal.)
# 2. **A name.** Hundreds of numbers differ for every station. A model can remember each station's mean under them. Any vector would do, at
#    stations that the model has seen, and only there.
# 3. **Smoothness.** Like places have like vectors, so that what is learned at one place is used nearby. Any smooth function of the coordinates
#    does that.
# 4. **Knowledge.** The vector says what a place is like (a valley, a city), also far away. Only this is what an encoder is pretrained for.
#
# Each cause has its **control**, an arm that has this cause and not the next:
#
# | arm | what it has |
# |---|---|
# | `none` | the days before |
# | `none+head` | and the extra head |
# | `random-vector` | and, for every place, random numbers drawn once, as many as GeoCLIP has |
# | `shuffled` | the same, but the numbers are GeoCLIP's own, each vector at another place |
# | `smooth-random` | random waves over the globe instead: near places have like vectors |
# | `urban` | population density instead, two numbers |
# | `geoclip` | GeoCLIP's vectors, each at its place |
#
# All are trained alike: same rows, width, schedule and steps. What is random is drawn anew for every seed, so that no lucky draw decides.
#
# ## Against the same network without a place
#
# The reference of every gain is `none+head`. With $S$ for a score, what a plain comparison with `none` reports has two parts, and the first is no gain of the place:
#
# $$
# \begin{aligned}
# S_\text{geoclip} - S_\text{none} = {} & \underbrace{S_\text{none+head} - S_\text{none}}_{\text{the head}} \\
# & + \underbrace{S_\text{geoclip} - S_\text{none+head}}_{\text{the gain}}
# \end{aligned}
# $$ (eq-controls-gain)
#
# Real measurements first, then the embedded world.

# %%
from placeprior.book import results
from placeprior.evidence.gains import gains

tasks = {"weather-2019": real, "neighbours-2021": real, "world": profile}
told = {task: gains(name, task) for task, name in tasks.items()}

# %% tags=["remove-cell"]
ARMS = ["none", "urban-hadamard", "onehot-hadamard"]
ARMS += ["geoclip-pca8-hadamard", "geoclip-pca256-hadamard"]
ARMS += [
    f"{name}-{way}"
    for way in ("hadamard", "concat")
    for name in ("random-vector", "shuffled", "smooth-random", "geoclip")
]
# At known stations, at new ones, in new regions.
SHOWN = ["random", "spatial", "checkerboard-16"]


def shown(found):
    return found[found["arm"].isin(ARMS) & found["split"].isin(SHOWN)]


# %% mystnb={"figure": {"caption": "R² of controls and of GeoCLIP minus that of the same network without a place; real measurements, then the embedded world, which is simulated. WR random: known stations on other days; WR spatial: new stations; OoR: new regions. The row “no location” shows what leaving the extra head out does. A task or split that is not there was not run, or its reference was not; intervals are in the data.", "name": "fig-controls-signs"}, "image": {"alt": "A grid for each task: controls and GeoCLIP in rows, splits in columns; triangles up where clearly better than the same network without a place, down where clearly worse, dots where undecided."}} tags=["hide-input"]
found = {results.TASKS[task]: shown(told[task]) for task in tasks}
found = {title: table for title, table in found.items() if len(table)}
profiles = f"{real} and {profile}"
_ = baselines.draw_signs(found, reference="none+head", profiles=profiles)

# %% [markdown]
# **At known stations** (`random`) a random vector can be a name that the model has learned. What GeoCLIP adds to that, if it adds anything, would be
# more than a name.
#
# `onehot` (*station identity*) marks the ceiling of memory: one number for each training station, 1 at that station and 0 elsewhere. An arm above it tells more than a
# name, or tells it in a form that is learned faster.
#
# **At new stations and in new regions** a random vector is one that the model has never seen: not a name but noise, and the more a model relies on
# names, the more harm it does. There the difference of GeoCLIP to random vectors contains that harm. It says nothing about geography, and is not taken. What
# smoothness alone would give is measured by the random waves.

# %% tags=["hide-input"]
pairs = page.beyond(tasks, arms=["geoclip-hadamard", "geoclip-concat"])
captioned(
    pairs,
    "GeoCLIP beside what knows nothing of the world: R² minus that of the arm under “against” on the same rows, 95 % interval; random vectors on the "
    f"random split alone, where they can be names; profiles {real} and {profile} (embedded world).",
    "tab-controls-beyond",
) if len(pairs) else results.missing(real, "elsewhere", "controls")

# %% [markdown]
# ## How many numbers must a place have?
#
# GeoCLIP's vector has 512 numbers, more than many a split has training stations. **Principal component analysis** turns the vectors so that the
# first number varies most over the training stations, the second most of what is left, and so on; `geoclip-pca8` is told the first eight. The first numbers
# change slowly over the map; the last ones separate near neighbours. {numref}`fig-controls-signs` has such arms where they were run, and population density, two numbers, beside them.

# %% tags=["remove-input"]
results.missing(real, "capacity")

# %% [markdown]
# ## What this does not show
#
# It does not show that the study's own gain was due to its head: that network is larger and its inputs are others. Nor does a gain over
# random waves show *what* GeoCLIP knows; {doc}`place` and {doc}`prior` ask that.
#
# ## Exercises
#
# ```{admonition} Exercise: noise as an input
# :class: exercise tip
# On a checkerboard, random vectors of new stations are numbers that the model has never seen. Why can `random-vector` still be almost as good as
# `none+head` there, and why can it be much worse? What would you expect of more training steps?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# If the model has learned to ignore the vector, nothing is lost. If it has learned names, a new name is projected onto a random mixture of the old
# ones: the estimate moves by about as much as stations differ, in a random direction. More steps fit the names better, so the loss at new places should grow
# while the score at known ones rises. Early stopping helps only if the validation stations are new as well.
# ```
#
# ```{quiz} On a checkerboard, GeoCLIP is 0.15 in R² above a random vector and 0.08 below the network without a place that has the same head. What is shown?
# - [ ] Geography is worth 0.15. | The random vector did harm; most of the 0.15 is the repair of it.
# - [x] Telling the place did harm here. | Against the same network without a place, the only reference of a gain, GeoCLIP loses.
# - [ ] The head costs 0.08. | `none+head` has the head too.
# ```
