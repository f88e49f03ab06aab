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
import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.ticker import FixedLocator, NullLocator

from placeprior.arms import SPLITS, arm_order, with_arm
from placeprior.book import figures
from placeprior.book.tables import captioned
from placeprior.book.words import INTERVAL, NOTE, gain, listed, looked, minus, rule, said, written
from placeprior.errors import StoreError
from placeprior.evidence import matched
from placeprior.network.sizes import SIZES
from placeprior.runs import plan, store
from placeprior.scores import metrics, paired

figures.style()
#: What an arm is measured against: the same network without the place. GeoCLIP's has an extra head.
PLAIN = ("none", "lonlat", "sincos")


def where(split):
    return SPLITS.get(split, split)


class Curve:
    """One profile's learning curve: scores, station sums, sizes, and the gain over the matched reference.

    Attributes
    ----------
    scores : DataFrame
        Fits of one task on one split with few and with all training stations; columns ``stations`` and ``rows`` are
        the mean sizes of the training part over fits of that split.
    gains : DataFrame
        One row an arm, number of stations and metric, as :func:`placeprior.scores.paired.paired` gives it.
    """

    def __init__(self, name):
        self.name, self.embedded = name, name != real
        found, stamps = with_arm(store.scores(name)), store.stamps(name)
        few = found[found["split"].str.contains("@")]
        self.scores, self.sums, self.gains = few, None, pd.DataFrame()
        if few.empty:
            return
        self.task = few["task"].iloc[0]
        few = few[few["task"] == self.task]
        self.split = few["split"].iloc[0].partition("@")[0]
        of_task = found[(found["task"] == self.task) & found["arm"].isin(few["arm"]) & found["seed"].isin(few["seed"])]
        kept = of_task[of_task["split"].isin({self.split, *few["split"]})].copy()
        for column in ("stations", "rows"):
            kept[column] = [stamps[run]["sizes"]["train"][column] for run in kept["run"]]
        kept["rows"] = kept.groupby("split")["rows"].transform("mean")
        kept["stations"] = kept.groupby("split")["stations"].transform("mean").round().astype(int)
        self.scores, self.sums = kept.sort_values("stations"), store.sums(name)
        self.sums = self.sums[self.sums["run"].isin(kept["run"])]
        self.numbers = sorted(kept["stations"].unique())
        self.arms = arm_order(kept["arm"])
        self.reach = matched.reach(name, self.task)[self.split]
        rows = []
        for arm in [arm for arm in self.arms if arm != "none"]:
            for number in self.numbers:
                for metric in ("r2", "rmse"):
                    row = self.contrast(self.gain(arm, number), metric)
                    rows += (
                        []
                        if row is None
                        else [{**row, "arm": arm, "stations": number, "metric": metric, "tested": row["stations"]}]
                    )
        self.gains = pd.DataFrame(rows, columns=["arm", "metric", "tested", *paired.FOUND])

    def gain(self, arm, number):
        """The terms of an arm's gain over its reference with some number of stations."""
        pair = [paired.fits(self.scores, arm=a, stations=number) for a in (arm, self.reference(arm))]
        return [(1, pair[0]), (-1, pair[1])]

    def contrast(self, terms, metric="r2"):
        """A weighted sum of scores with its interval."""
        return paired.single(terms, self.sums, metric=metric, range_km=self.reach)

    def reference(self, arm):
        """The arm without a place that is otherwise the same network."""
        return "none" if arm in PLAIN or arm == "none+head" or "none+head" not in self.arms else "none+head"

    def of(self, arm, metric="r2"):
        """Gains of one arm, fewest stations first."""
        return self.gains[(self.gains["arm"] == arm) & (self.gains["metric"] == metric)].sort_values("stations")

    @property
    def origin(self):
        world = "embedded world" if self.embedded else "real measurements"
        return f"task {self.task}, {where(self.split)}, {world}, profile {self.name}"


world, measured = Curve(profile), Curve(real)
if world.scores.empty:
    raise StoreError(
        f"results/{profile} has no runs with few stations (splits such as spatial@100); make them with `make demo-full`"
    )

