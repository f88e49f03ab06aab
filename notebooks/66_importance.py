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

from placeprior.arms import splits_in, where, with_arm
from placeprior.book import figures, results
from placeprior.book import importance as drawn
from placeprior.book.importance import draw_attention, draw_groups, draw_leaning, draw_ranking, draw_singles
from placeprior.book.tables import captioned
from placeprior.book.words import listed, minus, rule
from placeprior.errors import StoreError
from placeprior.evidence import importance, permutation, reliance
from placeprior.runs import store

figures.style()

# %% [markdown]
# # What the model leans on
#
# A score says how good an estimate is. It does not say what the estimate is made from. A model can be told a place and pay
# no attention to it; it can also lean on it and be misled. This page asks both: **does the network lean on the place**, and
# **does leaning help**?
#
# ## Take it away and see
#
# The idea is old and simple {cite:p}`breiman2001`. Take a trained network and its test rows. Give every row *somebody else's*
# value of one input, leave all other inputs as they are, and estimate again. If the network uses this input, the estimates become
# worse. How much worse, in the unit of the measurement, is the input's **permutation importance**:
#
# $$
# \text{importance} = \text{RMSE}(\text{permuted}) - \text{RMSE}(\text{as it was})
# $$
#
# {doc}`../concepts/scores` defines the RMSE. The sign matters:
#
# - **Positive**: the error grows. The network relies on the input, and the right value serves it better than a random one.
# - **Zero**: it does not use the input, or has another one that says the same.
# - **Negative**: with a random value it does *better*. It relies on the input, and is misled.
#
# Nothing is trained anew. So this is a fact about *this* network, not about the air: another network, just as good, may lean on other inputs
# {cite:p}`fisher2019`.
#
# ## Whose value?
#
# A row is one station on one day, and an input is a window of days. It can be swapped in two ways, and they ask two different things:
#
# | shuffle | the value comes from | what is broken | what is kept |
# |---|---|---|---|
# | **within** a station | another day, same station | the link to the day | the level of the place |
# | **across** stations | another station, same day | the link to the place | the level of the day |
#
# The window moves as a whole, so that each shuffled window is one that did occur. The place itself never changes from day to
# day: it can only be shuffled across stations. The calendar is the same everywhere: it can only be shuffled within.
#
# Two more precautions. **Groups**: temperature and season tell much the same, so that either can be lost at little cost while both
# together cannot. Inputs that belong together are therefore also moved together. **Chance**: every shuffle is repeated. All inputs, and all arms tested on the
# same rows, see the same shuffles.

# %% tags=["hide-input"]
Markdown(rule())

# %%
world = results.load(profile, "world")
weather, neighbours = results.load(real, "weather-2019"), results.load(real, "neighbours-2021")
found = {source.task: reliance.measured(source.profile, source.task) for source in (world, weather, neighbours)}
if found["world"].fits.empty:
    raise StoreError(f"results/{profile} has no importance of the embedded world; `doit evidence:{profile}:importance`")
present = [source for source in (world, weather, neighbours) if len(found[source.task].fits)]

# %% tags=["hide-input"]
fits = pd.concat(
    own[own["split"] == split].assign(data=source.title)
    for source in present
    for own in [found[source.task].fits]
    for split in splits_in(own)
)
each = fits.drop_duplicates(["data", "split", "arm", "fold", "seed"]).groupby(["data", "split"], sort=False)
sizes = each.agg(arms=("arm", "nunique"), fits=("seed", "size"), rows=("rows", "mean"), stations=("stations", "mean"))
sizes["moved"] = 100 * fits.groupby(["data", "split"])["moved"].min()
headings = {
    "arms": "arms",
    "fits": "fits",
    "rows": "test rows looked at, a fit",
    "stations": "test stations, a fit",
    "moved": "rows with another to swap with, at least",
}
shown = sizes.map("{:,.0f}".format).assign(moved=lambda table: table["moved"] + " %").rename(index=where)
captioned(
    shown.rename(columns=headings).reset_index(),
    f"What importance was measured on. Each shuffle was done {permutation.REPEATS} times; rows are drawn at random from a fit's test rows, the same for all arms. "
    f"Profiles {listed(list(dict.fromkeys(source.profile for source in present)))}.",
    "tab-importance-sizes",
)

# %% [markdown]
# ## The embedded world
#
# First the simulated world. WR stands for within region and OoR for out of region ({doc}`../concepts/splits`).

