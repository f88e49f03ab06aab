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

from placeprior.book import figures, results
from placeprior.book.tables import captioned

figures.style()

# %% [markdown]
# # Who is served?
#
# ```{goals}
# :needs: {doc}`splits`, {doc}`scores`
# ask of a model not how large its errors are, but who bears them
# compute a score of geographic bias, and say what it cannot see
# ```
#
# ```{answer} served-coordinates served-geoclip served-raise
# :question: Does telling the place make errors less even?
# In new regions of real weather, raw coordinates widen the spread of errors over the climate regions by {val}`claims.served-coordinates.aqs.difference:.2f` µg m⁻³ ({val}`claims.served-coordinates.aqs.low:+.2f` to {val}`claims.served-coordinates.aqs.high:+.2f`). It is clear by itself alone, and was picked: below {numref}`fig-served-gaps` stands how many changes were looked at and how many stay clear together. Of GeoCLIP's nothing clear can be said: {val}`claims.served-geoclip.aqs.difference:+.2f` ({val}`claims.served-geoclip.aqs.low:+.2f` to {val}`claims.served-geoclip.aqs.high:+.2f`). In the embedded world both are undecided.
# ```
#
# Behind a score stand people at places. The authors of TorchSpatial {cite:p}`wu2024torchspatial` report that location encoders can raise a model's *geographic bias* together with its scores. All errors here are **out of region** (cells of 16°): both partitions together give
# every station an error from a model that saw nothing within its cell.
#
# ## Errors on a map

# %%
from placeprior.book import served

asked = [(real, "weather-2019"), (profile, "world")]
sources = [
    own
    for own in (served.load(name, task) for name, task in asked)
    if served.GEOCLIP in own.out.whole
]

# %% mystnb={"figure": {"caption": "New regions: RMSE at each station without a place (colours end at the 2nd and 98th percentile), and how it changes when GeoCLIP tells the place: blue smaller, red larger errors.", "name": "fig-served-map"}, "image": {"alt": "Two maps of the contiguous US with a dot a station: the RMSE without a place, and in blue and red where GeoCLIP makes errors smaller or larger."}} tags=["hide-input"]
_ = (
    served.draw_maps(sources[0])
    if sources
    else display(results.missing(real, "core"))
)

# %% [markdown]
# ## In whose region?
#
# Where smoke is frequent PM2.5 varies more, and every model has a larger RMSE. So the question is the *change* that telling the place brings: what is hard for both cancels. Three pairs of groups might be forgotten:
#
# - **city** and **country**: the thirds of the stations with the most and the fewest people around;
# - **west** and **east** of 100° W, where the dry West with its fires begins;
# - **far** and **near**: the thirds farthest from a station that the model knew, and nearest to one.
#
# A **gap** is the RMSE of the first group minus that of the second. The **spread** is the standard deviation of RMSE over nine climate regions, groups of whole states.

# %%
found = {own.results.title: own.even() for own in sources}

# %% mystnb={"figure": {"caption": "New regions: change of each gap and of the spread against the network without a place, with 95 % intervals over places and trainings; right of the line the first group is served worse than before. Filled: real measurements; hollow: the embedded world.", "name": "fig-served-gaps"}, "image": {"alt": "Four panels with one row an arm: changes of the gaps country minus city, west minus east and far minus near, and of the spread over regions, with intervals around a dashed line at zero."}} tags=["hide-input"]
if found:
    fig, table = served.draw_gaps(found)
    profiles = " and ".join(own.results.profile for own in sources)
    figures.label(
        fig,
        profiles,
        n=max(len(own.out.lonlat) for own in sources),
        of="stations at most",
        embedded=all(own.results.embedded for own in sources),
        note="hollow: embedded world (simulated)" if len(sources) > 1 else "",
        data=table,
    )
else:
    display(results.missing(real, "core", "controls"))

# %% tags=["hide-input"]
Markdown(served.counted(found))

# %% [markdown]
# Holm's rule ({doc}`scores`) looks at all changes of a task together. One that is clear by itself alone is a reason to look again with other data, no more.

