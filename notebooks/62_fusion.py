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
from placeprior.arms import arm_order, called
from placeprior.book import figures
from placeprior.book.tables import captioned

figures.style()

# %% [markdown]
# # How should a place be told?
#
# ```{goals}
# :needs: {doc}`model`, {doc}`controls`
# say what a place must be able to do to *condition* a model, and which way of telling it cannot
# read a grid in which each way has a reference of its own
# ```
#
# ```{answer} fusion-conditioning hadamard-over-concat-stations fusion-tuned
# :question: Does the place change what the days mean, or only shift the estimate?
# Undecided. At new stations of the embedded world a Hadamard product, which lets the place change what the days mean, differs in R² from a mere shift by {val}`claims.fusion-conditioning.demo.difference:+.3f` ({val}`claims.fusion-conditioning.demo.low:+.3f` to {val}`claims.fusion-conditioning.demo.high:+.3f`); on real measurements, and for encoders that go on learning, it was not run. Against concatenation neither decides either ({val}`claims.hadamard-over-concat-stations.aqs.difference:+.3f`, {val}`claims.hadamard-over-concat-stations.aqs.low:+.3f` to {val}`claims.hadamard-over-concat-stations.aqs.high:+.3f` on real measurements).
# ```
#
# A network has made a summary $z$ of the last days at a place, and has a vector $e$ that stands for the place. {doc}`model` gives the formulas of six ways for
# the two to meet. The study multiplies them, and speaks of *conditioning* the model on its place: the same weather should mean something else in a basin than on
# a ridge. But a place could also help in a much duller way, by moving every estimate there up or down.
#
# **Bias only** is the test. The bias-only network knows the same place through the same projection. It can learn that a place is dirtier than its weather says. It *cannot* learn
# that haze means more there.
#
# ## Each way against the same network without a place
#
# Every arm has GeoCLIP's vector, the same recurrent network and budget. The reference is `none+head`, and `none` for channels, which have no such layer.
# What is clear in the embedded world is harm: of channels at new stations ({val}`claims.fusion-channels.demo.difference:+.2f`, {val}`claims.fusion-channels.demo.low:+.2f` to {val}`claims.fusion-channels.demo.high:+.2f`) and, larger still,
# in new regions, and of FiLM there ({val}`claims.fusion-film.demo.difference:+.2f`, {val}`claims.fusion-film.demo.low:+.2f` to {val}`claims.fusion-film.demo.high:+.2f`).

# %%
from functools import partial

import pandas as pd

from placeprior.book import results
from placeprior.evidence.gains import gains, matched_gains

BIAS, CHANNELS, FROZEN = "geoclip-bias", "geoclip-channels", "geoclip-hadamard"
MODULATE = [FROZEN, "geoclip-concat", "geoclip-gated", "geoclip-film"]
TUNED = ["geoclip-tuned-hadamard", "geoclip-tuned-slowly-hadamard"]
tasks = {"weather-2019": real, "world": profile}


def compared(arms, gained):
    """Differences of arms, by task, on the splits where all ways were tried."""
    found = {}
    for task, name in tasks.items():
        table = gained(name, task)
        splits = set(gains(name, task).query("arm == @BIAS")["split"])
        found[results.TASKS[task]] = table[
            table["arm"].isin(arms) & table["split"].isin(splits)
        ]
    return found


told = compared([*MODULATE, BIAS, CHANNELS, *TUNED], matched_gains)
told |= {
    f"{title}\nagainst bias only": table
    for title, table in compared(MODULATE, partial(gains, against=BIAS)).items()
}

# %% tags=["remove-cell"]


def draw(found):
    """A grid of signs over real measurements and the embedded world; nothing where nothing was run."""
    found = {title: table for title, table in found.items() if len(table)}
    if not found:
        return
    fig = figures.signs(found, "R²", reference=None)
    data = (
        pd.concat(found, names=["task", None])
        .reset_index("task")
        .drop(columns=["apart", "each"])
    )
    world = results.TASKS["world"]
    alone = all(title.startswith(world) for title in found)
    note = f"{world}: simulated, profile {profile}" if not alone else ""
    figures.label(
        fig,
        profile if alone else real,
        n=data["fits"].max(),
        of="fits at most",
        embedded=alone,
        note=note,
        data=data,
    )


# %% mystnb={"figure": {"caption": "R² of each way of telling the place minus that of the same network without a place and, in the panels that say so, of the ways that let it change what the days mean minus that of bias only, on the same rows. Intervals are in the data.", "name": "fig-fusion-signs"}, "image": {"alt": "A grid for each task: ways of telling the place in rows, splits in columns; triangles up where clearly better than the reference, down where clearly worse, dots where undecided."}} tags=["hide-input"]
draw(told)

# %% tags=["remove-input"]
results.missing(real, "fusion")

# %% [markdown]
# ## Is it conditioning?
#
# If place changes what the days *mean*, the ways in which it can must beat the one in which it cannot: the panels *against bias only*.
#
# The arms also differ in how easily they are *trained*. A clear win over the shift is evidence of conditioning; no win is only the absence of evidence. Where some
# ways win and others clearly lose, letting the place modulate is no gain in itself: it depends on how.
#
# ## Frozen or fine-tuned?
#
# In all other arms the encoder is **frozen**. It can also go on learning with the network. The study's authors are reported (second-hand) to call this
# "a recipe for disaster". The worry is plausible: millions of weights, a few hundred stations. One arm learns with the network's own step size, one (*slowly*)
# with a hundredth of it; both join {numref}`fig-fusion-signs` once they have run.
#
# ## What it costs

# %% tags=["hide-input"]
from placeprior.evidence import costs
from placeprior.runs import store

spent = {}
for task, name in tasks.items():
    scores = results.load(
        name,
        task,
        arms=[*MODULATE, BIAS, CHANNELS, *TUNED, "none+head", "none"],
    ).scores
    cost = costs.by_arm(scores, store.stamps(name)).map("{:,.0f}".format)
    spent |= {f"{word}, {results.TASKS[task]}": cost[word] for word in cost}
shown = pd.DataFrame(spent).fillna("–")
captioned(
    shown.loc[arm_order(shown.index)].rename(index=called).rename_axis("arm"),
    f"Trained weights, and seconds of the quickest run, with its data and tests; profiles {real} and {profile}.",
    "tab-fusion-cost",
)

# %% [markdown]
# All this is one encoder at a small size, with one step size and one scale of the place vector for all ways.
#
# ## Exercises
#
# ```{admonition} Exercise: what a product can hide
# :class: exercise tip
# In a Hadamard product $p = \mathrm{ReLU}(\dots)$ is often exactly 0. What happens to the gradient of those numbers of $z$, and which of the other ways does not
# have this trouble?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Where $p_k = 0$ the product is 0 and so is its derivative by $z_k$: at that place the network's $k$-th number learns nothing. A concatenation, a gated sum with a
# gate above 0, FiLM with $\gamma_k \neq -1$, bias only and channels let the gradient pass.
# ```
#
# ```{admonition} Exercise: a shift in disguise
# :class: exercise tip
# Show that a concatenation followed by a *linear* layer could do no more than bias only. What makes it able to do more?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# A linear layer on $[z; p]$ is $A z + B p + c$: the place adds $B p$, whatever $z$ is. With a ReLU after it, $B p$ decides which numbers of $A z$ are cut off, so
# the place changes how the estimate depends on the days.
# ```
