"""Runs and maps on other processes and other machines, by Dask: one task a run, one store for all.

A run's id is the hash of what it is, so it does not matter where it is made: a worker writes the entry into the store
that all of them see (a shared file system, or the URL that ``PLACEPRIOR_STORE`` names), whole or not at all, and a run
that is already there is read. Whoever dies is replaced: Dask gives its task to another worker, and asked again, what is
missing is made.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

from placeprior.errors import ConfigError, MissingData, PlacePriorError
from placeprior.runs import bucket, configuration, making
from placeprior.runs.plan import Run

if TYPE_CHECKING:
    from distributed import Client, Future

Item, Result = TypeVar("Item"), TypeVar("Result")
TRIES = 5  # how often an item is handed out; each time Dask itself bears some deaths of workers
QUEUES = {"slurm": "SLURMCluster", "pbs": "PBSCluster"}
WAIT = 30  # seconds for a scheduler to answer


@contextmanager
def client(scheduler: str) -> Iterator[Client]:
    """Open a way to workers, and close what was started for it.

    Parameters
    ----------
    scheduler : str
        ``tcp://HOST:PORT`` (or ``tls://``) of a running Dask scheduler; ``local:N`` for N processes of this machine,
        one thread each; or a YAML file with ``queue`` (``slurm`` or ``pbs``), ``jobs``, and what
        :class:`dask_jobqueue.SLURMCluster` or ``PBSCluster`` takes (``cores``, ``memory``, ``walltime``, ...).

    Raises
    ------
    ConfigError
        If nobody answers, or what is asked for is none of these.
    MissingData
        If Dask's part for clusters is not installed.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise MissingData("Dask for clusters is not installed; `pip install 'placeprior[cluster]'`") from None
    if scheduler.startswith(("tcp://", "tls://")):
        try:
            connected = Client(scheduler, timeout=WAIT)
        except OSError as error:
            raise ConfigError(
                f"no Dask scheduler answers at {scheduler} within {WAIT} s ({error}); start one with `dask scheduler`, "
                "or use local:N"
            ) from None
        with connected as opened:
            yield opened
        return
    kind, _, number = scheduler.partition(":")
    if kind == "local":
        if not number.isdecimal() or int(number) < 1:
            raise ConfigError(f"scheduler {scheduler!r}: local:N wants a number of processes, such as local:4")
        cluster = LocalCluster(n_workers=int(number), threads_per_worker=1, processes=True, dashboard_address=":0")
        # A process that dies while it starts is given up by the one that watches over it; the cluster starts another.
        cluster.adapt(minimum=int(number), maximum=int(number), interval="2s")
    else:
        cluster = _queued(Path(scheduler))
    with cluster, Client(cluster) as opened:
        yield opened


def _queued(file: Path) -> Any:
    """A cluster whose workers are jobs of a queue, as a YAML file describes it."""
    import dask_jobqueue

    if not file.is_file():
        raise ConfigError(
            f"scheduler {str(file)!r} is neither tcp://HOST:PORT nor local:N, and there is no such file; "
            "name one of these, or a YAML file that describes a queue"
        )
    spec = yaml.safe_load(file.read_text(encoding="utf-8"))
    if not isinstance(spec, dict) or spec.get("queue") not in QUEUES or not isinstance(spec.get("jobs"), int):
        raise ConfigError(f"{file} must say 'queue' ({' or '.join(QUEUES)}) and 'jobs', a number")
    options = {key: value for key, value in spec.items() if key not in ("queue", "jobs", "partition")}
    if "partition" in spec:  # `queue` is this file's word for the program; the queue's own name stands beside it
        options["queue"] = spec["partition"]
    try:
        cluster = getattr(dask_jobqueue, QUEUES[spec["queue"]])(**options)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{file} does not describe a queue of {spec['queue']}: {error}") from None
    cluster.scale(jobs=spec["jobs"])
    return cluster


def spread(call: Callable[[Item], Result], items: Sequence[Item], workers: Client) -> Iterator[tuple[Item, Result]]:
    """Call a function for each item on workers, and tell of each as it is done.

    Where workers offer a resource ``GPU`` (``dask worker --resources GPU=1``), each call takes one of them.

    Parameters
    ----------
    call : callable
        Of a module, not of a script. What it makes goes into files; called again for the same item, it makes the same.
    items : sequence
    workers : distributed.Client
        Of :func:`client`. Its workers see the project's folder under the same path.

    Yields
    ------
    item, result
        In the order in which they are done.

    Raises
    ------
    PlacePriorError
        If a call fails; what others have made stays.
    """
    from distributed import KilledWorker, as_completed

    offered = workers.scheduler_info(n_workers=-1)["workers"].values()
    resources = {"GPU": 1} if any("GPU" in one.get("resources", {}) for one in offered) else None
    root, stored = str(_here()), os.environ.get(bucket.VARIABLE)

    def submit(number: int) -> Future:
        return workers.submit(_at, root, stored, call, items[number], pure=False, resources=resources)

    of = {submit(number): number for number in range(len(items))}
    tries = [1] * len(items)
    waited = as_completed(of)
    for future in waited:
        number, error = of.pop(future), future.exception()
        if error is None:
            yield items[number], future.result()
        elif isinstance(error, KilledWorker) and tries[number] < TRIES:
            tries[number] += 1
            again = submit(number)
            of[again] = number
            waited.add(again)
        else:
            workers.cancel(list(of))
            if isinstance(error, PlacePriorError):
                raise error
            raise ConfigError(
                f"given up after {tries[number]} tries: {items[number]}: {type(error).__name__}: {error}; "
                "the same command goes on"
            )


def count(workers: Client) -> int:
    """How many workers there are at this moment."""
    return len(workers.scheduler_info(n_workers=-1)["workers"])


def _here() -> Path:
    """The project's folder or, where there is none around, the working directory."""
    try:
        return configuration.root()
    except ConfigError:
        return Path.cwd()


def _at(root: str, stored: str | None, call: Callable[[Item], Result], item: Item) -> Result:
    os.chdir(root)
    if stored is None:
        os.environ.pop(bucket.VARIABLE, None)
    else:
        os.environ[bucket.VARIABLE] = stored
    return call(item)


def make(run: Run) -> str:
    """Make one run, and say in a line what it came to."""
    lines = [f"{run.id}  {run.label}: already made"]
    making.make(run, log=lines.append)
    return lines[-1]
