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

from placeprior import compare, encoders, figures, ledger, matched
from placeprior.errors import StoreError

figures.style()
HEAD, GEOCLIP = "none+head", "geoclip-hadamard"
NAMES = ("random-vector", "shuffled")
CONTROLS = [f"{name}-{fusion}" for fusion in ("hadamard", "concat") for name in (*NAMES, "geoclip")]
TASKS = {"world": "embedded world", "weather-2019": "weather, 2019", "neighbours-2021": "neighbours, 2021"}


def components(arm):
    """How many numbers a cut-down GeoCLIP vector has, or None for another arm."""
    found = re.fullmatch(r"geoclip-pca(\d+)-hadamard", arm)
    return int(found[1]) if found else None


def source(task):
    """Scores, station sums and labels of a task, from the splits in which a control was run."""
    name = profile if task == "world" else real
    scores = compare.with_arm(ledger.scores(name))
    scores = scores[(scores["task"] == task) & ~scores["split"].str.contains("@")]
    splits = scores.loc[scores["arm"] == HEAD, "split"].unique()
    named = scores.loc[scores["variant"].isin(NAMES), "split"].unique()
    scores = scores[scores["split"].isin(set(splits) & set(named))]
    sums = ledger.sums(name)
    kind = "embedded world" if task == "world" else "real measurements"
    return SimpleNamespace(
        task=task, title=TASKS[task], scores=scores, sums=sums[sums["run"].isin(scores["run"])],
        profile=name, embedded=task == "world", origin=f"profile {name}, {kind}", short=task.split("-")[0],
    )  # fmt: skip


sources = {task: source(task) for task in TASKS}
if sources["world"].scores.empty:
    raise StoreError(
        f"results/{profile} has no runs of the controls in the embedded world; `make demo-full` makes those of demo, and "
        f"`placeprior runs list {profile}` shows what is left to do"
    )


def where(split):
    return compare.SPLITS.get(split, split)


def pct(row, digits=3, unit=""):
    """A difference and its interval, as a sentence writes them."""
    return f"{row.difference:+.{digits}f}{unit} ({compare.signed(row.low, row.high, digits)})"


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
for s in sources.values():
    s.tables = {
        (question, metric): matched.differences(s.scores, s.sums, pairs, metric=metric)
        for question, pairs in QUESTIONS.items()
        for metric in (("r2", "rmse") if question == HEAD else ("r2",))
    }
    s.found = {key: compare.arms_of(table) for key, table in s.tables.items()}
    s.looks = sum(len(found) for (_, metric), found in s.found.items() if metric == "r2")


def row(s, question, split, arm, metric="r2"):
    """One difference, or None where the runs are not there."""
    found = s.found[question, metric]
    one = found[(found["split"] == split) & (found["arm"] == arm)]
    return next(one.itertuples(), None)


def forest(s, arms, splits=None):
    """Differences to the same network without a place, one panel a split."""
    table = s.tables[HEAD, "r2"]
    table = table[table["arm"].isin(arms) & table["split"].isin(splits or set(table["split"]))]
    if table.empty:
        return figures.nothing(s.title, s.profile, embedded=s.embedded)
    panels = {where(split): table[table["split"] == split] for split in compare.splits_in(table)}
    fig = figures.forests(panels, "ΔR² to none+head", reference=0)
    return figures.label(
        fig, s.profile, n=table["stations"].max(), of="stations at most", embedded=s.embedded,
        note="95 % intervals over stations",
    )  # fmt: skip


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
#    each station's mean under it. That needs no geography: any vector would do.
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
# same test rows. The bar is a 95 % interval from resampling stations ({doc}`../concepts/scores`). WR stands for within region and OoR for
# out of region ({doc}`../concepts/splits`).
#
# First the **embedded world**, which is simulated:

# %% mystnb={"figure": {"caption": "Embedded world: test R² minus that of the same network without a place (`none+head`), on the same rows: single fits (pale dots), their mean (marker), 95 % bootstrap interval over stations (bar). The row “no location” shows what leaving the extra head out does. Panels have their own scales; a number at an edge is a single fit beyond it.", "name": "fig-controls-world"}, "image": {"alt": "One panel a split. No location, random vectors, shuffled GeoCLIP vectors and GeoCLIP each have a row with dots, a marker and an interval around a dashed line at zero."}} tags=["hide-input"]
_ = forest(sources["world"], ["none", *CONTROLS])

# %% [markdown]
# Then real measurements. The two tasks are described in {doc}`aqs`.

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: test R² minus that of the same network without a place, on the same rows; fits (pale dots), mean (marker), 95 % interval over stations (bar). Panels have their own scales.", "name": "fig-controls-weather"}, "image": {"alt": "One panel a split for the weather task: no location, random vectors, shuffled GeoCLIP vectors and GeoCLIP, each with dots, a marker and an interval around a dashed line at zero."}} tags=["hide-input"]
_ = forest(sources["weather-2019"], ["none", *CONTROLS])

