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
from IPython.display import Markdown

from placeprior.arms import RIVALS, arm_order, called
from placeprior.book import figures
from placeprior.book.tables import captioned
from placeprior.evidence import rerun
from placeprior.provenance import processor

figures.style()

# %% [markdown]
# # Your runs beside ours
#
# The numbers of this book are committed, in `results/`, and `make book` does not change them. It trains some runs in the
# embedded world again, on your machine: their curves, weights and maps are what some pages show. This page sets the scores of
# those runs beside the committed ones. On one kind of processor they agree bit for bit; on another a network ends elsewhere, as with
# another seed, and {doc}`../reproduce` says how far that may be.

# %%
found = rerun.rerun(profile)
# a run whose test rows hardly vary has no R²
r2 = found[found["metric"] == "r2"].dropna(subset=["difference"])
kind = (
    r2["arm"]
    .isin(RIVALS)
    .map({True: "rivals without a network", False: "networks"})
)
counted = r2.assign(
    same=r2["difference"] == 0, apart=r2["difference"].abs()
).groupby(kind)
counted = counted.agg(
    runs=("same", "size"), equal=("same", "sum"), farthest=("apart", "max")
)

# %% tags=["hide-input"]
Markdown(
    "; ".join(
        f"**{row['equal']} of {row['runs']}** {name} have the committed R² to {rerun.DECIMALS} decimals, the farthest is {row['farthest']:.3f} away"
        for name, row in counted.to_dict("index").items()
    )
    + f". This machine: {processor.stamp()['processor']}."
    if len(r2)
    else "No run was made here: every page shows committed results alone."
)

# %% tags=["remove-input"]
lacking = rerun.missing(profile)
Markdown(
    f"Asked for in `runs.yml` and not committed, so on no page yet: {'; '.join(lacking)}. "
    f"`placeprior runs collect {profile}` writes what was made here into `results/{profile}`."
    if lacking
    else ""
)

# %% [markdown]
# ## By arm
#
# Each point is a run: its R² here minus the committed one.

# %% mystnb={"figure": {"caption": "R² of each run that was made on this machine minus that of the same run in the committed results. Profile {{profile}}.", "name": "fig-rerun"}, "image": {"alt": "One row of points for each arm along an axis of differences in R². Points at zero are runs that agree to the last committed digit."}} tags=["hide-input"]
arms = arm_order(r2["arm"])
fig, ax = figures.subplots(size=(6.4, 0.9 + 0.3 * max(len(arms), 1)))
for row, arm in enumerate(arms):
    look, own = figures.look(arm), r2.loc[r2["arm"] == arm, "difference"]
    ax.plot(
        own,
        [row] * len(own),
        ls="none",
        marker=look.marker,
        color=look.colour,
        alpha=0.7,
    )
ax.set_yticks(range(len(arms)), [called(arm) for arm in arms])
ax.set_xlabel("R² here minus committed R²")
ax.invert_yaxis()
_ = figures.label(fig, profile, n=len(r2), of="runs", embedded=True, data=r2)

# %% [markdown]
# ## What made the committed runs
#
# Other processors add up in another order ({doc}`../reproduce`), so each run notes its own, and the instructions that three libraries were allowed.

# %% tags=["hide-input"]
table = rerun.processors(profile).rename("runs").reset_index()
table[["PyTorch", "oneDNN", "MKL"]] = (
    table["instructions"]
    .str.split(", ", n=2, expand=True)
    .reindex(columns=range(3))
)
captioned(
    table[["processor", "PyTorch", "oneDNN", "MKL", "runs"]]
    .fillna("unknown")
    .set_index("processor"),
    f"Processors of the committed runs, and the instructions that each library was allowed. Profile {profile}.",
    "tab-rerun-processors",
)
