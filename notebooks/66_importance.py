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
from types import SimpleNamespace

import numpy as np
import pandas as pd
from IPython.display import Markdown
from scipy.stats import spearmanr

from placeprior import evidence
from placeprior.arms import SPLITS, arm_order, splits_in, with_arm
from placeprior.book import figures
from placeprior.book.tables import captioned
from placeprior.book.words import INTERVAL, NOTE, listed, minus, rule, signed
from placeprior.book.words import said as arm_said
from placeprior.errors import StoreError
from placeprior.evidence import importance
from placeprior.runs import store
from placeprior.scores import interval, metrics

figures.style()
TASKS = {"world": "embedded world", "weather-2019": "weather, 2019", "neighbours-2021": "neighbours, 2021"}
UNTOLD = ("none", "none+head")
KEY = ["split", "arm", "shuffle", "predictor"]
LABELS = {
    "aod": "satellite haze",
    "smoke": "smoke seen from space",
    "doy_sin": "day of year, sine",
    "doy_cos": "day of year, cosine",
    "wind_sin": "wind direction, sine",
    "wind_cos": "wind direction, cosine",
    "boundary_layer_height": "mixed layer's height",
    "neighbour_pm25": "neighbours' PM2.5",
}


def said(predictor):
    return LABELS.get(predictor, predictor.replace("_", " "))


def where(split):
    return SPLITS.get(split, split)


def source(task):
    """The importance of a task's inputs: a row for every fit, and one for every arm."""
    name = profile if task == "world" else real
    try:
        table = with_arm(evidence.read(name, "importance"))
    except StoreError:
        if task == "world":
            raise
        table = pd.DataFrame(columns=[*importance.COLUMNS, "arm"])
    table = table[table["task"] == task]
    if task == "world" and table.empty:
        raise StoreError(
            f"results/{name}/importance.csv has no runs of the embedded world; add them to the evidence "
            f"in runs.yml and run `doit evidence:{name}:importance`"
        )
    arms = (
        table.groupby(KEY, sort=False)
        .agg(
            mean=("mean", "first"),
            low=("mean_low", "first"),
            high=("mean_high", "first"),
            fits=("value", "size"),
            repeats=("sd", "mean"),
        )
        .reset_index()
    )
    arms["between"] = [metrics.between_seeds(own) for _, own in table.groupby(KEY, sort=False)]
    arms["clear"] = interval.clear(arms["low"].to_numpy(float), arms["high"].to_numpy(float))
    calendar = arms["predictor"].isin(["calendar", *importance.GROUPS["calendar"]])
    # The calendar is the same at every station: there is nothing to shuffle across. Free is for its own section.
    asked = arms[arms["shuffle"].isin(["within", "across"]) & ~(calendar & (arms["shuffle"] == "across"))]
    told = [arm for arm in arm_order(table["arm"]) if arm not in UNTOLD]
    singles = [p for p in table.loc[table["shuffle"] == "free", "predictor"].unique() if p != importance.PLACE]
    return SimpleNamespace(
        task=task,
        title=TASKS[task],
        table=table,
        arms=arms,
        asked=asked,
        told=told,
        singles=singles,
        profile=name,
        splits=splits_in(table),
        embedded=task == "world",
        short=task.split("-")[0],
        lead=next((a for a in ("geoclip-hadamard", *told) if a in told), None),
        plain=next((a for a in UNTOLD if a in set(table["arm"])), None),
        origin=f"profile {name}, {'embedded world' if task == 'world' else 'real measurements'}",
    )


sources = {task: source(task) for task in TASKS}
world = sources["world"]
present = [s for s in sources.values() if len(s.table)]


def one(s, split, arm, shuffle, predictor):
    """Mean importance with its interval, or None where there was nothing to shuffle."""
    a = s.asked
    found = a[(a["split"] == split) & (a["arm"] == arm) & (a["shuffle"] == shuffle) & (a["predictor"] == predictor)]
    return next(found.itertuples(), None)


def amount(row, digits=2):
    """Importance and interval as a sentence writes them."""
    return minus(f"{row.mean:+.{digits}f} {figures.UNIT} ({signed(row.low, row.high, digits)})")


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

# %% tags=["remove-input"]
Markdown(rule())

