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
from IPython.display import Markdown, display

from placeprior.book import controls, differences, figures
from placeprior.book.words import rule
from placeprior.errors import StoreError

figures.style()

# %% [markdown]
# # Is it the place, or the extra layer?
#
# {doc}`comparison` sets a model that is told a place beside one that is told nothing. If the first scores higher, place seems to
# help. But the two models differ in more than the place, and a gain can have three causes:
#
# 1. **The head.** Where a place vector joins, one more dense layer follows, an extra *head*. The model without a place does not have it.
#    In the reference code the two also differ in patience and, on one split, in the size of a batch ({doc}`../departures`, numbers 8
#    to 10). Here these are equal; the head is what remains.
# 2. **A name.** A vector of hundreds of numbers is different for every station. A model can use it as a name, and remember
#    each station's mean under it. That needs no geography: any vector would do. It works at stations that the model has seen, and only there.
# 3. **Geography.** Like places have like vectors, so what is learned at one place can be used at another. Only this one is what a location
#    encoder is for.
#
# Each cause has its own **control**, an arm that has this cause and not the next:
#
# | arm | what it has | what it lacks |
# |---|---|---|
# | `none` | the days before | the extra head, and any place |
# | `none+head` | and the extra head | any place |
# | `random-vector` | and, for every place, random numbers drawn once, as many as GeoCLIP has | any relation between places |
# | `shuffled` | the same, but the numbers are GeoCLIP's own, each vector at another place | that the vector belongs to the place |
# | `geoclip` | GeoCLIP's vectors, each at its place | |
#
# All are trained alike: same rows, width, schedule, patience and number of steps. `random-vector` and `shuffled` are drawn anew for every seed, so
# that no single lucky draw decides.
#
# ## Against the same network without a place
#
# The **matched reference** of every arm on this page is `none+head`. Differences are paired: both arms are scored on the
# same test rows. WR stands for within region and OoR for out of region ({doc}`../concepts/splits`).

# %%
import pandas as pd

from placeprior.book import results
from placeprior.evidence import matched

HEAD, GEOCLIP, KNOWN = "none+head", "geoclip-hadamard", "random"
NAMES = ("random-vector", "shuffled")
CONTROLS = [f"{name}-{fusion}" for fusion in ("hadamard", "concat") for name in (*NAMES, "geoclip")]


def controlled(task):
    """Results of a task, on the splits in which a control was run."""
    own = results.load(profile if task == "world" else real, task)
    head, named = own.scores["arm"] == HEAD, own.scores["variant"].isin(NAMES)
    return results.load(own.profile, task, splits=set(own.scores[head]["split"]) & set(own.scores[named]["split"]))


tasks = {task: controlled(task) for task in results.TASKS}
reach = {name: matched.reach(task.profile, name) for name, task in tasks.items()}


def compare(name, reference, metric="r2", split=None):
    """Differences of arms to their references in a task, everywhere or on one split."""
    task = tasks[name]
    scores = task.scores if split is None else task.scores[task.scores["split"] == split]
    found = matched.differences(scores, task.sums, reference, metric=metric, reach=reach[name])
    return found.assign(against=found["arm"].map(reference))


# %% tags=["remove-cell"]
if tasks["world"].scores.empty:
    raise StoreError(
        f"results/{profile} has no runs of the controls in the embedded world; `make demo-full` makes those of demo, and "
        f"`placeprior runs list {profile}` shows what is left to do"
    )

# %% tags=["remove-input"]
Markdown(rule())

# %%
trained = {arm for task in tasks.values() for arm in task.scores["arm"]}
PCA = sorted(filter(controls.components, trained), key=controls.components)
REFERENCE = dict.fromkeys(["none", *CONTROLS, "urban-hadamard", "onehot-hadamard", *PCA], HEAD)
gains = {(name, metric): compare(name, REFERENCE, metric) for name in tasks for metric in ("r2", "rmse")}


# %% [markdown]
# First the **embedded world**, which is simulated:

