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

import numpy as np
import pandas as pd
from IPython.display import Markdown

from placeprior.arms import SPLITS, arm_order, splits_in, with_arm
from placeprior.book import figures
from placeprior.book.tables import CELL, captioned, gains
from placeprior.book.words import NOTE, by_split, listed, looked, minus, rule, who, written
from placeprior.errors import StoreError
from placeprior.evidence import matched
from placeprior.runs import store
from placeprior.scores.interval import surviving

figures.style()
HEAD, FROZEN = "none+head", "geoclip-hadamard"
TUNED, SLOWLY = "geoclip-tuned-hadamard", "geoclip-tuned-slowly-hadamard"
BIAS, CHANNELS = "geoclip-bias", "geoclip-channels"
MODULATE = [FROZEN, "geoclip-concat", "geoclip-gated", "geoclip-film"]
ARMS = [*MODULATE, BIAS, CHANNELS]
#: What each arm differs from by the place alone: channels have no layer behind the summary, the others do.
REFERENCE = {arm: HEAD for arm in (*MODULATE, BIAS, TUNED, SLOWLY)} | {CHANNELS: "none"}
TASKS = {"world": "embedded world", "weather-2019": "weather, 2019", "neighbours-2021": "neighbours, 2021"}


def source(task):
    """Scores, station sums, stamps and labels of a task, on the splits where the ways of joining were compared."""
    name = profile if task == "world" else real
    scores = with_arm(store.scores(name))
    scores = scores[(scores["task"] == task) & scores["arm"].isin([*REFERENCE, HEAD, "none"])]
    compared = scores.loc[scores["arm"].isin([BIAS, "geoclip-gated", "geoclip-film"]), "split"].unique()
    scores = scores[scores["split"].isin(compared)]
    sums = store.sums(name)
    kind = "embedded world" if task == "world" else "real measurements"
    return SimpleNamespace(
        title=TASKS[task],
        scores=scores,
        sums=sums[sums["run"].isin(scores["run"])],
        stamps=store.stamps(name),
        profile=name,
        embedded=task == "world",
        origin=f"profile {name}, {kind}",
        short=task.split("-")[0],
        reach=matched.reach(name, task),
    )


sources = {task: source(task) for task in TASKS}
if sources["world"].scores.empty:
    raise StoreError(
        f"results/{profile} has no runs of the fusions in the embedded world; `make demo-full` makes those of demo, and "
        f"`placeprior runs list {profile}` shows what is left to do"
    )
QUESTIONS = {"place": REFERENCE, "bias": {arm: BIAS for arm in MODULATE}, "tuned": {TUNED: FROZEN, SLOWLY: FROZEN}}
for s in sources.values():
    s.found = {
        (question, metric): matched.differences(s.scores, s.sums, pairs, metric=metric, reach=s.reach)
        for question, pairs in QUESTIONS.items()
        for metric in ("r2", "rmse")
    }


def where(split):
    return SPLITS.get(split, split)


def title(s):
    return s.title[0].upper() + s.title[1:]


def ways(rows, of, every):
    """Arms of a sentence, by their way of joining alone: all have the same vector."""
    return re.sub(r"GeoCLIP \(([^)]+)\)", r"\1", who(rows, of, every))


def forest(s, question, quantity, arms=None):
    """Differences of one question, one panel a split; or a note where the results are not there."""
    table = s.found[question, "r2"]
    table = matched.by_fit(table[table["arm"].isin(arms or set(table["arm"]))])
    if table.empty:
        fig, ax = figures.subplots(size=(6.4, 1.0))
        ax.set_axis_off()
        ax.text(0, 0.5, f"{s.title}: no such runs in results/{s.profile} yet", va="center")
        return figures.label(fig, s.profile, n=0, of="runs", embedded=s.embedded)
    panels = {where(split): table[table["split"] == split] for split in splits_in(table)}
    fig = figures.forests(panels, quantity, reference=0)
    return figures.label(
        fig, s.profile, n=table["stations"].max(), of="stations at most", embedded=s.embedded, note=NOTE
    )