# %% [markdown]
# # How many places must be seen
#
# A country without a network of monitors has, perhaps, thirty of them. Would it help its model of the air to be told about
# the places, as by GeoCLIP's vector? Or must hundreds of places be seen before a vector of place means anything? This page
# trains on fewer and fewer stations and looks at what is left. It then asks the same of **years**: does what place teaches
# in one year hold in another?
#
# ## Why places are counted in stations, not in rows
#
# A year at a monitor is some three hundred rows. For the weather, these are three hundred examples: warm and cold, wind and
# calm. For the *place* they are **one** example: the same vector, three hundred times. Whatever a model learns from "a
# place like this has air like that", it learns from as many examples as there are stations.
#
# With few stations that goes wrong in a way that is easy to write down. Let $n$ stations have levels $a_1, \dots, a_n$ that
# the weather does not explain, and let $v_1, \dots, v_n$ be their vectors of $p$ numbers. A linear reading of the place
# looks for weights $w$ with
#
# $$
# w^\top v_i \approx a_i, \qquad i = 1, \dots, n .
# $$ (eq-learning-place)
#
# If $n \le p$ (and the vectors are independent), some $w$ satisfies this *exactly*, for **any** levels, also for levels
# shuffled among the stations. The training error says nothing then about what $w$ says at a new place. GeoCLIP's vector has
# $p = 512$. Longitude and latitude have $p = 2$: little to say, but little to get wrong. A curve of the test score against
# $n$, a **learning curve**, shows when the evidence begins to outweigh the freedom.
#
# ## How it was done
#
# In the spatial split a tenth of the stations is tested and a tenth of the others validates ({doc}`../concepts/splits`).
# Here only $N$ of the remaining ones are kept for training, drawn at random; of one seed, fewer are a part of more.
# **Tested and validating stations stay the same**, so that scores along a curve are about the same rows. The validating
# stations decide nothing, so a country with twenty-five stations could be helped in the same way.
#
# Each arm is compared with its **matched reference**: the same network without the place. For longitude and latitude that
# is "no location"; for GeoCLIP, which brings a deeper head, it is "no location, extra head" ({doc}`controls`).


# %% tags=["remove-input"]
def budget(curve):
    """What few stations mean for the training: rows, steps, passes over the data."""
    spec = plan.profile(curve.name)
    config = SIZES[spec["size"]].with_(**spec.get("settings", {}))
    rows = []
    for number in curve.numbers:
        part = curve.scores[curve.scores["stations"] == number]
        own = part["rows"].iloc[0]
        rows.append((f"{number:,}", f"{own:,.0f}", f"{np.ceil(own / config.batch):,.0f}", str(config.epochs)))
    return captioned(
        pd.DataFrame(rows, columns=["training stations", "training rows", "steps an epoch", "epochs"]),
        f"What few stations do to the training; {curve.origin}.",
        f"tab-learning-budget-{curve.name}",
    )


budget(world)

# %% [markdown]
# **Few stations also mean few steps.** The number of rows an epoch is a cap: where there are fewer rows, an epoch is
# shorter, and all arms get fewer steps of the optimiser. So the left ends of the curves below mix two things, few places
# and short training. The *gains* do not: an arm and its reference have the same rows and the same steps. Yet a network that
# needs long to find a use for a vector of 512 numbers is at a disadvantage where the training is short.
#
# ## The embedded world


# %% mystnb={"figure": {"caption": "Learning curves in the embedded world: test R² and RMSE against the number of training stations (logarithmic axis), the same test rows at every point; means over seeds.", "name": "fig-learning-world"}, "image": {"alt": "Two panels with one line an arm against the number of training stations on a logarithmic axis: test R² on the left, root mean square error on the right."}} tags=["hide-input"]
def log_stations(ax, numbers):
    """A logarithmic axis whose ticks are the numbers of stations that were run."""
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(FixedLocator(numbers))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticklabels([f"{n:,}" for n in numbers])
    ax.set_xlim(numbers[0] / 1.25, numbers[-1] * 1.25)
    ax.set_xlabel("training stations")