# %% mystnb={"figure": {"caption": "Embedded world: test R² minus that of the same network without a place (`none+head`), on the same rows: single fits (pale dots), their mean (marker), 95 % interval over places and trainings (bar). The row “no location” shows what leaving the extra head out does. Panels have their own scales; a number at an edge is a single fit beyond it.", "name": "fig-controls-world"}, "image": {"alt": "One panel a split. No location, random vectors, shuffled GeoCLIP vectors and GeoCLIP each have a row with dots, a marker and an interval around a dashed line at zero."}}
_ = differences.draw(tasks["world"], gains["world", "r2"], f"ΔR² to {HEAD}", ["none", *CONTROLS])

# %% [markdown]
# Then real measurements. The two tasks are described in {doc}`aqs`.

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: test R² minus that of the same network without a place, on the same rows; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar). Panels have their own scales.", "name": "fig-controls-weather"}, "image": {"alt": "One panel a split for the weather task: no location, random vectors, shuffled GeoCLIP vectors and GeoCLIP, each with dots, a marker and an interval around a dashed line at zero."}}
_ = differences.draw(tasks["weather-2019"], gains["weather-2019", "r2"], f"ΔR² to {HEAD}", ["none", *CONTROLS])

# %% mystnb={"figure": {"caption": "Neighbours task, real measurements of 2021: test R² minus that of the same network without a place, on the same rows; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar). Panels have their own scales.", "name": "fig-controls-neighbours"}, "image": {"alt": "One panel a split for the neighbours task: no location, random vectors, shuffled GeoCLIP vectors and GeoCLIP, each with dots, a marker and an interval around a dashed line at zero."}}
_ = differences.draw(tasks["neighbours-2021"], gains["neighbours-2021", "r2"], f"ΔR² to {HEAD}", ["none", *CONTROLS])

# %%
differences.tables(tasks, gains, f"`{HEAD}`", "controls", arms=["none", *CONTROLS])

# %% [markdown]
# ## Where a gain comes from
#
# The reference of a gain is the same network without a place, `none+head`. Write $S$ for a score, with an index for the arm. What a plain comparison
# with `none` reports has two parts, and the first is no gain of the place:
#
# $$
# S_\text{geoclip} - S_\text{none} = \underbrace{S_\text{none+head} - S_\text{none}}_{\text{the head}} +
# \underbrace{S_\text{geoclip} - S_\text{none+head}}_{\text{the gain}}
# $$ (eq-controls-gain)
#
# Where test stations were trained on, as on the split `random`, the gain can be taken apart once more. There a random vector is a name that the model
# has learned, and what GeoCLIP adds to it is more than a name:
#
# $$
# S_\text{geoclip} - S_\text{none+head} = \underbrace{S_\text{random} - S_\text{none+head}}_{\text{a name}} +
# \underbrace{S_\text{geoclip} - S_\text{random}}_{\text{beyond a name}}
# $$ (eq-controls-steps)
#
# On all other splits a test station is **new**. Its random vector is one that the model has never seen: not a name but noise, and the more a model has learned
# to rely on names, the more damage it does. There the difference of GeoCLIP to random vectors contains that damage, and says nothing about geography. It is not
# called a gain here; the random vectors are shown as what they are, a loss.

# %%
NEW = ["none", HEAD, GEOCLIP]
LEARNED = ["none", HEAD, "random-vector-hadamard", GEOCLIP]  # where a random vector can be a name


def taken_apart(name):
    """The steps from no location to GeoCLIP (Hadamard), split by split."""
    task, known = tasks[name], tasks[name].scores["split"] == KNOWN
    parts = [
        matched.steps(task.scores[rows], task.sums, chain, reach=reach[name])
        for rows, chain in ((known, LEARNED), (~known, NEW))
    ]
    return pd.concat([part for part in parts if len(part)] or parts[:1])


steps = {name: taken_apart(name) for name in tasks}

# %% mystnb={"figure": {"caption": "Embedded world: GeoCLIP (Hadamard) minus no location, taken apart: the extra head, and the gain over the same network without a place; on the random split, where stations are known, the gain into a name (random vectors) and what goes beyond it. Each bar starts where the one above ended; the last is their sum. Orange: 95 % interval over places and trainings of where that bar ends; the step is clear if it does not reach the bar's beginning. At the right its size in R², bold where it is clear. Panels have their own scales.", "name": "fig-controls-steps-world"}, "image": {"alt": "One panel a split with three or four horizontal bars: extra head, gain or its two parts, and all together, each with an orange interval and a number at the right."}}
_ = controls.draw_steps([tasks["world"]], [steps["world"]])