def tables(question, arms, against, name):
    """Differences in R2 of every task, those in RMSE folded below."""
    shown = []
    for s in sources.values():
        parts = []
        for metric, what in (("r2", "R²"), ("rmse", f"RMSE in {figures.UNIT}")):
            found = s.found[question, metric]
            found = found[found["arm"].isin(arms)]
            if len(found):
                parts.append(
                    captioned(
                        gains(found),
                        f"{title(s)}: test {what} minus that of {against} on the same rows, {CELL}; "
                        f"up to {found['fits'].max()} fits a cell, {s.origin}.",
                        f"tab-fusion-{name}-{s.short}-{metric}",
                    ).data
                )
        if parts:
            shown.append(
                f"{parts[0]}\n\n::::{{admonition}} {title(s)}: the same in {figures.UNIT}\n:class: dropdown note\n\n{parts[1]}\n::::\n"
            )
    return Markdown("\n\n".join(shown) or "*No such runs are in the results.*")


# %% [markdown]
# # How should a place be told?
#
# A model has read the last days at a place and made a summary of them, the vector $z$ ({doc}`../concepts/model`). It also has a
# vector $e$ that stands for the place. How should the two meet? The study multiplies them, and speaks of *conditioning* the
# model on its place: the same weather should mean something else in a basin than on a ridge. But a place could also help in a much
# duller way, by moving every estimate there up or down by the same amount. This page tests which it is.
#
# ## Six ways
#
# The place vector is first brought to the width of $z$ by a trained layer, $p = \mathrm{ReLU}(W e + b)$. Then:
#
# $$
# \begin{aligned}
# \text{Hadamard:}\quad & z \odot p \\
# \text{concatenation:}\quad & [z; p] \\
# \text{gated sum:}\quad & g \odot z + (1 - g) \odot p, \quad g = \sigma(W_g\,[z; p] + b_g) \\
# \text{FiLM:}\quad & (1 + \gamma) \odot z + \beta, \quad \gamma = W_\gamma e + b_\gamma, \quad \beta = W_\beta e + b_\beta \\
# \text{bias only:}\quad & z, \quad\text{and } w^\top p \text{ is added to the estimate}
# \end{aligned}
# $$ (eq-fusion-all)
#
# and the same dense layer follows. $\odot$ multiplies element by element, $\sigma$ squeezes a number to between 0 and 1. The sixth way, **channels**, appends $e$
# to the inputs of every day, before the recurrent layers.
#
# - The **gated sum** follows the gated multimodal unit {cite:p}`arevalo2017`: for every number, a gate decides how much comes from the days and how much
#   from the place, and the gate itself looks at both.
# - **FiLM**, feature-wise linear modulation {cite:p}`perez2018`, lets the place stretch and shift each number of the summary. With $\gamma$ and $\beta$ near 0
#   it starts close to leaving $z$ alone, which a Hadamard product does not.
# - **Bias only** is the test. It knows the same place through the same projection. It can learn that a place is
#   dirtier than its weather says. It *cannot* learn that haze means more there.

# %% mystnb={"figure": {"caption": "Six ways for a place vector e to join the summary z of the days. Blue: what comes from the place. Only in the bias does the place pass by the dense layer, so that it cannot change what the days mean.", "name": "fig-fusion-schematic"}, "image": {"alt": "Six small diagrams. In five of them boxes for the days' summary and the place meet at a sign before a dense layer: a cross, stacked boxes, a gate, a stretch and shift. In the bias the place goes round the dense layer to a plus sign at the end; in channels it enters before the recurrent layers."}} tags=["hide-input"]
DAYS, PLACE, PLAIN = "#e9e9e9", "#cfe3f2", "white"
BLUE = "#0173b2"


def box(ax, x, y, text, colour):
    pad = {"boxstyle": "round,pad=0.32", "fc": colour, "ec": figures.INK, "lw": 0.9}
    return ax.text(x, y, text, ha="center", va="center", fontsize=9, bbox=pad)