def draw_curves(curve):
    """R2 and RMSE against the number of training stations."""
    if curve.scores.empty:
        return figures.nothing("Learning curves", curve.name, embedded=curve.embedded)
    fig, axes = figures.subplots(1, 2, size=(6.4, 4.0))
    for ax, (metric, text) in zip(axes, (("r2", "test R²"), ("rmse", f"test RMSE [{figures.UNIT}]")), strict=True):
        part = curve.scores[curve.scores["metric"] == metric]
        for shift, arm in zip(np.linspace(-0.03, 0.03, len(curve.arms)), curve.arms, strict=True):
            own, look = part[part["arm"] == arm], figures.look(arm)
            means = own.groupby("stations")["value"].mean()
            ax.plot(means.index * 10**shift, means, color=look.colour, marker=look.marker, lw=1.5, mec="white", mew=0.5)
        log_stations(ax, curve.numbers)
        ax.set_title(text)
    handles = figures.legend(axes[0], curve.arms).legend_handles
    axes[0].get_legend().remove()
    fig.legend(handles=handles, loc="outside upper center", ncols=2)
    return figures.label(fig, curve.name, n=curve.scores["run"].nunique(), of="runs", embedded=curve.embedded)


_ = draw_curves(world)

# %% [markdown]
# Some stations are hard for every arm, and which are tested moves all scores of the table together. In the gains below it that
# cancels.

# %% tags=["remove-input"]
Markdown(rule())


# %% tags=["remove-input"]
def values(curve):
    """R2 and RMSE by number of stations as tables, the second folded."""
    if curve.scores.empty:
        return Markdown(f"*No runs with few stations are in `results/{curve.name}`.*")
    shown = []
    for metric, text in (("r2", "R²"), ("rmse", f"RMSE in {figures.UNIT}")):
        part = curve.scores[curve.scores["metric"] == metric].groupby(["arm", "stations"])
        cells = pd.DataFrame(
            "–",
            index=pd.Index([figures.look(a).name for a in curve.arms], name="arm"),
            columns=[f"{n:,}" for n in curve.numbers],
            dtype=object,
        )
        for (arm, number), own in part:
            sd, mean = metrics.between_seeds(own), own.groupby("fold")["value"].mean().mean()
            cells.loc[figures.look(arm).name, f"{number:,}"] = minus(
                f"{mean:.2f}" + ("" if np.isnan(sd) else f" ± {sd:.2f}")
            )
        shown.append(
            captioned(
                cells,
                f"Test {text} by number of training stations, mean over seeds ± their standard deviation; {curve.origin}.",
                f"tab-learning-{metric}-{curve.name}",
            ).data
        )
    return Markdown(
        f"{shown[0]}\n\n::::{{admonition}} The same as root mean square errors\n:class: dropdown note\n\n{shown[1]}\n::::\n"
    )


values(world)


# %% mystnb={"figure": {"caption": "Embedded world: gain in test R² over the matched reference on the same rows, against the number of training stations; means over seeds and 95 % intervals over places and trainings. Above the dashed line telling the place helps. The extra head alone is measured against no location.", "name": "fig-learning-world-gain"}, "image": {"alt": "Lines with error bars, one an arm, of the gain in R² against the number of training stations on a logarithmic axis, around a dashed line at zero."}} tags=["hide-input"]
def draw_gains(curve):
    """Gain over the matched reference against the number of training stations."""
    if curve.gains.empty:
        return figures.nothing("Gains", curve.name, embedded=curve.embedded)
    fig, ax = figures.subplots(size=(6.4, 4.0))
    arms = arm_order(curve.gains["arm"])
    for shift, arm in zip(np.linspace(-0.035, 0.035, len(arms)), arms, strict=True):
        own, look = curve.of(arm), figures.look(arm)
        bars = [(own["difference"] - own["low"]).clip(lower=0), (own["high"] - own["difference"]).clip(lower=0)]
        ax.errorbar(
            own["stations"] * 10**shift,
            own["difference"],
            yerr=bars,
            color=look.colour,
            marker=look.marker,
            lw=1.3,
            elinewidth=1.8,
            mec="white",
            mew=0.5,
            ms=7,
        )
    ax.axhline(0, color="#777777", lw=1, ls="--", zorder=1)
    log_stations(ax, curve.numbers)
    ax.set_ylabel("ΔR² to the matched reference")
    handles = figures.legend(ax, arms).legend_handles
    ax.get_legend().remove()
    fig.legend(handles=handles, loc="outside upper center", ncols=2)
    return figures.label(
        fig, curve.name, n=curve.gains["tested"].max(), of="tested stations", embedded=curve.embedded, note=NOTE
    )


