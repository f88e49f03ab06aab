"""Rules of claims that single pages ask for: groups of encoders, false alarms, probes, even service, geographic bias,
maps, leaning.

Each takes a scale and what the claim's rule says, and returns a :class:`placeprior.book.verdicts.Found`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scipy.stats import binomtest

from placeprior import evidence
from placeprior.arms import called, where, with_arm
from placeprior.book import results
from placeprior.book.verdicts import NOT_RUN, Found, bound, compared, is_half
from placeprior.book.words import UNIT
from placeprior.errors import StoreError, UnknownName
from placeprior.evidence import artefacts, error_maps, facts, families, matched, placeness, reliance, upstream
from placeprior.evidence.gains import REFERENCE, reference_of
from placeprior.scores.interval import LEVEL


def _groups(
    scale: str, *, task: str, first: Sequence[str], second: Sequence[str], split: str, expects: str, twins: bool = False
) -> Found:
    """Compare the mean score of one group of arms with that of another, once all of them were run."""
    own = results.load(scale, task, arms={*first, *second}, splits=[split])
    asked = {"": families.Group(first, second, twins)}
    found = families.group_differences(own.scores, own.sums, asked, reach=matched.reach(scale, task))
    whole = found[(found["split"] == split) & (found["first"] == len(first)) & (found["second"] == len(second))]
    return NOT_RUN if is_half(whole, split) else compared(whole.iloc[0], expects)


def _alarms(scale: str, *, task: str, arm: str, split: str, at_most: int) -> Found:
    """Count the worlds in which an arm is clearly better, of those in which place matters as much as in a task's."""
    if not all(results.has(scale, name) for name in ("placeness", "negative")):
        return NOT_RUN
    table = placeness.turned(scale, split)
    table = table[(table["arm"] == arm) & (table["placeness"] == placeness.knobs(scale)[task])]
    found = placeness.clears(table)
    if found.empty:
        return NOT_RUN
    one = found.iloc[0]
    values = {"clear": int(one["above"]), "of": int(one["worlds"])}
    return Found(bound(one["above"], None, at_most), values, f"{values['clear']} of {values['of']} worlds")


def _probe(scale: str, *, task: str, first: str, second: str, fact: str, split: str, expects: str) -> Found:
    """Compare what is read of a fact from vectors of exact pairs, trained on one corpus and on another."""
    places = facts.measured(scale, task)
    if places.empty:
        return NOT_RUN
    exact = facts.exact()
    read = upstream.probed(places, [f"{base}-{how}" for base in exact for how in (first, second)], [split])
    if fact not in read.targets:
        raise UnknownName("fact of a probe", fact, read.targets)
    one = [float(values[read.targets.index(fact)]) for values in read.gap(first, second, split, exact)]
    return compared(dict(zip(("difference", "low", "high"), one, strict=True)), expects)


def _kept(scale: str, *, task: str, name: str, profile: str, what: str, at_least: float) -> Found:
    """Ask whether a number that a table of evidence keeps with its interval reaches a bound, whole interval and all."""
    try:
        table = evidence.read(profile, name).set_index("question")["value"]
    except StoreError:
        return NOT_RUN
    asked = {"value": f"{what} r2", "low": f"{what} low", "high": f"{what} high"}
    if not set(asked.values()) <= set(table.index):
        return NOT_RUN
    values = {key: float(table[question]) for key, question in asked.items()}
    low, high = values["low"], values["high"]
    verdict = "supported" if low >= at_least else "contradicted" if high < at_least else "undecided"
    return Found(verdict, values, f"{values['value']:.2f} ({low:.2f} to {high:.2f})")


def _evenness(scale: str, *, task: str, arm: str, who: str, split: str, expects: str) -> Found:
    """Ask how an arm changes a gap between groups of stations, or the spread over regions, µg m-3."""
    own = results.load(scale, task, arms={arm, REFERENCE, reference_of(arm)}, splits=[split])
    maps = error_maps.of_split(own.scores, own.sums, REFERENCE, split)
    found = error_maps.evenness(maps, reference_of, [arm], matched.reach(scale, task)[split])
    if found.empty:
        return NOT_RUN
    row = found.set_index("who").loc[who]
    return compared({"difference": row["change"], "low": row["low"], "high": row["high"]}, expects, unit=UNIT, digits=2)