def sign(ax, x, y, text):
    ring = {"boxstyle": "circle,pad=0.25", "fc": "white", "ec": BLUE, "lw": 1.4}
    return ax.text(x, y, text, ha="center", va="center", fontsize=9, bbox=ring)


def estimate(ax):
    return ax.text(9.4, 3.0, "ŷ", ha="center", va="center", fontsize=11, bbox={"fc": "none", "ec": "none", "pad": 2})


def arrow(ax, start, end, place=False):
    """From the edge of one text's box to that of another's."""
    style = {"arrowstyle": "-|>", "color": BLUE if place else figures.INK, "lw": 1.2, "shrinkA": 1, "shrinkB": 1}
    patches = {"patchA": start.get_bbox_patch(), "patchB": end.get_bbox_patch()}
    ax.annotate("", end.get_position(), start.get_position(), arrowprops=style | patches)


def join_of(name):
    """The sign at which the two meet, what of the place goes there, and what happens."""
    return {
        "Hadamard": ("×", "p", "multiplies"),
        "concatenation": ("[ ; ]", "p", "sets side by side"),
        "gated sum": ("g", "p", "mixes z and p,\nnumber by number"),
        "FiLM": ("× +", "γ, β", "stretches by 1 + γ,\nshifts by β"),
        "bias only": ("+", "p", "shifts the estimate"),
        "channels": ("[ ; ]", None, "one more input\non every day"),
    }[name]


def sketch(ax, name):
    """One way of joining, from left to right."""
    ax.set(xlim=(0, 10), ylim=(0.4, 3.6))
    ax.set_axis_off()
    ax.set_title(name)
    top, low = 3.0, 1.0
    mark, middle, said = join_of(name)
    end, place = estimate(ax), box(ax, 1.0, low, "place e", PLACE)
    days = box(ax, 1.0, top, "days x" if name == "channels" else "z", DAYS)
    meet = sign(ax, *((8.2, 1.7) if name == "bias only" else (3.1 if name == "channels" else 4.4, top)), mark)
    inner = box(ax, 5.4 if name == "channels" else 7.0, top, "LSTMs" if name == "channels" else "dense", PLAIN)
    told = place if middle is None else box(ax, 3.6 if name == "bias only" else 3.2, low, middle, PLACE)
    if told is not place:
        arrow(ax, place, told, place=True)
    arrow(ax, told, meet, place=True)
    if name == "bias only":
        links = [(days, inner), (inner, meet), (meet, end)]
    elif name == "channels":
        summary = box(ax, 7.6, top, "z", DAYS)
        links = [(days, meet), (meet, inner), (inner, summary), (summary, end)]
    else:
        links = [(days, meet), (meet, inner), (inner, end)]
    for first, second in links:
        arrow(ax, first, second)
    where_ = (4.9, 0.75) if name == "bias only" else (5.0, 1.25)
    ax.text(*where_, said, ha="left", va="center", fontsize=9, color="#444444")


fig, axes = figures.subplots(3, 2, size=(6.4, 4.6))
for ax, name in zip(
    axes.flat, ("Hadamard", "concatenation", "gated sum", "FiLM", "bias only", "channels"), strict=True
):
    sketch(ax, name)

# %% [markdown]
# ## Does it matter how?
#
# Every arm has GeoCLIP's vector, the same network, budget and seeds. The **matched reference** is the same network without a place:
# `none+head` where the dense layer follows, `none` for channels, which have no such layer ({doc}`controls` says why this matters).
# WR stands for within region, OoR for out of region ({doc}`../concepts/splits`).
#
# The **embedded world** first, then the weather task on real measurements:

# %% tags=["remove-input"]
Markdown(rule())

