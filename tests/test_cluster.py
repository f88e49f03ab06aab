"""Runs on Dask's workers are those made here, each once, whoever dies on the way."""

import os
import random
import signal

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from placeprior import encoders
from placeprior.cli import app, embed
from placeprior.errors import ConfigError, MissingWeights, PlacePriorError
from placeprior.runs import cluster, making, plan, store

pytest.importorskip("distributed")

RUNS = """
profiles:
  tiny:
    size: demo
    settings: {{width: 4, summary: 4, epochs: 1}}
    tasks: {{world: {{load: world, options: {{stations: 30, days: 40}}}}}}
    matrices:
      core: {{task: [world], model: [idw, none, lonlat/channels], split: [spatial], fold: [1, 2], seed: {seeds}}}
pages: {{}}
"""


@pytest.fixture
def world(project):
    """A project whose task every process knows; how many seeds its runs have is the test's to say."""

    def asked(seeds):
        (project / "runs.yml").write_text(RUNS.format(seeds=list(range(seeds))), encoding="utf-8")
        return plan.runs("tiny")

    return asked


def kill_one(workers, rng):
    """End a worker's process as a power cut would."""
    os.kill(rng.choice([one.pid for one in workers.cluster.workers.values() if one.pid]), signal.SIGKILL)


def same_as_made_here(runs, project, monkeypatch, rng):
    """Some of the runs, made in this process in another folder, are equal to the last bit."""
    there = {run.id: (store.read(run.id)["scores"], store.table(run.id, "predictions")) for run in runs}
    other = project / "other"
    other.mkdir()
    (other / "runs.yml").write_text((project / "runs.yml").read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.chdir(other)
    monkeypatch.delenv("PLACEPRIOR_STORE", raising=False)
    for run in rng.sample(runs, 4):
        making.make(run, log=lambda _: None)
        scores, predictions = there[run.id]
        assert store.read(run.id)["scores"] == scores
        np.testing.assert_array_equal(store.table(run.id, "predictions"), predictions)


def test_every_run_is_made_once_and_equals_the_one_made_here(world, project, monkeypatch):
    runs = world(seeds=1)
    making.make(runs[0], log=lambda _: None)
    with cluster.client("local:2") as workers:
        told = {run.id: line for run, line in cluster.spread(cluster.make, runs, workers)}
    assert sorted(told) == sorted(run.id for run in runs)
    assert "already made" in told[runs[0].id] and sum("R2" in line for line in told.values()) == len(runs) - 1
    same_as_made_here(runs, project, monkeypatch, random.Random(0))


@pytest.mark.slow
def test_vectors_from_workers_are_those_from_here_in_the_order_of_the_file(project, monkeypatch):
    monkeypatch.setattr("placeprior.cli.embed.ROWS", 7)
    rng = np.random.default_rng(0)
    places = pd.DataFrame({"lon": rng.uniform(-120, -70, 40), "lat": rng.uniform(25, 49, 40)})
    places.iloc[rng.integers(40, size=60)].to_csv("places.csv", index=False)
    for name, more in (("here.parquet", []), ("there.parquet", ["--scheduler", "local:2"])):
        done = CliRunner().invoke(app, ["embed", "places.csv", "--encoder", "sincos", "-o", name, *more])
        assert done.exit_code == 0 and "60 places" in done.stdout, done.output
    assert (project / "here.parquet").read_bytes() == (project / "there.parquet").read_bytes()


def test_a_worker_with_other_weights_is_refused(project):
    lonlat = np.array([[-86.2, 39.7]])
    own = encoders.load("sincos").fingerprint
    np.testing.assert_array_equal(embed._elsewhere((0, lonlat), "sincos", None, own), encoders.embed("sincos", lonlat))
    with pytest.raises(MissingWeights, match="another"):
        embed._elsewhere((0, lonlat), "sincos", None, "of-other-weights")


@pytest.mark.deep
def test_workers_may_die_under_sixty_runs(world, project, monkeypatch):
    runs, rng = world(seeds=10), random.Random(1)
    assert len(runs) == 60
    told = []
    with cluster.client("local:3") as workers:
        for run, _ in cluster.spread(cluster.make, runs, workers):
            told.append(run.id)
            if len(told) % 4 == 1:  # the others are in the middle of a run
                kill_one(workers, rng)
    assert sorted(told) == sorted(run.id for run in runs), "each is told of once"
    entries = [path.name for path in (project / "store").iterdir() if not path.name.startswith(".")]
    assert sorted(entries) == sorted(told), "nothing half-written is seen"
    assert all(store.is_whole(run.id) for run in runs)
    same_as_made_here(runs, project, monkeypatch, rng)


@pytest.mark.slow
def test_when_every_process_is_lost_others_take_their_place(world):
    """A process that dies while it starts is not started again by its keeper: the cluster has to."""
    runs = world(1)[:2]
    with cluster.client("local:1") as workers:
        keeper = next(iter(workers.cluster.workers.values()))
        workers.cluster.sync(keeper.close)
        assert {run.id for run, _ in cluster.spread(cluster.make, runs, workers)} == {run.id for run in runs}
    assert all(store.has(run.id) for run in runs)


def test_what_cannot_be_made_is_named_and_ends_the_rest(world, project):
    runs = world(seeds=1)
    (project / "store").write_text("a file where the store should be", encoding="utf-8")
    with cluster.client("local:1") as workers, pytest.raises(PlacePriorError, match="store"):
        list(cluster.spread(cluster.make, runs, workers))


@pytest.mark.parametrize(
    ("scheduler", "message"),
    [
        ("local:", "wants a number of processes"),
        ("local:0", "wants a number of processes"),
        ("nowhere.yml", "no such file"),
        ("tcp://127.0.0.1:9", "no Dask scheduler answers"),
    ],
)
def test_a_scheduler_that_is_none_is_refused(project, monkeypatch, scheduler, message):
    monkeypatch.setattr(cluster, "WAIT", 1)
    with pytest.raises(ConfigError, match=message), cluster.client(scheduler):
        pass


def test_an_error_of_the_work_is_not_taken_for_a_silent_scheduler(project):
    from distributed import LocalCluster

    with LocalCluster(n_workers=0, processes=False, dashboard_address=":0", protocol="tcp") as running:
        with pytest.raises(OSError, match="disk"), cluster.client(running.scheduler_address):
            raise OSError("the disk is full")


def test_a_queue_is_described_in_a_file(project):
    file = project / "queue.yml"
    file.write_text("queue: lsf\njobs: 2\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="queue.*slurm or pbs"), cluster.client(str(file)):
        pass
    file.write_text("queue: slurm\njobs: 2\nmemry: 4GB\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="does not describe a queue of slurm"), cluster.client(str(file)):
        pass


@pytest.mark.parametrize(("queue", "line"), [("slurm", "#SBATCH --gres=gpu:1"), ("pbs", "#PBS -l ngpus=1")])
def test_a_job_asks_for_what_the_file_says_and_offers_its_gpu(project, queue, line):
    file = project / "queue.yml"
    file.write_text(
        f"queue: {queue}\njobs: 0\ncores: 2\nmemory: 8GB\nwalltime: '02:00:00'\npartition: gpu\n"
        f"job_extra_directives: ['{line.removeprefix('#SBATCH ').removeprefix('#PBS ')}']\n"
        "worker_extra_args: ['--resources', 'GPU=1']\ninterface: lo\n",
        encoding="utf-8",
    )
    with cluster.client(str(file)) as workers:
        script = workers.cluster.job_script()
    assert line in script and "--resources GPU=1" in script and "gpu" in script and "02:00:00" in script