# %% tags=["remove-input"]
facts = []
for s in present:
    for split in s.splits:
        part = s.table[s.table["split"] == split].drop_duplicates(["arm", "fold", "seed"])
        facts.append(
            (
                s.title,
                where(split),
                str(part["arm"].nunique()),
                str(len(part)),
                f"{part['rows'].mean():,.0f}",
                f"{part['stations'].mean():,.0f}",
                f"{100 * s.table.loc[s.table['split'] == split, 'moved'].min():.0f} %",
            )
        )
captioned(
    pd.DataFrame(
        facts,
        columns=[
            "data",
            "split",
            "arms",
            "fits",
            "test rows looked at, a fit",
            "test stations, a fit",
            "rows with another to swap with, at least",
        ],
    ),
    f"What importance was measured on. Each shuffle was done {importance.REPEATS} times; rows are drawn at random from a fit's test rows, the same for all arms. "
    f"Profiles {listed(list(dict.fromkeys(s.profile for s in present)))}.",
    "tab-importance-sizes",
)

# %% [markdown]
# ## The embedded world
#
# First the simulated world. WR stands for within region and OoR for out of region ({doc}`../concepts/splits`).


# %% tags=["remove-cell"]
INK = {
    "within": ("#222222", "o", "within a station, other day"),
    "across": ("#0173b2", "^", "across stations, same day"),
}


def bars(ax, series, names):
    """Rows of means with intervals, the series of a row below one another: (colour, marker, label, by predictor)."""
    for number, (colour, marker, label, found) in enumerate(series):
        shift = (number - (len(series) - 1) / 2) * 0.7 / len(series)
        for row, name in enumerate(names):
            if name in found.index:
                ax.plot(found.loc[name, ["low", "high"]], [row + shift] * 2, color=colour, lw=1.6, zorder=2)
                ax.scatter(
                    found.loc[name, "mean"],
                    row + shift,
                    s=26,
                    color=colour,
                    marker=marker,
                    ec="white",
                    lw=0.5,
                    zorder=3,
                )
        ax.plot([], [], color=colour, marker=marker, lw=1.6, ms=5, label=label)
    ax.axvline(0, color="#777777", lw=1, ls="--", zorder=1)
    ax.set_yticks(range(len(names)), [said(name) for name in names])
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    ax.xaxis.set_major_locator(figures.MaxNLocator(5))


def of(s, split, arm, shuffle):
    a = s.asked
    return a[(a["split"] == split) & (a["arm"] == arm) & (a["shuffle"] == shuffle)].set_index("predictor")


def draw_singles(s, arm):
    """Every input by itself, both shuffles, one panel a split."""
    if arm is None:
        return figures.nothing(s.title, s.profile, embedded=s.embedded)
    names = [*s.singles, importance.PLACE] if arm in s.told else s.singles
    order = s.asked[s.asked["arm"] == arm].groupby("predictor")["mean"].max()
    names = sorted(names, key=lambda name: -order[name])
    fig, axes = figures.subplots(1, len(s.splits), size=(6.4, 0.36 * len(names) + 1.5), sharey=True, squeeze=False)
    for ax, split in zip(axes[0], s.splits, strict=True):
        bars(ax, [(*INK[shuffle], of(s, split, arm, shuffle)) for shuffle in INK], names)
        ax.set_title(where(split))
        ax.set_xlabel(f"importance [{figures.UNIT}]")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    runs = len(s.table[s.table["arm"] == arm].drop_duplicates(["split", "fold", "seed"]))
    return figures.label(fig, s.profile, n=runs, of="fits", embedded=s.embedded, note=NOTE)


