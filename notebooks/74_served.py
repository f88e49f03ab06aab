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

from placeprior.arms import where
from placeprior.book import figures, served, served_figures
from placeprior.book.served import CONTROLS, GEOCLIP, HEAD, OUT, SCORES, WITHIN
from placeprior.book.tables import captioned, folded
from placeprior.book.words import INTERVAL, capital, rule
from placeprior.errors import StoreError
from placeprior.evidence import station_errors, who_is_served

figures.style()

# %% [markdown]
# # Who is served?
#
# A score is one number for a whole country. Behind it stand people at places, and the same RMSE can mean a fair service for all or a very good one for
# some. This page looks at errors station by station, and asks who bears them: which regions, city or country, West or East, those near a monitor
# or far from one. Then it asks whether **telling the model the place** makes errors more evenly spread, or less.
#
# The concern is not idle. The authors of TorchSpatial {cite:p}`wu2024torchspatial`, who collected many of the encoders of {doc}`zoo`, report
# that location encoders can raise a model's *geographic bias* together with its scores. They measure it with a quantity
# from information theory, which this page builds from scratch, tests on patterns made on purpose, and only then applies.
#
# All maps are **out of region** (checkerboard of 16°, {doc}`../concepts/splits`): both partitions together give every station an error from a model that
# has seen nothing within its cell. Errors are estimate minus measurement; a station's RMSE is the size of its errors, its *bias* their mean.
#
# Beside the arms of {doc}`comparison` and {doc}`controls`, the page shows the three encoders of {doc}`zoo` with the smallest RMSE out of region.

# %%
world, weather = served.load(profile, "world"), served.load(real, "weather-2019")
sources = [world, weather]
present = [own for own in sources if own.out.whole]

# %% tags=["remove-cell"]
if world not in present:
    raise StoreError(
        f"results/{profile} has no runs of {HEAD} in the embedded world on the split {OUT}; `make demo-full` makes those of demo, "
        f"and `placeprior runs list {profile}` shows what is left to do"
    )


# %% [markdown]
# ## Errors on a map
#
# First the size of errors without a place, with the extra head (`none+head`, {doc}`controls`); then what telling the place changes, station by station.

# %% mystnb={"figure": {"caption": "Embedded world, out of region: RMSE at each station without a place (first map; colours end at the 2nd and 98th percentile), and how it changes when the model is told the place: blue smaller, red larger errors, one scale for all changes.", "name": "fig-served-map-world"}, "image": {"alt": "Four maps of the contiguous US with a dot a station. The first shows the RMSE without a place; the others, in blue and red, where lon/lat, GeoCLIP and another encoder make errors smaller or larger."}}
_ = served_figures.draw_maps(world)

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019, out of region: the same.", "name": "fig-served-map-weather"}, "image": {"alt": "Four maps of the contiguous US with a dot a monitor: RMSE without a place, and the change by lon/lat, GeoCLIP and another encoder in blue and red."}}
_ = served_figures.draw_maps(weather)


# %%
def improved(own):
    """Where an arm makes errors smaller: shares of the stations of each group."""
    arms = [name for name in ("lonlat", GEOCLIP, *own.best[:1]) if name in own.out.whole]
    return served.improved(own, arms)


# %% tags=["hide-input"]
for own in present:
    display(
        captioned(
            improved(own),
            f"{own.results.heading}, out of region: % of the stations whose RMSE falls against `none+head`; the groups are defined below. {capital(own.results.origin)}.",
            f"tab-served-improved-{own.results.short}",
        )
    )

# %% [markdown]
# ## In whose region?
#
# The plainest measure: add up the squared errors of a region's stations, and take the RMSE. The regions are the nine climate regions of the
# National Centers for Environmental Information, groups of whole states. Their **spread** is the standard deviation of the nine numbers; regions with
# fewer than five stations are shown but not counted.

# %%
from placeprior.evidence import error_maps, matched

even = {own.results.task: {} for own in sources}
for own in sources:
    reach = matched.reach(own.results.profile, own.results.task)
    for split, maps in ((OUT, own.out), (WITHIN, own.within)):
        even[own.results.task][split] = error_maps.evenness(maps, HEAD, own.arms, reach[split])