# %% mystnb={"figure": {"caption": "Embedded world: importance of every input by itself, and of the place, for the arm that is told a place (GeoCLIP by Hadamard product where it is there). Mean over fits, with its 95 % interval over places and trainings. Circles: the window comes from another day of the same station; triangles: from another station on the same day. Right of the dashed line the network relies on the input, left of it the input misleads. Panels have their own scales.", "name": "fig-importance-singles"}, "image": {"alt": "One panel a split. Each input and the place have a row with a circle and a triangle for the two shuffles and bars for their intervals, around a dashed line at zero."}}
_ = draw_singles(world, found["world"], embedded=True)

# %% mystnb={"figure": {"caption": "Embedded world: importance of groups of inputs and of the place for every arm; mean over fits, with 95 % interval over places and trainings. Upper panels: shuffled within stations; lower panels: across stations on the same day. The place can be shuffled across stations only, the calendar within them only.", "name": "fig-importance-groups"}, "image": {"alt": "Four panels, splits by shuffles: rows for all inputs together, for groups of inputs and for the place, with one marker and interval for each arm."}}
_ = draw_groups(world, found["world"], embedded=True)

# %%
Markdown(drawn.tables(world, found["world"]))

# %% [markdown]
# ## Does leaning on the place help?
#
# To lean on something is not to gain from it. Two numbers tell these apart, for each fit of each arm:
#
# - **leaning**: how much the error grows when the arm is told another station's place (its importance, as above);
# - **gain**: how much smaller its error is than that of its matched reference, a network that is told no place at all. For arms
#   with an extra layer this is the network with the same layer (`none+head`) where that was trained, else no location.
#
# If the place were worth exactly what the network loses without it, a fit would lie on the diagonal: deprived of the right place, the
# arm falls back to the network without one. **Below the diagonal** a wrong place does more harm than no place: the network has come to depend on
# being told. **Below zero** it would have been better off untold.

# %%
leaning = {source.task: reliance.leaning(found[source.task].fits, source.scores) for source in present}

# %% mystnb={"figure": {"caption": "Embedded world: what a fit gains from being told the place (RMSE of its matched reference minus its own, all test rows) against how much it leans on it (importance of the place, shuffled across stations; bar: 95 % interval over places, of this one network). One marker a fit (seed and partition). Dotted: gain equals leaning; dashed: zero.", "name": "fig-importance-gain"}, "image": {"alt": "One panel a split: a marker for every fit of every arm that is told a place, gain against leaning, with dashed lines at zero and a dotted diagonal."}}
_ = draw_leaning({world.title: leaning["world"]}, profile, embedded=True)

# %%
counts = {source.title: reliance.leaning_counts(leaning[source.task]) for source in present}

# %% tags=["hide-input"]
headings = {
    "fits": ("fits", "{:.0f}"),
    "lean": ("lean on the place", "{:.0f}"),
    "helped": ("of these, with a gain", "{:.0f}"),
    "below": ("below the diagonal", "{:.0f}"),
    "harm": (f"these err more with a wrong place than without, by [{figures.UNIT}]", "{:.2f}"),
    "correlation": ("rank correlation of leaning and gain", "{:+.2f}"),
    "alike": ("the same among fits of one split and partition", "{:+.2f}"),
}
text = {
    title: [minus(form.format(row[key])).replace("nan", "–").replace("+–", "–") for key, (_, form) in headings.items()]
    for title, row in counts.items()
}
captioned(
    pd.DataFrame.from_dict(text, orient="index", columns=[name for name, _ in headings.values()]).rename_axis("data"),
    "How leaning and gain go together over fits. *Lean*: the interval of the leaning over places lies above zero. "
    f"Profiles {listed(list(dict.fromkeys(source.profile for source in present)))}.",
    "tab-importance-leaning",
)

# %% [markdown]
# Leaning and gain have one number in common, the error of the arm as it is: a fit that happens to be bad moves left *and* down.
# So they go together a little by construction, and a correlation of zero or below is the more telling.
#
# ## The reference code's way, and its ranking
#
# The code of the study that this book reproduces {cite:p}`karimzadeh2025` also computes permutation importance, for one trained network. (Whether its result is shown in the
# paper, we do not know.) It differs in two ways ({doc}`../departures`, number 11):
#
# 1. **The sign.** It takes the RMSE *as it was* minus the RMSE *permuted*, and then sorts downwards. An input that matters has a large negative
#    number, so that it lands at the *bottom*. The list is upside down.
# 2. **The shuffle.** Values are drawn freely over all rows *and* all days of the window: each window becomes seven or twenty-one values that
#    have nothing to do with each other. Such windows never occur, and what a network says about them is anybody's guess. Here this
#    shuffle is called **free**.
#
# Both can be done to our networks that are told no place.

