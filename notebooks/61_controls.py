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
import re
from types import SimpleNamespace

import pandas as pd
from IPython.display import Markdown

from placeprior import encoders
from placeprior.arms import SPLITS, splits_in, with_arm
from placeprior.book import figures
from placeprior.book.tables import CELL, captioned, gains
from placeprior.book.words import NOTE, by_split, listed, looked, minus, rule, said, who, written
from placeprior.errors import StoreError
from placeprior.evidence import matched
from placeprior.runs import store
from placeprior.scores.interval import surviving

figures.style()
HEAD, GEOCLIP = "none+head", "geoclip-hadamard"
NAMES = ("random-vector", "shuffled")
KNOWN = "random"  # the split whose test stations were trained on, so that any vector can be a name
CONTROLS = [f"{name}-{fusion}" for fusion in ("hadamard", "concat") for name in (*NAMES, "geoclip")]
TASKS = {"world": "embedded world", "weather-2019": "weather, 2019", "neighbours-2021": "neighbours, 2021"}


def components(arm):
    """How many numbers a cut-down GeoCLIP vector has, or None for another arm."""
    found = re.fullmatch(r"geoclip-pca(\d+)-hadamard", arm)
    return int(found[1]) if found else None


def source(task):
    """Scores, station sums and labels of a task, from the splits in which a control was run."""
    name = profile if task == "world" else real
    scores = with_arm(store.scores(name))
    scores = scores[(scores["task"] == task) & ~scores["split"].str.contains("@")]
    splits = scores.loc[scores["arm"] == HEAD, "split"].unique()
    named = scores.loc[scores["variant"].isin(NAMES), "split"].unique()
    scores = scores[scores["split"].isin(set(splits) & set(named))]
    sums = store.sums(name)
    kind = "embedded world" if task == "world" else "real measurements"
    return SimpleNamespace(
        task=task,
        title=TASKS[task],
        scores=scores,
        sums=sums[sums["run"].isin(scores["run"])],
        profile=name,
        embedded=task == "world",
        origin=f"profile {name}, {kind}",
        short=task.split("-")[0],
        reach=matched.reach(name, task),
    )


sources = {task: source(task) for task in TASKS}
if sources["world"].scores.empty:
    raise StoreError(
        f"results/{profile} has no runs of the controls in the embedded world; `make demo-full` makes those of demo, and "
        f"`placeprior runs list {profile}` shows what is left to do"
    )


def where(split):
    return SPLITS.get(split, split)


def to_head(arms):
    return {arm: HEAD for arm in arms}


PCA = sorted({a for s in sources.values() for a in s.scores["arm"] if components(a)}, key=components)
QUESTIONS = {  # what is compared with what, beside all with the same network without a place
    HEAD: to_head(["none", *CONTROLS, "urban-hadamard", "onehot-hadamard", *PCA]),
    "random": {f"geoclip-{f}": f"random-vector-{f}" for f in ("hadamard", "concat")},
    "shuffled": {f"geoclip-{f}": f"shuffled-{f}" for f in ("hadamard", "concat")},
    "urban": {GEOCLIP: "urban-hadamard"},
    "first": {GEOCLIP: PCA[0]} if PCA else {},
}
NAMES_ONLY = ("random", "shuffled")
for s in sources.values():
    # Against vectors that know nothing only where they can be names: at a new station they are noise, and no baseline.
    known = s.scores[s.scores["split"] == KNOWN]
    s.found = {
        (question, metric): matched.differences(
            known if question in NAMES_ONLY else s.scores, s.sums, pairs, metric=metric, reach=s.reach
        )
        for question, pairs in QUESTIONS.items()
        for metric in (("r2", "rmse") if question == HEAD else ("r2",))
    }


def row(s, question, split, arm, metric="r2"):
    """One difference, or None where the runs are not there."""
    found = s.found[question, metric]
    one = found[(found["split"] == split) & (found["arm"] == arm)]
    return next(one.itertuples(), None)


def forest(s, arms, splits=None):
    """Differences to the same network without a place, one panel a split."""
    table = s.found[HEAD, "r2"]
    table = matched.by_fit(table[table["arm"].isin(arms) & table["split"].isin(splits or set(table["split"]))])
    if table.empty:
        return figures.nothing(s.title, s.profile, embedded=s.embedded)
    panels = {where(split): table[table["split"] == split] for split in splits_in(table)}
    fig = figures.forests(panels, "ΔR² to none+head", reference=0)
    return figures.label(
        fig, s.profile, n=table["stations"].max(), of="stations at most", embedded=s.embedded, note=NOTE
    )