# %% tags=["hide-input"]
for own in present:
    display(
        captioned(
            served.regions(own, even[own.results.task][OUT]),
            f"{own.results.heading}, out of region: RMSE by climate region in {figures.UNIT}, all fits together; {own.results.origin}.",
            f"tab-served-regions-{own.results.short}",
        )
    )

# %% [markdown]
# A region is not served badly only because a model is bad there. Where smoke is frequent, PM2.5 itself varies more, and every model has a larger RMSE.
# That is why the question of this page is the *change* that telling the place brings: what is hard for both models cancels.
#
# ## City and country, West and East, far and near
#
# Three pairs of groups, each of which might be forgotten by a model that does well on average:
#
# - **city** and **country**: the thirds of the stations with the most and the fewest people around them, out to some tens of kilometres. Monitors
#   stand where people live; a model is trained mostly there.
# - **west** and **east** of 100° W, where the dry West with its mountains and fires begins.
# - **far** and **near**: the thirds farthest from a station that the model knew and nearest to one. These are the sparsely monitored places.
#
# The **gap** is the RMSE of the first group minus that of the second. Zero would be an even service.

# %% mystnb={"figure": {"caption": "Embedded world, out of region: RMSE of the first group minus that of the second (marker) with its 95 % interval over places and trainings (bar), for every arm; right of the dashed line the first group is served worse. Last panel: standard deviation of RMSE over climate regions. Inverse distance is left out.", "name": "fig-served-gaps-world"}, "image": {"alt": "Four panels with one row an arm: the gaps country minus city, west minus east and far minus near with intervals around a dashed line at zero, and the spread over regions."}}
_ = served_figures.draw_gaps(world, even["world"][OUT])

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019, out of region: the same.", "name": "fig-served-gaps-weather"}, "image": {"alt": "The same four panels for real measurements: gaps between groups with intervals around a dashed line at zero, and the spread over regions."}}
_ = served_figures.draw_gaps(weather, even["weather-2019"][OUT])

# %% tags=["hide-input"]
Markdown(rule())

# %% [markdown]
# What does telling the place change? The table has the change of each gap against `none+head`, with the interval of the change. A positive change is at the expense of the group that is named first, and a negative change of a positive gap means a more even service. Within region the stations that are
# tested are few and near to known ones, so only the first two pairs are asked there.

# %% tags=["hide-input"]
for own in present:
    for split, name in ((OUT, "out"), (WITHIN, "within")):
        found, title = even[own.results.task][split], own.results.heading
        if found.empty:
            continue
        stations = found["stations"][found["who"] == "all"].iloc[0]
        table = captioned(
            served.gap_changes(found),
            f"{title}, {where(split)}: change against `none+head` in {figures.UNIT} at {stations} stations, {INTERVAL} over places and trainings, bold where it "
            f"is clear; {own.results.origin}.",
            f"tab-served-gaps-{own.results.short}-{name}",
        )
        display(table if split == OUT else Markdown(folded(f"{title}: within region", table)))

# %% [markdown]
# ## Do neighbours err alike?
#
# Groups must be named before one can look at them. The next measures need no names. **Moran's I** {cite:p}`moran1950` asks whether a station's bias
# resembles that of its eight nearest neighbours $\mathrm{NN}(i)$:
#
# $$
# I = \frac{\sum_i \sum_{j \in \mathrm{NN}(i)} (x_i - \bar x)(x_j - \bar x)}{8 \sum_i (x_i - \bar x)^2} ,
# $$ (eq-served-moran)
#
# near 0 when the biases $x$ lie anyhow, towards 1 when whole areas are over- or underestimated together. The **semivariogram** {cite:p}`matheron1963` asks how far that
# goes: half the mean squared difference of two stations' biases, against the distance between them. It rises as far as errors have something in common. Where
# it is flat from the start, neighbours share no error, and whatever is wrong is local.

# %% mystnb={"figure": {"caption": "Semivariogram of the stations' bias, out of region: how much two stations' mean errors differ, against their distance; one panel a task, bins of at least thirty pairs. The level at large distances is the variance of the bias; a curve that begins far below it says that neighbours err alike. Dashed: the encoder with the smallest RMSE.", "name": "fig-served-semivariogram"}, "image": {"alt": "Two panels with rising curves, one an arm: semivariance of the bias against distance up to fifteen hundred kilometres, low for near stations and higher for far ones."}}
_ = served_figures.draw_semivariograms(present)

