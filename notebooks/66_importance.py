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
from IPython.display import display

from placeprior.arms import splits_in, where
from placeprior.book import figures
from placeprior.book.importance import draw_groups, draw_leaning, draw_singles
from placeprior.book.tables import captioned
from placeprior.book.words import listed, minus
from placeprior.evidence import permutation

figures.style()

# %% [markdown]
# # What the model leans on
#
# ```{goals}
# :needs: {doc}`scores`, {doc}`model`
# measure how much a trained model uses an input, and with which sign
# choose a shuffle that answers your question
# tell leaning on a place from gaining by it
# ```
#
# ```{answer} lean-not-gain
# :question: Does the network lean on the place it is told, and does leaning help?
# In the embedded world it seldom leans: of {val}`claims.lean-not-gain.demo.fits:d` fits, {val}`claims.lean-not-gain.demo.of:d` err clearly more with another station's
# place. Too few to say whether leaning helps: without gain over a network that is told none: {val}`claims.lean-not-gain.demo.none:d` of these.
# ```
#
# Take a trained network and its test rows. Give every row *somebody else's* value of one input, leave all else as it is, and estimate again
# {cite:p}`breiman2001`. How much worse the estimates become is the input's **permutation importance**:
#
# $$
# \text{importance} = \text{RMSE}(\text{permuted}) - \text{RMSE}(\text{as it was})
# $$
#
# Positive: the right value serves the network. Zero: it does not use the input, or has another that says the same. Negative: it is misled. Nothing is trained anew, so this is a fact about *this* network; another, just as good, may lean on other inputs {cite:p}`fisher2019`.
#
# | shuffle | the value comes from | what is broken | what is kept |
# |---|---|---|---|
# | **within** a station | another day, same station | the link to the day | the level of the place |
# | **across** stations | another station, same day | the link to the place | the level of the day |
#
# A window moves as a whole, so that each shuffled window is one that did occur. The place can only be shuffled across stations, the calendar only within them.
# Inputs that tell much the same are also moved together, as a group; every shuffle is repeated, the same for all arms.

# %%
from placeprior.book import results
from placeprior.evidence import reliance

asked = {"weather-2019": real, "neighbours-2021": real, "world": profile}
sources = {task: results.load(name, task) for task, name in asked.items()}
found = {task: reliance.measured(name, task) for task, name in asked.items()}

# %% tags=["remove-cell"]
present = [source for task, source in sources.items() if len(found[task].fits)]
profiles = listed(list(dict.fromkeys(source.profile for source in present)))

# %% tags=["hide-input"]
fits = pd.concat(
    own[own["split"] == split].assign(data=source.title)
    for source in present
    for own in [found[source.task].fits]
    for split in splits_in(own)
)
each = fits.drop_duplicates(["data", "split", "arm", "fold", "seed"]).groupby(
    ["data", "split"], sort=False
)
sizes = each.agg(
    arms=("arm", "nunique"),
    fits=("seed", "size"),
    rows=("rows", "mean"),
    stations=("stations", "mean"),
)
sizes["moved"] = 100 * fits.groupby(["data", "split"])["moved"].min()
headings = {
    "arms": "arms",
    "fits": "fits",
    "rows": "test rows",
    "stations": "stations",
    "moved": "movable",
}
shown = (
    sizes.map("{:,.0f}".format)
    .assign(moved=lambda table: table["moved"] + " %")
    .rename(index=where)
)
captioned(
    shown.rename(columns=headings).reset_index(),
    f"What importance was measured on: test rows and stations of a fit, rows drawn at random, the same for all arms. *Movable*: rows that have another to swap with, at least. "
    f"Each shuffle was done {permutation.REPEATS} times. "
    f"Profiles {profiles}.",
    "tab-importance-sizes",
)

# %% [markdown]
# ## What each input is worth
#
# On real measurements, from weather alone:

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: importance of groups of inputs and of the place for every arm; mean over fits, with 95 % interval. Upper panels: shuffled within stations; lower panels: across stations on the same day.", "name": "fig-importance-weather"}, "image": {"alt": "Four panels, splits by shuffles, for the weather task: rows for all inputs, weather, calendar and place, with one marker and interval for each arm."}} tags=["hide-input"]
if results.has(real, "importance"):
    _ = draw_groups(
        sources["weather-2019"], found["weather-2019"], embedded=False
    )
else:
    display(results.missing(real, "importance"))

# %% [markdown]
# In the embedded world, input by input:

