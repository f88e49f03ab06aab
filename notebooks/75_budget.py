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

from placeprior.arms import where
from placeprior.book import figures, lines
from placeprior.book.budget import cells, draw_sizes, named, verdict
from placeprior.book.tables import captioned
from placeprior.evidence import budget
from placeprior.runs import configuration, plan, progress, store, trials

figures.style()

# %% [markdown]
# # Does the answer depend on how long and how large?
#
# A network that has learned too little may seem to need a place. So the main comparisons were made again with **twice the
# budget** (twice as many passes over the training rows), with smaller and larger networks, and with other learning rates. All
# on real measurements ({doc}`aqs`) and in the embedded world.
#
# The training counts as long enough where, with twice the budget, no difference to "no location, extra head" moves by more
# than
#
# $$
# \max(0.01,\ \tfrac12\,\text{standard error})
# $$ (eq-budget-allowed)
#
# in R², and no order of two arms that is called clear turns round. *Levels* may still rise: all arms learn more. Half a
# standard error, because a shift of that size changes no reading of the interval. Of the runs with twice the budget only
# scores are kept, so the standard error and the interval are those of the same fits with the plain budget, from the main
# table ({doc}`../concepts/scores`). Each partition of a checkerboard is a cell of its own.

# %%
made = {
    (name, trial): progress.count(name, trial)
    for name in (real, profile)
    for trial in ("recipe", "rates", "doubling", "sizes")
    if trial in configuration.profile(name).get("trials", {})
}
Markdown(
    "; ".join(f"profile {name}, {trial}: {done} of {asked} runs" for (name, trial), (done, asked) in made.items()) + "."
)

# %% [markdown]
# ## Twice the budget

# %%
doubled, orders = {}, {}
for name in (real, profile):
    table, sums = trials.read(name, "doubling"), store.sums(name)
    doubled[name], orders[name] = budget.doubled(table, sums), budget.orders(table, sums)
Markdown("\n".join(f"- **Profile {name}.** {verdict(doubled[name], orders[name])}" for name in doubled))


# %% mystnb={"figure": {"caption": "Difference in test R² to no location, extra head, with the plain budget (left of each pair) and with twice as much (right), one pair a cell; means over seeds. Bars: the 95 % interval with the plain budget, drawn at both.", "name": "fig-budget-doubling"}, "image": {"alt": "One panel for each task, below each other. For each split a pair of positions with one short line an arm, nearly level where twice the budget changes nothing, with error bars around a dashed line at zero."}} tags=["hide-input"]
curves = pd.concat([budget.curve(each).assign(profile=name) for name, each in doubled.items()])
curves = curves[curves["arm"] != budget.REFERENCE]
tasks = curves["task"].unique()
if len(tasks):
    fig, axes = figures.subplots(len(tasks), 1, size=(6.4, 1.2 + 2.3 * len(tasks)), squeeze=False)
    for ax, task in zip(axes.flat, tasks, strict=True):
        part = curves[curves["task"] == task]
        lines.pairs(ax, part, lambda row: named(row).split(", ")[1])
        lines.limit([ax], part["difference"])
        ax.set(title=task, ylabel="ΔR²")
    figures.legend_above(fig, curves["arm"])
    count = sum(len(trials.read(name, "doubling")) for name in doubled)
    note = f"{profile}: embedded world (simulated)"
    _ = figures.label(fig, " and ".join(curves["profile"].unique()), n=count, of="runs", embedded=False, note=note)
else:
    _ = figures.nothing("Twice the budget", profile, embedded=True)

# %%
Markdown(
    "\n\n".join(
        captioned(
            cells(found),
            f"Twice the budget: by how much levels rise, and differences to no location, extra head, move (± the standard error of the move over seeds); means over seeds; profile {name}.",
            f"tab-budget-{name}",
        ).data
        for name, found in doubled.items()
        if len(found)
    )
    or "*No run with twice the budget is made yet.*"
)

# %% [markdown]
# ## Smaller and larger
#
# The same comparison in networks of several sizes, each against the reference of its own size.


# %% mystnb={"figure": {"caption": "Difference in test R² between GeoCLIP (Hadamard) and no location, extra head, of the same size, by size; one dot a seed, lines through the means, one line a cell.", "name": "fig-budget-sizes"}, "image": {"alt": "Two panels, one for each profile: dots for seeds and a line for each split, against three sizes of network, around a dashed line at zero."}} tags=["hide-input"]
sized = {name: budget.sizes(trials.read(name, "sizes")) for name in (real, profile)}
fig, axes = figures.subplots(1, 2, size="pair", sharey=True)
for ax, (name, found) in zip(axes, sized.items(), strict=True):
    draw_sizes(ax, found) if len(found) else ax.text(0.5, 0.5, "no such runs yet", transform=ax.transAxes, ha="center")
    ax.set_title(f"profile {name}")
axes[0].set_ylabel("ΔR²")
_ = figures.label(
    fig,
    real,
    n=sum(len(each) for each in sized.values()),
    of="differences",
    embedded=False,
    note=f"right: embedded world (simulated), profile {profile}",
)

# %% [markdown]
# ## One rate for all, and how the recipe was found
#
# One peak of the learning rate serves all arms, which is fair only if it suits all. Here each arm was trained with other
# peaks; the cost is by which share its *validation* loss is higher with the common peak than with its own best. The recipe
# itself was chosen by the validation loss of the reference alone, before any arm with a place was trained with it: no score of
# test rows was looked at, and none is kept in its table.

# %%
shown = []
for name in (real, profile):
    served = budget.rates(trials.read(name, "rates"), plan.settings(name))
    if len(served):
        best = (served["best"] == plan.settings(name).rate).sum()
        shown.append(
            f"- **Profile {name}.** The common peak, {plan.settings(name).rate:g}, is the best of those tried for {best} of {len(served)} arms and cells; elsewhere it costs up to {served['cost'].max():.1%} of the validation loss, on average over all {served['cost'].mean():.1%}."
        )
Markdown("\n".join(shown) or "*No run with other rates is made yet.*")


# %%
def recipe(name):
    """What was tried, with validation losses by split."""
    loss = budget.tried(trials.read(name, "recipe"), plan.settings(name))
    text = loss.map("{:.4f}".format).rename(columns=where).rename_axis("setting changed")
    text["seconds"] = loss["seconds"].map("{:,.0f}".format)
    return captioned(
        text,
        f"What was tried for the recipe: validation loss of no location, extra head, and seconds a run; profile {name}.",
        f"tab-budget-recipe-{name}",
    ).data


Markdown(
    "\n\n".join(recipe(name) for name in (real, profile) if len(trials.read(name, "recipe")))
    or "*No trial of the recipe is made yet.*"
)

# %% [markdown]
# Losses of settings that change the window or the batch are comparable; those of different splits are not.
#
# ```{admonition} Exercise
# :class: exercise tip
# Twice the budget raises the level of every arm. Why may a difference between arms be reported all the same?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The question is about the difference. If all arms gain as much from longer training, it stays; the table shows by how much
# it moves. If it had shrunk steadily, the shorter training would have answered another question: what place is worth to a
# network that has not finished learning.
# ```
