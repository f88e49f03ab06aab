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
import xarray as xr
from IPython.display import display

from placeprior import evidence
from placeprior.arms import called, with_arm
from placeprior.book import figures, interactive, layers, results
from placeprior.book.layers import fine_part
from placeprior.book.tables import captioned
from placeprior.book.words import minus
from placeprior.evidence import national_maps
from placeprior.evidence.gains import REFERENCE
from placeprior.runs.inputs import parts_of
from placeprior.space.splits import lonlat_of

figures.style(dots=100)
RESOLUTION = 1.0 if profile == "smoke" else national_maps.RESOLUTION
SHOWN = [REFERENCE, "geoclip-hadamard"]

# %% [markdown]
# # Daily maps
#
# ```{goals}
# :needs: {doc}`splits`, {doc}`scores`
# read an estimated, a true and an error map of one day
# measure the fine structure of a map, and say when it helps
# tell detail that came with the place from detail of the air
# ```
#
# ```{answer} maps-finer maps-finer-random maps-fine-error
# :question: Does telling the place draw detail between the stations that is not there?
# Undecided: each arm's maps are those of one network, and another training would draw other detail. In the embedded world the share of short waves is larger by
# {val}`claims.maps-finer-random.demo.difference:.2f` where a random vector is told and by {val}`claims.maps-finer.demo.difference:.2f` where GeoCLIP's vectors are; the
# error of the fine part changes by {val}`claims.maps-fine-error.demo.difference:+.2f` µg m⁻³ with GeoCLIP's. On real measurements GeoCLIP's share is larger by {val}`claims.maps-finer.aqs.difference:.2f`.
# ```
#
# ## Two days
#
# The days are found by a rule from the monitors' own measurements, not by eye: the **stagnant day** has the highest median from December to February, the **smoke
# day** the highest 95th percentile from June to September. They are the same two on the whole page. First the **embedded world**, which is simulated: its dates are
# nominal, and all inputs are known everywhere, with the same gaps as at stations. Each arm is one fit of the `spatial` split: trained on nearly all stations, as for a
# map that is to be used.

# %%
from placeprior import coords
from placeprior.arms import arm, arm_order
from placeprior.runs import daily_maps, plan, store
from placeprior.runs.inputs import cube_of

MAPPED = [
    *SHOWN,
    "idw",
    "none",
    "lonlat",
    "sincos",
    "geoclip-concat",
    "random-vector-hadamard",
]
stored = [
    run
    for run in plan.runs(profile)
    if run.task == "world" and store.is_stored(run.id)
]
of = {
    (run.split, arm(run.variant, run.fusion), run.fold): run
    for run in stored
    if run.seed == 0
}
arms = arm_order(
    name for split, name, _ in of if split == "spatial" and name in MAPPED
)
longest = max(of.values(), key=lambda run: run.window)
cube = cube_of(longest)
days, grids, maps = national_maps.days(cube), {}, {}
for kind, position in days.items():
    day = cube["time"].values[position]
    grid = daily_maps.fields_on(longest, day, coords.grid(RESOLUTION))
    grids[kind] = grid
    runs = {name: of["spatial", name, 1] for name in arms}
    made = {name: daily_maps.daily_map(run, grid) for name, run in runs.items()}
    maps[kind] = made
truths = {kind: grid["pm25_true"].isel(time=-1) for kind, grid in grids.items()}

# %% tags=["remove-cell"]
trained = parts_of(of["spatial", REFERENCE, 1], cube).train.any(1)
cells, CELLS = (
    int(next(iter(grids.values()))["land"].sum()),
    f"land cells of {RESOLUTION:g}°",
)


