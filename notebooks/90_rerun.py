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

from placeprior.arms import RIVALS, called
from placeprior.book import figures
from placeprior.book.tables import captioned
from placeprior.book.words import minus
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

# %% tags=["hide-input"]
far = (
    r2.assign(apart=r2["difference"].abs())
    .query("apart > 0")
    .nlargest(5, "apart")
)
Markdown(
    "Farthest away: "
    + minus(
        "; ".join(
            f"{called(row.arm)}, {row.split}, fold {row.fold}, seed {row.seed}: {row.difference:+.3f}"
            for row in far.itertuples()
        )
    )
    + "."
    if len(far)
    else ""
)

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
