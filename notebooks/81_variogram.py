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
from placeprior import evidence
from placeprior.book import figures, results
from placeprior.book import variogram as page

figures.style()

# %% [markdown]
# # What errors leave in space
#
# ```{goals}
# :needs: {doc}`splits`, {doc}`baselines`
# read off a residual variogram what a model has not explained about places
# say when labels made by kriging can teach a model something, and when they cannot
# recognise a gain that a leak manufactured
# ```
#
# ```{answer} residual-kriging pseudo-regions pseudo-stations pseudo-leak pseudo-teacher pseudo-teacher-regions pseudo-corrected pseudo-corrected-regions residual-trees residual-place
# :question: Is there structure in space left to learn, and do kriging's labels teach it?
# In new regions of the embedded world {val}`claims.residual-kriging.demo.value:.0%` ({val}`claims.residual-kriging.demo.low:.0%` to {val}`claims.residual-kriging.demo.high:.0%`) of what kriging leaves is structure in space, and its labels do not
# teach it: with them, the R² of boosted trees falls there by {val}`claims.pseudo-regions.demo.difference:+.3f` ({val}`claims.pseudo-regions.demo.low:+.3f` to {val}`claims.pseudo-regions.demo.high:+.3f`);
# on real measurements ({val}`claims.pseudo-regions.aqs.difference:+.3f`, {val}`claims.pseudo-regions.aqs.low:+.3f` to {val}`claims.pseudo-regions.aqs.high:+.3f`) and at new stations it is open. **A teacher that
# reads the test's monitors manufactures a gain**, {val}`claims.pseudo-leak.demo.difference:+.3f` ({val}`claims.pseudo-leak.demo.low:+.3f` to {val}`claims.pseudo-leak.demo.high:+.3f`) over the honest one's student in the
# world, {val}`claims.pseudo-leak.aqs.difference:+.3f` ({val}`claims.pseudo-leak.aqs.low:+.3f` to {val}`claims.pseudo-leak.aqs.high:+.3f`) on real measurements. Against trees whose residuals are kriged, the same teacher put
# behind the model, the student loses at real new stations ({val}`claims.pseudo-corrected.aqs.difference:+.3f`, {val}`claims.pseudo-corrected.aqs.low:+.3f` to {val}`claims.pseudo-corrected.aqs.high:+.3f`) and in the world's new
# regions ({val}`claims.pseudo-corrected-regions.demo.difference:+.3f`, {val}`claims.pseudo-corrected-regions.demo.low:+.3f` to {val}`claims.pseudo-corrected-regions.demo.high:+.3f`).
# ```
#
# **Source:** kriging's labels are the idea of Duan, Jiang and Carlson {cite:p}`duan2024`; of their paper we know the abstract, no code exists. **Faithful:** ordinary
# kriging of each day's monitors labels places without one, and a model learns from both. **Smaller:** boosted trees on tables stand for a convolutional network on satellite
# images, and 1.5° cells for image tiles. **At full scale** one would have to show the gain with images, whole regions held out, against kriging itself.
#
# ## Residual variograms
#
# Half the mean squared difference of two residuals of a day, by the distance of their stations ({doc}`baselines` defines it). If an arm had explained all that is smooth in space, its curve
# would be flat: a **nugget**, noise and what is smaller than the network is dense. The **partial sill** is what remains to be learned from neighbours, the **range** how far it reaches. Each day's
# residuals are divided by the standard deviation of that day's measurements, the same number for all arms; gstools {cite:p}`mueller2022` fits the curve.

# %%
table = page.residuals(profile)

# %% mystnb={"figure": {"caption": "Embedded world: variograms of the residuals at test stations (points) and fitted exponentials (lines); dotted, of what was measured. One is a day's variance.", "name": "fig-variogram-residuals"}, "image": {"alt": "Two panels, new stations and new regions: semivariance against distance up to 1,500 km, one rising line an arm; the dotted line of the measurements lies above most."}} tags=["hide-input"]
if len(table):
    _ = page.draw(table, profile)
else:
    _ = figures.nothing(
        "Residual variograms", profile, embedded=True, of="table"
    )

# %% tags=["hide-input"]
page.numbers(table, profile, "tab-variogram-numbers") if len(table) else None