def draw_groups(s):
    """Groups of inputs and the place, all arms; one panel a split and shuffle."""
    if s.table.empty:
        return figures.nothing(s.title, s.profile, embedded=s.embedded)
    names = [importance.INPUTS, "seen from space", "weather", "neighbour_pm25", "calendar", importance.PLACE]
    names = [name for name in names if name in set(s.arms["predictor"])]
    arms = arm_order(s.table["arm"])
    kept = {"within": [n for n in names if n != importance.PLACE], "across": [n for n in names if n != "calendar"]}
    height = sum(len(n) for n in kept.values()) * (0.13 * len(arms) + 0.16) + 2.1
    fig, axes = figures.subplots(
        2,
        len(s.splits),
        size=(6.4, height),
        sharex="col",
        sharey="row",
        squeeze=False,
        gridspec_kw={"height_ratios": [len(n) for n in kept.values()]},
    )
    for line, (shuffle, shown) in zip(axes, kept.items(), strict=True):
        for ax, split in zip(line, s.splits, strict=True):
            looks = {arm: figures.look(arm) for arm in arms}
            bars(ax, [(k.colour, k.marker, k.name, of(s, split, arm, shuffle)) for arm, k in looks.items()], shown)
            ax.set_title(f"{where(split)}: {shuffle}", fontsize="small")
    for ax in axes[-1]:
        ax.set_xlabel(f"importance [{figures.UNIT}]")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    runs = len(s.table.drop_duplicates(["arm", "split", "fold", "seed"]))
    return figures.label(fig, s.profile, n=runs, of="fits", embedded=s.embedded, note=NOTE)


# %% mystnb={"figure": {"caption": "Embedded world: importance of every input by itself, and of the place, for the arm that is told a place (GeoCLIP by Hadamard product where it is there). Mean over fits, with its 95 % interval over places and trainings. Circles: the window comes from another day of the same station; triangles: from another station on the same day. Right of the dashed line the network relies on the input, left of it the input misleads. Panels have their own scales.", "name": "fig-importance-singles"}, "image": {"alt": "One panel a split. Each input and the place have a row with a circle and a triangle for the two shuffles and bars for their intervals, around a dashed line at zero."}} tags=["hide-input"]
_ = draw_singles(world, world.lead or world.plain)

# %% mystnb={"figure": {"caption": "Embedded world: importance of groups of inputs and of the place for every arm; mean over fits, with 95 % interval over places and trainings. Upper panels: shuffled within stations; lower panels: across stations on the same day. The place can be shuffled across stations only, the calendar within them only.", "name": "fig-importance-groups"}, "image": {"alt": "Four panels, splits by shuffles: rows for all inputs together, for groups of inputs and for the place, with one marker and interval for each arm."}} tags=["hide-input"]
_ = draw_groups(world)


# %% tags=["remove-cell"]
def table_of(s, arm):
    """Importance of everything for one arm, splits and shuffles side by side."""
    names = [
        n for n in s.arms["predictor"].drop_duplicates() if n in set(s.arms.loc[s.arms["arm"] == arm, "predictor"])
    ]
    rows = []
    for name in names:
        cells = {"input": said(name)}
        for split in s.splits:
            for shuffle in INK:
                row = one(s, split, arm, shuffle, name)
                mean = "" if row is None else f"{row.mean:+.2f}".replace("-", "−")
                interval = "" if row is None else f" ({signed(row.low, row.high, 2)})"
                cells[f"{where(split)}, {shuffle}"] = (
                    f"**{mean}**{interval}" if row and row.clear else f"{mean}{interval}" or "–"
                )
        rows.append(cells)
    return captioned(
        pd.DataFrame(rows),
        f"{s.title[0].upper() + s.title[1:]}, {arm_said(arm)}: importance in {figures.UNIT}, {INTERVAL} over places and trainings, bold where it is clear. "
        f"A dash: nothing to shuffle. {s.origin[0].upper() + s.origin[1:]}.",
        f"tab-importance-{s.short}-{arm.replace('+', '-')}",
    ).data


def tables(s):
    """The lead arm's numbers, all other arms' folded below."""
    if s.table.empty:
        return Markdown(f"*No importance of {s.title} is in `results/{s.profile}`.*")
    lead = s.lead or s.plain
    others = "\n\n".join(table_of(s, arm) for arm in arm_order(s.table["arm"]) if arm != lead)
    folded = f"\n\n::::{{admonition}} {s.title[0].upper() + s.title[1:]}: the other arms\n:class: dropdown note\n\n{others}\n::::\n"
    return Markdown(table_of(s, lead) + (folded if others else ""))


# %% tags=["remove-input"]
tables(world)

# %% [markdown]
# ### In words
#
# The next sentences are written by the page from its numbers.