# %% [markdown]
# ## Scores of geographic bias
#
# Groups must be named before one can look at them. Three measures need no names.
#
# **Moran's I** {cite:p}`moran1950` asks whether a station's mean error $x_i$ resembles that of its eight nearest neighbours $\mathrm{NN}(i)$:
#
# $$
# I = \frac{\sum_i \sum_{j \in \mathrm{NN}(i)} (x_i - \bar x)(x_j - \bar x)}{8 \sum_i (x_i - \bar x)^2}.
# $$ (eq-served-moran)
#
# **Self-information** {cite:p}`wang2024information` asks how surprising the arrangement is. An event of probability $p$ carries $-\ln p$ *nats*. Around each station, those of the better half by RMSE are marked $+1$, the others $-1$, an even background $0$; $U$ is the
# unscaled Moran's I of the marks, $\mu$ and $\sigma$ its mean and standard deviation if marks were dealt at random, $\Phi$ the normal distribution function:
#
# $$
# J = -\ln\, 2\,\Phi\!\left(-\frac{\lvert U - \mu \rvert}{\sigma + 1}\right).
# $$ (eq-served-ssi)
#
# It also scores where stations lie, good or bad, and all right and all wrong score the same.
#
# **Relative information** {cite:p}`wang2025geobs` cuts the stations around each one into patches, by *scale* (squares), *distance* (rings) or *direction* (sectors), and sorts all RMSE into quarters. With $q_b$ the share of quarter $b$ in the neighbourhood and $p_b$ that in a patch with one place of the neighbourhood's mix added, the patch carries
#
# $$
# D = \sum_b p_b \ln \frac{p_b}{q_b}.
# $$ (eq-served-sri)
#
# None of these is 0 without bias: small patches differ by chance. So every score stands beside its **null**: the same errors dealt to the same places at random, many times {cite:p}`phipson2010`.
#
# Before trusting a score, plant a pattern:

# %%
from placeprior.evidence import error_maps, who_is_served

places = sources[-1].out.lonlat
null = who_is_served.chance(places, permutations=99, arrangements=15)
planted = error_maps.planted(places, null)

# %% tags=["hide-input"]
captioned(
    served.planted(planted),
    f"Invented errors at {len(places)} stations of the embedded world: how far each score is above chance, in standard deviations of its null; more than three counts as found. Profile {profile}.",
    "tab-served-planted",
)

# %% [markdown]
# No single score sees everything: a rank of models by one of them is a rank by one kind of pattern.

# %% mystnb={"figure": {"caption": "New regions: relative information of the stations' RMSE by scale, distance and direction, and self-information; mean (marker) and range (bar) over seeds. Band: errors dealt at random, mean ± 2 standard deviations. Larger means less even.", "name": "fig-served-scores"}, "image": {"alt": "Four panels with one row an arm and a band of chance; markers lie to the right of the band by varying distances."}} tags=["hide-input"]
scored = [own for own in sources if len(own.bias)]
if scored:
    fig, table = served.draw_scores(scored[0])
    origin = scored[0].results
    figures.label(
        fig,
        origin.profile,
        n=len(scored[0].out.lonlat),
        of="stations",
        embedded=origin.embedded,
        data=table,
    )
else:
    display(results.missing(real, "who_is_served"))

# %% [markdown]
# ## Do encoders raise geographic bias?

# %% tags=["hide-input"]
CONTROLS = [
    "none",
    "idw",
    "random-vector-hadamard",
    "shuffled-hadamard",
    "urban-hadamard",
]
display(
    captioned(
        served.raised(scored, CONTROLS),
        "Encoders and coordinates of all kinds that raise or lower a measure against the network without a place in "
        "every seed; Spearman's correlation with the change of RMSE over encoders, 95 % interval {cite:p}`bonett2000`. "
        f"Profiles {real} (real measurements) and {profile} (embedded world).",
        "tab-served-raise",
    )
    if scored
    else results.missing(real, "who_is_served")
)

# %% [markdown]
# Mind what a low score rewards: random vectors add noise, which is spread evenly. A model can become more even by becoming worse where it was good. So read such a score beside the RMSE of every group.
#
# ## What this does not show
#
# Stations are not people, and those without a monitor near them are in the group *far* by proxy only. Nor is an uneven model unjust: air that varies more is harder to estimate. What one can demand is smaller: that a change which helps most does not harm those who were served worst.
#
# ## Exercises
#
# ```{admonition} Exercise: the ranking of two scores
# :class: exercise tip
# In {numref}`tab-served-planted`, find a pattern that one score sees and another does not. Explain from the definitions why.
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# For example: where one half of the country is bad as a whole, most neighbourhoods hold only good or only bad stations. Relative information compares parts of a neighbourhood with it and finds them alike; the spread over regions and Moran's I, which compare with the whole country, see it
# at once. Squares of one degree are the opposite case: smaller than any region, and just as real to those who live there.
# ```
#
# ```{admonition} Exercise: a bias that is not the model's
# :class: exercise tip
# The noise of a measurement is twice as large at rural monitors. What happens to the gap country − city of a perfect model? To its change against another perfect model?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The gap is the difference of the two noises. The change is zero: noise is common to both models and cancels.
# ```
