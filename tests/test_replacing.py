"""A file is the old one or the new one, never half of one."""

import os
import threading

import pytest

from placeprior.files.replacing import replacing


def test_the_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "new folder" / "file"
    with replacing(path) as aside:
        aside.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole" and os.listdir(path.parent) == ["file"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_a_failed_block_changes_nothing_and_leaves_nothing(tmp_path, error):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(error), replacing(path) as aside:
        aside.write_text("half")
        raise error
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["file"]


def test_two_at_once_do_not_meet(tmp_path):
    path, barrier = tmp_path / "file", threading.Barrier(2)

    def write(text):
        with replacing(path) as aside:
            aside.write_text(text * 1000)
            barrier.wait(10)

    both = [threading.Thread(target=write, args=(text,)) for text in "ab"]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert path.read_text() in ("a" * 1000, "b" * 1000) and os.listdir(tmp_path) == ["file"]