# %% tags=["remove-cell"]
def in_words(s):
    """What the importances of a task say, split by split."""
    if s.table.empty:
        return Markdown("")
    lines = []
    for split in s.splits:
        arm = next(a for a in (s.lead, *s.told, s.plain) if a and len(of(s, split, a, "within")))
        tops = []
        for shuffle in INK:
            found = of(s, split, arm, shuffle)
            found = found[found.index.isin(s.singles)]
            top = found["mean"].idxmax()
            tops.append(f"{shuffle}: {said(top)}, {amount(next(found.loc[[top]].itertuples()))}")
        text = f"- **{where(split)}.** The single input on which the arm *{arm_said(arm)}* leans most, shuffled {'; '.join(tops)}. "
        places = {a: row for a in s.told if (row := one(s, split, a, "across", importance.PLACE)) is not None}
        if places:
            text += (
                "Told the place of another station: "
                + "; ".join(f"{arm_said(a)} {amount(row)}" for a, row in places.items())
                + ". "
            )
            shares = [
                row.mean / whole.mean
                for a, row in places.items()
                if (whole := one(s, split, a, "across", importance.INPUTS)) and whole.mean > 0
            ]
            if shares:
                ends = [f"{100 * end:.0f} %" for end in (min(shares), max(shares))]
                text += (
                    f"Beside all daily inputs of another station, that is {' to '.join(dict.fromkeys(ends))} as much. "
                )
        shown = s.asked[s.asked["split"] == split]
        wrong = shown[shown["clear"] < 0].sort_values("mean")
        text += f"Clearly *negative*, so that a random value does better, are {len(wrong)} of {len(shown)} importances, all arms together"
        if len(wrong):
            worst = next(wrong.itertuples())
            text += f"; the lowest is that of {said(worst.predictor)} for *{arm_said(worst.arm)}*, shuffled {worst.shuffle}: {amount(worst)}"
        text += "."
        lines.append(text)
    shown = s.asked
    lines.append(
        f"\nA repeat of a shuffle changes a fit's importance by {shown['repeats'].median():.2f} {figures.UNIT} (median standard deviation over repeats)"
        + (f", another seed by {shown['between'].median():.2f}" if shown["between"].notna().any() else "")
        + f". Of the {len(shown)} importances here {int((shown['clear'] != 0).sum())} are clear; the more one looks, the more is found by luck."
    )
    return Markdown(minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))


# %% tags=["remove-input"]
in_words(world)

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


# %% tags=["remove-cell"]
def gains(s):
    """A row a fit that is told a place: its leaning on it, and its gain over its matched reference, in RMSE."""
    scores = with_arm(store.scores(s.profile))
    scores = scores[(scores["task"] == s.task) & (scores["metric"] == "rmse")]
    rmse = scores.pivot_table(index=["split", "fold", "seed"], columns="arm", values="value")
    fits = s.table[(s.table["predictor"] == importance.PLACE) & (s.table["shuffle"] == "across")]
    rows = []
    for fit in fits.itertuples():
        key = (fit.split, fit.fold, fit.seed)
        if key not in rmse.index:
            continue
        own = rmse.loc[key]
        bases = [
            a for a in (UNTOLD[:1] if fit.fusion == "channels" else UNTOLD[::-1]) if np.isfinite(own.get(a, np.nan))
        ]
        if bases and np.isfinite(own.get(fit.arm, np.nan)):
            rows.append(
                [
                    fit.split,
                    fit.arm,
                    fit.fold,
                    fit.seed,
                    bases[0],
                    fit.value,
                    fit.low,
                    fit.high,
                    own[bases[0]] - own[fit.arm],
                ]
            )
    return pd.DataFrame(rows, columns=["split", "arm", "fold", "seed", "reference", "leaning", "low", "high", "gain"])


found_gains = {s.task: gains(s) for s in sources.values()}