def draw_day(kind):
    """Truth, monitors, and the estimate and error of some arms."""
    if kind not in days:  # a record of two months
        return figures.nothing(f"{kind} day", profile, embedded=True, of="days")
    truth, position = truths[kind], days[kind]
    measured = cube["pm25"].values[trained, position]
    errors = {name: maps[kind][name] - truth for name in SHOWN}
    monitors = layers.Monitors(
        "training monitors", lonlat_of(cube)[trained], measured
    )
    pairs = {"truth": (truth, monitors)} | {
        called(name): (maps[kind][name], errors[name]) for name in SHOWN
    }
    tops = (
        np.nanpercentile(truth, 99),
        np.nanpercentile(np.abs(errors[REFERENCE]), 98),
    )
    date = pd.Timestamp(cube["time"].values[position])
    fig = layers.in_pairs(
        pairs, (f"PM2.5, {date.day} {date:%B}", "estimate minus truth"), tops
    )
    data = xr.Dataset(
        {"truth": truth} | {name: maps[kind][name] for name in SHOWN}
    ).astype("float32")
    return figures.label(
        fig, profile, n=cells, of=CELLS, embedded=True, data=kept(data)
    )


def kept(data):
    """Fields with nothing but their axes."""
    return data.reset_coords(drop=True).assign_coords(
        lon=data["lon"], lat=data["lat"]
    )


# %% mystnb={"figure": {"caption": "The stagnant day of the embedded world. Top: truth, and what the training monitors measured (crosses: nothing). Below, estimate (left) and error (right, red too high) of the network that is told no place and of one that is told GeoCLIP's vectors. One colour scale a column.", "name": "fig-maps-stagnant"}, "image": {"alt": "Three rows of two maps of the contiguous US. Top: the true field, in which cities and basins stand out, beside coloured dots at the monitors. Below, two estimates beside their errors in red and blue."}} tags=["hide-input"]
_ = draw_day("stagnant")

# %% [markdown]
# Day by day, the smoke day among them, with the keys or the slider:

# %% tags=["hide-input"]
told = arm_order([*SHOWN, "lonlat"])
interactive.days(profile, {name: of["spatial", name, 1] for name in told})

# %% [markdown]
# How far is each map off, over the land and not over monitors? With a weight $w = \cos\varphi$ a cell for its area at latitude $\varphi$,
# $\mathrm{RMSE}^2 = \sum w (\hat y - y)^2 / \sum w$. Beside it stands a map **out of region**: each cell is estimated by the network of the 16° checkerboard that was not
# trained on the cell's partition.

# %%
from placeprior.book.layers import fine_scores
from placeprior.scores import metrics
from placeprior.space.splits import partition

BOARD = "checkerboard-16"
rows = []
for kind, grid in grids.items():
    lonlat = coords.cells(grid["lon"].values, grid["lat"].values)
    fold = partition(lonlat, 16.0).reshape(grid["land"].shape)
    for name in arms:
        one, two = (
            daily_maps.daily_map(of[BOARD, name, k], grid) for k in (1, 2)
        )
        kept_out = xr.where(fold == 1, one, two)
        known = metrics.over_area(maps[kind][name], truths[kind])
        unknown = metrics.over_area(kept_out, truths[kind])
        fine = fine_scores(maps[kind][name], truths[kind])
        errors = {"rmse": known["rmse"], "out": unknown["rmse"]}
        rows.append({"day": kind, "arm": name} | errors | fine)
scored = pd.DataFrame(rows)

# %% tags=["hide-input"]
HEADS = {"rmse": "RMSE", "out": "RMSE, out of region", "size": "size", "r": "r"}


def by_day(columns):
    """Arms by days, as text."""
    wide = scored.pivot(index="arm", columns="day", values=columns).reindex(
        arms
    )
    order = [(column, kind) for kind in days for column in columns]
    text = wide[order].map(lambda value: minus(f"{value:.2f}"))
    text.columns = [f"{kind}: {HEADS[column]}" for column, kind in order]
    return (
        text.rename(index=called)
        .rename_axis("told about the place")
        .reset_index()
    )


captioned(
    by_day(["rmse", "out"]),
    f"Maps against the truth of the embedded world over {cells:,} land cells, weighted by area, {figures.UNIT}. One fit an arm; profile {profile}.",
    "tab-maps",
)

# %% [markdown]
# Two days and one fit an arm are an example, not a ranking; {doc}`comparison` ranks. Part of the truth is speckle of single places ({doc}`world`), which no map can have.
#
# ## Fine structure
#
# Large patterns hide small ones. Take off from a map its Gaussian mean over the surroundings, chosen so that a wave of 200 km passes by half. What is left is the map's
# **fine part**.