# %% mystnb={"figure": {"caption": "Embedded world: test R² of each way of telling the place minus that of its matched reference on the same rows: single fits (pale dots), their mean (marker), 95 % interval over places and trainings (bar). Panels have their own scales; a number at an edge is a single fit beyond it.", "name": "fig-fusion-world"}, "image": {"alt": "One panel a split; Hadamard, concatenation, gated sum, FiLM, bias and channels each have a row with dots, a marker and an interval around a dashed line at zero."}} tags=["hide-input"]
_ = forest(sources["world"], "place", "ΔR² to the reference", ARMS)

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-fusion-weather"}, "image": {"alt": "One panel a split for the weather task; six ways of telling the place, each with dots, a marker and an interval around a dashed line at zero."}} tags=["hide-input"]
_ = forest(sources["weather-2019"], "place", "ΔR² to the reference", ARMS)

# %% tags=["remove-input"]
tables("place", ARMS, "the matched reference", "place")

# %% [markdown]
# The sentences are written by the page from its numbers.

# %% tags=["remove-input"]
lines = []
for s in sources.values():
    found = s.found["place", "r2"]
    found = found[found["arm"].isin(ARMS)]
    for split in splits_in(found):
        part = found[found["split"] == split]
        best, worst = part.loc[part["difference"].idxmax()], part.loc[part["difference"].idxmin()]
        words = [
            f"{verb} {ways(own, len(part), 'all')}"
            for sign_, verb in ((1, "better:"), (-1, "worse:"), (0, "not told apart:"))
            if len(own := part[part["clear"] == sign_])
        ]
        lines.append(
            f"- **{title(s)}, {where(split)}.** Against the matched reference, {'; '.join(words)}. "
            + (
                f"From the highest, {ways(part.loc[[best.name]], 0, '')} at {best['difference']:+.3f}, to the lowest, "
                f"{ways(part.loc[[worst.name]], 0, '')} at {worst['difference']:+.3f}, the ways differ by "
                f"{best['difference'] - worst['difference']:.3f} in R²."
                if len(part) > 1
                else ""
            )
        )
Markdown(minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))

# %% [markdown]
# ## Is it conditioning?
#
# If place changes what the days *mean*, then the arms in which it can (Hadamard, concatenation, gated sum, FiLM) must beat the one in which it
# cannot: bias only. The next figure asks this directly. Right of the line, modulating is worth more than shifting.

# %% mystnb={"figure": {"caption": "Embedded world: test R² of the ways that let the place change what the days mean, minus that of bias only, on the same rows; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar). Panels have their own scales.", "name": "fig-fusion-bias-world"}, "image": {"alt": "One panel a split; Hadamard, concatenation, gated sum and FiLM with dots, markers and intervals around a dashed line at zero, which is the score of the bias-only model."}} tags=["hide-input"]
_ = forest(sources["world"], "bias", "ΔR² to bias only")

# %% mystnb={"figure": {"caption": "Weather task, real measurements of 2019: the same.", "name": "fig-fusion-bias-weather"}, "image": {"alt": "One panel a split for the weather task; four ways with dots, markers and intervals around a dashed line at zero, which is the score of the bias-only model."}} tags=["hide-input"]
_ = forest(sources["weather-2019"], "bias", "ΔR² to bias only")

# %% tags=["remove-input"]
tables("bias", MODULATE, "bias only", "bias")

# %% tags=["remove-input"]
lines = []
for s in sources.values():
    found, shift = s.found["bias", "r2"], s.found["place", "r2"]
    for split in splits_in(found):
        part = found[found["split"] == split]
        alone = shift[(shift["split"] == split) & (shift["arm"] == BIAS)]
        text = f"- **{title(s)}, {where(split)}.** "
        for one in alone.itertuples():
            text += f"A shift alone changes R² by {written(one)} against no place. "
        up, down = part[part["clear"] > 0], part[part["clear"] < 0]
        if len(up):
            text += f"Clearly better than a shift: {ways(up, len(part), 'all four')}. "
        if len(down):
            text += f"Clearly worse: {ways(down, len(part), 'all four')}. "
        if len(up) == 0:
            text += "No way of modulating is clearly better than a shift: here the results give no reason to speak of conditioning."
        elif len(down) == 0:
            text += "Here place does more than shift."
        else:
            text += "So letting the place modulate is no gain in itself; it depends on how."
        lines.append(text)
