"""``placeprior runs``: which runs there are, making one, and what one came to."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from placeprior.cli import common
from placeprior.errors import MissingData

app = typer.Typer(
    help="The runs that runs.yml asks for.", no_args_is_help=True, epilog="Example: placeprior runs list smoke"
)
RunId = Annotated[str, typer.Argument(metavar="ID", help="An id from `placeprior runs list`.", show_default=False)]


@app.command("list", epilog="Example: placeprior runs list demo --matrix core")
def list_(
    profile: Annotated[str, typer.Argument(help="A profile of runs.yml.")] = "demo",
    matrix: Annotated[str | None, typer.Option(help="Only this matrix.", show_default=False)] = None,
) -> None:
    """List a profile's runs: id, what it is, whether it is made, and where its result stands."""
    from placeprior.runs import plan as runs
    from placeprior.runs import progress, store

    try:
        listed = runs.runs(profile, matrix)
    except MissingData as error:
        committed = _committed(profile)
        if not committed or matrix is not None:
            raise
        typer.echo(f"note: {error}", err=True)
        typer.echo("note: without the data, runs are known from the committed scores only", err=True)
        common.show(["id", "run", "made", "source"], [(i, text, "yes", "scores") for i, text in committed.items()])
        return
    for model, reason in runs.absent(profile).items():
        typer.echo(f"note: {model} is not run here: {reason}", err=True)
    done = progress.done(profile)
    rows = []
    for run in listed:
        source = "-" if run.id not in done else "store" if store.is_stored(run.id) else "scores"
        rows.append((run.id, run.label, "yes" if run.id in done else "no", source))
    common.show(["id", "run", "made", "source"], rows)
    typer.echo(f"{sum(run.id in done for run in listed)} of {len(listed)} runs of profile {profile} are made")


@app.command("run", epilog="Example: placeprior runs run 3f2a9c01b7de")
def run(run_id: RunId) -> None:
    """Make one run, unless the store has it already."""
    from placeprior.runs import plan, store

    found = plan.find(run_id)
    if store.is_whole(run_id):  # a damaged entry must not pass for a result: it is made again
        result = store.read(run_id)
        typer.echo(f"{run_id}  {found.label}: already made, R2 {result['scores']['r2']:.3f}")
        return
    from rich.console import Console

    from placeprior.runs import making

    with Console(stderr=True).status(f"{found.label} …"):  # nothing where stderr is not a terminal
        making.make(found, log=typer.echo)


@app.command("make", epilog="Example: placeprior runs make demo --matrix core --scheduler local:4")
def make(
    profile: Annotated[str, typer.Argument(help="A profile of runs.yml.")] = "demo",
    matrix: Annotated[str | None, typer.Option(help="Only this matrix.", show_default=False)] = None,
    scheduler: Annotated[
        str | None,
        common.scheduler("Dask workers that see this folder and the store; without one, runs are made here in turn."),
    ] = None,
    pack: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="K",
            help="Train up to K runs at once on one device, where networks have one shape: for a GPU, such as 32.",
        ),
    ] = 1,
) -> None:
    """Make what a profile lacks; what was interrupted goes on when asked again."""
    from placeprior.runs import cluster, packing, plan, progress

    asked = plan.every_run(profile) if matrix is None else plan.runs(profile, matrix)
    done = progress.done(profile)
    missing = [one for one in asked if one.id not in done]
    typer.echo(f"{len(asked) - len(missing)} of {len(asked)} runs are made, {len(missing)} to be made")
    packs, told = packing.packs(missing, pack), 0

    def tell(line: str) -> None:
        nonlocal told
        typer.echo(f"{(told := told + 1)} of {len(missing)}: {line}")

    if scheduler is None:
        for one in packs:
            packing.make_pack(one, tell)
    elif missing:
        with cluster.client(scheduler) as workers:
            for _, lines in cluster.spread(packing.told, packs, workers):
                for line in lines:
                    tell(line)