_ = draw_gains(world)


# %% tags=["remove-input"]
def gain_table(curve):
    """Gains in R2, and in RMSE, with intervals."""
    rows = []
    for arm in arm_order(curve.gains["arm"]) if len(curve.gains) else []:
        for own, error in zip(curve.of(arm).itertuples(), curve.of(arm, "rmse").itertuples(), strict=True):
            rows.append(
                (
                    figures.look(arm).name,
                    figures.look(curve.reference(arm)).name,
                    f"{own.stations:,}",
                    gain(own),
                    gain(error, 2),
                )
            )
    return captioned(
        pd.DataFrame(rows, columns=["arm", "against", "training stations", "ΔR²", f"ΔRMSE [{figures.UNIT}]"]),
        f"Gain over the matched reference on the same rows, {INTERVAL} over places and trainings, bold where ΔR² is clear; "
        f"{curve.origin if len(rows) else 'no runs yet'}.",
        f"tab-learning-gain-{curve.name}",
    )


gain_table(world)


# %% tags=["remove-input"]
def in_words(curve):
    """From how many stations on place pays, and whether more stations change its worth."""
    if curve.gains.empty:
        return Markdown("")
    lines = []
    for arm in [a for a in arm_order(curve.gains["arm"]) if a != "none+head"]:
        own = curve.of(arm)
        numbers, clear = own["stations"].tolist(), own["clear"].tolist()
        start = len(clear)
        while start and clear[start - 1] > 0:
            start -= 1
        better, worse = ([f"{n:,}" for n, c in zip(numbers, clear, strict=True) if c == sign] for sign in (1, -1))
        if start == 0:
            text = f"pays at every number of stations tried, from {numbers[0]:,} on"
        elif start == len(clear) - 1:
            text = (
                f"clearly pays only with all **{numbers[-1]:,}** stations"
                if not better[:-1]
                else f"clearly pays with {listed(better)} stations"
            )
        elif start < len(clear):
            text = f"begins to pay at **{numbers[start]:,}** stations: from there on every interval lies above zero"
        elif better:
            text = f"helps clearly with {listed(better)} stations, but not with more"
        else:
            text = "does not clearly help at any number of stations tried"
        if worse:
            text += f"; with {listed(worse)} it clearly harms"
        if len(own) > 1:
            low, high = (curve.gain(arm, number) for number in (numbers[0], numbers[-1]))
            change = curve.contrast([*high, *((-weight, runs) for weight, runs in low)])
            if change is not None:
                verb = {1: "grows", -1: "shrinks", 0: "does not clearly change"}[change["clear"]]
                text += f". From {numbers[0]:,} to {numbers[-1]:,} stations its gain {verb}: {written(change)}"
        lines.append(f"- Telling **{said(arm)}** {text}.")
    r2 = curve.scores[curve.scores["metric"] == "r2"]
    means = r2.groupby(["stations", "arm"])["value"].mean().unstack()
    none = means["none"].dropna() if "none" in means else pd.Series(dtype=float)
    if len(none) > 1:
        lines.append(
            f"- **Without location**, R² goes from {none.iloc[0]:.2f} with {none.index[0]:,} stations to {none.iloc[-1]:.2f} with {none.index[-1]:,}."
        )
    lines.append(
        f"\n*Pays* means that the gain over the matched reference is clearly above zero. {looked(curve.gains[(curve.gains['metric'] == 'r2') & (curve.gains['arm'] != 'none+head')])} "
    )
    return Markdown(minus("\n".join(lines)).replace(" · ", "\u00a0·\u00a0"))


in_words(world)

# %% [markdown]
# ## Real measurements
#
# The weather task of 2019 ({doc}`aqs`): no neighbours, so that the only way to know a place is to be told.

