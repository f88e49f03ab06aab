# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters", "remove-cell"]
profile = "demo"

# %% tags=["remove-cell"]
import pandas as pd
from IPython.display import Markdown

from placeprior.arms import SPLITS, arm_order, splits_in, with_arm
from placeprior.book import figures
from placeprior.book.tables import CELL, TABLE, captioned, cells, gains
from placeprior.book.words import NOTE, agreement, listed, looked, minus, reported, rule, who, written
from placeprior.book.words import said as arm_said
from placeprior.errors import StoreError
from placeprior.evidence import matched
from placeprior.runs import store
from placeprior.scores import metrics

figures.style()
scores = with_arm(store.scores(profile, "core"))
scores = scores[scores["task"] == "world"]
main = store.scores(profile, "core", "controls")
if scores.empty:
    raise StoreError(f"results/{profile} has no scores of the embedded world; collect the profile first")
sums = store.sums(profile)
splits = splits_in(scores)
seeds = sorted(scores["seed"].unique())
fits = f"{scores['run'].nunique()} runs, seeds {', '.join(map(str, seeds))}, both partitions of a checkerboard"
origin = f"profile {profile}, embedded world"
reach = matched.reach(profile, "world")
gaps = {metric: matched.differences(scores, sums, metric=metric, reach=reach) for metric in ("r2", "rmse_35")}
verdicts = gaps["r2"]
models = verdicts[verdicts["arm"] != "idw"]


def name(arm):
    return figures.look(arm).name


def where(split):
    return SPLITS.get(split, split)


controlled = listed([where(s) for s in splits_in(store.scores(profile, "controls"))]) or "no split"


# %% [markdown]
# # The comparison: within and out of region
#
# Every variant on every split, in the embedded world: simulated, so that nothing here is a finding about the
# atmosphere. Same rows, same network, same budget, same seeds; only what is told about the place differs
# ({doc}`../question`). WR stands for within region, OoR for out of region with the checkerboard's cells in degrees
# ({doc}`../concepts/splits`). The tables also hold three controls, which {doc}`controls` explains: an extra head without a
# place, a random vector for each place, and GeoCLIP's vectors at the wrong places. How to read the scores and intervals: {doc}`../concepts/scores`. The same comparison on real
# measurements: {doc}`aqs`.
#
# ## All scores

# %% tags=["remove-input"]
captioned(cells(main), f"Test R², {TABLE}; {fits}; controls on {controlled} only; {origin}.", "tab-comparison-r2")

# %% tags=["remove-input"]
captioned(cells(main, "rmse"), f"Test RMSE in {figures.UNIT}, {TABLE}; {origin}.", "tab-comparison-rmse")

# %% [markdown]
# On a checkerboard the two partitions are two different test sets, and their difference is often larger than anything the
# variants do: so they stand apart, and the ± is between seeds alone. Do not compare variants by whether their ± overlap, either. What
# is common to all variants cancels in the *differences* below.

# %% mystnb={"figure": {"caption": "Test R² of every fit (pale dots: seeds and folds), their mean (marker) and the range from the smallest to the largest fit (bar), one panel a split. Panels have their own scales. Two clusters of dots on a checkerboard are its two partitions.", "name": "fig-comparison-forest"}, "image": {"alt": "One panel a split. Each arm, from inverse distance over no location to GeoCLIP, has a row with pale dots for single fits, a marker for their mean and a bar for their range of test R²."}} tags=["hide-input"]
r2 = scores[scores["metric"] == "r2"]
fig = figures.forests({where(split): r2[r2["split"] == split] for split in splits}, "test R²")
_ = figures.label(fig, profile, n=scores["run"].nunique(), of="runs", embedded=True)

# %% [markdown]
# ## Differences to no location
#
# For every seed and fold, both arms are scored on the same test rows; the difference of the two scores is one pale dot.
# The marker is their mean.

# %% tags=["remove-input"]
Markdown(rule())

# %% mystnb={"figure": {"caption": "Test R² minus that of no location on the same rows: single fits (pale dots), their mean (marker), and its 95 % interval over places and trainings (bar; none with one seed), one panel a split. Right of the dashed line the arm beats no location. Panels have their own scales; a number at an edge is a single fit beyond it. Inverse distance is left out here.", "name": "fig-comparison-differences"}, "image": {"alt": "One panel a split. Each way of telling the place has a row with the difference of its R² to no location: pale dots for fits, a marker for the mean and a bar for the interval, around a dashed line at zero."}} tags=["hide-input"]
drawn = matched.by_fit(models)
fig = figures.forests(
    {where(split): drawn[drawn["split"] == split] for split in splits_in(drawn)}, "ΔR² to no location", reference=0
)
_ = figures.label(fig, profile, n=models["stations"].max(), of="stations at most", embedded=True, note=NOTE)

# %% tags=["remove-input"]
captioned(
    gains(verdicts),
    f"Test R² minus that of no location on the same rows, {CELL}; {origin}.",
    "tab-comparison-differences",
)

# %% [markdown]
# ### In words
#
# The next sentences are written by the page from its numbers.