@app.command("show", epilog="Example: placeprior runs show 3f2a9c01b7de")
def show(run_id: RunId) -> None:
    """Show what a run is, its scores, sizes, training and stamp."""
    from placeprior.runs import plan, store

    stored = store.has(run_id)
    if not stored and (result := _from_scores(run_id)):
        typer.echo(f"run {run_id}: from the committed scores of profile {result.pop('profile')}, not in the store")
    else:
        if not stored:
            plan.find(run_id)  # only a run that exists is worth the advice to make it
        result = store.read(run_id)
        typer.echo(f"run {run_id}: from the store, {store.place(run_id)}")
    what = result["run"]
    head = {key: what[key] for key in ("task", "variant", "fusion", "split", "fold", "seed")}
    common.show(["run", "value"], head.items())
    common.show(["score", "value"], [*((k, f"{v:.4f}") for k, v in result["scores"].items()), ("n", result["n"])])
    sizes = result.get("sizes") or {}
    common.show(["part", "rows", "stations"], [(k, v["rows"], v["stations"]) for k, v in sizes.items()])
    if result.get("best_epoch"):
        common.show(["training", "value"], _training(run_id, result).items())
    common.show(["stamp", "value"], (result.get("stamp") or {}).items())


@app.command("collect", epilog="Example: placeprior runs collect demo")
def collect(
    profile: Annotated[str, typer.Argument(help="A profile of runs.yml.")] = "demo",
    drop: Annotated[bool, typer.Option("--drop", help="Drop committed runs that runs.yml no longer asks for.")] = False,
) -> None:
    """Write a profile's committed results from all runs made so far, here or elsewhere, and its trials' tables."""
    from placeprior.runs import collecting, plan, store, trials

    before = set(store.scores(profile)["run"])
    path = collecting.collect_scores(profile, drop=drop)
    after = set(store.scores(profile)["run"])
    typer.echo(f"{path.parent}: {len(after):,} runs, {len(after - before):,} new, {len(before - after):,} dropped")
    for name in trials.collect_trials(profile):
        made, asked = len(trials.read(profile, name)), len(plan.trials(profile, name))
        typer.echo(f"{trials.path(profile, name)}: {made} of {asked} runs")


def _training(run_id: str, result: dict[str, Any]) -> dict[str, Any]:
    """Return a few numbers from the training curves; without a store entry, those of the stamp."""
    from placeprior.runs import store

    known = {"parameters": result["parameters"], "best epoch": result["best_epoch"]}
    if not store.is_stored(run_id):
        return known
    history = store.table(run_id, "history")
    best = history.loc[history["validation_loss"].idxmin()]
    return known | {
        "epochs": len(history),
        "seconds": f"{history['seconds'].iloc[-1]:.1f}",
        "loss, first to best epoch": f"{history['loss'].iloc[0]:.4f} to {best['loss']:.4f}",
        "validation loss, first to best": f"{history['validation_loss'].iloc[0]:.4f} to {best['validation_loss']:.4f}",
    }


def _committed(profile: str) -> dict[str, str]:
    """Return id and label of the runs in a profile's committed scores."""
    from placeprior.runs import store

    rows = store.scores(profile).drop_duplicates("run")
    return {
        row.run: f"{row.task} {row.variant}{'' if row.fusion == '-' else '/' + row.fusion} {row.split} "
        f"fold {row.fold} seed {row.seed}"
        for row in rows.itertuples()
    }


def _from_scores(run_id: str) -> dict[str, Any] | None:
    """Return a run as the committed tables know it, in the shape of a store entry."""
    from placeprior.runs import configuration, store

    for profile in configuration.content()["profiles"]:
        scores = store.scores(profile)
        rows = scores[scores["run"] == run_id]
        if len(rows):
            stamp = dict(store.stamps(profile).get(run_id, {}))
            parts = {key: stamp.pop(key, None) for key in ("sizes", "parameters", "best_epoch", "attention")}
            return {
                "profile": profile,
                "run": rows.iloc[0].to_dict(),
                "n": rows["n"].iloc[0],
                "stamp": stamp,
                "scores": dict(zip(rows["metric"], rows["value"], strict=True)),
                **parts,
            }
    return None