# %% [markdown]
# ## Scores of geographic bias, from scratch
#
# ### How surprising?
#
# Information theory measures surprise. An event of probability $p$ carries the **self-information** $-\ln p$, in *nats*: a certain event none, one
# in a thousand about seven. So ask: if good and bad service were dealt to the places at random, how surprising would this arrangement be?
#
# **Spatial self-information** {cite:p}`wang2024information` does so within a radius around each station. Stations carry the mark $+1$ (here: among the better half, by
# RMSE) or $-1$ (the worse half), and a background of evenly spread points carries $0$. From the marks one computes an unscaled Moran's I, $U$. If the marks were
# dealt at random, $U$ would be about normal with a mean $\mu$ and a standard deviation $\sigma$ that can be worked out. The score is the surprise of a deviation as large as the
# one that was found,
#
# $$
# J = -\ln\, 2\,\Phi\!\left(-\frac{\lvert U - \mu \rvert}{\sigma + 1}\right),
# $$ (eq-served-ssi)
#
# averaged over stations. (This is the form of 2025. The older one takes the normal *density* at $U$ instead of the tail, and its numbers do not compare.) Half of the
# stations are marked $+1$ whatever the model, so what is scored is *where* they lie.
#
# Two things must be known before one reads it. It also scores where the *places* lie, good or bad: monitors crowd around cities, which is surprising by itself.
# And it does not know good from bad: all right and all wrong score the same.
#
# ### How unlike the whole?
#
# **Spatial relative information** {cite:p}`wang2025geobs` compares a part with the whole it belongs to. Around each station, take all stations
# within a radius, cut them into patches, and sort all RMSE into four equal classes, from the best to the worst quarter. With $q_b$ the share of class $b$ in the neighbourhood and $p_b$ that
# in a patch, the patch carries
#
# $$
# D = \sum_b p_b \ln \frac{p_b}{q_b}
# $$ (eq-served-sri)
#
# nats: nothing if the patch is like the whole, much if it holds only good or only bad stations. (So that three stations do not pass for a pattern, one
# station's worth of the whole is mixed into every patch.) The score is the mean over all patches. How one cuts decides what one sees:
#
# - **by scale**, into square cells: is one corner worse than another?
# - **by distance**, into rings: are stations near me served otherwise than those far off?
# - **by direction**, into sectors: is it worse to one side?
#
# ### What is "none"?
#
# None of these scores is 0 when there is no bias. Small patches differ by chance; and monitors are not spread evenly. So every score stands beside its **null
# distribution**: the same errors dealt to the same places at random, many times. The score minus the mean of the null, in standard deviations of the null, says how far beyond chance it is,
# and the share of dealings that score as high is a $p$-value {cite:p}`phipson2010`. As the scores look at ranks only, every model
# with the same stations has the same null.

# %% tags=["hide-input"]
Markdown(
    f"Settings: self-information within {who_is_served.SSI_KM:.0f} km with {who_is_served.SSI_K} neighbours; relative information within {who_is_served.RADIUS_KM:.0f} km, in cells of "
    f"{who_is_served.STEPS['scale']:.0f} km, rings of {who_is_served.STEPS['distance']:.0f} km and sectors of {who_is_served.STEPS['direction']:.0f}°, patches of at least {station_errors.LEAST} stations; "
    f"{who_is_served.PERMUTATIONS} dealings ({who_is_served.ARRANGEMENTS} for self-information)."
)

# %% [markdown]
# ### A test on patterns made on purpose
#
# Before trusting a score, plant a pattern and see whether it is found. The stations are those of the embedded world; the errors are invented: a RMSE
# between one and three for each station, with some noise. The last row deals the first pattern's errors at random. More than three
# standard deviations above chance counts as found.

# %%
import numpy as np

from placeprior.scores.fairness.geobias import sri

places = world.out.lonlat
null = who_is_served.chance(places, permutations=99, arrangements=15)
planted = error_maps.planted(places, null)