# %% tags=["remove-input"]
budget(measured) if len(measured.scores) else Markdown("")

# %% mystnb={"figure": {"caption": "Learning curves on real measurements of 2019, weather task: test R² and RMSE against the number of training stations (logarithmic axis), the same test rows at every point; means over seeds.", "name": "fig-learning-aqs"}, "image": {"alt": "Two panels with one line an arm against the number of training stations on a logarithmic axis, for EPA's monitors: test R² on the left, root mean square error on the right."}} tags=["hide-input"]
_ = draw_curves(measured)

# %% tags=["remove-input"]
values(measured)

# %% mystnb={"figure": {"caption": "Real measurements of 2019, weather task: gain in test R² over the matched reference on the same rows, against the number of training stations; means over seeds and 95 % intervals over places and trainings. Above the dashed line telling the place helps.", "name": "fig-learning-aqs-gain"}, "image": {"alt": "Lines with error bars, one an arm, of the gain in R² at EPA's monitors against the number of training stations on a logarithmic axis, around a dashed line at zero."}} tags=["hide-input"]
_ = draw_gains(measured)

# %% tags=["remove-input"]
gain_table(measured)

# %% tags=["remove-input"]
in_words(measured)

# %% [markdown]
# ## Another year
#
# A place stays, the weather and the fires of a year do not. If a vector of place teaches what a place is like (a valley, a
# city, a coast), the lesson should hold in another year. If it teaches where *this* year's smoke was, it should not.
#
# The split `year-A-B` trains on days of year A and tests on days of year B, at stations that are held out **in all years**.
# The task is that of neighbours ({doc}`aqs`), with clean neighbour features of the day from the training stations.
# `year-A-B` and `year-B-B` test the same rows, so that two trainings, of another year and of the same year, can be compared
# in pairs: down a column of the figures below. Along a row the test rows differ, and R² must not be compared
# ({doc}`../concepts/scores`).

# %% tags=["remove-cell"]
every = with_arm(store.scores(real))
named = every["split"].str.extract(r"^year-(?P<trained>\d{4})-(?P<tested>\d{4})$")
yearly = pd.concat([every, named], axis=1).dropna(subset=["trained"])
yearly = yearly[yearly["task"] == yearly["task"].iloc[0]] if len(yearly) else yearly
years = sorted({*yearly["trained"], *yearly["tested"]})
year_arms = arm_order(yearly["arm"])
year_sums = store.sums(real)
year_sums = year_sums[year_sums["run"].isin(yearly["run"])]
plain = {arm: "none+head" if arm not in PLAIN and "none+head" in year_arms else "none" for arm in year_arms}
told = [arm for arm in year_arms if arm not in ("none", "none+head", "idw")]


def trained_on(arm, first, second):
    """Run ids by fold and seed of one cell."""
    return paired.fits(yearly, arm=arm, trained=first, tested=second)


def yearly_contrast(terms):
    """A weighted sum of scores with its interval, on the rows of the years; as far as errors are alike at known regions."""
    return paired.single(terms, year_sums)


cells = {
    (arm, first, second): row
    for arm in told
    for first in years
    for second in years
    if (row := yearly_contrast([(1, trained_on(arm, first, second)), (-1, trained_on(plain[arm], first, second))]))
    is not None
}

# %% tags=["remove-input"]
Markdown(
    f"*No runs across years are in `results/{real}`.*"
    if not years
    else f"Years here: {listed(years)}"
    + (
        "; 2022 ends in October, so that its autumn fires and its winter are missing from training and test"
        if "2022" in years
        else ""
    )
    + f". Seeds: {listed([str(s) for s in sorted(yearly['seed'].unique())])}."
)


