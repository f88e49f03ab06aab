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
import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from placeprior.arms import arm_order, called
from placeprior.book import differences, figures, fusion, results
from placeprior.book.tables import captioned
from placeprior.book.words import rule
from placeprior.errors import StoreError
from placeprior.evidence import costs, matched
from placeprior.runs import store

figures.style()

# %% [markdown]
# # How should a place be told?
#
# A model has read the last days at a place and made a summary of them, the vector $z$ ({doc}`../concepts/model`). It also has a
# vector $e$ that stands for the place. How should the two meet? The study multiplies them, and speaks of *conditioning* the
# model on its place: the same weather should mean something else in a basin than on a ridge. But a place could also help in a much
# duller way, by moving every estimate there up or down by the same amount. This page tests which it is.
#
# ## Six ways
#
# The place vector is first brought to the width of $z$ by a trained layer, $p = \mathrm{ReLU}(W e + b)$. Then:
#
# $$
# \begin{aligned}
# \text{Hadamard:}\quad & z \odot p \\
# \text{concatenation:}\quad & [z; p] \\
# \text{gated sum:}\quad & g \odot z + (1 - g) \odot p, \quad g = \sigma(W_g\,[z; p] + b_g) \\
# \text{FiLM:}\quad & (1 + \gamma) \odot z + \beta, \quad \gamma = W_\gamma e + b_\gamma, \quad \beta = W_\beta e + b_\beta \\
# \text{bias only:}\quad & z, \quad\text{and } w^\top p \text{ is added to the estimate}
# \end{aligned}
# $$ (eq-fusion-all)
#
# and the same dense layer follows. $\odot$ multiplies element by element, $\sigma$ squeezes a number to between 0 and 1. The sixth way, **channels**, appends $e$
# to the inputs of every day, before the recurrent layers.
#
# - The **gated sum** follows the gated multimodal unit {cite:p}`arevalo2017`: for every number, a gate decides how much comes from the days and how much
#   from the place, and the gate itself looks at both.
# - **FiLM**, feature-wise linear modulation {cite:p}`perez2018`, lets the place stretch and shift each number of the summary. With $\gamma$ and $\beta$ near 0
#   it starts close to leaving $z$ alone, which a Hadamard product does not.
# - **Bias only** is the test. It knows the same place through the same projection. It can learn that a place is
#   dirtier than its weather says. It *cannot* learn that haze means more there.

# %% mystnb={"figure": {"caption": "Six ways for a place vector e to join the summary z of the days. Blue: what comes from the place. Only in the bias does the place pass by the dense layer, so that it cannot change what the days mean.", "name": "fig-fusion-schematic"}, "image": {"alt": "Six small diagrams. In five of them boxes for the days' summary and the place meet at a sign before a dense layer: a cross, stacked boxes, a gate, a stretch and shift. In the bias the place goes round the dense layer to a plus sign at the end; in channels it enters before the recurrent layers."}}
fig = fusion.draw_ways()

# %% [markdown]
# ## Does it matter how?
#
# Every arm has GeoCLIP's vector, the same network, budget and seeds. The **matched reference** is the same network without a place:
# `none+head` where the dense layer follows, `none` for channels, which have no such layer ({doc}`controls` says why this matters).
# WR stands for within region, OoR for out of region ({doc}`../concepts/splits`).
#
# The **embedded world** first, then the weather task on real measurements:

# %%
HEAD, FROZEN = "none+head", "geoclip-hadamard"
TUNED, SLOWLY = "geoclip-tuned-hadamard", "geoclip-tuned-slowly-hadamard"
BIAS, CHANNELS = "geoclip-bias", "geoclip-channels"
MODULATE = [FROZEN, "geoclip-concat", "geoclip-gated", "geoclip-film"]
# What each arm differs from by the place alone: channels have no layer behind the summary, the others do.
REFERENCE = {arm: HEAD for arm in (*MODULATE, BIAS, TUNED, SLOWLY)} | {CHANNELS: "none"}


