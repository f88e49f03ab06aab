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
simulated = "demo"

# %% tags=["remove-cell"]
import pandas as pd
from IPython.display import Markdown

from placeprior import evidence
from placeprior.arms import SPLITS, splits_in
from placeprior.book import figures
from placeprior.book.tables import captioned
from placeprior.book.words import rule
from placeprior.errors import StoreError
from placeprior.scores import interval

figures.style()


def where(split):
    return SPLITS.get(split, split)


# %% [markdown]
# # Do the intervals hold?
#
# Every table of this book that says *better* or *worse* rests on one interval ({doc}`../concepts/scores`). An interval that is too narrow finds
# differences that are not there, and nobody notices: a difference always looks like one. So the interval itself is put to two tests
# here. The first is simulated, where the truth is known. The second sets an arm against itself, in the embedded world and on
# real measurements, where the truth is zero.

# %% tags=["remove-input"]
Markdown(rule())

# %% [markdown]
# ## Where the truth is known
#
# Errors are made up for two models at the places of real stations or of those of the embedded world. Neighbouring stations err alike, over a
# short distance or a long one; one of the models is a little better; and each training of either has a luck of its own, part of it
# the same everywhere and part of it different from place to place. From such errors the interval is computed exactly as on all other
# pages: it does not know how far errors are alike, nor how large the luck of training is. This is repeated with other places and other luck, and
# counted: how often does the interval hold the true difference?
#
# Beside it stands what a simpler interval does, in which each station is a piece of evidence of its own and training has no
# luck: the usual bootstrap over stations.

# %%
found = evidence.read(simulated, "coverage")