# %% tags=["hide-input"]
captioned(
    served.planted(planted),
    f"Invented errors at {len(places)} stations: how far each score is above chance, in standard deviations of its null; profile {profile}, places of the embedded world.",
    "tab-served-planted",
)

# %% [markdown]
# So no single score sees everything, and a rank of models by one of them is a rank by one kind of pattern. For one model, here is its observed score of direction
# beside the null.

# %% mystnb={"figure": {"caption": "Embedded world, no location with the extra head, out of region: relative information by direction of the stations' RMSE (orange line) and the same errors dealt to the places at random (grey bars). Chance alone does not score zero.", "name": "fig-served-null"}, "image": {"alt": "A histogram of scores under random dealing, in grey and well above zero, and an orange vertical line for the observed score."}}
rmse = world.out.whole[HEAD]["rmse"].to_numpy()
options = {"kind": "direction", "radius_km": who_is_served.RADIUS_KM, "step": who_is_served.STEPS["direction"]}
options |= {"least": station_errors.LEAST, "permutations": 199, "rng": np.random.default_rng(1)}
observed = sri(places, rmse, **options) if "direction" in null else None  # None: too few stations
fig = served_figures.draw_null(observed)
_ = figures.label(fig, profile, n=len(places), of="stations", embedded=True)

# %% [markdown]
# ## The scores of every variant

# %% mystnb={"figure": {"caption": "Embedded world, out of region: relative information of the stations' RMSE by scale, distance and direction, and marked self-information of the better half; single seeds (pale dots), their mean (marker) and range (bar). Grey band: errors dealt at random, mean ± 2 standard deviations. Larger means more unevenly spread.", "name": "fig-served-scores-world"}, "image": {"alt": "Four panels with one row an arm and a grey band of chance at the left; markers lie to the right of the band by varying distances."}}
_ = served_figures.draw_scores(world)

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019, out of region: the same.", "name": "fig-served-scores-weather"}, "image": {"alt": "The same four panels for real measurements: one row an arm, markers for scores, and a grey band of chance."}}
_ = served_figures.draw_scores(weather)

# %% tags=["hide-input"]
scored = [own for own in present if len(own.bias)]
for own in scored:
    display(
        captioned(
            served.scores(own),
            f"{own.results.heading}, out of region: measures of geographic bias, mean ± standard deviation over {own.bias['seed'].nunique()} seeds, and in brackets how many standard deviations of "
            f"the null above chance; {own.results.origin}.",
            f"tab-served-scores-{own.results.short}",
        )
    )

# %% tags=["hide-input"]
lines = [f"- **{own.results.heading}:** {served.beyond_chance(own.bias, own.arms)}." for own in scored]
Markdown("\n".join(lines) or "*The scores of geographic bias have not been made yet.*")

# %% [markdown]
# Mind what a low score rewards: random vectors add noise, which is spread evenly, so that a model can have a larger RMSE than one without a place and yet less bias by these
# scores.
#
# ### Which way is it worse?
#
# The score by direction says *that* errors have a direction. Which one, the mean RMSE of each sector minus that of its neighbourhood tells: the **rose**.

# %% mystnb={"figure": {"caption": "The rose: mean RMSE of the stations in each direction minus that of all stations around, averaged over stations and seeds; black dashed circle zero, outside it errors grow that way. Dashed curves with marks: the encoder with the smallest RMSE. One panel a task, out of region.", "name": "fig-served-rose"}, "image": {"alt": "Two polar plots with compass directions. Closed curves, one an arm, around a dashed circle for zero; a curve outside the circle towards a direction means larger errors there."}}
_ = served_figures.draw_rose(sources)

# %% [markdown]
# ## Do encoders raise geographic bias?
#
# For every encoder of {doc}`zoo`, its score minus that of `none+head` in the same seed, against what it does to the error. If accuracy were bought with bias,
# the points would lie towards the upper left: smaller errors, more bias. The table below counts, and correlates the two changes by rank, with intervals after
# {cite:t}`bonett2000`.