def _raised(
    scale: str, *, task: str, measure: str, split: str, at_least: float | None = None, at_most: float | None = None
) -> Found:
    """Ask for the share of encoders with which a score of geographic bias is larger in every seed: a count of signs."""
    try:
        bias = with_arm(evidence.read(scale, "who_is_served"))
    except StoreError:
        return NOT_RUN
    bias = bias[(bias["task"] == task) & (bias["split"] == split)]
    controls = {name for name in bias["arm"] if families.kind(name) not in families.ENCODERS}
    change = error_maps.changes(bias, REFERENCE, controls)
    found = error_maps.raised(change, [measure])
    if found.empty:
        return NOT_RUN
    up, of = int(found["raise"].item()), int(found["arms"].item())
    return Found(bound(up / of, at_least, at_most), {"value": up / of, "clear": up, "of": of}, f"{up} of {of}")


def _maps(scale: str, *, task: str, arm: str, what: str, expects: str, against: str = REFERENCE) -> Found:
    """Compare an arm's daily maps with another's: the share of short waves in them, or the error of their fine part."""
    try:
        table = evidence.read(scale, "artefacts")
    except StoreError:
        return NOT_RUN
    found = artefacts.differences(table[table["task"] == task], what, against)
    unit = "" if what == "share" else UNIT
    return compared(found.loc[arm], expects, unit=unit) if arm in found.index else NOT_RUN


def _lean(scale: str, *, task: str, more_than: float) -> Found:
    """Of the fits that lean on the place they are told, ask whether more than a share gain nothing by it.

    The interval of the share is that of Clopper and Pearson (1934, *Biometrika* 26, 404): two fits decide nothing.
    """
    fits = reliance.measured(scale, task).fits
    counts = reliance.leaning_counts(reliance.leaning(fits, results.load(scale, task).scores))
    if not counts["fits"]:
        return NOT_RUN
    of = int(counts["lean"])
    none = of - int(counts["helped"])
    low, high = binomtest(none, of).proportion_ci(LEVEL) if of else (0.0, 1.0)
    verdict = "supported" if low > more_than else "contradicted" if high < more_than else "undecided"
    values = {"none": none, "of": of, "fits": int(counts["fits"]), "low": float(low), "high": float(high)}
    return Found(verdict, values, f"{none} of {of} that lean, of {values['fits']} fits")


RULES: dict[str, Callable[..., Found]] = {
    "groups": _groups,
    "alarms": _alarms,
    "probe": _probe,
    "kept": _kept,
    "evenness": _evenness,
    "raised": _raised,
    "maps": _maps,
    "lean": _lean,
}
#: The same in words, for the ledger, with the names of what the rule says.
WORDS = {
    "groups": "mean R² of the first group of arms minus that of the second, {split}: {expects} zero",
    "alarms": "worlds without a role for place in which {arm} is clearly better, {split}: at most {at_most}",
    "probe": "R² of {fact} read from vectors trained on {first} minus {second}, {split}: {expects} zero",
    "kept": "R² of population density read from {what}'s vectors, whole interval: at least {at_least}",
    "evenness": "change of {who} by {arm}, {split}: {expects} zero",
    "raised": "share of encoders whose geographic bias by {measure} is larger in every seed, {split}",
    "maps": "{what} of the maps of {arm} minus that of {against}, map by map, over trainings: {expects} zero",
    "lean": "of the fits that lean on the place they are told, the share that gains nothing: above {more_than}",
}
#: What the word ``what`` of a rule stands for.
MEASURES = {"share": "share of short waves in the variance", "error": "error of the fine part"}


def said(rule: dict[str, Any]) -> str:
    """A rule of one of :data:`WORDS` as a sentence, arms and splits by their printed names."""
    names = {key: called(value) if isinstance(value, str) else value for key, value in rule.items()}
    names |= {"split": where(rule["split"])} if "split" in rule else {}
    names |= {"what": MEASURES.get(rule.get("what", ""), names.get("what"))}
    names |= {"against": called(rule.get("against", REFERENCE))}
    return WORDS[rule["kind"]].format_map(names)