# %% mystnb={"figure": {"caption": "How often a 95 % interval holds the true difference of R², in simulations: the interval of this book (filled markers) and one that takes stations for independent and training for exact (hollow), by number of seeds. One panel a number of stations and a distance over which errors are alike; circles where training differs little, squares where it differs more than places do. Dashed: 95 %.", "name": "fig-intervals-coverage"}, "image": {"alt": "Four panels with the number of seeds across and the share of intervals that hold the truth up. Filled circles and squares lie near the dashed line at 95 per cent; hollow ones lie far below it."}} tags=["hide-input"]
designs = list(found.groupby(["stations", "range_km"]))
fig, axes = figures.subplots(-(-len(designs) // 2), 2, size=(6.4, 5.2), sharex=True, sharey=True, squeeze=False)
for ax, ((stations, reach), part) in zip(axes.flat, designs, strict=True):
    for luck, marker, colour in ((False, "o", "#0173b2"), (True, "s", "#de8f05")):
        own = part[(part["training"] > 1) == luck]
        word = "training differs more than places" if luck else "training differs less than places"
        ax.plot(own["seeds"], own["held"], color=colour, marker=marker, lw=1.2, label=word)
        ax.plot(
            own["seeds"],
            own["naive"],
            color=colour,
            marker=marker,
            lw=1.2,
            ls=":",
            mfc="white",
            label=f"{word}; stations alone",
        )
    ax.axhline(interval.LEVEL, color="#777777", lw=1, ls="--", zorder=1)
    ax.set_title(f"{stations} stations, alike over {reach:.0f} km")
    ax.set_xticks(sorted(found["seeds"].unique()))
    ax.set_ylim(0, 1.02)
for ax in axes[-1]:
    ax.set_xlabel("seeds")
for ax in axes[:, 0]:
    ax.set_ylabel("intervals that hold")
fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=1, fontsize="small")
_ = figures.label(fig, simulated, n=int(found["replicates"].sum()), of="simulated differences", embedded=True)

# %% tags=["remove-input"]
shown = pd.DataFrame(
    {
        "stations": found["stations"],
        "folds": found["folds"],
        "seeds": found["seeds"],
        "alike over [km]": [f"{v:.0f}" for v in found["range_km"]],
        "training / places": [f"{v:.1f}" for v in found["training"]],
        "block [km]": [f"{v:.0f}" for v in found["block_km"]],
        "holds": [f"{100 * v:.1f} %" for v in found["held"]],
        "stations alone": [f"{100 * v:.0f} %" for v in found["naive"]],
    }
)
captioned(
    shown,
    f"Share of 95 % intervals that hold the true difference of R²; {int(found['replicates'].iloc[0]):,} simulated differences a row. *Training / places*: the standard "
    "deviation of a single fit between trainings, beside that between places. With one seed, the noise of training comes from other differences.",
    "tab-intervals-coverage",
)

# %% tags=["remove-input"]
low, high = found["held"].min(), found["held"].max()
Markdown(
    f"The interval of this book holds in {100 * low:.1f} % to {100 * high:.1f} % of the cases, whatever the design; where stations alone are counted, "
    f"in {100 * found['naive'].min():.0f} % to {100 * found['naive'].max():.0f} %. It is the width that pays for this: an honest interval is often several times as "
    "wide as one that looks at stations alone, and fewer differences are clear."
)

# %% [markdown]
# ## An arm against itself
#
# The network without a place is trained with six seeds. Two of them, taken together, are then compared with two others, in every way in which this can be
# done, as if they were two arms. Nothing differs but the luck of training, so each difference that is called clear is a false alarm. The same with the extra
# head (`none+head`). If the interval is right, at most about one in twenty is clear. It may well be fewer, since what differs between two
# trainings at one place and not at another is counted twice, once with the places and once with the trainings.


# %%
def against_itself(name):
    """Differences of an arm to itself of a profile; None where they were not made yet."""
    try:
        return evidence.read(name, "against_itself")
    except StoreError:
        return None


pairs = [
    table.assign(profile=name) for name in dict.fromkeys([profile, real]) if (table := against_itself(name)) is not None
]
pairs = (
    pd.concat(pairs)
    if pairs
    else pd.DataFrame(columns=["task", "split", "arm", "pair", "difference", "low", "high", "profile"])
)
pairs["clear"] = interval.clear(pairs["low"].to_numpy(float), pairs["high"].to_numpy(float))

# %% tags=["remove-input"]
rows = []
for (name, task), own in pairs.groupby(["profile", "task"], sort=False):
    for split in splits_in(own):
        part = own[own["split"] == split]
        rows.append(
            (
                name,
                f"`{task}`",
                where(split),
                len(part),
                int((part["clear"] != 0).sum()),
                f"{part['difference'].abs().median():.3f}",
                f"{(part['high'] - part['low']).median() / 2:.3f}",
            )
        )
captioned(
    pd.DataFrame(
        rows, columns=["profile", "task", "split", "pairs", "called clear", "median difference", "median half interval"]
    ),
    "Differences of test R² of an arm to itself, two seeds against two others; arms `none` and `none+head` together. Pairs share trainings, so they are not that many "
    "independent trials.",
    "tab-intervals-aa",
) if rows else Markdown("*The runs for this test have not been made yet.*")

# %% tags=["remove-input"]
Markdown(
    f"Of {len(pairs):,} such differences, {int((pairs['clear'] != 0).sum())} are called clear: {100 * (pairs['clear'] != 0).mean():.1f} %, where {100 * (1 - interval.LEVEL):.0f} % may be."
    if len(pairs)
    else ""
)

# %% [markdown]
# ## What this shows, what it does not
#
# The interval speaks of other monitors in the same country and of other trainings of the same network, in the same year. It does not know of another year, another
# simulated world, other settings of the network, or a pretrained encoder trained anew. Where blocks must be large because errors are alike over long distances, few are left, and the
# interval becomes wide: that is not a fault of the interval but a sign that one country is little evidence.
#
# ```{admonition} Exercise: what another seed is worth
# :class: exercise tip
# Let the variance of a difference be $P$ from places and $T/S$ from trainings, with $S$ seeds. For which $S$ does a further seed narrow the interval by less than a tenth, if $T = P$?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The ratio of widths is $\sqrt{(1 + 1/(S + 1)) / (1 + 1/S)}$, apart from the quantile of $t$. It is above nine tenths from $S = 2$ on; beyond a few seeds only more places help.
# ```