# %% [markdown]
# # Is it the place, or the extra layer?
#
# {doc}`comparison` sets a model that is told a place beside one that is told nothing. If the first scores higher, place seems to
# help. But the two models differ in more than the place, and a gain can have three causes:
#
# 1. **The head.** Where a place vector joins, one more dense layer follows, an extra *head*. The model without a place does not have it.
#    In the reference code the two also differ in patience and, on one split, in the size of a batch ({doc}`../departures`, numbers 8
#    to 10). Here these are equal; the head is what remains.
# 2. **A name.** A vector of hundreds of numbers is different for every station. A model can use it as a name, and remember
#    each station's mean under it. That needs no geography: any vector would do. It works at stations that the model has seen, and only there.
# 3. **Geography.** Like places have like vectors, so what is learned at one place can be used at another. Only this one is what a location
#    encoder is for.
#
# Each cause has its own **control**, an arm that has this cause and not the next:
#
# | arm | what it has | what it lacks |
# |---|---|---|
# | `none` | the days before | the extra head, and any place |
# | `none+head` | and the extra head | any place |
# | `random-vector` | and, for every place, random numbers drawn once, as many as GeoCLIP has | any relation between places |
# | `shuffled` | the same, but the numbers are GeoCLIP's own, each vector at another place | that the vector belongs to the place |
# | `geoclip` | GeoCLIP's vectors, each at its place | |
#
# All are trained alike: same rows, width, schedule, patience and number of steps. `random-vector` and `shuffled` are drawn anew for every seed, so
# that no single lucky draw decides.
#
# ## Against the same network without a place
#
# The **matched reference** of every arm on this page is `none+head`. Differences are paired: both arms are scored on the
# same test rows. WR stands for within region and OoR for out of region ({doc}`../concepts/splits`).

# %% tags=["remove-input"]
Markdown(rule())

# %% [markdown]
# First the **embedded world**, which is simulated:

# %% mystnb={"figure": {"caption": "Embedded world: test R² minus that of the same network without a place (`none+head`), on the same rows: single fits (pale dots), their mean (marker), 95 % interval over places and trainings (bar). The row “no location” shows what leaving the extra head out does. Panels have their own scales; a number at an edge is a single fit beyond it.", "name": "fig-controls-world"}, "image": {"alt": "One panel a split. No location, random vectors, shuffled GeoCLIP vectors and GeoCLIP each have a row with dots, a marker and an interval around a dashed line at zero."}} tags=["hide-input"]
_ = forest(sources["world"], ["none", *CONTROLS])

# %% [markdown]
# Then real measurements. The two tasks are described in {doc}`aqs`.

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: test R² minus that of the same network without a place, on the same rows; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar). Panels have their own scales.", "name": "fig-controls-weather"}, "image": {"alt": "One panel a split for the weather task: no location, random vectors, shuffled GeoCLIP vectors and GeoCLIP, each with dots, a marker and an interval around a dashed line at zero."}} tags=["hide-input"]
_ = forest(sources["weather-2019"], ["none", *CONTROLS])

# %% mystnb={"figure": {"caption": "Neighbours task, real measurements of 2021: test R² minus that of the same network without a place, on the same rows; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar). Panels have their own scales.", "name": "fig-controls-neighbours"}, "image": {"alt": "One panel a split for the neighbours task: no location, random vectors, shuffled GeoCLIP vectors and GeoCLIP, each with dots, a marker and an interval around a dashed line at zero."}} tags=["hide-input"]
_ = forest(sources["neighbours-2021"], ["none", *CONTROLS])


# %% tags=["remove-input"]
def tables(s, arms, name):
    """Differences in R2, those in RMSE folded below."""
    shown = []
    for metric, what in (("r2", "R²"), ("rmse", f"RMSE in {figures.UNIT}")):
        found = s.found[HEAD, metric]
        found = found[found["arm"].isin(arms)]
        if found.empty:
            return f"*No such runs of {s.title} are in `results/{s.profile}`.*"
        shown.append(
            captioned(
                gains(found),
                f"{s.title[0].upper() + s.title[1:]}: test {what} minus that of `none+head` on the same rows, {CELL}; "
                f"up to {found['fits'].max()} fits a cell, {s.origin}.",
                f"tab-{name}-{s.short}-{metric}",
            ).data
        )
    return (
        f"{shown[0]}\n\n::::{{admonition}} {s.title[0].upper() + s.title[1:]}: the same in {figures.UNIT}\n:class: dropdown note\n\n"
        f"{shown[1]}\n::::\n"
    )


