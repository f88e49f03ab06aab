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
from IPython.display import display

from placeprior.book import baselines, figures, results
from placeprior.book import decomposition as page

figures.style()

# %% [markdown]
# # Patterns in time
#
# ```{goals}
# :needs: {doc}`splits`, {doc}`baselines`
# write a table of stations by days as a few patterns and a few numbers a station
# say why a basis must not have seen the stations it is tested on
# name the simplest rival of a network of coefficients
# ```
#
# ```{answer} decomposition-series decomposition-idw decomposition-kriging-stations decomposition-kriging-regions decomposition-geoclip-regions decomposition-truncation decomposition-basis
# :question: Does a network of coefficients map whole series better than kriging does?
# Not here. On real measurements a network of coordinates is behind kriging of the same coefficients: at new stations its R² differs by {val}`claims.decomposition-kriging-stations.aqs.difference:+.2f` ({val}`claims.decomposition-kriging-stations.aqs.low:+.2f` to {val}`claims.decomposition-kriging-stations.aqs.high:+.2f`), in new regions by {val}`claims.decomposition-kriging-regions.aqs.difference:+.2f` ({val}`claims.decomposition-kriging-regions.aqs.low:+.2f` to {val}`claims.decomposition-kriging-regions.aqs.high:+.2f`); told GeoCLIP's vector it stays behind there too. **At new stations kriging of each day, without any pattern, is best.** In the embedded world a network does find coefficients: told a random vector it finds none.
# ```
#
# **Source:** Amato et al. {cite:p}`amato2020`; abstract and public code read, tables not seen. **Faithful:** centring by the day's mean, singular vectors, a network of five layers for
# the coefficients, 95 % of the variance. **Smaller:** daily means of a year instead of hours of three; squared errors; gaps filled by kriging. **Full scale** would need complete hourly series, their three data sets, and the absolute error.
#
# ## A table as a sum
#
# Take the day's mean $m(t)$ off the table of training stations by days. What is left is a sum of *patterns* (empirical orthogonal functions, *EOFs*) $\phi_k(t)$, at right angles to each other, each with one *coefficient* a station:
#
# $$
# \hat y(s, t) = m(t) + \sum_{k=1}^{K} a_k(s)\,\phi_k(t).
# $$ (eq-decomposition-sum)
#
# A singular value decomposition finds them, those with most variance first. At a new place the $\phi_k$ are known; the $a_k$ have to come from somewhere.

# %%
import numpy as np

from placeprior.runs.estimators import patterns

# Three stations, three days, one pattern.
table = np.outer([1.0, 2, 3], [1.0, 2, 3])
small = patterns.decompose(table)
print("share of the variance:", small.variance.round(3))
print("coefficients:", small.coefficients[:, 0].round(3))
# One pattern rebuilds it.
assert np.allclose(small.field(small.coefficients[:, :1]), table)

# %% [markdown]
# ## Is the basis honest?
#
# The public code takes its patterns from training *and* validation rows. Below, each test station's own days are written as the best sum of $K$ patterns: no rule for coefficients can do better.

# %% mystnb={"figure": {"caption": "Error that is left of test stations' series after the best sum of so many patterns, if the patterns come from training stations (honest) or from training and test stations (leaky). Weather: real measurements.", "name": "fig-decomposition-basis"}, "image": {"alt": "Two panels, error against the number of patterns on a logarithmic axis. All curves fall; with many patterns the leaky curves fall clearly below the honest ones of the same split."}} tags=["hide-input"]
from placeprior import evidence

tables = {
    name: evidence.read(name, "projection")
    for name in (real, profile)
    if results.has(name, "projection")
}
if tables:
    _ = page.draw_projection(tables)

# %% tags=["remove-input"]
results.missing(profile, "projection")

# %% [markdown]
# The more patterns, the more of the test stations the leaky basis knows by heart; in new regions it flatters from the first pattern on. Whoever stops training by such an error stops too late.
#
# ## Who gives the coefficients?
#
# `eof` is as published, a network of longitude and latitude with patterns up to 95 % of the variance. The others keep as many as serve the validation stations best: a network of coordinates, of GeoCLIP's vector, of a random vector; ordinary
# kriging of each pattern's coefficients; boosted trees of the place. None reads a predictor: the weather is not used.

# %%
asked = [(real, "weather-2019"), (profile, "world")]
profiles = f"{real} and {profile}"
SPLITS = ["spatial", "checkerboard-16"]

# %% tags=["hide-input"]
if results.has(profile, "decomposition", "decomposition-once"):
    there = [
        pair
        for pair in asked
        if results.has(pair[0], "decomposition", "decomposition-once")
    ]
    display(page.levels(there, SPLITS, "tab-decomposition-levels"))

# %% tags=["remove-input"]
results.missing(profile, "decomposition", "decomposition-once")

# %% mystnb={"figure": {"caption": "Each arm against coefficients by kriging: what it has more or less of R². An empty cell was not run.", "name": "fig-decomposition-signs"}, "image": {"alt": "A grid with a row for each source of coefficients and for kriging of each day, two columns a task: triangles up are clearly better than kriged coefficients, triangles down clearly worse, dots undecided."}} tags=["hide-input"]
from placeprior.evidence.gains import gains

found = {}
for name, task in asked:
    table = gains(name, task, against="eof+kriging")
    table = table[table["arm"].isin(page.ARMS) & table["split"].isin(SPLITS)]
    found |= {results.TASKS[task].split(",")[0]: table} if len(table) else {}
if found:
    _ = baselines.draw_signs(found, reference="eof+kriging", profiles=profiles)

# %% [markdown]
# A random vector says nothing, and what is left is the day's mean. In the embedded world's new regions GeoCLIP's vector, which spares the network from running off the map, brings hardly more.
#
# If *all* coefficients are kriged with one curve, this is kriging of each day: both are the same weighted mean. So truncation is all that patterns add to kriging, and coordinates are what a network has instead of a curve.

# %% tags=["remove-input"]
results.spent("decomposition", "decomposition-once", profiles=[real, profile])

# %% [markdown]
# ## What this does not show
#
# Stations that report every third or sixth day shape no pattern. Hourly series have patterns, such as the daily cycle, that daily means lack, and there a few patterns may say more.
#
# ## Exercises
#
# ```{admonition} Exercise: as many patterns as stations
# :class: exercise tip
# With $K$ as large as the number of stations, what is rebuilt at a training station? What does the leaky basis then leave at a test station?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The series itself. The leaky basis has a pattern for every test station too, so it leaves nothing, whatever the network can do.
# ```
#
# ```{admonition} Exercise: why is it the same?
# :class: exercise tip
# Kriging says $\sum_i \lambda_i y_i(t)$ with weights that sum to one. Put {eq}`eq-decomposition-sum` with all patterns in for $y_i$.
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# $m(t) + \sum_k \bigl(\sum_i \lambda_i a_k(i)\bigr) \phi_k(t)$: the bracket is kriging of the $k$-th coefficients with the same weights.
# ```