# %% mystnb={"figure": {"caption": "Neighbours task, real measurements of 2021: test R² minus that of the same network without a place, on the same rows; fits (pale dots), mean (marker), 95 % interval over stations (bar). Panels have their own scales.", "name": "fig-controls-neighbours"}, "image": {"alt": "One panel a split for the neighbours task: no location, random vectors, shuffled GeoCLIP vectors and GeoCLIP, each with dots, a marker and an interval around a dashed line at zero."}} tags=["hide-input"]
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
            compare.table(
                compare.gains(found),
                f"{s.title[0].upper() + s.title[1:]}: test {what} minus that of `none+head` on the same rows, 95 % interval over stations; bold "
                f"where this excludes zero, with an asterisk where single fits disagree in sign; up to {found['fits'].max()} fits a cell, {s.origin}.",
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
# Sentences with numbers are written by the page from its results. *Better* and *worse* mean that the interval excludes zero.

# %% tags=["remove-input"]
lines = []
for s in sources.values():
    found = s.found[HEAD, "r2"]
    found = found[found["arm"].isin(CONTROLS)]
    if found.empty:
        continue
    lines.append(f"**{s.title[0].upper() + s.title[1:]}**, against the same network without a place:\n")
    for split in compare.splits_in(found):
        part = found[found["split"] == split]
        words = [
            f"{verb} {compare.who(own, len(part), 'all arms with a vector')}"
            for sign, verb in ((1, "better:"), (-1, "worse:"), (0, "not told apart:"))
            if len(own := part[part["clear"] == sign])
        ]
        text = f"- {where(split)}: {'; '.join(words)}."
        if effect := row(s, HEAD, split, GEOCLIP, "rmse"):
            text += f" GeoCLIP (Hadamard) changes the RMSE by {pct(effect, 2)} {figures.UNIT}."
        lines.append(text)
    lines.append("")
Markdown(compare.minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))

# %% [markdown]
# ## Where an apparent gain comes from
#
# Write $S$ for a score, with an index for the arm. The gain that a plain comparison reports is the left side; the right side is the
# same number, taken apart:
#
# $$
# \underbrace{S_\text{geoclip} - S_\text{none}}_{\text{apparent gain}} =
# \underbrace{S_\text{none+head} - S_\text{none}}_{\text{the head}} +
# \underbrace{S_\text{random} - S_\text{none+head}}_{\text{a name}} +
# \underbrace{S_\text{geoclip} - S_\text{random}}_{\text{geography}}
# $$ (eq-controls-steps)
#
# This is no theory, only an addition: each term is a difference of two arms that were both trained, in the same fits. How to read the middle
# terms depends on the split. On `random` a test station was trained on, so its random vector is a name the model has learned. On all other
# splits a test station is new, and its random vector is one that the model has never seen: noise.


# %% tags=["remove-cell"]
STEPS = {
    HEAD: ("extra head", "#7a7a7a"),
    "random-vector": ("a name", "#ca9161"),
    "geoclip": ("geography", "#0173b2"),
    matched.TOTAL: ("all three", figures.INK),
}


def chain(fusion):
    return ["none", HEAD, f"random-vector-{fusion}", f"geoclip-{fusion}"]


def kind(step):
    """Which cause a step of the chain stands for."""
    return next(key for key in STEPS if step.startswith(key))


for s in sources.values():
    s.steps = {fusion: matched.steps(s.scores, s.sums, chain(fusion)) for fusion in ("hadamard", "concat")}


def waterfall(ax, table, names=True):
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
        ax.text(1.02, y, f"{step.difference:+.3f}".replace("-", "−"), va="center", fontsize="small", color=figures.INK,
                transform=ax.get_yaxis_transform(), fontweight="bold" if step.clear else "normal")  # fmt: skip
    ax.axvline(0, color="#777777", lw=1, ls="--", zorder=1)
    ax.set_yticks(range(len(table)), [STEPS[kind(step)][0] if names else "" for step in table["step"]])
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
        waterfall(ax, table, names=number % columns == 0)
        ax.set_title(title)
        if number + columns >= len(shown):
            ax.set_xlabel("ΔR² to no location")
    for ax in axes.flat[len(shown) :]:
        ax.set_visible(False)
    return fig


def draw_steps(chosen):
    """Waterfalls of the Hadamard chain, one column a task where there are several."""
    s = chosen[0]
    parts = [one.steps["hadamard"] for one in chosen]
    if all(part.empty for part in parts):
        return figures.nothing("the steps", s.profile, embedded=s.embedded)
    splits = compare.splits_in(pd.concat(parts))
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
        fig, s.profile, n=max(part["stations"].max() for part in parts if len(part)), of="stations at most",
        embedded=s.embedded, note="orange: 95 % intervals over stations",
    )  # fmt: skip


