"""A store at a URL holds what a store in a folder would hold: whole entries, each once, whoever dies on the way."""

import random
import socket
import subprocess
import sys
import time
import urllib.request

import numpy as np
import pytest
from test_cluster import RUNS, kill_one, same_as_made_here

from placeprior.errors import ConfigError, DamagedEntry, StoreError
from placeprior.runs import bucket, cluster, collecting, making, plan, progress, store


@pytest.fixture
def memory(project, monkeypatch):
    """A project whose store is in this process's memory, by fsspec."""
    import fsspec

    monkeypatch.setenv("PLACEPRIOR_STORE", "memory://bucket/store")
    files = fsspec.filesystem("memory")
    yield files
    if files.exists("/bucket"):
        files.rm("/bucket", recursive=True)


@pytest.fixture(scope="module")
def server():
    """An S3 server of this machine, and how to reach it."""
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    pytest.importorskip("moto", reason="moto, which serves S3, is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    served = subprocess.Popen(
        [sys.executable, "-c", "import sys; from moto.server import main; main(sys.argv[1:])", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    at = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(at, timeout=5).close()
                break
            except OSError:
                assert served.poll() is None, "the S3 server did not start"
                time.sleep(0.1)
        yield at
    finally:
        served.kill()
        served.wait()


@pytest.fixture
def s3(server, project, monkeypatch):
    """A bucket of its own on that server, named as the store; the file system, to look behind the scenes."""
    import s3fs

    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "anyone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "anything")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    name = f"runs-{random.randrange(10**9)}"
    files = s3fs.S3FileSystem(use_listings_cache=False)
    files.mkdir(name)
    monkeypatch.setenv("PLACEPRIOR_STORE", f"s3://{name}/store")
    return files


def made_here(project, monkeypatch, run):
    """The same run in the project's own folder, to compare with."""
    with monkeypatch.context() as patch:
        patch.delenv("PLACEPRIOR_STORE")
        making.make(run, log=lambda _: None)
        return store.read(run.id)["scores"], store.table(run.id, "predictions")


def test_an_entry_is_put_read_and_not_made_again(memory, project, monkeypatch):
    run, said = plan.runs("tiny")[1], []
    assert not store.is_stored(run.id) and not store.is_whole(run.id) and store.stored() == set()
    making.make(run, log=said.append)
    assert sorted(memory.ls(f"/bucket/store/{run.id}", detail=False)) == sorted(
        f"/bucket/store/{run.id}/{name}" for name in ("run.json", *store.TABLES)
    )
    assert not (project / "store").exists() and not list((project / "cache" / "making").glob("[!.]*"))
    assert store.is_whole(run.id) and store.stored() == store.entries() == {run.id} and run.id in progress.done("tiny")
    making.make(run, log=said.append)
    assert len(said) == 1, "it is read, not made"
    assert store.tensors(run.id) and len(store.table(run.id, "history"))
    scores, predictions = made_here(project, monkeypatch, run)
    assert store.read(run.id)["scores"] == scores
    np.testing.assert_array_equal(store.table(run.id, "predictions"), predictions)


def test_results_are_collected_from_there(memory, project, made):
    for run in plan.runs("tiny"):
        making.make(run, log=lambda _: None)
    collecting.collect_scores("tiny")
    assert (project / "results" / "tiny" / "scores.csv").read_bytes() == (
        made / "results" / "tiny" / "scores.csv"
    ).read_bytes()


def test_a_part_of_an_entry_is_no_entry(memory, project, made, monkeypatch):
    run = plan.runs("tiny")[0]
    folder, order = made / "store" / run.id, []
    original = type(memory).put_file

    def cut(self, source, target, **options):
        order.append(target.rpartition("/")[2])
        if order[-1] == "stations.parquet":
            raise KeyboardInterrupt
        original(self, source, target, **options)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(type(memory), "put_file", cut)
        bucket.put(folder, run.id)
    assert memory.exists(f"/bucket/store/{run.id}/history.csv"), "some of it is there"
    assert not store.has(run.id) and not store.is_stored(run.id) and store.stored() == store.entries() == set()
    with pytest.raises(StoreError, match="not in the store"):
        store.read(run.id)
    bucket.put(folder, run.id)
    store.check(run.id)


def test_an_index_goes_before_what_it_tells_of(memory, made, monkeypatch):
    run, order = plan.runs("tiny")[0], []
    put, remove = type(memory).put_file, type(memory).rm_file
    bucket.put(made / "store" / run.id, run.id)
    monkeypatch.setattr(
        type(memory), "put_file", lambda self, *a, **k: order.append(a[1].rpartition("/")[2]) or put(self, *a, **k)
    )
    monkeypatch.setattr(type(memory), "rm_file", lambda self, path: order.append("removed") or remove(self, path))
    bucket.put(made / "store" / run.id, run.id)
    assert order[0] == "removed" and order[-1] == "run.json" and set(order[1:-1]) == set(store.TABLES)


@pytest.mark.parametrize("name", ["run.json", *store.TABLES])
def test_a_damaged_object_is_noticed_and_mended(memory, made, name):
    run, said = plan.runs("tiny")[2], []
    bucket.put(made / "store" / run.id, run.id)
    path = f"/bucket/store/{run.id}/{name}"
    whole = memory.cat_file(path)
    memory.pipe_file(path, whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(DamagedEntry, match=run.id):
        store.check(run.id)
    assert not store.is_whole(run.id)
    memory.pipe_file(path, whole[:-1])
    assert run.id not in store.stored()
    making.make(run, log=said.append)
    assert said[0].endswith("made again") and store.is_whole(run.id)


def test_a_folder_may_be_named_too(project, monkeypatch, tmp_path_factory):
    run, elsewhere = plan.runs("tiny")[0], tmp_path_factory.mktemp("shared")
    for named, folder in ((str(elsewhere), elsewhere), ("../of-the-project", project.parent / "of-the-project")):
        monkeypatch.setenv("PLACEPRIOR_STORE", named)
        making.make(run, log=lambda _: None)
        assert (folder / run.id / "run.json").is_file() and store.stored() == {run.id}
    assert not (project / "store").exists()


def test_what_is_no_store_is_named(project, monkeypatch):
    monkeypatch.setenv("PLACEPRIOR_STORE", "nonsense://there")
    with pytest.raises(ConfigError, match="nonsense"):
        progress.done("tiny")


def test_one_that_does_not_answer_is_not_taken_for_an_empty_one(s3, monkeypatch):
    run = plan.runs("tiny")[0]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    type(s3).clear_instance_cache()
    for use in (lambda: store.is_stored(run.id), lambda: store.is_whole(run.id), store.stored):
        with pytest.raises(StoreError, match="does not answer"):
            use()
    type(s3).clear_instance_cache()


def test_a_bucket_that_is_none_is_told_of_before_training(s3, monkeypatch):
    monkeypatch.setenv("PLACEPRIOR_STORE", "s3://there-is-no-such-bucket/store")
    monkeypatch.setattr(making, "_fill_entry", lambda *_: pytest.fail("it trained"))
    with pytest.raises(StoreError, match="cannot be written"):
        making.make(plan.runs("tiny")[0], log=lambda _: None)


@pytest.mark.slow
def test_three_workers_share_a_bucket(s3, project, monkeypatch):
    pytest.importorskip("distributed")
    (project / "runs.yml").write_text(RUNS.format(seeds=[0]), encoding="utf-8")
    runs = plan.runs("tiny")
    assert len(runs) == 6
    with cluster.client("local:3") as workers:
        told = [run.id for run, _ in cluster.spread(cluster.make, runs, workers)]
    assert sorted(told) == sorted(store.stored()) == sorted(run.id for run in runs)
    assert not (project / "store").exists()
    for run in runs:
        store.check(run.id)
    same_as_made_here(runs, project, monkeypatch, random.Random(0))


@pytest.mark.deep
def test_workers_may_die_over_a_bucket(s3, project, monkeypatch):
    pytest.importorskip("distributed")
    (project / "runs.yml").write_text(RUNS.format(seeds=list(range(4))), encoding="utf-8")
    runs, rng, told = plan.runs("tiny"), random.Random(2), []
    with cluster.client("local:3") as workers:
        for run, _ in cluster.spread(cluster.make, runs, workers):
            told.append(run.id)
            assert store.stored() >= set(told), "what is told of is there"
            for seen in store.stored():
                store.check(seen)  # whole, or not seen
            if len(told) % 4 == 1:
                kill_one(workers, rng)
    assert sorted(told) == sorted(store.stored()) == sorted(run.id for run in runs)
    same_as_made_here(runs, project, monkeypatch, rng)