# %% mystnb={"figure": {"caption": "Test R² by year of training (row) and of test (column), neighbours task, real measurements; means over seeds. The tested stations were trained on in no year. Compare within a column only.", "name": "fig-learning-years"}, "image": {"alt": "One square table of coloured cells for each arm, rows the year of training and columns the year of test, each cell with its R²."}} tags=["hide-input"]
def heat(ax, table, kind, low, high, digits):
    """A table of years by years as cells with their numbers."""
    image = ax.imshow(table.to_numpy(float), cmap=figures.CMAPS[kind], vmin=low, vmax=high, aspect="auto")
    for i, j in np.ndindex(table.shape):
        value = table.iloc[i, j]
        if np.isfinite(value):
            shade = np.dot(image.cmap(image.norm(value))[:3], [0.299, 0.587, 0.114])
            text = f"{value:+.{digits}f}" if kind == "difference" else f"{value:.{digits}f}"
            ax.text(
                j,
                i,
                text.replace("-", "−"),
                ha="center",
                va="center",
                fontsize=9,
                color="white" if shade < 0.5 else "#111111",
            )
    ax.set_xticks(range(len(table.columns)), table.columns)
    ax.set_yticks(range(len(table.index)), table.index)
    ax.grid(visible=False)
    ax.tick_params(length=0)
    return image