# %% mystnb={"figure": {"caption": "Embedded world: the apparent gain of GeoCLIP (Hadamard) over no location, taken apart into the extra head, a name without geography (random vectors), and geography. Each bar starts where the one above ended; the last is their sum. Orange: 95 % interval over stations of where that bar ends; the step is clear if it does not reach the bar's beginning. At the right its size in R², bold where the interval excludes zero. Panels have their own scales.", "name": "fig-controls-steps-world"}, "image": {"alt": "One panel a split with four horizontal bars: extra head, a name, geography, and all three together, each with an orange interval and a number at the right."}} tags=["hide-input"]
_ = draw_steps([sources["world"]])

# %% mystnb={"figure": {"caption": "Real measurements: the same for the weather task of 2019 and the neighbours task of 2021. Panels have their own scales.", "name": "fig-controls-steps-aqs"}, "image": {"alt": "Two columns of panels, one a task, one row a split; in each four horizontal bars for the extra head, a name, geography and all three together, with orange intervals and numbers."}} tags=["hide-input"]
_ = draw_steps([sources["weather-2019"], sources["neighbours-2021"]])

# %% tags=["remove-input"]
rows = []
for s in sources.values():
    for fusion, table in s.steps.items():
        for split in compare.splits_in(table):
            part = table[table["split"] == split].set_index(table[table["split"] == split]["step"].map(kind))
            rows.append(
                {"task": s.title, "fusion": fusion, "split": where(split)}
                | {STEPS[step][0]: ("**{}**" if one.clear else "{}").format(f"{one.difference:+.3f}")
                   + f" ({compare.signed(one.low, one.high)})" for step, one in zip(part.index, part.itertuples(), strict=True)}
                | {"fits": str(part["fits"].iloc[0])}
            )  # fmt: skip
compare.table(
    pd.DataFrame(rows, columns=["task", "fusion", "split", *(name for name, _ in STEPS.values()), "fits"]).map(
        compare.minus
    ),
    "GeoCLIP's difference in R² to no location, and the three steps that add up to it, with 95 % intervals over stations; bold where "
    f"the interval excludes zero. Only fits that all four arms have; profiles {profile} (embedded world) and {real} (real measurements).",
    "tab-controls-steps",
)

# %% tags=["remove-input"]
SAY = {1: "a clear gain", -1: "a clear loss", 0: "not clear"}
SAID = {HEAD: "the extra head", "random-vector": "a name", "geoclip": "geography"}
lines = []
for s in sources.values():
    table = s.steps["hadamard"]
    if table.empty:
        continue
    lines.append(f"**{s.title[0].upper() + s.title[1:]}**, GeoCLIP (Hadamard):\n")
    for split in compare.splits_in(table):
        part = {kind(one.step): one for one in table[table["split"] == split].itertuples()}
        total = part[matched.TOTAL]
        text = f"- {where(split)}: {total.difference:+.3f} in R² to no location ({SAY[total.clear]}), of which "
        text += compare.listed([f"{SAID[key]} {part[key].difference:+.3f} ({SAY[part[key].clear]})" for key in SAID])
        text += ". "
        own, mixed = part["geoclip"], row(s, "shuffled", split, GEOCLIP)
        text += {
            1: "GeoCLIP's vectors do what random ones cannot",
            -1: "GeoCLIP's vectors do worse than random ones",
            0: "GeoCLIP's vectors cannot be told from random ones",
        }[own.clear]
        if mixed is not None:
            agrees = mixed.clear == own.clear
            text += f"; against the same vectors at wrong places the difference is {pct(mixed)}, " + (
                "the same verdict" if agrees else f"{SAY[mixed.clear]}, so the two controls do not agree"
            )
        lines.append(text + ".")
    lines.append("")
Markdown(compare.minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))

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
    splits = [
        p for p in compare.splits_in(found) if found.loc[found["split"] == p, "arm"].map(components).notna().any()
    ]
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
                    size(arm) * shift, one["difference"], [[one["difference"] - one["low"]], [one["high"] - one["difference"]]],
                    color=style.colour, marker=style.marker, ms=7, capsize=3, lw=1.5, ls="none", label=label,
                )  # fmt: skip
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
        fig, s.profile, n=found["stations"].max(), of="stations at most", embedded=s.embedded,
        note="95 % intervals over stations",
    )  # fmt: skip