Markdown("\n\n".join(tables(s, ["none", *CONTROLS], "controls") for s in sources.values()))

# %% [markdown]
# ### In words
#
# Sentences with numbers are written by the page from its results.

# %% tags=["remove-input"]
lines = []
for s in sources.values():
    found = s.found[HEAD, "r2"]
    found = found[found["arm"].isin(CONTROLS)]
    if found.empty:
        continue
    lines.append(f"**{s.title[0].upper() + s.title[1:]}**, against the same network without a place:\n")
    for split in splits_in(found):
        part = found[found["split"] == split]
        words = [
            f"{verb} {who(own, len(part), 'all arms with a vector')}"
            for sign, verb in ((1, "better:"), (-1, "worse:"), (0, "not told apart:"))
            if len(own := part[part["clear"] == sign])
        ]
        text = f"- {where(split)}: {'; '.join(words)}."
        if effect := row(s, HEAD, split, GEOCLIP, "rmse"):
            text += f" GeoCLIP (Hadamard) changes the RMSE by {written(effect, 2)} {figures.UNIT}."
        lines.append(text)
    lines.append("")
Markdown(minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))

# %% [markdown]
# ## Where a gain comes from
#
# The reference of a gain is the same network without a place, `none+head`. Write $S$ for a score, with an index for the arm. What a plain comparison
# with `none` reports has two parts, and the first is no gain of the place:
#
# $$
# S_\text{geoclip} - S_\text{none} = \underbrace{S_\text{none+head} - S_\text{none}}_{\text{the head}} +
# \underbrace{S_\text{geoclip} - S_\text{none+head}}_{\text{the gain}}
# $$ (eq-controls-gain)
#
# Where test stations were trained on, as on the split `random`, the gain can be taken apart once more. There a random vector is a name that the model
# has learned, and what GeoCLIP adds to it is more than a name:
#
# $$
# S_\text{geoclip} - S_\text{none+head} = \underbrace{S_\text{random} - S_\text{none+head}}_{\text{a name}} +
# \underbrace{S_\text{geoclip} - S_\text{random}}_{\text{beyond a name}}
# $$ (eq-controls-steps)
#
# On all other splits a test station is **new**. Its random vector is one that the model has never seen: not a name but noise, and the more a model has learned
# to rely on names, the more damage it does. There the difference of GeoCLIP to random vectors contains that damage, and says nothing about geography. It is not
# called a gain here; the random vectors are shown as what they are, a loss.


# %% tags=["remove-cell"]
STEPS = {
    HEAD: ("extra head", "#7a7a7a"),
    "random-vector": ("a name", "#ca9161"),
    "geoclip": ("geography", "#0173b2"),
    matched.TOTAL: ("all", figures.INK),
}


def chain(split):
    """Arms, each with one thing more than the one before; a random vector is one where it can be a name."""
    return ["none", HEAD, *(["random-vector-hadamard"] if split == KNOWN else []), GEOCLIP]


def kind(step):
    """Which cause a step of the chain stands for."""
    return next(key for key in STEPS if step.startswith(key))


def called(step, split):
    """What a step is called: beyond a name where there is a name before it, else the gain."""
    key = kind(step)
    return STEPS[key][0] if key != "geoclip" else "beyond a name" if split == KNOWN else "the gain"


for s in sources.values():
    chains = [
        matched.steps(s.scores[s.scores["split"] == split], s.sums, chain(split), reach=s.reach)
        for split in splits_in(s.scores)
    ]
    s.steps = pd.concat([table for table in chains if len(table)] or chains[:1])