# %% mystnb={"figure": {"caption": "Real measurements: the same for the weather task (left) and the neighbours task (right), one row a split. Panels have their own scales.", "name": "fig-controls-steps-aqs"}, "image": {"alt": "Two columns of panels, one for each real task, with three or four horizontal bars each and orange intervals."}}
measured = ["weather-2019", "neighbours-2021"]
_ = controls.draw_steps([tasks[name] for name in measured], [steps[name] for name in measured])

# %% [markdown]
# At known stations, GeoCLIP's own vectors can be set beside vectors that know nothing of the place:

# %%
TO_RANDOM, TO_SHUFFLED = ({f"geoclip-{way}": f"{name}-{way}" for way in ("hadamard", "concat")} for name in NAMES)
beyond_a_name = {
    name: pd.concat([compare(name, pairs, split=KNOWN) for pairs in (TO_RANDOM, TO_SHUFFLED)]) for name in tasks
}
differences.pair_tables(tasks, beyond_a_name, "controls-names")

# %% [markdown]
# Where stations are new, {numref}`tab-controls-world-r2` and the tables after it show what the same vectors do: a loss is the damage of
# a vector that was never seen, not a baseline for GeoCLIP. Were noise to gain there, a gain of GeoCLIP need not come from its place.
#
# ## How many numbers must a place have?
#
# GeoCLIP's vector has hundreds of numbers, more than many a split has training stations. How many of them are needed?
# **Principal component analysis** (PCA) turns the vectors so that the first number varies most over the training stations, the second most of
# what is left, and so on. The arm `geoclip-pca8` is told only the first eight, `geoclip-pca32` the first thirty-two. The
# directions are found from training stations alone.
#
# The first numbers change slowly over the map; the last ones separate near neighbours. If few numbers give all of the gain, it is about regions. If
# the gain comes with the last ones, they are used as finer geography, or as a name: compare with the random vectors, drawn at the right end.
#
# A much plainer prior is drawn beside them. `urban` is told **population density** alone, in two numbers: per square kilometre, smoothed
# over a town and over a metropolitan area, both as a logarithm.


# %% mystnb={"figure": {"caption": "Embedded world: gain in R² over the same network without a place, against how many numbers tell the place (logarithmic): the first principal components of GeoCLIP's vectors up to all of them (line; band: 95 % interval over places and trainings), population density, and a random vector of GeoCLIP's length (bars: 95 % intervals).", "name": "fig-controls-components-world"}, "image": {"alt": "One panel a split: a line with a band for GeoCLIP's first components, a point with a bar for population density at two numbers, and one for a random vector at the right end, around a dashed line at zero."}}
_ = controls.draw_components(tasks["world"], gains["world", "r2"], HEAD)

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-controls-components-weather"}, "image": {"alt": "One panel a split for the weather task: a line with a band for GeoCLIP's first components, and points with bars for population density and a random vector, around a dashed line at zero."}}
_ = controls.draw_components(tasks["weather-2019"], gains["weather-2019", "r2"], HEAD)

# %%
SHORT = [*PCA, "urban-hadamard"]
tried = {name: task for name, task in tasks.items() if gains[name, "r2"]["arm"].isin(SHORT).any()}
differences.tables(tried, gains, f"`{HEAD}`", "capacity", arms=[*SHORT, GEOCLIP])

# %%
TO_DENSITY, TO_FIRST = {GEOCLIP: "urban-hadamard"}, {GEOCLIP: PCA[0]} if PCA else {}
beyond_few = {name: pd.concat([compare(name, pairs) for pairs in (TO_FIRST, TO_DENSITY)]) for name in tasks}
differences.pair_tables(tasks, beyond_few, "controls-few")

