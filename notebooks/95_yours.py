# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters", "remove-cell"]
profile = "yours"

# %% tags=["remove-cell"]
from IPython.display import HTML, Markdown

from placeprior.book import advice, figures, yours
from placeprior.book.tables import plain

figures.style()
mine = yours.load(profile)

# %% [markdown]
# # Should your model be told where it is?

# %% tags=["remove-input"]
Markdown(advice.facts(mine))

# %% tags=["remove-input"]
HTML(advice.cards(mine))

# %% [markdown]
# Each answer is a rule, not an opinion. Networks that differ only in what they are told about the place are scored on the same held-out
# rows. *Helps* means that the interval of the difference lies above zero, when all ways of telling the place are looked at together.
# The number is the difference in R² to the network without a place that has the same layers.

# %% [markdown]
# ## What each way of telling the place is worth

# %% mystnb={"figure": {"caption": "Gain in R² over the network without a place: marker and bar are the mean and its interval over blocks of the map and trainings, pale dots single fits. Right of the dashed line is better. The mean of a station is left out, being far to the left in new places; the table has it.", "name": "fig-yours-gains"}, "image": {"alt": "A panel for each way of testing. In each, one row an arm with a marker and a horizontal bar along an axis of gains in R², and a dashed line at zero."}} tags=["hide-input"]
fig = yours.draw_gains(mine)
_ = figures.label(
    fig,
    profile,
    n=len(mine.runs),
    of="fits",
    embedded=mine.embedded,
    table=mine.about["table"],
    data=mine.found.drop(columns=["apart", "each"]),
)

# %% [markdown]
# Random vectors and random waves are placebos: numbers for a place that know nothing of it. A gain that they share is not geography.

# %% tags=["hide-input"]
plain(yours.scores(mine))

# %% [markdown]
# R², and in brackets the RMSE in the target's unit; means over folds and trainings. Compare arms by the figure, whose intervals are of
# differences on the same rows, rather than by these numbers.

# %% [markdown]
# ## Which question is yours?
#
# A score holds at the distances at which it was measured. The dotted line is how far the places where you want estimates lie from your
# stations; the way of testing whose line lies nearest to it is marked as your question above.

# %% mystnb={"figure": {"caption": "Share of places within a distance of the nearest station that is known, by way of testing, and where estimates are wanted. Less than a kilometre is drawn as one.", "name": "fig-yours-distances"}, "image": {"alt": "Rising curves over a logarithmic axis of kilometres, one for each way of testing and a dotted one for the places where estimates are wanted."}} tags=["hide-input"]
_ = yours.draw_distances(mine)

# %% [markdown]
# ## Where the errors are

# %% mystnb={"figure": {"caption": "Root mean square error at each tested station, of the arm named above the map.", "name": "fig-yours-map"}, "image": {"alt": "A map with a coloured dot at each station; the darker, the larger the error."}} tags=["hide-input"]
_ = yours.draw_map(mine)

# %% [markdown]
# ## How wide an interval must be

# %% mystnb={"figure": {"caption": "How often an interval around the estimate holds, by way of testing, with the uncertainty of that share over blocks; the dashed line is what it promises. Widths come from stations set aside while training (split conformal).", "name": "fig-yours-coverage"}, "image": {"alt": "One row for each way of testing: a dot with a bar along an axis of shares, beside a dashed line at what is promised."}} tags=["hide-input"]
_ = yours.draw_coverage(mine)

# %% [markdown]
# Stations set aside lie among those that were trained on, and say little of places far from any station: believe the row of your question.

# %% [markdown]
# ## What to do next

# %% tags=["remove-input"]
Markdown(advice.steps(mine))

# %% [markdown]
# ## What was found in your table

# %% tags=["remove-input"]
Markdown(advice.notes(mine) or "Nothing that needs a remark.")

# %% [markdown]
# ## How to cite
#
# Karimzadeh, Wang & Crooks (2025), *GIScience & Remote Sensing* 62(1),
# [doi 10.1080/15481603.2025.2594797](https://doi.org/10.1080/15481603.2025.2594797), for the network and the question; placeprior, with its
# version, for the comparison (`CITATION.cff`); and for each encoder its own authors, as the book's references name them. Say which way
# of testing a number is from.