def waterfall(ax, table):
    """One split's steps as bars that start where the one before ended, the total below them."""
    start, ends = 0.0, []
    for y, step in enumerate(table.itertuples()):
        label, colour = STEPS[kind(step.step)]
        left = 0.0 if step.step == matched.TOTAL else start
        end = left + step.difference
        ax.barh(y, step.difference, left=left, height=0.62, color=colour, zorder=2)
        # The interval belongs to the step, so it is drawn where the step ends.
        ax.plot([left + step.low, left + step.high], [y, y], color="white", lw=3.4, zorder=3)
        ax.plot([left + step.low, left + step.high], [y, y], color="#d55e00", lw=1.7, zorder=4)
        ax.plot([end, end], [y + 0.31, y + 0.69], color="#777777", lw=0.8, zorder=1)
        start, ends = end, [*ends, left, end, left + step.low, left + step.high]
        ax.text(
            1.02,
            y,
            f"{step.difference:+.3f}".replace("-", "−"),
            va="center",
            fontsize="small",
            color=figures.INK,
            transform=ax.get_yaxis_transform(),
            fontweight="bold" if step.clear else "normal",
        )
    ax.axvline(0, color="#777777", lw=1, ls="--", zorder=1)
    ax.set_yticks(
        range(len(table)), [called(step, split) for step, split in zip(table["step"], table["split"], strict=True)]
    )
    ax.set_ylim(len(table) - 0.5, -0.5)
    room = 0.06 * (max(ends) - min(ends))
    ax.set_xlim(min(ends) - room, max(ends) + room)
    ax.locator_params(axis="x", nbins=4)
    ax.grid(axis="y", visible=False)


def waterfalls(shown, columns):
    """Panels of (title, table) in a grid, row by row."""
    rows = -(-len(shown) // columns)
    fig, axes = figures.subplots(rows, columns, size=(6.4 if columns > 1 else 4.8, 1.6 * rows + 0.6), squeeze=False)
    for number, (ax, (title, table)) in enumerate(zip(axes.flat, shown, strict=False)):
        if table.empty:
            ax.set_visible(False)
            continue
        waterfall(ax, table)
        ax.set_title(title)
        if number + columns >= len(shown):
            ax.set_xlabel("ΔR² to no location")
    for ax in axes.flat[len(shown) :]:
        ax.set_visible(False)
    return fig


def draw_steps(chosen):
    """Waterfalls of the Hadamard chain, one column a task where there are several."""
    s = chosen[0]
    parts = [one.steps for one in chosen]
    if all(part.empty for part in parts):
        return figures.nothing("the steps", s.profile, embedded=s.embedded)
    splits = splits_in(pd.concat(parts))
    if len(chosen) == 1:
        shown = [(where(split), parts[0][parts[0]["split"] == split]) for split in splits]
    else:
        shown = [
            (f"{one.title}\n{where(split)}", part[part["split"] == split])
            for split in splits
            for one, part in zip(chosen, parts, strict=True)
        ]
    fig = waterfalls(shown, min(2, len(shown)))
    return figures.label(
        fig,
        s.profile,
        n=max(part["stations"].max() for part in parts if len(part)),
        of="stations at most",
        embedded=s.embedded,
        note=f"orange: {NOTE}",
    )


# %% mystnb={"figure": {"caption": "Embedded world: GeoCLIP (Hadamard) minus no location, taken apart: the extra head, and the gain over the same network without a place; on the random split, where stations are known, the gain into a name (random vectors) and what goes beyond it. Each bar starts where the one above ended; the last is their sum. Orange: 95 % interval over places and trainings of where that bar ends; the step is clear if it does not reach the bar's beginning. At the right its size in R², bold where it is clear. Panels have their own scales.", "name": "fig-controls-steps-world"}, "image": {"alt": "One panel a split with three or four horizontal bars: extra head, gain or its two parts, and all together, each with an orange interval and a number at the right."}} tags=["hide-input"]
_ = draw_steps([sources["world"]])

# %% mystnb={"figure": {"caption": "Real measurements: the same for the weather task (left) and the neighbours task (right), one row a split. Panels have their own scales.", "name": "fig-controls-steps-aqs"}, "image": {"alt": "Two columns of panels, one for each real task, with three or four horizontal bars each and orange intervals."}} tags=["hide-input"]
_ = draw_steps([sources["weather-2019"], sources["neighbours-2021"]])

# %% [markdown]
# ### In words

# %% tags=["remove-input"]
SAY = {1: "clear gain", -1: "clear loss", 0: "not clear"}
lines = []
for s in sources.values():
    if s.steps.empty:
        continue
    lines.append(f"**{s.title[0].upper() + s.title[1:]}**, GeoCLIP (Hadamard):\n")
    for split in splits_in(s.steps):
        part = {kind(one.step): one for one in s.steps[s.steps["split"] == split].itertuples()}
        told = [
            f"{called(one.step, split)} {one.difference:+.3f} ({SAY[one.clear]})"
            for key, one in part.items()
            if key != matched.TOTAL
        ]
        total = part[matched.TOTAL]
        text = f"- {where(split)}: {total.difference:+.3f} in R² to no location ({SAY[total.clear]}), of which {listed(told)}. "
        noise, mixed = row(s, HEAD, split, "random-vector-hadamard"), row(s, HEAD, split, "shuffled-hadamard")
        if split != KNOWN and noise is not None:
            text += f"Random vectors, which are noise at these new stations, change R² by {written(noise)} against `none+head`"
            text += f", GeoCLIP's own vectors at wrong places by {written(mixed)}" if mixed is not None else ""
            text += {
                -1: ": the damage of a vector that was never seen, not a baseline for GeoCLIP.",
                0: ": no clear damage.",
                1: ": **even noise gains here**, so a gain of GeoCLIP need not come from its place.",
            }[noise.clear]
        elif own := row(s, "shuffled", split, GEOCLIP):
            text += f"Against GeoCLIP's vectors at wrong places the difference is {written(own)}, {SAY[own.clear]}."
        lines.append(text)
    lines.append("")
Markdown(minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))