# %% [markdown]
# ## Kriging's labels
#
# What neighbours know, a model may be taught by labels: kriging estimates $\hat y$ where nobody measured but predictors are known. Where kriging knows little, a label should weigh little. With the
# nugget $n$ and kriging's expected squared error $v$,
#
# $$
# \begin{aligned}
# w &= \frac{n}{n + v}, \\
# v &= s - 2\lambda^\top c + \lambda^\top K \lambda ,
# \end{aligned}
# $$ (eq-variogram-weight)
#
# beside a measurement's weight of one. The teacher reads *training* monitors alone. Predictors of the labelled cells are those of the whole country, regions held out included: a map has them.

# %%
from placeprior.runs import plan
from placeprior.runs.estimators import pseudo
from placeprior.runs.inputs import Inputs

run = next(
    run
    for run in plan.runs(profile, "pseudo")
    if run.variant == "gbt+pseudo" and run.split == "spatial"
)
labels = pseudo.labelled(Inputs.of(run))
print(
    f"{len(labels.label):,} labels at {len(pseudo.places())} places; mean weight {labels.weight.mean():.2f}"
)

# %% [markdown]
# Controls: a **leaked** teacher reads all monitors, the test's too, as kriging before splitting does; **shuffled** labels have no place; **true** ones are the most that labels at these cells could
# bring. And the teacher itself, *ordinary kriging*, stands in the table.

# %% tags=["hide-input"]
asked, splits = (
    [(real, "weather-2019"), (profile, "world")],
    ["spatial", "checkerboard-16"],
)
page.students(asked, splits, "tab-variogram-students")

# %% [markdown]
# Is the student better than its teacher? And than kriging *behind* the model, of what trees miss at training stations they were not fitted to?

# %% tags=["hide-input"]
from IPython.display import Markdown

Markdown(page.teachers(asked, splits))

# %% mystnb={"figure": {"caption": "RMSE by the distance from a test station to the nearest training monitor: teacher, trees, and students of clean and of leaked labels.", "name": "fig-variogram-distance"}, "image": {"alt": "Panels by task and split: root mean squared error against distance on a logarithmic axis, one line an arm. Kriging's error grows with distance most."}} tags=["hide-input"]
drawn = ("kriging", "gbt", "gbt+pseudo", "gbt+pseudo-leaked")
loaded = [
    results.load(name, task, arms=drawn, splits=splits) for name, task in asked
]
loaded = [own for own in loaded if "gbt+pseudo" in set(own.scores["arm"])]
found = {own.title.split(",")[0]: page.by_distance(own) for own in loaded}
found = {title: own for title, own in found.items() if len(own)}
if found:
    _ = page.draw_by_distance(
        found, " and ".join(own.profile for own in loaded)
    )
else:
    _ = figures.nothing("Error by distance", profile, embedded=True)

# %% [markdown]
# **How many, of what weight, how rough?** Kriging's labels are smoother than the truth; noise of kriging's expected error makes them as rough. Judged by validation stations, one training each, so
# that small differences mean nothing:

# %% tags=["hide-input"]
Markdown(page.tried(evidence.read(profile, "pseudo_trials"))) if results.has(
    profile, "pseudo_trials"
) else results.missing(profile, "pseudo_trials")

# %% tags=["remove-input"]
results.spent("pseudo", "pseudo-place", profiles=[real, profile])

# %% [markdown]
# ## What this does not show
#
# Most of the embedded world's unexplained part *is* a smooth random field, which suits kriging. Images hold more than our predictors; there a student may learn what trees cannot. One number of labels and one
# weight were used throughout, set before any test score was seen.
#
# ## Exercises
#
# ```{admonition} Exercise: a flat curve
# :class: exercise tip
# An arm's residual variogram is flat from the first bin on. May its RMSE be large? Can kriging its residuals help?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# It may: a nugget can be high, and an error that all stations of a day share is not seen by differences within a day. Kriging residuals cannot help beyond that shared error: neighbours say nothing of a place's own.
# ```
#
# ```{admonition} Exercise: where does the gain come from?
# :class: exercise tip
# A student of labels that were kriged before the split gains in new regions, one of clean labels does not. What did the first one learn?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The test: labels near a test monitor hold that day's measurement there, and the predictors of the labelled cell resemble the test row's. At a place that has no monitor, the gain would not exist.
# ```