def panels(tables, kind, quantity, digits):
    """Cells of several arms side by side, two a line, with one colour bar."""
    shown = np.concatenate([table.to_numpy(float).ravel() for table in tables.values()])
    low, high = np.nanmin(shown), np.nanmax(shown)
    if kind == "difference":
        high = max(abs(low), abs(high)) or 1.0
        low = -high
    columns = min(2, len(tables))
    rows = -(-len(tables) // columns)
    fig, axes = figures.subplots(
        rows, columns, size=(6.4 if columns > 1 else 4.8, 1.0 + rows * (0.7 + 0.42 * len(years))), squeeze=False
    )
    for number, (ax, (arm, table)) in enumerate(zip(axes.flat, tables.items(), strict=False)):
        image = heat(ax, table, kind, low, high, digits)
        ax.set_title(figures.look(arm).name)
        if number + columns >= len(tables):
            ax.set_xlabel("year of test")
        if number % columns == 0:
            ax.set_ylabel("year of training")
    for ax in axes.flat[len(tables) :]:
        ax.set_visible(False)
    fig.colorbar(image, ax=axes, label=quantity, shrink=0.85, aspect=22)
    figures.label(fig, real, n=yearly["run"].nunique(), of="runs", embedded=False)


def square(values):
    """Years by years from a mapping of pairs."""
    return pd.DataFrame([[values.get((a, b), np.nan) for b in years] for a in years], index=years, columns=years)


r2_years = yearly[yearly["metric"] == "r2"].groupby(["arm", "trained", "tested"])["value"].mean()
if not years:
    figures.nothing("Years", real, embedded=False)
else:
    panels({arm: square(r2_years[arm].to_dict()) for arm in year_arms}, "amount", "test R²", 2)

# %% mystnb={"figure": {"caption": "Gain in test R² over the reference by year of training (row) and of test (column), neighbours task, real measurements; on the same rows in each cell, means over seeds. Red: telling the place helps.", "name": "fig-learning-years-gain"}, "image": {"alt": "One square table of coloured cells for each arm with a place, rows the year of training and columns the year of test: red where its R² is above that of the reference, blue where it is below."}} tags=["hide-input"]
if not cells:
    figures.nothing("Gain by year", real, embedded=False)
else:
    panels(
        {
            arm: square(
                {pair: row["difference"] for (a, *pair), row in cells.items() if a == arm for pair in [tuple(pair)]}
            )
            for arm in told
            if any(a == arm for a, *_ in cells)
        },
        "difference",
        f"ΔR² to {figures.look(plain[told[0]]).name}",
        3,
    )

# %% tags=["remove-input"]
rows = [
    (figures.look(arm).name, figures.look(plain[arm]).name, first, second, gain(row), str(row["stations"]))
    for (arm, first, second), row in cells.items()
]
captioned(
    pd.DataFrame(rows, columns=["arm", "against", "trained on", "tested on", "ΔR²", "stations"]),
    f"Gain in R² by year of training and of test, with 95 % intervals over places and trainings, bold where clear; real measurements, profile {real}.",
    "tab-learning-years",
)


# %% tags=["remove-input"]
def pooled(arm, same):
    """Runs of all pairs of two different years, a fold each, and seed; trained on the year of test where `same`."""
    parts = []
    for first in years:
        for second in years:
            if first != second:
                runs = trained_on(arm, second if same else first, second)
                index = pd.MultiIndex.from_tuples(
                    [(f"{first} {second} {fold}", seed) for fold, seed in runs.index], names=["fold", "seed"]
                )
                parts.append(pd.Series(runs.to_numpy(), index=index, dtype=object))
    parts = [part for part in parts if len(part)]
    return pd.concat(parts) if parts else pd.Series(dtype=object)


lines = []
for arm in told:
    terms = {(a, same): pooled(a, same) for a in (arm, plain[arm]) for same in (True, False)}
    if any(runs.empty for runs in terms.values()):
        continue
    same_year = [(1, terms[arm, True]), (-1, terms[plain[arm], True])]
    other_year = [(1, terms[arm, False]), (-1, terms[plain[arm], False])]
    cost = yearly_contrast([(1, terms[plain[arm], False]), (-1, terms[plain[arm], True])])
    at_home, away = yearly_contrast(same_year), yearly_contrast(other_year)
    change = yearly_contrast(other_year + [(-weight, runs) for weight, runs in same_year])
    verdict = {
        1: "The gain is **larger** from another year than from the same one",
        -1: "The gain is **smaller** from another year than from the same one",
        0: "The two gains are not told apart",
    }[change["clear"]]
    kept = (
        "it helps clearly across years"
        if away["clear"] > 0
        else "it clearly harms across years"
        if away["clear"] < 0
        else "across years its gain is not told from zero"
    )
    lines.append(
        f"- **{said(arm)}**, against {said(plain[arm])}: trained on the year of test {written(at_home)}, trained on another year {written(away)}; {kept}. {verdict}: "
        f"the difference is {written(change)}. Without a place, training on another year changes R² by {written(cost)}."
    )
if lines:
    lines.append(
        "\nMeans over all pairs of two different years and all seeds, on the same rows throughout. Years are few, and no interval here "
        "knows about another draw of years: read a result as one about these years."
    )
Markdown(minus("\n".join(lines)) if lines else "")

# %% tags=["remove-input"]
Markdown(
    "GeoCLIP is measured against no location here, since the runs across years have no arm with its extra head alone ({doc}`../departures`, number 8). The "
    "head is part of its gain, in the same year and in another."
    if years and "none+head" not in year_arms and any(arm not in PLAIN for arm in told)
    else ""
)

# %% [markdown]
# ## What this shows, what it does not
#
# It shows how the worth of a told place changes with the number of places seen, for one small network with one budget, and
# at random choices of stations from one dense network. It does not show what a *sparse* network is like: real sparse
# networks stand in cities, and theirs is not a random choice. Nor does it separate places from steps: with the same number
# of steps, the left ends of the curves may look different. And the validating stations remain many (see above).
#
# The years show how a lesson about place carries over where the network stays the same. Monitors come and go, instruments
# change, and a few years are a small sample of what years are like.
#
# ```{admonition} Exercise: shuffled levels
# :class: exercise tip
# Take {eq}`eq-learning-place` with $n = 25$ stations and $p = 512$. Draw vectors and levels at random, and solve for the
# shortest $w$ (`numpy.linalg.lstsq`). How large is the training error? Draw a new station from the same distribution: how
# good is the estimate of its level?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The training error is zero up to rounding. The new level was drawn independently of its vector, so no estimate can be
# good; its expected squared error is the variance of the levels plus that of $w^\top v$, which is worse than saying the
# mean. A model that stops early, or is kept small, fails less badly, and this is why the network does not collapse with few
# stations.
# ```
#
# ```{admonition} Exercise: the same steps
# :class: exercise tip
# {numref}`fig-learning-world` mixes few places with few steps. Which change of `runs.yml` would give all numbers of
# stations the same steps? What would then differ instead?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# Give each number of stations a matrix of its own, whose `epochs` are in inverse proportion to its training rows: every point then takes the same
# steps. What differs is how often a row is seen: with few stations many times, with many stations a few times.
# One can hold fixed the steps or the passes, not both; with noise in the measurements, seeing a row many times is worth
# less than seeing another.
# ```
