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

from placeprior.book import claims
from placeprior.book.tables import captioned

MARKS = {"supported": "✓", "contradicted": "✗", "undecided": "?", "not run": "–"}

# %% [markdown]
# # What is claimed, and what our runs say
#
# Who says what, the rule that decides it, and the verdict at each scale. Verdicts are computed from committed results; where
# a computed verdict is no longer the one that was recorded when a page was written, the book does not build. *Supported* and
# *contradicted* mean that an interval over places and trainings leaves no doubt ({doc}`scores`); *undecided* that it leaves both
# open. *Second-hand* claims were taken from others' summaries and not checked against their source.


# %%
def ledger(rows: list[dict]) -> pd.DataFrame:
    """One row a claim: what is said and by whom, what decides it, and the verdict at each scale with its number."""
    found = claims.evaluate()
    told = []
    for claim in rows:
        at = found[claim["id"]]
        cells = {}
        for scale, heading in {
            "aqs": "real, study size",
            "demo": "embedded world",
            "paper": "real, paper's size",
        }.items():
            one = at.get(scale)
            word = (
                ""
                if one is None
                else f"[{MARKS[one.verdict]} {one.verdict}]{{.verdict .{one.verdict.replace(' ', '-')}}}"
            )
            cells[heading] = word + (f" {one.text}" if one is not None and one.text else "")
        source = "this book" if claim["who"] == claims.OURS else f"{{cite:t}}`{claim['who']}`, {claim['where']}"
        link = f"{{doc}}`{claim['page']}`" if claim["page"] not in ("index",) else "{doc}`../index`"
        told.append(
            {
                "claim": f"[{claim['says']}]{{#claim-{claim['id']}}}",
                "said by": source,
                "decided by": claims.decided(claim),
            }
            | cells
            | {"page": link}
        )
    return pd.DataFrame(told).set_index("claim") if told else pd.DataFrame(columns=["claim"]).set_index("claim")


every = claims.read()

# %% [markdown]
# ## What others say

# %% tags=["hide-input"]
theirs = [claim for claim in every if claim["who"] != claims.OURS]
captioned(ledger(theirs), "Claims of others, and what our runs say of them.", "tab-claims-others")

# %% [markdown]
# ## What this book says

# %% tags=["hide-input"]
ours = [claim for claim in every if claim["who"] == claims.OURS]
captioned(ledger(ours), "Claims of this book: every page's answer rests on these rows.", "tab-claims-ours")

# %% [markdown]
# ## How many

# %%
counted = pd.Series(
    [(scale, one.verdict) for at in claims.evaluate().values() for scale, one in at.items()]
).value_counts()
Markdown("; ".join(f"{scale}: {verdict} {number}" for (scale, verdict), number in sorted(counted.items())))

# %% [markdown]
# ```{admonition} Exercise: a rule that cannot fail
# :class: exercise tip
# Someone adds the claim "no encoder is clearly worse than no place", decided by *at most 50 of 46 encoders clearly below*. Why
# does the ledger not notice, and what would?
# ```
#
# ```{admonition} Solution
# :class: solution dropdown
# The bound lies beyond what can be counted, so that every result supports the claim. A rule is worth something only if some
# result would contradict it: before it is written, name that result.
# ```