def draw_gains(group):
    """Gain against leaning, a dot a fit: one row of panels a task, one column a split."""
    filled = [s for s in group if len(found_gains[s.task])]
    if not filled:
        return figures.nothing("leaning and gain", group[0].profile, embedded=group[0].embedded)
    splits = splits_in(pd.concat([found_gains[s.task] for s in filled]))
    fig, axes = figures.subplots(len(filled), len(splits), size=(6.4, 2.6 * len(filled) + 1.3), squeeze=False)
    for line, s in zip(axes, filled, strict=True):
        for ax, split in zip(line, splits, strict=True):
            part = found_gains[s.task]
            part = part[part["split"] == split]
            ax.axhline(0, color="#777777", lw=1, ls="--")
            ax.axvline(0, color="#777777", lw=1, ls="--")
            for arm, own in part.groupby("arm"):
                look = figures.look(arm)
                ax.hlines(own["gain"], own["low"], own["high"], color=look.colour, lw=0.8, alpha=0.5)
                ax.scatter(
                    own["leaning"],
                    own["gain"],
                    s=30,
                    color=look.colour,
                    marker=look.marker,
                    ec="white",
                    lw=0.5,
                    zorder=3,
                )
            (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
            ax.axline((0, 0), slope=1, color="#777777", lw=1, ls=":")
            ax.set(xlim=(left, right), ylim=(low, high))
            ax.set_title(f"{s.title}: {where(split)}" if len(filled) > 1 else where(split), fontsize="small")
    for ax in axes[:, 0]:
        ax.set_ylabel(f"gain [{figures.UNIT}]")
    for ax in axes[-1]:
        ax.set_xlabel(f"leaning [{figures.UNIT}]")
    arms = pd.concat([found_gains[s.task] for s in filled])["arm"].unique()
    handles = figures.legend(axes[0, 0], arms).legend_handles
    axes[0, 0].get_legend().remove()
    fig.legend(handles=handles, loc="outside upper center", ncols=2)
    n = sum(len(found_gains[s.task]) for s in filled)
    return figures.label(
        fig, filled[0].profile, n=n, of="fits", embedded=filled[0].embedded, note=f"bars: {INTERVAL}s over places"
    )


def gains_in_words(s):
    """How leaning and gain go together over the fits of a task."""
    table = found_gains[s.task]
    if table.empty:
        return f"- **{s.title[0].upper() + s.title[1:]}.** No fits yet."
    lean, below = table[table["low"] > 0], table[table["gain"] < table["leaning"]]
    helped = int((lean["gain"] > 0).sum())
    text = (
        f"- **{s.title[0].upper() + s.title[1:]}.** {len(lean)} of {len(table)} fits lean on the place, their interval over places above zero. Of these, {helped} have a smaller error than their reference, "
        f"{len(lean) - helped} have not. "
    )
    if len(below):
        more = (below["leaning"] - below["gain"]).mean()
        text += (
            f"{len(below)} of {len(table)} lie below the diagonal: told a wrong place, they err on average {more:.2f} {figures.UNIT} more than the "
            "network that is told none. "
        )
    if len(table) >= 8 and table["leaning"].nunique() > 1 and table["gain"].nunique() > 1:
        text += f"The rank correlation of leaning and gain over fits is {spearmanr(table['leaning'], table['gain'])[0]:+.2f}"
        means = [
            spearmanr(own["leaning"], own["gain"])[0]
            for _, own in table.groupby(["split", "fold"])
            if len(own) >= 4 and own["leaning"].nunique() > 1
        ]
        text += (
            f"; among fits of the same split and partition it is {np.mean(means):+.2f} on average." if means else "."
        )
    return minus(text)


# %% mystnb={"figure": {"caption": "Embedded world: what a fit gains from being told the place (RMSE of its matched reference minus its own, all test rows) against how much it leans on it (importance of the place, shuffled across stations; bar: 95 % interval over places, of this one network). One marker a fit (seed and partition). Dotted: gain equals leaning; dashed: zero.", "name": "fig-importance-gain"}, "image": {"alt": "One panel a split: a marker for every fit of every arm that is told a place, gain against leaning, with dashed lines at zero and a dotted diagonal."}} tags=["hide-input"]
_ = draw_gains([world])

# %% tags=["remove-input"]
Markdown(gains_in_words(world))

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


# %% tags=["remove-cell"]
def ranking(s):
    """Every input by itself, without a place: importance by shuffle over all splits, and the rank each way gives it."""
    part = s.arms[(s.arms["arm"] == s.plain) & s.arms["predictor"].isin(s.singles)]
    wide = part.pivot_table(index="predictor", columns="shuffle", values="mean")
    ranks = wide.rank(ascending=False, method="first").astype(int)
    ranks.insert(0, "reference", (-wide["free"]).rank(ascending=False, method="first").astype(int))
    return wide, ranks


def draw_ranking(s):
    """Ranks as lines between the ways: what is on top must be on top in all."""
    if s.plain is None:
        return figures.nothing("ranking", s.profile, embedded=s.embedded)
    wide, ranks = ranking(s)
    steps = {
        "reference": "reference code:\nsorted upside down",
        "free": "free,\nsign mended",
        "within": "within\nstations",
        "across": "across\nstations",
    }
    fig, ax = figures.subplots(size=(6.4, 0.33 * len(ranks) + 1.7))
    palette = ["#de8f05", "#0173b2", "#029e73"]
    leaders = wide["within"].nlargest(len(palette)).index
    for name in ranks.index:
        strong = name in leaders
        colour = palette[list(leaders).index(name)] if strong else "#b5b5b5"
        shown = list(steps)[:3] if name in importance.GROUPS["calendar"] else list(steps)
        ax.plot(
            range(len(shown)),
            ranks.loc[name, shown],
            color=colour,
            lw=2.4 if strong else 1.0,
            marker="o",
            ms=5,
            zorder=3 if strong else 2,
        )
        ax.text(
            -0.12,
            ranks.loc[name, "reference"],
            said(name),
            ha="right",
            va="center",
            color=figures.INK,
            fontsize="small",
            weight="bold" if strong else "normal",
        )
    ax.set_xticks(range(len(steps)), steps.values())
    ax.set_xlim(-1.5, len(steps) - 0.8)
    ax.set_yticks(range(1, len(ranks) + 1))
    ax.invert_yaxis()
    ax.set_ylabel("rank")
    ax.grid(visible=False)
    runs = s.table[s.table["arm"] == s.plain].drop_duplicates(["split", "fold", "seed"])
    return figures.label(
        fig, s.profile, n=len(runs), of="fits", embedded=s.embedded, note=f"arm {s.plain}, mean over splits"
    )


# %% mystnb={"figure": {"caption": "Embedded world, no place told: rank of every input by four ways of measuring the same networks, 1 at the top; the first column is the order of the reference code. Thick coloured lines: the three inputs with the largest importance within stations. The calendar cannot be shuffled across stations.", "name": "fig-importance-ranking"}, "image": {"alt": "Four columns of ranks joined by a line for each input. Between the first column, sorted as in the reference code, and the second the lines cross so that top and bottom change places."}} tags=["hide-input"]
_ = draw_ranking(world)


# %% tags=["remove-input"]
def ranking_table(s):
    """Numbers behind the ranks, in the order of the reference code."""
    wide, ranks = ranking(s)
    rows = [
        (
            str(rank),
            said(name),
            f"{-wide.loc[name, 'free']:+.3f}",
            f"{wide.loc[name, 'free']:+.3f}",
            f"{wide.loc[name, 'within']:+.3f}",
            "–" if name in importance.GROUPS["calendar"] else f"{wide.loc[name, 'across']:+.3f}",
            str(ranks.loc[name, "within"]),
        )
        for name, rank in ranks["reference"].sort_values().items()
    ]
    frame = pd.DataFrame(
        rows,
        columns=[
            "rank, reference code",
            "input",
            "RMSE before − after, free",
            "importance, free",
            "importance, within",
            "importance, across",
            "rank, within",
        ],
    )
    return captioned(
        frame.map(minus),
        f"{s.title[0].upper() + s.title[1:]}, arm `{s.plain}`: inputs in the order in which the reference code would list them, and what they are worth, in {figures.UNIT}; mean over "
        f"splits and fits; {s.origin}.",
        f"tab-importance-ranking-{s.short}",
    ).data


def ranking_in_words(s):
    wide, ranks = ranking(s)
    first, last = ranks["reference"].idxmin(), ranks["reference"].idxmax()
    rows = [name for name in wide.index if name not in importance.GROUPS["calendar"]]
    text = (
        f"- **{s.title[0].upper() + s.title[1:]}.** The reference code's list would put *{said(first)}* first, which is number {ranks.loc[first, 'within']} of {len(ranks)} within stations, "
        f"and *{said(last)}* last, which is number {ranks.loc[last, 'within']}. With the sign mended, the free shuffle agrees with the other two so far (rank correlation): "
        f"{spearmanr(wide['free'], wide['within'])[0]:+.2f} with within"
    )
    if len(rows) > 2:
        text += f", {spearmanr(wide.loc[rows, 'free'], wide.loc[rows, 'across'])[0]:+.2f} with across (without the calendar)"
    return minus(text + ".")


ranked = [s for s in present if s.plain is not None and len(s.singles) > 3]
Markdown("\n\n".join(ranking_table(s) for s in ranked) + "\n\n" + "\n".join(ranking_in_words(s) for s in ranked))

# %% [markdown]
# The first defect is fatal and takes one minus sign to mend. The second is subtle: the order can come out much the same and still answer
# neither question, since it breaks the day, the place and the window at once.
#
# ## Real measurements
#
# The same for EPA's monitors. {doc}`aqs` describes the two tasks: one has weather, the other the same-day PM2.5 of neighbouring monitors, made
# from training monitors only.

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: importance of groups of inputs and of the place for every arm; mean over fits, with 95 % interval over places and trainings. Upper panels: shuffled within stations; lower panels: across stations on the same day.", "name": "fig-importance-weather"}, "image": {"alt": "Four panels, splits by shuffles, for the weather task: rows for all inputs, weather, calendar and place, with one marker and interval for each arm."}} tags=["hide-input"]
_ = draw_groups(sources["weather-2019"])

# %% tags=["remove-input"]
tables(sources["weather-2019"])

# %% tags=["remove-input"]
in_words(sources["weather-2019"])

# %% mystnb={"figure": {"caption": "Neighbours task, real measurements of 2021: importance of the neighbours' PM2.5, the calendar, both together and the place for every arm; mean over fits, with 95 % interval over places and trainings. Upper panels: shuffled within stations; lower panels: across stations on the same day.", "name": "fig-importance-neighbours"}, "image": {"alt": "Four panels, splits by shuffles, for the neighbours task: rows for all inputs, the neighbours' PM2.5, calendar and place, with one marker and interval for each arm."}} tags=["hide-input"]
_ = draw_groups(sources["neighbours-2021"])

# %% tags=["remove-input"]
tables(sources["neighbours-2021"])

# %% tags=["remove-input"]
in_words(sources["neighbours-2021"])

# %% [markdown]
# And whether leaning on the place helps there:

# %% mystnb={"figure": {"caption": "Real measurements: gain from being told the place (RMSE of the matched reference minus the fit's own) against leaning on it (importance of the place, shuffled across stations; bar: 95 % interval over places, of this one network). One marker a fit. Dotted: gain equals leaning; dashed: zero. Panels have their own scales.", "name": "fig-importance-gain-real"}, "image": {"alt": "Panels, tasks by splits: a marker for every fit of every arm that is told a place, gain against leaning, with dashed lines at zero and a dotted diagonal."}} tags=["hide-input"]
_ = draw_gains([sources["weather-2019"], sources["neighbours-2021"]])

# %% tags=["remove-input"]
Markdown("\n".join(gains_in_words(s) for s in sources.values() if not s.embedded))

# %% [markdown]
# ## Which days it looks at
#
# The network ends in **attention**: it weighs the days of its window, and the weights sum to one ({doc}`../concepts/model`). They come for free, as
# means over all test rows, so it is tempting to read them as importance. They are not: by the time that the days are weighed, the layers before have carried each
# day's information to its neighbours, and very different weights can give the same estimate {cite:p}`jain2019`. What they do show is whether arms and fits agree.


# %% tags=["remove-cell"]
def attention(s):
    """Attention by lag of the trained fits of a task, on the splits of this page."""
    scores = store.scores(s.profile)
    scores = scores[(scores["task"] == s.task) & scores["split"].isin(s.splits)]
    found = with_arm(importance.attention(scores, store.stamps(s.profile)))
    return found[found["arm"].isin(set(s.table["arm"]))]


looked = {s.task: attention(s) for s in present}


def draw_attention(group):
    """Mean weight by lag of every arm, the range over its fits shaded; one panel a task and split."""
    panels = [(s, split) for s in group for split in s.splits if len(looked.get(s.task, ()))]
    if not panels:
        return figures.nothing("attention", group[0].profile, embedded=group[0].embedded)
    rows = -(-len(panels) // 2)
    fig, axes = figures.subplots(
        rows, min(2, len(panels)), size=(6.4, 2.3 * rows + 1.3), sharex=True, sharey=True, squeeze=False
    )
    arms = set()
    for ax, (s, split) in zip(axes.flat, panels, strict=True):
        part = looked[s.task][looked[s.task]["split"] == split]
        for arm, own in part.groupby("arm"):
            look, by = figures.look(arm), own.groupby("lag")["weight"]
            ax.fill_between(by.min().index, by.min(), by.max(), color=look.colour, alpha=0.12, lw=0)
            ax.plot(by.mean(), color=look.colour, marker=look.marker, lw=1.4, ms=4.5)
            arms.add(arm)
        ax.axhline(1 / part["lag"].nunique(), color="#777777", lw=1, ls=":")
        ax.set_title(f"{s.title}: {where(split)}" if len(group) > 1 else where(split), fontsize="small")
    axes[0, 0].set_ylim(bottom=0)
    for ax in axes[-1]:
        ax.set_xlabel("lag [days]")
    for ax in axes[:, 0]:
        ax.set_ylabel("attention weight")
    handles = figures.legend(axes[0, 0], arms).legend_handles
    axes[0, 0].get_legend().remove()
    fig.legend(handles=handles, loc="outside upper center", ncols=2)
    n = sum(len(looked[s.task].drop_duplicates(["arm", "split", "fold", "seed"])) for s in group if s.task in looked)
    return figures.label(fig, group[0].profile, n=n, of="fits", embedded=group[0].embedded)


# %% mystnb={"figure": {"caption": "Embedded world: mean attention weight of each day of the window on test rows, mean over the fits of an arm (line with markers) and range over them (shaded). Lag 0 is the estimated day. Dotted: an even spread.", "name": "fig-importance-attention"}, "image": {"alt": "One panel a split: attention weight against lag in days, one line with its own marker and shaded range for every arm, and a dotted line at an even spread."}} tags=["hide-input"]
_ = draw_attention([world])

# %% mystnb={"figure": {"caption": "Real measurements: mean attention weight of each day of the window on test rows, mean over the fits of an arm (line with markers) and range over them (shaded). Lag 0 is the estimated day. Dotted: an even spread.", "name": "fig-importance-attention-real"}, "image": {"alt": "Panels, tasks by splits: attention weight against lag in days, one line with its own marker and shaded range for every arm, and a dotted line at an even spread."}} tags=["hide-input"]
_ = draw_attention([sources["weather-2019"], sources["neighbours-2021"]])

# %% tags=["remove-input"]
lines = []
for s in present:
    table = looked[s.task]
    if table.empty:
        continue
    mean = table.groupby("lag")["weight"].mean()
    today = table[table["lag"] == 0].groupby(["arm", "split", "fold", "seed"])["weight"].mean()
    text = (
        f"- **{s.title[0].upper() + s.title[1:]}.** Over all fits the estimated day gets {100 * mean[0]:.0f} % of the weight, where an even spread would give "
        f"{100 / len(mean):.0f} %; the largest mean weight is at lag {minus(str(mean.idxmax()))} ({100 * mean.max():.0f} %). "
    )
    arms, own = today.groupby("arm").mean(), today.groupby(["arm", "split"]).std().mean()
    if len(arms) > 1 and np.isfinite(own):
        error = own / np.sqrt(today.groupby("arm").size().mean())
        text += (
            f"The arms' means for the estimated day lie between {100 * arms.min():.0f} and {100 * arms.max():.0f} %. Fits of one arm on one split differ by "
            f"{100 * own:.0f} percentage points (standard deviation), so that chance moves an arm's mean by about {100 * error:.0f}: the arms differ "
            + (
                "by more than that."
                if arms.std() > 2 * error
                else "hardly by more than that, and nothing should be read into it."
            )
        )
    lines.append(text)
Markdown("\n".join(lines))

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