# %% [markdown]
# ## How many numbers must a place have?
#
# GeoCLIP's vector has hundreds of numbers, more than many a split has training stations. How many of them are needed?
# **Principal component analysis** (PCA) turns the vectors so that the first number varies most over the training stations, the second most of
# what is left, and so on. The arm `geoclip-pca8` is told only the first eight, `geoclip-pca32` the first thirty-two. The
# directions are found from training stations alone.
#
# The first numbers change slowly over the map; the last ones separate near neighbours. If few numbers give all of the gain, it is about regions. If
# the gain comes with the last ones, they are used as finer geography, or as a name: compare with the random vectors, drawn at the right end.
#
# A much plainer prior is drawn beside them. `urban` is told **population density** alone, in two numbers: per square kilometre, smoothed
# over a town and over a metropolitan area, both as a logarithm.


# %% tags=["remove-cell"]
def size(arm):
    """How many numbers tell the place."""
    return components(arm) or encoders.load(arm.rsplit("-", 1)[0]).dim


def draw_components(s):
    """Gain against the length of the vector, one panel a split."""
    found = s.found[HEAD, "r2"]
    splits = [p for p in splits_in(found) if found.loc[found["split"] == p, "arm"].map(components).notna().any()]
    if not splits:
        return figures.nothing("the number of components", s.profile, embedded=s.embedded)
    columns = min(2, len(splits))
    rows = -(-len(splits) // columns)
    fig, axes = figures.subplots(
        rows, columns, size=(3.2 * columns + (0 if columns > 1 else 1.6), 2.7 * rows + 1.0), squeeze=False
    )
    drawn = set()
    for number, (ax, split) in enumerate(zip(axes.flat, splits, strict=False)):
        part = found[found["split"] == split].set_index("arm")
        curve = [arm for arm in [*PCA, GEOCLIP] if arm in part.index]
        x = [size(arm) for arm in curve]
        colour = figures.look(GEOCLIP).colour
        ax.fill_between(x, part.loc[curve, "low"], part.loc[curve, "high"], color=colour, alpha=0.18, lw=0)
        ax.plot(
            x,
            part.loc[curve, "difference"],
            color=colour,
            marker=figures.look(GEOCLIP).marker,
            label="GeoCLIP, first numbers",
        )
        for arm, label, shift in (
            ("urban-hadamard", "population density", 1),
            ("random-vector-hadamard", "random vector", 1.25),
        ):
            if arm in part.index:
                one, style = part.loc[arm], figures.look(arm)
                ax.errorbar(
                    size(arm) * shift,
                    one["difference"],
                    [[one["difference"] - one["low"]], [one["high"] - one["difference"]]],
                    color=style.colour,
                    marker=style.marker,
                    ms=7,
                    capsize=3,
                    lw=1.5,
                    ls="none",
                    label=label,
                )
                drawn.add(arm)
        ax.axhline(0, color="#777777", lw=1, ls="--", zorder=1)
        ax.set_xscale("log", base=2)
        ticks = sorted({size(arm) for arm in [*curve, *(a for a in drawn if a in part.index)]})
        ax.set_xticks(ticks, [str(t) for t in ticks], fontsize="small")
        ax.minorticks_off()
        ax.set_title(where(split))
        if number + columns >= len(splits):
            ax.set_xlabel("numbers that tell the place")
        if number % columns == 0:
            ax.set_ylabel("ΔR² to none+head")
    for ax in axes.flat[len(splits) :]:
        ax.set_visible(False)
    handles = {label: h for ax in axes.flat for h, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    fig.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=2, fontsize="small")
    return figures.label(
        fig, s.profile, n=found["stations"].max(), of="stations at most", embedded=s.embedded, note=NOTE
    )


# %% mystnb={"figure": {"caption": "Embedded world: gain in R² over the same network without a place, against how many numbers tell the place (logarithmic): the first principal components of GeoCLIP's vectors up to all of them (line; band: 95 % interval over places and trainings), population density, and a random vector of GeoCLIP's length (bars: 95 % intervals).", "name": "fig-controls-components-world"}, "image": {"alt": "One panel a split: a line with a band for GeoCLIP's first components, a point with a bar for population density at two numbers, and one for a random vector at the right end, around a dashed line at zero."}} tags=["hide-input"]
_ = draw_components(sources["world"])

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-controls-components-weather"}, "image": {"alt": "One panel a split for the weather task: a line with a band for GeoCLIP's first components, and points with bars for population density and a random vector, around a dashed line at zero."}} tags=["hide-input"]
_ = draw_components(sources["weather-2019"])

# %% tags=["remove-input"]
SHORT = [*PCA, "urban-hadamard", GEOCLIP]
BETTER = {1: "clearly better than", -1: "clearly worse than", 0: "not told apart from"}
Markdown(
    "\n\n".join(
        tables(s, SHORT, "capacity")
        for s in sources.values()
        if set(s.found[HEAD, "r2"]["arm"]) & {*PCA, "urban-hadamard"}
    )
)

# %% tags=["remove-input"]
lines = []
for s in sources.values():
    found = s.found[HEAD, "r2"]
    for split in splits_in(found):
        part = found[found["split"] == split].set_index("arm")
        cut = [arm for arm in PCA if arm in part.index]
        text = []
        if cut and GEOCLIP in part.index:
            few, all_, rest = part.loc[cut[0]], part.loc[GEOCLIP], row(s, "first", split, GEOCLIP)
            text.append(
                f"the first {components(cut[0])} numbers change R² by {written(few)}, all {size(GEOCLIP)} by {written(all_)}"
                + (
                    ""
                    if rest is None
                    else f"; the whole vector is {BETTER[rest.clear]} the first {components(cut[0])} ({written(rest)})"
                )
            )
        if "urban-hadamard" in part.index and GEOCLIP in part.index:
            plain, beyond = part.loc["urban-hadamard"], row(s, "urban", split, GEOCLIP)
            text.append(
                f"population density alone changes it by {written(plain)}"
                + ("" if beyond is None else f"; GeoCLIP is {BETTER[beyond.clear]} it ({written(beyond)})")
            )
        if text:
            lines.append(f"- **{s.title[0].upper() + s.title[1:]}, {where(split)}:** {'; '.join(text)}.")
Markdown(minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))