Markdown(minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))

# %% [markdown]
# An honest caution on the test: the arms differ in how easily they are *trained*, too. A way that could do more may do less within a
# small budget. A clear win over the shift is evidence of conditioning; no win is only the absence of evidence.
#
# ## Frozen or fine-tuned?
#
# In all arms so far the encoder is **frozen**: its weights stay as published. It can also be **fine-tuned**: all of its weights
# go on learning with the network. The study's authors are reported (second-hand) to call this "a recipe for disaster". The worry is
# plausible. The encoder has millions of weights, and there are a few hundred training stations: it can learn a vector for each that fits it,
# and forget what it knew of the rest. The usual remedy is a smaller step size for what is already trained. So there are two arms: in one the
# encoder learns with the network's own step size, in the other (*slowly*) with a hundredth of it.

# %% mystnb={"figure": {"caption": "Embedded world: GeoCLIP (Hadamard) with its weights frozen, fine-tuned, and fine-tuned slowly (with a smaller step size), test R² minus that of the same network without a place; fits (pale dots), mean (marker), 95 % interval over places and trainings (bar).", "name": "fig-fusion-tuned"}, "image": {"alt": "One panel a split with a row for GeoCLIP frozen and for each way of fine-tuning it, with dots, markers and intervals around a dashed line at zero."}} tags=["hide-input"]
_ = forest(sources["world"], "place", "ΔR² to none+head", [FROZEN, TUNED, SLOWLY])

# %% tags=["remove-input"]
lines = []
for s in sources.values():
    for one in s.found["tuned", "r2"].itertuples():
        error = s.found["tuned", "rmse"]
        error = error[error["split"] == one.split]
        error = next(error[error["arm"] == one.arm].itertuples())
        verdict = {1: "fine-tuning helps", -1: "fine-tuning harms", 0: "fine-tuning does not clearly change the score"}[
            one.clear
        ]
        how = " slowly" if one.arm == SLOWLY else ""
        lines.append(
            f"- **{title(s)}, {where(one.split)}{',' + how if how else ''}:** {verdict}. R² {written(one)} against frozen, RMSE {written(error, 2)} {figures.UNIT}."
        )
tuned = pd.concat([s.found["tuned", "r2"] for s in sources.values()])
for arm, how in ((TUNED, "the network's step size"), (SLOWLY, "a hundredth of it")):
    part = tuned[tuned["arm"] == arm]
    if len(part):
        lines.append(
            f"\nWith {how}, fine-tuning is clearly worse than frozen in {int((part['clear'] < 0).sum())} of {len(part)} comparisons, clearly "
            f"better in {int((part['clear'] > 0).sum())}; the largest loss is {min(part['difference'].min(), 0):.3f} in R²."
        )
if not lines:
    lines = ["*No runs with a fine-tuned encoder are in the results.*"]
absent = [s.title for s in sources.values() if s.found["tuned", "r2"].empty and len(s.scores)]
if absent and len(absent) < len(TASKS):
    lines.append(f"\nNot run with a fine-tuned encoder: {listed(absent)}.")
Markdown(minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))

# %% [markdown]
# ## What it costs
#
# The number of trained weights, and the seconds of one run as they were measured when it was made. Seconds depend on the machine and on what else
# it was doing; compare them within a column, roughly.


# %% tags=["remove-input"]
def cost(s):
    """Weights, and seconds a run, of every arm of a task."""
    runs = s.scores.drop_duplicates("run")
    runs = runs[runs["run"].isin(s.stamps)]
    stamped = pd.DataFrame(
        {
            "arm": runs["arm"],
            "weights": [s.stamps[r]["parameters"] for r in runs["run"]],
            "seconds": [s.stamps[r]["seconds"] for r in runs["run"]],
        }
    )
    return stamped.groupby("arm").agg(
        weights=("weights", "median"), seconds=("seconds", "median"), runs=("seconds", "size")
    )