# %% [markdown]
# In the embedded world this race is not a fair one. Its emissions are made from the same populated places, so population density is close to the
# truth there. In reality a monitor's surroundings are more than its population.
#
# ## The ceiling of memorising
#
# On the `random` split, test days belong to stations that were trained on. How much can be won there by memory alone? `onehot`
# has one number for each training station, 1 at that station and 0 elsewhere. It knows which station it is and nothing else: no map, no
# neighbours. So it marks what this model, with this budget of steps, can gain from a station's name. An arm above it tells more than a name, or tells
# it in a form that is learned faster. Where stations are new, `onehot` has nothing to say.

# %%
IDENTITY = "onehot-hadamard"
MEMORY = ["random-vector-hadamard", "shuffled-hadamard", "urban-hadamard", GEOCLIP]

# %% mystnb={"figure": {"caption": "Embedded world, random split, where test stations were trained on: test R² minus that of the same network without a place; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar). Station identity (onehot) knows nothing but the name.", "name": "fig-controls-memory-world"}, "image": {"alt": "One panel: rows for random vectors, population density, GeoCLIP and station identity with dots, markers and intervals to the right or left of a dashed line at zero."}}
found = gains["world", "r2"]
_ = differences.draw(tasks["world"], found[found["split"] == KNOWN], f"ΔR² to {HEAD}", [*MEMORY, IDENTITY])

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019, random split: the same.", "name": "fig-controls-memory-weather"}, "image": {"alt": "One panel for the weather task on the random split: rows for random vectors, population density, GeoCLIP and station identity with dots, markers and intervals around a dashed line at zero."}}
found = gains["weather-2019", "r2"]
_ = differences.draw(tasks["weather-2019"], found[found["split"] == KNOWN], f"ΔR² to {HEAD}", [*MEMORY, IDENTITY])

# %%
to_identity = {name: compare(name, dict.fromkeys(MEMORY, IDENTITY), split=KNOWN) for name in tasks}
differences.pair_tables(tasks, to_identity, "controls-memory")

# %% [markdown]
# A vector that reaches the ceiling on `random` may have done so by memory. That is why a gain there says little about geography,
# and why the other splits exist.
#
# ## All looks together
#
# Many intervals stand on this page, and the more one looks, the more is found by luck.

# %%
for name, task in tasks.items():
    display(differences.together(task, pd.concat([gains[name, "r2"], beyond_a_name[name], beyond_few[name]])))

# %% [markdown]
# ## What this shows, what it does not
#
# It shows how much of an encoder's difference to no location, on these data and at this small size, comes with a deeper head, and at known stations how much
# would also come with a vector that knows nothing. At new stations such a vector is noise; what it does there measures the harm of relying on names, and no
# share of anybody's gain.
#
# It does not show *why* a vector helps at new stations. A vector can help because it tells a city from its surroundings, or only because it is a smooth
# function of position; {doc}`comparison` has raw coordinates, and {doc}`place` shows what the vectors tell apart. Nor does it show that the study's own
# gain was due to its head: the study's network is larger and its inputs are others. It shows which control would tell.
#
# The steps depend on their order: a name is measured here without geography, and what is more on top of a name.
#
# ```{admonition} Exercise: noise as an input
# :class: exercise tip
# On a checkerboard, random vectors of new stations are numbers that the model has never seen. Why can `random-vector` still be almost as good
# as `none+head` there, and why can it be much worse? What would you expect of more training steps?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# If the model has learned to ignore the vector, nothing is lost. If it has learned names, a new name is projected onto a random mixture of the old
# ones: the estimate moves by about as much as stations differ, in a random direction. More steps fit the names better, so the loss
# at new places should grow while the score at known ones rises. Early stopping helps only if the validation stations are new as well.
# ```
#
# ```{admonition} Exercise: a control of the control
# :class: exercise tip
# `shuffled` and `random-vector` both know no geography. Why have both?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# GeoCLIP's vectors are not spread evenly: some pairs are alike, and some directions vary much more than others. Random vectors are all about equally
# far from each other, which makes them better names. `shuffled` has exactly GeoCLIP's spread and only the wrong places. If GeoCLIP beats both, its
# advantage at known stations does not lie in how its numbers are distributed.
# ```