# %% mystnb={"figure": {"caption": "Embedded world: gain in R² over the same network without a place, against how many numbers tell the place (logarithmic): the first principal components of GeoCLIP's vectors up to all of them (line; band: 95 % interval over stations), population density, and a random vector of GeoCLIP's length (bars: 95 % intervals).", "name": "fig-controls-components-world"}, "image": {"alt": "One panel a split: a line with a band for GeoCLIP's first components, a point with a bar for population density at two numbers, and one for a random vector at the right end, around a dashed line at zero."}} tags=["hide-input"]
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
    for split in compare.splits_in(found):
        part = found[found["split"] == split].set_index("arm")
        cut = [arm for arm in PCA if arm in part.index]
        text = []
        if cut and GEOCLIP in part.index:
            few, all_, rest = part.loc[cut[0]], part.loc[GEOCLIP], row(s, "first", split, GEOCLIP)
            text.append(
                f"the first {components(cut[0])} numbers change R² by {pct(few)}, all {size(GEOCLIP)} by {pct(all_)}"
                + (
                    ""
                    if rest is None
                    else f"; the whole vector is {BETTER[rest.clear]} the first {components(cut[0])} ({pct(rest)})"
                )
            )
        if "urban-hadamard" in part.index and GEOCLIP in part.index:
            plain, beyond = part.loc["urban-hadamard"], row(s, "urban", split, GEOCLIP)
            text.append(
                f"population density alone changes it by {pct(plain)}"
                + ("" if beyond is None else f"; GeoCLIP is {BETTER[beyond.clear]} it ({pct(beyond)})")
            )
        if text:
            lines.append(f"- **{s.title[0].upper() + s.title[1:]}, {where(split)}:** {'; '.join(text)}.")
Markdown(compare.minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))

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

# %% mystnb={"figure": {"caption": "Embedded world, random split, where test stations were trained on: test R² minus that of the same network without a place; fits (pale dots), mean (marker), 95 % interval over stations (bar). Station identity (onehot) knows nothing but the name.", "name": "fig-controls-memory-world"}, "image": {"alt": "One panel: rows for random vectors, population density, GeoCLIP and station identity with dots, markers and intervals to the right or left of a dashed line at zero."}} tags=["hide-input"]
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
    mapped = matched.differences(s.scores, s.sums, {arm: "onehot-hadamard" for arm in part})
    versus = compare.arms_of(mapped[mapped["split"] == "random"])
    lines.append(
        f"- **{s.title[0].upper() + s.title[1:]}.** Station identity changes R² by {pct(top)} against the same network without a place. Against "
        "station identity:"
        + "".join(
            f"\n  - {compare.said(one.arm)} is {BETTER[one.clear]} it, {pct(one)}." for one in versus.itertuples()
        )
    )
Markdown(compare.minus("\n".join(lines or ["*No runs with station identity on the random split are in the results.*"])))

# %% [markdown]
# A vector that reaches the ceiling on `random` may have done so by memory. That is why a gain there says little about geography,
# and why the other splits exist.
#
# ## With a stricter bar
#
# The page shows many intervals. Bonferroni's rule widens each of $m$ to a level of $1 - 0.05/m$, so that the chance of even one false alarm stays
# below a twentieth.

# %% tags=["remove-input"]
AGAINST = {HEAD: "`none+head`", "random": "random vectors", "shuffled": "shuffled vectors", "urban": "population density",
           "first": "the first components alone"}  # fmt: skip
lines = []
for s in sources.values():
    if not s.looks:
        continue
    clear = sum(int((found["clear"] != 0).sum()) for (_, metric), found in s.found.items() if metric == "r2")
    told = []
    for question, pairs in QUESTIONS.items():
        kept = matched.surviving(s.scores, s.sums, pairs, s.found[question, "r2"], looks=s.looks)
        for sign, verb in ((1, "better"), (-1, "worse")):
            words = matched.by_split(kept[kept["clear"] == sign])
            told += [f"{verb} than {AGAINST[question]}: {words}"] if words else []
    lines.append(
        f"- **{s.title[0].upper() + s.title[1:]}.** {s.looks} intervals; about {0.05 * s.looks:.1f} would exclude zero by chance if nothing differed, "
        f"{clear} do. At the stricter level there "
        + ("remain:" + "".join(f"\n  - {words}." for words in told) if told else "remains none.")
    )
Markdown(compare.minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))

# %% [markdown]
# ## What this shows, what it does not
#
# It shows how much of an encoder's gain, on these data and at this small size, would also come with a deeper head or with a vector that knows
# nothing. Whatever is left is geography in the sense of this page: it needs the right vector at the right place.
#
# It does not show *which* geography. A vector can help because it tells a city from its surroundings, or only because it is a smooth
# function of position; {doc}`comparison` has raw coordinates, and {doc}`place` shows what the vectors tell apart. Nor does it show that the study's own
# gain was due to its head: the study's network is larger and its inputs are others. It shows which control would tell.
#
# The steps depend on their order: a name is measured here without geography, and geography on top of a name. And the intervals resample
# stations, not trainings: with few seeds, the spread of the pale dots is part of the answer.
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
# advantage does not lie in how its numbers are distributed.
# ```