# %% tags=["remove-input"]
lines = []
means = scores[scores["metric"] == "r2"].groupby(["split", "arm"])["value"].mean()
for split in splits:
    learned = means[split].drop("idw", errors="ignore").sort_values(ascending=False)
    part = models[models["split"] == split].set_index("arm")
    text = f"**{where(split)}.** The highest mean R² among the trained arms is that of {arm_said(learned.index[0])}"
    if learned.index[0] in part.index:
        lead = part.loc[learned.index[0]]
        text += f" (to no location {written(lead)})"
    text += ". "
    every = "every way of telling the place"
    said = {
        verb: who(own, len(part), every)
        for sign, verb in ((1, "better"), (-1, "worse"), (0, "not told apart"))
        if len(own := part[part["clear"] == sign].reset_index())
    }
    if said:
        text += f"Against no location, {'; '.join(f'{verb}: {arms}' for verb, arms in said.items())}. "
    if "idw" in means[split]:
        beaten = [a for a in learned.index if learned[a] > means[split]["idw"]]
        text += f"Inverse distance reaches {means[split]['idw']:.2f}; " + (
            "no trained arm has a higher mean."
            if not beaten
            else (f"{len(beaten)} of {len(learned)}" if len(beaten) < len(learned) else "all")
            + f" trained arms {'has' if len(beaten) == 1 else 'have'} a higher mean."
        )
    lines.append("- " + text)
lines.append(f"\n{looked(models)} Count on a pattern over splits, not on a single interval.")
Markdown(minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))

# %% [markdown]
# ## High days
#
# Smoke days are few and matter most. The score is the RMSE over test rows with a measured PM2.5 at the level of the US
# daily standard or above (see {doc}`../concepts/scores` for what choosing rows by their measurement does).

# %% tags=["remove-input"]
captioned(
    cells(scores, "rmse_35", 1),
    f"Test RMSE in {figures.UNIT} on rows with measured PM2.5 of at least {metrics.HIGH:.0f} {figures.UNIT}, "
    f"{TABLE}; {origin}.",
    "tab-comparison-high",
)

# %% tags=["remove-input"]
high = gaps["rmse_35"][gaps["rmse_35"]["arm"] != "idw"]
lower, worse = (
    [
        f"{arm_said(a)} on {where(s)}"
        for s, a in high.loc[high["clear"] == sign, ["split", "arm"]].itertuples(index=False)
    ]
    for sign in (-1, 1)
)
n_high = int(sums[sums["run"].isin(scores.loc[(scores["arm"] == "none"), "run"])]["n_35"].sum())
Markdown(
    f"Over all fits of one arm, {n_high:,} tested rows are such days. "
    + (
        f"The error on high days is clearly smaller than without location for {listed(lower)}. "
        if lower
        else "No arm has a clearly smaller error on high days than no location. "
    )
    + (f"It is clearly larger for {listed(worse)}." if worse else "None has a clearly larger one.")
)

# %% [markdown]
# ## Beside the reported numbers
#
# The study's numbers below are **reported (second-hand)**: extracted by others, not checked against the paper ({doc}`../question`). They
# come from real measurements of 2021, other inputs and another size of network; ours from a simulated world. **It is not the
# same experiment, and equal or different values prove nothing.** What can be compared is a direction: does telling the
# place help where the study says that it helps?

# %% tags=["remove-input"]
ours = cells(scores)
rows_ = []
for split in splits:
    for arm in [a for a in arm_order(scores["arm"]) if a not in ("idw",)]:
        found = models[(models["split"] == split) & (models["arm"] == arm)]
        verdict = (
            "(reference)"
            if arm == "none"
            else agreement(split, arm, int(found["clear"].iloc[0]))
            if len(found)
            else "–"
        )
        rows_.append((where(split), name(arm), reported(split, arm), ours.loc[name(arm), where(split)], verdict))
beside = pd.DataFrame(
    rows_,
    columns=[
        "split",
        "told about the place",
        "reported (second-hand)",
        "here, embedded world",
        "direction against no location",
    ],
)
captioned(
    beside,
    f"R² reported (second-hand) for real PM2.5 and R² here ({origin}). Two values are a checkerboard's two partitions. Undecided: "
    "our difference is not clear.",
    "tab-comparison-reported",
)

# %% tags=["remove-input"]
counts = beside["direction against no location"].value_counts()
asked = int(counts.reindex(["agrees", "does not agree", "undecided"]).fillna(0).sum())
Markdown(
    f"Of {asked} reported directions, found here too: {int(counts.get('agrees', 0))}; found the "
    f"other way round: {int(counts.get('does not agree', 0))}; undecided: {int(counts.get('undecided', 0))}."
)

# %% [markdown]
# ## What this shows, what it does not
#
# It shows how the arms rank in *this* simulated year, with *this* small network and budget, and which of the ranks survive
# another draw of stations. The embedded world was not tuned for any arm, but its geography is one draw: another
# seed of the world is another map of regional characters, and no interval here knows about that. Nor does a difference
# say *why*: GeoCLIP also brings a deeper head ({doc}`../departures`, number 8). And a year of budgeted training on
# two cores favours whatever is learned quickly.
#
# ```{admonition} Exercise: overlapping, yet clear
# :class: exercise tip
# Two arms' ranges can overlap in {numref}`fig-comparison-forest` while their difference in {numref}`fig-comparison-differences`
# is clear. How can both be right?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The range in the first figure contains what differs between folds and seeds and is common to both arms: a hard
# partition is hard for all. In the difference it cancels. The variance of a difference is
# $\sigma_a^2 + \sigma_b^2 - 2\rho\,\sigma_a\sigma_b$, which is small when the correlation $\rho$ of the two arms' scores is near 1.
# ```
#
# ```{admonition} Exercise: how many seeds?
# :class: exercise tip
# Take the dots of one arm and one split. Estimate the standard deviation over seeds of the difference, and from it how many
# seeds would be needed to see a difference of 0.01 with a standard error of a third of it.
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# With a standard deviation $s$ between seeds, the mean of $k$ seeds has a standard error of $s/\sqrt k$. Setting it to
# $0.01/3$ gives $k = (300\,s)^2$: nine seeds for $s = 0.01$, and thirty-six for twice that.
# ```