# %% [markdown]
# In the embedded world this race is not a fair one. Its emissions are made from the same populated places, so population density is close to the
# truth there. In reality a monitor's surroundings are more than its population.
#
# ## The ceiling of memorising
#
# On the `random` split, test days belong to stations that were trained on. How much can be won there by memory alone? `onehot`
# has one number for each training station, 1 at that station and 0 elsewhere. It knows which station it is and nothing else: no map, no
# neighbours. So it marks what this model, with this budget of steps, can gain from a station's name. An arm above it tells more than a name, or tells
# it in a form that is learned faster. Where stations are new, `onehot` has nothing to say.


# %% tags=["remove-cell"]
MEMORY = ["random-vector-hadamard", "shuffled-hadamard", "urban-hadamard", GEOCLIP, "onehot-hadamard"]

# %% mystnb={"figure": {"caption": "Embedded world, random split, where test stations were trained on: test R² minus that of the same network without a place; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar). Station identity (onehot) knows nothing but the name.", "name": "fig-controls-memory-world"}, "image": {"alt": "One panel: rows for random vectors, population density, GeoCLIP and station identity with dots, markers and intervals to the right or left of a dashed line at zero."}} tags=["hide-input"]
_ = forest(sources["world"], MEMORY, ["random"])

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019, random split: the same.", "name": "fig-controls-memory-weather"}, "image": {"alt": "One panel for the weather task on the random split: rows for random vectors, population density, GeoCLIP and station identity with dots, markers and intervals around a dashed line at zero."}} tags=["hide-input"]
_ = forest(sources["weather-2019"], MEMORY, ["random"])