# %% mystnb={"figure": {"caption": "Embedded world, the fine part of the maps of the stagnant day, on one colour scale. The truth's is what a perfect map would show. GeoCLIP reads waves down to tens of kilometres ({doc}`place`); a random vector gives neighbouring cells unrelated numbers.", "name": "fig-maps-fine"}, "image": {"alt": "Four small maps in red and blue: towns stand out as red dots in the truth; the estimates show smoother or more speckled patterns."}} tags=["hide-input"]
three = [*SHOWN, "random-vector-hadamard"]
drawn = {"truth": truths["stagnant"]}
drawn |= {name: maps["stagnant"][name] for name in three}
fine = {name: fine_part(layer) for name, layer in drawn.items()}
top = np.nanpercentile(np.abs(fine["truth"]), 98)
named = {called(name): layer for name, layer in fine.items()}
fig = layers.side_by_side(named, "fine part of PM2.5", top, kind="difference")
data = kept(xr.Dataset(fine).astype("float32"))
_ = figures.label(fig, profile, n=cells, of=CELLS, embedded=True, data=data)

# %% tags=["hide-input"]
known = {
    kind: fine_scores(truth, truth)["size"] for kind, truth in truths.items()
}
captioned(
    by_day(["size", "r"]),
    f"Fine parts in the embedded world: size (root mean square, {figures.UNIT}) and correlation with the truth's, whose size is "
    f"{', '.join(f'{size:.2f} ({kind})' for kind, size in known.items())}. One fit an arm; profile {profile}.",
    "tab-maps-fine",
)

# %% [markdown]
# With $f$ and $t$ the sizes of a map's fine part and the truth's, and $r$ their correlation, the mean squared error of the fine part is
#
# $$
# f^2 - 2\,r f t + t^2 ,
# $$ (eq-maps-fine)
#
# so drawing it is better than drawing none only if $r > f / 2t$. Detail that fails this is false. It is an **artefact** of the encoder only where the untold network lacks
# it: inputs with gaps, such as satellite haze, draw false detail too.
#
# ## Over a year
#
# A **power spectrum** shares out a map's variance among waves of different length. On cells of equal area, 25 km wide, in the largest box that is all land, a plane is taken
# off {cite:p}`errico1985`, a Hann window $h$ makes the edges fade {cite:p}`harris1978`, and the power of the Fourier transform of what is left, $z$, is averaged over rings of
# equal wavelength $1/k$ and divided by the variance:
#
# $$
# P(k) = \frac{1}{\mathrm{Var}(h z)} \Bigl\langle \bigl| \mathcal F\{h z\}(k_x, k_y) \bigr|^2 \Bigr\rangle_{k_x^2 + k_y^2 \approx k^2}.
# $$ (eq-maps-spectrum)

# %% tags=["remove-cell"]
made = [name for name in (real, profile) if results.has(name, "artefacts")]
titles = {real: "real measurements", profile: "embedded world"}
DRAWN = [
    "truth",
    REFERENCE,
    "lonlat",
    "geoclip-hadamard",
    "random-vector-hadamard",
]
tables = {
    titles[name]: evidence.read(name, "artefacts").query("source in @DRAWN")
    for name in made
}

# %% mystnb={"figure": {"caption": "Power spectra of maps, mean over one map every sixty days. Above the truth at short wavelengths means detail that is not there, below it detail that is missing. Dotted: 200 km. Shaded: the middle 80 % of the wavelengths of GeoCLIP's finest features.", "name": "fig-maps-spectra"}, "image": {"alt": "Lines of power against wavelength on logarithmic axes, long waves left, one panel a task; lines fan out towards short wavelengths."}} tags=["hide-input"]
if made:
    fig = layers.draw_spectra(tables)
    data = pd.concat(
        [table.assign(maps=title) for title, table in tables.items()]
    )
    n = data.query("what == 'share'").groupby(["maps", "source"]).size().min()
    note = "and real measurements" if len(made) > 1 else ""
    about = {
        "n": n,
        "of": "maps an arm",
        "embedded": profile in made,
        "note": note,
    }
    _ = figures.label(fig, " and ".join(made), **about, data=data)