# %% mystnb={"figure": {"caption": "Embedded world: importance of every input by itself, and of the place, for the arm that is told a place (GeoCLIP by Hadamard product where it is there). Mean over fits, with its 95 % interval. Circles: the window comes from another day of the same station; triangles: from another station on the same day. Left of the dashed line the input misleads.", "name": "fig-importance-singles"}, "image": {"alt": "One panel a split. Each input and the place have a row with a circle and a triangle for the two shuffles and bars for their intervals, around a dashed line at zero."}} tags=["hide-input"]
if results.has(profile, "importance"):
    _ = draw_singles(sources["world"], found["world"], embedded=True)
else:
    display(results.missing(profile, "importance"))

# %% [markdown]
# ## Does leaning on the place help?
#
# Two numbers for each fit of each arm: **leaning**, how much the error grows with another station's place; and **gain**, how much smaller its error is
# than that of the network told no place (with the same layer). On the diagonal a place is worth what the network loses without it. **Below the
# diagonal** a wrong place does more harm than none. **Below zero** the network would have been better off untold.

# %%
leaning = {}
for source in present:
    fits = found[source.task].fits
    leaning[source.title] = reliance.leaning(fits, source.scores)

# %% mystnb={"figure": {"caption": "What a fit gains from being told the place (RMSE of its matched reference minus its own, all test rows) against how much it leans on it (importance of the place, shuffled across stations; bar: 95 % interval over places, of this one network). One marker a fit (seed and partition), a panel a task and split. Dotted: gain equals leaning; dashed: zero.", "name": "fig-importance-gain"}, "image": {"alt": "One panel a task and split: a marker for every fit of every arm that is told a place, gain against leaning, with dashed lines at zero and a dotted diagonal."}} tags=["hide-input"]
_ = draw_leaning(leaning, profiles, embedded=profiles == profile)

# %%
counts = {
    title: reliance.leaning_counts(table) for title, table in leaning.items()
}

# %% tags=["hide-input"]
headings = {
    "fits": ("fits", "{:.0f}"),
    "lean": ("lean", "{:.0f}"),
    "helped": ("and gain", "{:.0f}"),
    "below": ("below the diagonal", "{:.0f}"),
    "harm": (f"harm [{figures.UNIT}]", "{:.2f}"),
    "correlation": ("ρ", "{:+.2f}"),
    "alike": ("ρ, alike", "{:+.2f}"),
}
text = {
    title: [
        minus(form.format(row[key])).replace("nan", "–").replace("+–", "–")
        for key, (_, form) in headings.items()
    ]
    for title, row in counts.items()
}
captioned(
    pd.DataFrame.from_dict(
        text, orient="index", columns=[name for name, _ in headings.values()]
    ).rename_axis("data"),
    "How leaning and gain go together over fits. *Lean*: the interval of the leaning over places lies above zero. "
    "*Harm*: by how much fits below the diagonal err more with a wrong place than without one. *ρ*: rank correlation of "
    "leaning and gain over all fits; *alike*: among fits of one split and partition. "
    f"Profiles {profiles}.",
    "tab-importance-leaning",
)

# %% [markdown]
# Leaning and gain share a number, the error of the arm as it is, so they go together a little by construction.
#
# ## The reference code's ranking
#
# The code of the study {cite:p}`karimzadeh2025` ({doc}`../departures`, number 11) sorts RMSE *as it was* minus RMSE *permuted* downwards: its list is upside down. And it
# draws values over all rows *and* days of the window (*free*), so that windows appear which never occur.

# %%
if results.has(profile, "importance"):
    _, ranks = reliance.ranking(found["world"])
    print("Rank correlation with importance within stations, embedded world:")
    for way in ("reference", "free"):
        print(f"{way:10}{ranks[way].corr(ranks['within']):+.2f}")

# %% [markdown]
# ## What this does not show
#
# A large importance does not mean that an input *causes* PM2.5, nor that one could not do without it: only training without it can tell. And a shuffled row is one
# that never was, July's heat under January's sun: part of the harm is its strangeness. Attention weights are no substitute: different
# weights can give the same estimate {cite:p}`jain2019`.
#
# ```{quiz} Two inputs say exactly the same, and the network uses both. What is the importance of one of them?
# - [ ] Zero, the other still says it | the network reads half of it from the shuffled one and errs
# - [x] Less than that of both together | each carries a part of the weight
# ```
#
# ## Exercises
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
# The new error is $e + b\,(w' - w)$, and its mean square is $\overline{e^2} + 2b^2s^2 - 2b\,\mathrm{cov}(e, w)$. For $b > 0$ it falls when $\mathrm{cov}(e, w) > b\,s^2$. Regress the error on $w$: the
# slope is $\mathrm{cov}(e, w)/s^2$. So permuting helps when the error's slope exceeds $b$, that is, when the right weight, $b$ minus this slope, has the **opposite sign** of
# the one the model learned. A weight that is only too large does not make an importance negative.
# ```