# %% mystnb={"figure": {"caption": "Embedded world, no place told: rank of every input by four ways of measuring the same networks, 1 at the top; the first column is the order of the reference code. Thick coloured lines: the three inputs with the largest importance within stations. The calendar cannot be shuffled across stations.", "name": "fig-importance-ranking"}, "image": {"alt": "Four columns of ranks joined by a line for each input. Between the first column, sorted as in the reference code, and the second the lines cross so that top and bottom change places."}}
_ = draw_ranking(world, found["world"], embedded=True)

# %%
ranked = [source for source in present if found[source.task].untold and len(found[source.task].singles) > 3]
agreement = {source.title: reliance.ranking_agreement(reliance.ranking(found[source.task])[0]) for source in ranked}

# %% tags=["hide-input"]
rankings = [
    captioned(
        drawn.ranking_rows(found[source.task]),
        f"{source.heading}, arm `{found[source.task].untold}`: inputs in the order in which the reference code would list them, and what they are worth, in {figures.UNIT}; mean over "
        f"splits and fits; {source.origin}.",
        f"tab-importance-ranking-{source.short}",
    ).data
    for source in ranked
]
agreed = captioned(
    pd.DataFrame.from_dict(agreement, orient="index", columns=["within", "across"])
    .map("{:+.2f}".format)
    .map(minus)
    .rename(columns={"across": "across, without the calendar"})
    .rename_axis("data"),
    "Rank correlation over inputs of the importance by the free shuffle, with the sign mended, and by the other two.",
    "tab-importance-agreement",
).data
Markdown("\n\n".join([*rankings, agreed] if rankings else []))

# %% [markdown]
# The first defect is fatal and takes one minus sign to mend. The second is subtle: the order can come out much the same and still answer
# neither question, since it breaks the day, the place and the window at once.
#
# ## Real measurements
#
# The same for EPA's monitors. {doc}`aqs` describes the two tasks: one has weather, the other the same-day PM2.5 of neighbouring monitors, made
# from training monitors only.

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: importance of groups of inputs and of the place for every arm; mean over fits, with 95 % interval over places and trainings. Upper panels: shuffled within stations; lower panels: across stations on the same day.", "name": "fig-importance-weather"}, "image": {"alt": "Four panels, splits by shuffles, for the weather task: rows for all inputs, weather, calendar and place, with one marker and interval for each arm."}}
_ = draw_groups(weather, found["weather-2019"], embedded=False)

# %%
Markdown(drawn.tables(weather, found["weather-2019"]))

# %% mystnb={"figure": {"caption": "Neighbours task, real measurements of 2021: importance of the neighbours' PM2.5, the calendar, both together and the place for every arm; mean over fits, with 95 % interval over places and trainings. Upper panels: shuffled within stations; lower panels: across stations on the same day.", "name": "fig-importance-neighbours"}, "image": {"alt": "Four panels, splits by shuffles, for the neighbours task: rows for all inputs, the neighbours' PM2.5, calendar and place, with one marker and interval for each arm."}}
_ = draw_groups(neighbours, found["neighbours-2021"], embedded=False)

# %%
Markdown(drawn.tables(neighbours, found["neighbours-2021"]))

# %% [markdown]
# And whether leaning on the place helps there:

# %% mystnb={"figure": {"caption": "Real measurements: gain from being told the place (RMSE of the matched reference minus the fit's own) against leaning on it (importance of the place, shuffled across stations; bar: 95 % interval over places, of this one network). One marker a fit. Dotted: gain equals leaning; dashed: zero. Panels have their own scales.", "name": "fig-importance-gain-real"}, "image": {"alt": "Panels, tasks by splits: a marker for every fit of every arm that is told a place, gain against leaning, with dashed lines at zero and a dotted diagonal."}}
measured = [source for source in present if not source.embedded]
_ = draw_leaning({source.title: leaning[source.task] for source in measured}, real, embedded=False)

