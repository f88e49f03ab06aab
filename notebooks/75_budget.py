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
from placeprior.book import budget as page
from placeprior.book import figures, results
from placeprior.book.tables import captioned

figures.style()

# %% [markdown]
# # Does it depend on how long and how large?
#
# ```{goals}
# :needs: {doc}`model`, {doc}`scores`
# say when a training is long enough for a difference between two networks
# tell a level that rises from a difference that moves
# ```
#
# ```{answer} budget-differences budget-orders
# :question: Would a longer training give another answer?
# Some numbers, and no clear order. In the embedded world, with twice as many passes, {val}`claims.budget-differences.demo.turned:d` of {val}`claims.budget-differences.demo.of:d` differences to the network without a place move by more than the rule below allows, the most by {val}`claims.budget-differences.demo.most:.2f` in R²; of {val}`claims.budget-orders.demo.of:d` clear orders of two arms {val}`claims.budget-orders.demo.turned:d` turn round. Another training alone moves differences by as much, so these moves cannot be laid to its length; the rule was written before the runs. On real measurements they are not complete.
# ```
#
# A network that has learned too little may seem to need a place. So the comparisons are made again with **twice as many passes**. The plain budget is
# long enough if no difference to "no location, extra head" then moves by more than
#
# $$
# \max(0.01,\ \tfrac12\,\text{standard error})
# $$ (eq-budget-allowed)
#
# in R², and no clear order of two arms turns round. *Levels* may rise. Half a standard error, because a smaller shift changes no reading of an
# interval. Each partition of a checkerboard is a cell of its own.

# %%
from placeprior.evidence import budget
from placeprior.runs import plan, store, trials

doubling = {name: trials.read(name, "doubling") for name in (real, profile)}
doubled = {
    name: budget.doubled(table, store.sums(name))
    for name, table in doubling.items()
}
orders = {
    name: budget.orders(table, store.sums(name))
    for name, table in doubling.items()
}

# %% mystnb={"figure": {"caption": "Difference in test R² to no location, extra head, with the plain budget (left of each pair) and with twice as much (right), one pair a cell; means over seeds. Bars: the 95 % interval of the plain budget, drawn at both.", "name": "fig-budget-doubling"}, "image": {"alt": "One panel for each task, below each other. For each split a pair of positions with one short line an arm, nearly level where twice the budget changes nothing, with error bars around a dashed line at zero."}} tags=["hide-input"]
shown = {
    name: found
    for name, found in doubled.items()
    if results.has(name, "doubling")
}
if shown:
    _ = page.draw_doubling(shown)
# %% tags=["remove-input"]
results.missing(real, "doubling")

# %% tags=["hide-input"]
captioned(
    page.counts(shown, orders),
    f"With twice the budget: differences that hold, clear orders that stay, and by how much the level of the reference rises in R²; profiles {' and '.join(shown)}.",
    "tab-budget-doubling",
) if shown else None

# %% [markdown]
# ## Smaller and larger
#
# The same in networks of other sizes, each against the reference of its own size.

# %% mystnb={"figure": {"caption": "Difference in test R² between GeoCLIP (Hadamard) and no location, extra head, of the same size, by size; one dot a seed, lines through the means, one line a cell.", "name": "fig-budget-sizes"}, "image": {"alt": "One panel a profile: dots for seeds and a line for each split against the size of the network, around a dashed line at zero."}} tags=["hide-input"]
sized = {
    name: budget.sizes(trials.read(name, "sizes"))
    for name in (real, profile)
    if results.has(name, "sizes")
}
if sized:
    _ = page.draw_sizes(sized)
# %% tags=["remove-input"]
results.missing(real, "sizes")

# %% [markdown]
# ## One rate for all, and how the recipe was found
#
# One peak of the learning rate serves all arms; that is fair only if it suits all. The *cost* is by what share the validation loss with the common peak
# lies above that with the arm's own best.

# %% tags=["hide-input"]
served = {
    name: budget.rates(trials.read(name, "rates"), plan.settings(name))
    for name in (real, profile)
    if results.has(name, "rates")
}
captioned(
    page.rates(served),
    f"What one peak of the learning rate costs each arm, mean over splits and largest; profiles {' and '.join(served)}.",
    "tab-budget-rates",
) if served else None
# %% tags=["remove-input"]
results.missing(real, "rates")

# %% [markdown]
# The recipe was chosen by the validation loss of the reference alone, before any arm with a place was trained with it. No score of test rows was looked
# at, and none is kept.

# %% tags=["hide-input"]
recipes = {
    name: budget.tried(trials.read(name, "recipe"), plan.settings(name))
    for name in (real, profile)
    if results.has(name, "recipe")
}
captioned(
    page.recipes(recipes),
    "What was tried for the recipe: validation loss of no location, extra head, by split, and seconds a run. Losses of other windows and batches "
    f"compare; those of two splits do not. Profiles {' and '.join(recipes)}.",
    "tab-budget-recipe",
) if recipes else None
# %% tags=["remove-input"]
results.missing(real, "recipe")

# %% [markdown]
# ## Exercises
#
# ```{admonition} Exercise: level and difference
# :class: exercise tip
# Twice the budget raises the level of every arm. Why may a difference between arms be reported all the same?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The question is about the difference. If all arms gain as much from longer training, it stays; the figure shows by how much it moves. If it had
# shrunk steadily, the shorter training would have answered another question: what place is worth to a network that has not finished learning.
# ```