else:
    display(results.missing(profile, "artefacts"))

# %% [markdown]
# ## Real measurements
#
# The neighbours task ({doc}`data`) sees only neighbouring monitors and the day of the year, so a map of the year 2021 needs no further data. Its truth is not known:
# nothing here tells an artefact from a town.

# %% mystnb={"figure": {"caption": "Real measurements, the stagnant day: estimates (left) and their fine parts (right).", "name": "fig-maps-real"}, "image": {"alt": "Rows of two maps of the contiguous US: the estimate of an arm on a stagnant winter day, and its fine part in red and blue; that of GeoCLIP is speckled everywhere, that of the untold network near monitors."}} tags=["hide-input"]
if results.has(real, "national_maps"):
    mapped = with_arm(evidence.read(real, "national_maps"))
    own = mapped[(mapped["kind"] == "stagnant") & mapped["arm"].isin(SHOWN)]
    drawn = {
        name: national_maps.layer(own[own["arm"] == name])
        for name in arm_order(own["arm"])
    }
    pairs = {
        called(name): (each, fine_part(each)) for name, each in drawn.items()
    }
    tops = [
        np.nanpercentile(np.abs(column), 98)
        for column in zip(*pairs.values(), strict=True)
    ]
    day = own["day"].iloc[0]
    fig = layers.in_pairs(
        pairs, (f"PM2.5, {day.day} {day:%B %Y}", "fine part"), tops
    )
    data = xr.Dataset(drawn).astype("float32")
    _ = figures.label(
        fig,
        real,
        n=len(own) // len(drawn),
        of="land cells",
        embedded=False,
        data=data,
    )
else:
    display(results.missing(real, "national_maps"))

# %% [markdown]
# ## What this does not show
#
# Energy beyond that of the untold network is *structure that came with the place*; only a known truth makes it an artefact. Each arm is one fit: another seed would draw
# other detail. Cells of 25 km see no wave shorter than 50 km, although part of GeoCLIP's are. The study shows such patterns for an encoder with many fine waves, as a
# matter of looking {cite:p}`karimzadeh2025`.
#
# ```{quiz} A map shows a town that the untold network's map lacks. Is the town an artefact?
# - [ ] Yes, it came with the place | so does what is true of the place
# - [x] Only if the truth lacks it too | detail is false by the truth, and the encoder's by the untold map
# - [ ] No, the encoder has seen photographs of it | that a town is there does not say what its air was that day
# ```
#
# ## Exercises
#
# ```{admonition} Exercise: why weigh by area?
# :class: exercise tip
# Cells are equal in degrees. How much larger is a cell at 26° N than one at 48° N? What would an unweighted score favour?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# $\cos 26° / \cos 48° \approx 1.3$. Unweighted, a square kilometre in the North would count a third more than one in the South.
# ```
#
# ```{admonition} Exercise: the spectrum of a town
# :class: exercise tip
# A town is a bump, $\exp(-r^2 / 2s^2)$ with $s$ = 20 km. Its power spectrum is proportional to $\exp(-4\pi^2 s^2 k^2)$. At which wavelength has it fallen to half? Is a
# town fine structure?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# $4\pi^2 s^2 k^2 = \ln 2$ gives $1/k = 2\pi s / \sqrt{\ln 2} \approx 7.5\,s$, about 150 km. So it is, and a map that draws real towns has much of it: hence the truth's own size
# in {numref}`tab-maps-fine`.
# ```
#
# ```{admonition} Exercise: a fair yardstick
# :class: exercise tip
# Train an arm with random waves of GeoCLIP's three scales in place of its vectors. What would its spectrum tell that a random vector's cannot?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# A random vector has no waves: neighbouring cells get unrelated numbers. Random waves have GeoCLIP's scales and nothing learned from photographs. If their maps had the same
# spectrum, the fine structure would come from the scales alone.
# ```