# %% [markdown]
# ## Which days it looks at
#
# The network ends in **attention**: it weighs the days of its window, and the weights sum to one ({doc}`../concepts/model`). They come for free, as
# means over all test rows, so it is tempting to read them as importance. They are not: by the time that the days are weighed, the layers before have carried each
# day's information to its neighbours, and very different weights can give the same estimate {cite:p}`jain2019`. What they do show is whether arms and fits agree.


# %%
def attention(source):
    """Attention by lag of the fits whose importance was measured."""
    own = found[source.task]
    weights = with_arm(importance.attention(source.scores, store.stamps(source.profile)))
    return weights[weights["split"].isin(own.splits) & weights["arm"].isin(own.names)]


# %% mystnb={"figure": {"caption": "Embedded world: mean attention weight of each day of the window on test rows, mean over the fits of an arm (line with markers) and range over them (shaded). Lag 0 is the estimated day. Dotted: an even spread.", "name": "fig-importance-attention"}, "image": {"alt": "One panel a split: attention weight against lag in days, one line with its own marker and shaded range for every arm, and a dotted line at an even spread."}}
_ = draw_attention({world.title: attention(world)}, profile, embedded=True)

# %% mystnb={"figure": {"caption": "Real measurements: mean attention weight of each day of the window on test rows, mean over the fits of an arm (line with markers) and range over them (shaded). Lag 0 is the estimated day. Dotted: an even spread.", "name": "fig-importance-attention-real"}, "image": {"alt": "Panels, tasks by splits: attention weight against lag in days, one line with its own marker and shaded range for every arm, and a dotted line at an even spread."}}
_ = draw_attention({source.title: attention(source) for source in measured}, real, embedded=False)

# %% [markdown]
# ## What this shows, what it does not
#
# It shows what *these* small networks use, on the days and at the stations where they are tested. A large importance does not mean that an
# input **causes** PM2.5, nor that one could not do without it: a network trained without it might find the same elsewhere, which only training without
# it can tell ({doc}`comparison` does that for the place). A small one does not mean that it is worthless: see the twins below.
#
# A shuffled row is one that never was: July's heat under January's sun. Networks are not trained on such rows, and part of the harm is their
# strangeness. Shuffling whole windows, and within a station or a day, keeps this small; it does not remove it. And the place of another *tested* station
# is near or far as the test stations happen to be: on a checkerboard it is another place of the same cells' colour, often a whole climate away.
#
# ```{admonition} Exercise: twins
# :class: exercise tip
# Two inputs are equal, $x_1 = x_2 = x$, with variance $s^2$, and the model estimates $\hat y = b\,(x_1 + x_2)/2$, which is without error. What is the importance of $x_1$, of $x_2$, and of
# both together? What would it be if the model used $x_1$ alone?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Permuting $x_1$ alone adds an error of $b\,(x' - x)/2$, whose mean square is $2s^2b^2/4$: importance $b\,s/\sqrt2$; the same for $x_2$. Both together: $\sqrt2\,b\,s$, twice as
# much. Using $x_1$ alone: $\sqrt2\,b\,s$ for $x_1$ and zero for its twin, though the two models always give the same estimate.
# ```
#
# ```{admonition} Exercise: when is it negative?
# :class: exercise tip
# A model with error $e = \hat y - y$ uses an input $w$ with weight $b$. Permute it: $w$ becomes $w'$, with the same variance $s^2$, independent of all else. Compute the mean
# squared error afterwards. When does it fall?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The new error is $e + b\,(w' - w)$, and its mean square is $\overline{e^2} + 2b^2s^2 - 2b\,\mathrm{cov}(e, w)$. It falls when $\mathrm{cov}(e, w) > b\,s^2$. Regress the error on $w$: the
# slope is $\mathrm{cov}(e, w)/s^2$. So permuting helps when the error's slope exceeds $b$, that is, when the right weight, $b$ minus this slope, has the **opposite sign** of
# the one the model learned. A weight that is only too large does not make an importance negative.
# ```
#
# ```{admonition} Exercise: mend the ranking
# :class: exercise tip
# A program computes `score = rmse_before - rmse_after` and then `sort(score, descending=True)`. Somebody proposes to take the absolute value. Is that a good repair?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# No. It puts the inputs that help on top again, but those that mislead come right after them, as if they helped. The difference the other way round keeps them apart: useful ones at the top, unused ones in
# the middle, misleading ones at the bottom.
# ```