# %% mystnb={"figure": {"caption": "Out of region, against the same network without a place: change of RMSE (across; left is better) and of geographic bias (up; down is more even), by relative information by scale (top) and by the spread of RMSE over climate regions (bottom); one point an arm, one column a task.", "name": "fig-served-trade"}, "image": {"alt": "Four scatter plots in two columns, one a task: change of RMSE across, change of a bias measure up, dashed lines at zero; blue dots for encoders, orange for coordinates, black crosses for controls."}}
changes = {own.results.task: error_maps.changes(own.bias, HEAD, without=["none", "idw"]) for own in sources}
_ = served_figures.draw_trade(sources, changes)

# %%
counts = {
    own.results.title: error_maps.raised(changes[own.results.task].drop(CONTROLS, level="arm", errors="ignore"), SCORES)
    for own in scored
}

# %% tags=["hide-input"]
captioned(
    served.raised(counts),
    f"Encoders and coordinates that raise or lower a measure against `none+head` in every seed, out of region; the correlation is Spearman's, over encoders, with a 95 % "
    f"interval. Profiles {profile} (embedded world) and {real} (real measurements).",
    "tab-served-raise",
)

# %% tags=["hide-input"]
Markdown(served.by_chance(max((own.bias["seed"].nunique() for own in scored), default=0)))

# %% [markdown]
# ## The answer
#
# Does telling the place make errors more or less evenly spread? By the plain measures, with their intervals, and by the scores, in every seed. Which arm does what stands in
# {numref}`tab-served-gaps-world-out` and {numref}`tab-served-scores-world`, and in the tables of the weather task beside them.

# %% tags=["hide-input"]
lines = []
for own in present:
    lines.append(f"- **{own.results.heading}, gaps:** {served.changed(even[own.results.task][OUT])}.")
    if own.results.title in counts:
        told = counts[own.results.title]
        claim = served.verdict(told[told["measure"] != "ssi-density"])
        lines.append(f"- **{own.results.heading}, scores:** {claim}.")
Markdown("\n".join(lines))

# %% [markdown]
# ## What this shows, what it does not
#
# It shows where errors lie for the stations that exist. Nobody can be served worse *on this page* than at a station; the people without a
# monitor anywhere near them are in the group *far* only by proxy. And stations are not people: a third of the stations is not a third of the country.
#
# It shows that evenness and accuracy are two things. A model can become more even by becoming worse where it was good, and a score that reads ranks calls this
# progress. So read a score of geographic bias beside the RMSE of every group, never alone.
#
# It does not show that an uneven model is unjust. Air that varies more is harder to estimate, and an equal RMSE everywhere might mean that effort
# was spent where it was needed least. What one can demand is smaller: that a change of the model which helps most does not harm those who were served worst. The tables
# of this page are made to check just that.
#
# ```{admonition} Exercise: the ranking of two scores
# :class: exercise tip
# In {numref}`tab-served-planted`, find a pattern that one score sees and another does not. Explain from the definitions why.
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# For example: where one half of the country is bad as a whole, most neighbourhoods contain only good or only bad stations. Relative information compares parts of a
# neighbourhood with that neighbourhood, and finds them alike except along the border. The spread over regions and Moran's I, which compare with the mean of the whole country, see
# it at once. Squares of one degree are the opposite case: far smaller than any region and than the circle of nearest monitors, they are invisible to most scores, and just as real to those who live there.
# ```
#
# ```{admonition} Exercise: a bias that is not the model's
# :class: exercise tip
# Suppose that the noise of a measurement is twice as large at rural monitors. What happens to the gap country − city of a perfect model? To its change against another perfect model?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The gap equals the difference of the two noises, although the model knows everything that can be known. The change is zero: noise in the measurements is common to both models and
# cancels. This is one more reason to read changes.
# ```
#
# ```{admonition} Exercise: your own groups
# :class: exercise tip
# `placeprior.evidence.station_errors.evenness` takes masks of any groups. Define one that you care about, such as stations within 50 km of the Mexican border, or in a valley, and compute
# how GeoCLIP changes its RMSE. How many stations are in it, and how wide is the interval?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Build `own` and `other`, a map a seed, with `station_errors.by_station` from `store.sums`, `masks` as a dictionary with your boolean array, and read `change`, `low` and `high`. With a
# dozen stations the interval is usually wider than any change on this page: a small group's service is hard to assess, which is itself a finding on fairness.
# ```