# %% tags=["remove-input"]
lines = []
for s in sources.values():
    part = {arm: one for arm in MEMORY if (one := row(s, HEAD, "random", arm)) is not None}
    top = part.pop("onehot-hadamard", None)
    if top is None:
        continue
    mapped = s.scores[s.scores["split"] == "random"]
    versus = matched.differences(mapped, s.sums, {arm: "onehot-hadamard" for arm in part}, reach=s.reach)
    lines.append(
        f"- **{s.title[0].upper() + s.title[1:]}.** Station identity changes R² by {written(top)} against the same network without a place. Against "
        "station identity:"
        + "".join(f"\n  - {said(one.arm)} is {BETTER[one.clear]} it, {written(one)}." for one in versus.itertuples())
    )
Markdown(minus("\n".join(lines or ["*No runs with station identity on the random split are in the results.*"])))

# %% [markdown]
# A vector that reaches the ceiling on `random` may have done so by memory. That is why a gain there says little about geography,
# and why the other splits exist.
#
# ## All looks together
#
# Many intervals stand on this page, and the more one looks, the more is found by luck.

# %% tags=["remove-input"]
AGAINST = {
    HEAD: "`none+head`",
    "random": "random vectors",
    "shuffled": "shuffled vectors",
    "urban": "population density",
    "first": "the first components alone",
}
lines = []
for s in sources.values():
    every = pd.concat(
        [
            found.assign(question=question)
            for (question, metric), found in s.found.items()
            if metric == "r2" and len(found)
        ]
        or [s.found[next(iter(s.found))]]
    )
    if every.empty:
        continue
    every, told = every.reset_index(drop=True), []
    kept = surviving(every)
    for question in QUESTIONS:
        for sign_, verb in ((1, "better"), (-1, "worse")):
            words = by_split(kept[(kept["clear"] == sign_) & (kept["question"] == question)])
            told += [f"{verb} than {AGAINST[question]}: {words}"] if words else []
    lines.append(
        f"- **{s.title[0].upper() + s.title[1:]}.** {looked(every)}" + "".join(f"\n  - {words}." for words in told)
    )
Markdown(minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))

# %% [markdown]
# ## What this shows, what it does not
#
# It shows how much of an encoder's difference to no location, on these data and at this small size, comes with a deeper head, and at known stations how much
# would also come with a vector that knows nothing. At new stations such a vector is noise; what it does there measures the harm of relying on names, and no
# share of anybody's gain.
#
# It does not show *why* a vector helps at new stations. A vector can help because it tells a city from its surroundings, or only because it is a smooth
# function of position; {doc}`comparison` has raw coordinates, and {doc}`place` shows what the vectors tell apart. Nor does it show that the study's own
# gain was due to its head: the study's network is larger and its inputs are others. It shows which control would tell.
#
# The steps depend on their order: a name is measured here without geography, and what is more on top of a name.
#
# ```{admonition} Exercise: noise as an input
# :class: exercise tip
# On a checkerboard, random vectors of new stations are numbers that the model has never seen. Why can `random-vector` still be almost as good
# as `none+head` there, and why can it be much worse? What would you expect of more training steps?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# If the model has learned to ignore the vector, nothing is lost. If it has learned names, a new name is projected onto a random mixture of the old
# ones: the estimate moves by about as much as stations differ, in a random direction. More steps fit the names better, so the loss
# at new places should grow while the score at known ones rises. Early stopping helps only if the validation stations are new as well.
# ```
#
# ```{admonition} Exercise: a control of the control
# :class: exercise tip
# `shuffled` and `random-vector` both know no geography. Why have both?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# GeoCLIP's vectors are not spread evenly: some pairs are alike, and some directions vary much more than others. Random vectors are all about equally
# far from each other, which makes them better names. `shuffled` has exactly GeoCLIP's spread and only the wrong places. If GeoCLIP beats both, its
# advantage at known stations does not lie in how its numbers are distributed.
# ```