def compared(task):
    """Results of a task, on the splits where the ways of joining were compared."""
    own = results.load(profile if task == "world" else real, task, arms=[*REFERENCE, HEAD, "none"])
    special = own.scores["arm"].isin([BIAS, "geoclip-gated", "geoclip-film"])
    return results.load(own.profile, task, arms=[*REFERENCE, HEAD, "none"], splits=set(own.scores[special]["split"]))


tasks = {task: compared(task) for task in results.TASKS}
reach = {name: matched.reach(task.profile, name) for name, task in tasks.items()}


def differences_to(reference):
    """Differences of arms to their references, by task and metric."""
    return {
        (name, metric): matched.differences(task.scores, task.sums, reference, metric=metric, reach=reach[name]).assign(
            against=lambda found: found["arm"].map(reference)
        )
        for name, task in tasks.items()
        for metric in ("r2", "rmse")
    }


# %% tags=["remove-cell"]
if tasks["world"].scores.empty:
    raise StoreError(
        f"results/{profile} has no runs of the fusions in the embedded world; `make demo-full` makes those of demo, and "
        f"`placeprior runs list {profile}` shows what is left to do"
    )

# %% tags=["remove-input"]
Markdown(rule())

# %%
told = differences_to(REFERENCE)

ways = [*MODULATE, BIAS, CHANNELS]

# %% mystnb={"figure": {"caption": "Embedded world: test R² of each way of telling the place minus that of its matched reference on the same rows: single fits (pale dots), their mean (marker), 95 % interval over places and trainings (bar). Panels have their own scales; a number at an edge is a single fit beyond it.", "name": "fig-fusion-world"}, "image": {"alt": "One panel a split; Hadamard, concatenation, gated sum, FiLM, bias and channels each have a row with dots, a marker and an interval around a dashed line at zero."}}
_ = differences.draw(tasks["world"], told["world", "r2"], "ΔR² to the reference", ways)

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-fusion-weather"}, "image": {"alt": "One panel a split for the weather task; six ways of telling the place, each with dots, a marker and an interval around a dashed line at zero."}}
_ = differences.draw(tasks["weather-2019"], told["weather-2019", "r2"], "ΔR² to the reference", ways)

# %%
differences.tables(tasks, told, "the matched reference", "fusion-place", arms=ways)

# %% [markdown]
# ## Is it conditioning?
#
# If place changes what the days *mean*, then the arms in which it can (Hadamard, concatenation, gated sum, FiLM) must beat the one in which it
# cannot: bias only. The next figure asks this directly. Right of the line, modulating is worth more than shifting.

# %%
beyond_a_shift = differences_to({arm: BIAS for arm in MODULATE})

# %% mystnb={"figure": {"caption": "Embedded world: test R² of the ways that let the place change what the days mean, minus that of bias only, on the same rows; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar). Panels have their own scales.", "name": "fig-fusion-bias-world"}, "image": {"alt": "One panel a split; Hadamard, concatenation, gated sum and FiLM with dots, markers and intervals around a dashed line at zero, which is the score of the bias-only model."}}
_ = differences.draw(tasks["world"], beyond_a_shift["world", "r2"], "ΔR² to bias only", MODULATE)

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-fusion-bias-weather"}, "image": {"alt": "One panel a split for the weather task; four ways with dots, markers and intervals around a dashed line at zero, which is the score of the bias-only model."}}
_ = differences.draw(tasks["weather-2019"], beyond_a_shift["weather-2019", "r2"], "ΔR² to bias only", MODULATE)

# %%
differences.tables(tasks, beyond_a_shift, "bias only", "fusion-bias", arms=MODULATE)

# %% [markdown]
# Where no way of modulating is clearly better than a shift, the results give no reason to speak of conditioning. Where some
# are and others are clearly worse, letting the place modulate is no gain in itself; it depends on how.
#
# An honest caution on the test: the arms differ in how easily they are *trained*, too. A way that could do more may do less within a
# small budget. A clear win over the shift is evidence of conditioning; no win is only the absence of evidence.
#
# ## Frozen or fine-tuned?
#
# In all arms so far the encoder is **frozen**: its weights stay as published. It can also be **fine-tuned**: all of its weights
# go on learning with the network. The study's authors are reported (second-hand) to call this "a recipe for disaster". The worry is
# plausible. The encoder has millions of weights, and there are a few hundred training stations: it can learn a vector for each that fits it,
# and forget what it knew of the rest. The usual remedy is a smaller step size for what is already trained. So there are two arms: in one the
# encoder learns with the network's own step size, in the other (*slowly*) with a hundredth of it.