costs = {s.title: cost(s) for s in sources.values() if len(s.scores)}
arms = arm_order({arm for table in costs.values() for arm in table.index})
shown = pd.DataFrame({"arm": [figures.look(a).name for a in arms]})
for name, table in costs.items():
    part = table.reindex(arms)
    shown[f"weights, {name}"] = [f"{w:,.0f}" if np.isfinite(w) else "–" for w in part["weights"]]
    shown[f"seconds a run, {name}"] = [f"{t:,.0f}" if np.isfinite(t) else "–" for t in part["seconds"]]
captioned(
    shown,
    f"Trained weights, and median seconds of a run with its data and tests; profiles {profile} (embedded world) and {real} (real measurements).",
    "tab-fusion-cost",
)

# %% tags=["remove-input"]
table = costs[TASKS["world"]]
told = []
if {TUNED, FROZEN} <= set(table.index):
    told.append(
        f"Fine-tuning trains {table.loc[TUNED, 'weights'] / table.loc[FROZEN, 'weights']:,.0f} times as many weights as the same arm with a frozen "
        f"encoder, and took {table.loc[TUNED, 'seconds'] / table.loc[FROZEN, 'seconds']:.1f} times as long."
    )
if {CHANNELS, FROZEN} <= set(table.index):
    told.append(
        f"Channels, where the vector passes through the recurrent layer on every day, took "
        f"{table.loc[CHANNELS, 'seconds'] / table.loc[FROZEN, 'seconds']:.1f} times as long as Hadamard."
    )
if {HEAD, FROZEN} <= set(table.index):
    told.append(
        f"At this size {100 * (1 - table.loc[HEAD, 'weights'] / table.loc[FROZEN, 'weights']):.0f} % of the weights of GeoCLIP (Hadamard) read the place."
    )
Markdown(" ".join(told))

# %% [markdown]
# ## All looks together
#
# Many intervals stand on this page, and the more one looks, the more is found by luck.

# %% tags=["remove-input"]
AGAINST = {"place": "the matched reference", "bias": "bias only", "tuned": "the frozen encoder"}
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
    lines.append(f"- **{title(s)}.** {looked(every)}" + "".join(f"\n  - {words}." for words in told))
Markdown(minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))

# %% [markdown]
# ## What this shows, what it does not
#
# It shows what each way of telling the place is worth when all else is equal, and whether changing the meaning of the days is worth more than shifting
# the estimate. It shows both for one encoder, at a small size and with few steps. A deeper network or a longer training could order the ways
# otherwise, and the order in the embedded world is about a world that somebody wrote down: there, we know that emissions shift
# the level of a place *and* that terrain changes what still air does.
#
# Nothing here was chosen to suit one way. Each would profit from its own step size and its own scale of the place vector; such a search would be a different, and
# much more expensive, comparison. Two step sizes of
# fine-tuning are two points on a line; that it does well or badly at these does not say that it must.
#
# ```{admonition} Exercise: what a product can hide
# :class: exercise tip
# In a Hadamard product $p = \mathrm{ReLU}(\dots)$ is often exactly 0. What happens to the gradient of those numbers of $z$, and which
# of the other ways does not have this trouble?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Where $p_k = 0$ the product is 0 and so is its derivative by $z_k$: at that place the network's $k$-th number learns nothing. A concatenation, a gated
# sum with a gate above 0, and FiLM with $\gamma_k \neq -1$ let the gradient pass.
# ```
#
# ```{admonition} Exercise: a shift in disguise
# :class: exercise tip
# Show that a concatenation followed by a *linear* layer could do no more than bias only. What makes it able to do more?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# A linear layer on $[z; p]$ is $A z + B p + c$: the place adds $B p$, whatever $z$ is. With a ReLU after it, $B p$ decides
# which numbers of $A z$ are cut off, so the place changes how the estimate depends on the days.
# ```