# %% mystnb={"figure": {"caption": "Embedded world: GeoCLIP (Hadamard) with its weights frozen, fine-tuned, and fine-tuned slowly (with a smaller step size), test R² minus that of the same network without a place; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar).", "name": "fig-fusion-tuned"}, "image": {"alt": "One panel a split with a row for GeoCLIP frozen and for each way of fine-tuning it, with dots, markers and intervals around a dashed line at zero."}}
_ = differences.draw(tasks["world"], told["world", "r2"], "ΔR² to none+head", [FROZEN, TUNED, SLOWLY])

# %%
tuned = differences_to({TUNED: FROZEN, SLOWLY: FROZEN})
differences.tables(tasks, tuned, "the frozen encoder", "fusion-tuned", arms=[TUNED, SLOWLY])

# %% [markdown]
# ## What it costs
#
# The number of trained weights, and the seconds of one run as they were measured when it was made. Seconds depend on the machine and on what else
# it was doing; compare them within a column, roughly.

# %%
spent = {
    task.title: costs.by_arm(task.scores, store.stamps(task.profile)) for task in tasks.values() if len(task.scores)
}
arms = arm_order({arm for cost in spent.values() for arm in cost.index})

# %% tags=["hide-input"]
shown = pd.DataFrame({"arm": [called(arm) for arm in arms]})
for title, cost in spent.items():
    for column, heading in (("weights", "weights"), ("seconds", "seconds a run")):
        numbers = cost[column].reindex(arms)
        shown[f"{heading}, {title}"] = [f"{number:,.0f}" if np.isfinite(number) else "–" for number in numbers]
captioned(
    shown,
    "Trained weights, and median seconds of a run with its data and tests; "
    f"profiles {profile} (embedded world) and {real} (real measurements).",
    "tab-fusion-cost",
)

# %% [markdown]
# ## All looks together
#
# Many intervals stand on this page, and the more one looks, the more is found by luck.

# %%
for name, task in tasks.items():
    every = pd.concat([found[name, "r2"] for found in (told, beyond_a_shift, tuned)])
    display(differences.together(task, every))

# %% [markdown]
# ## What this shows, what it does not
#
# It shows what each way of telling the place is worth when all else is equal, and whether changing the meaning of the days is worth more than shifting
# the estimate. It shows both for one encoder, at a small size and with few steps. A deeper network or a longer training could order the ways
# otherwise, and the order in the embedded world is about a world that somebody wrote down: there, we know that emissions shift
# the level of a place *and* that terrain changes what still air does.
#
# Nothing here was chosen to suit one way. Each would profit from its own step size and its own scale of the place vector; such a search would be a different, and
# much more expensive, comparison. Two step sizes of
# fine-tuning are two points on a line; that it does well or badly at these does not say that it must.
#
# ```{admonition} Exercise: what a product can hide
# :class: exercise tip
# In a Hadamard product $p = \mathrm{ReLU}(\dots)$ is often exactly 0. What happens to the gradient of those numbers of $z$, and which
# of the other ways does not have this trouble?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Where $p_k = 0$ the product is 0 and so is its derivative by $z_k$: at that place the network's $k$-th number learns nothing. A concatenation, a gated
# sum with a gate above 0, and FiLM with $\gamma_k \neq -1$ let the gradient pass.
# ```
#
# ```{admonition} Exercise: a shift in disguise
# :class: exercise tip
# Show that a concatenation followed by a *linear* layer could do no more than bias only. What makes it able to do more?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# A linear layer on $[z; p]$ is $A z + B p + c$: the place adds $B p$, whatever $z$ is. With a ReLU after it, $B p$ decides
# which numbers of $A z$ are cut off, so the place changes how the estimate depends on the days.
# ```
