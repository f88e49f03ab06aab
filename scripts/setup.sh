#!/bin/sh
# Make or refresh the environment in .venv. Called by `make setup`; does nothing when nothing it depends on has changed.
#
#   TORCH_INDEX  package index for torch, e.g. https://download.pytorch.org/whl/cu130 on a GPU machine, or "cpu": PyTorch's
#                CPU index and, where that cannot be reached, what the default index offers. Unset: as before, at first cpu
#   PYTHON       interpreter to build the environment with (3.11 or newer)
set -eu
cd "$(dirname "$0")/.."

CPU_INDEX=https://download.pytorch.org/whl/cpu
TORCH=$(sed -n 's/^\(torch==[^ ;]*\).*/\1/p' requirements.lock)
BIN=.venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }
modern() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

# The build of torch that was once chosen stays until another is asked for.
index=${TORCH_INDEX:-$(cat .venv/torch 2>/dev/null || echo cpu)}
# The stamp is a fingerprint, not a date: a checkout that only touches files installs nothing.
stamp=$(cat requirements.lock pyproject.toml scripts/setup.sh | cksum)" $index $(pwd)"
if [ -f .venv/stamp ] && [ "$(cat .venv/stamp)" = "$stamp" ] && modern $BIN/python; then exit 0; fi

if ! modern $BIN/python || ! $BIN/python -m pip --version >/dev/null 2>&1; then
    for candidate in "${PYTHON:-python3}" python3 python3.13 python3.12 python3.11; do
        if modern "$candidate"; then found=$candidate; break; fi
    done
    [ -n "${found:-}" ] || fail "no Python 3.11 or newer found (tried ${PYTHON:-python3}, python3.13, python3.12, python3.11):" \
        "install one, or name it: make setup PYTHON=/path/to/python3"
    say "making .venv with $("$found" --version)"
    rm -rf .venv
    "$found" -m venv .venv || fail "could not make .venv; on Debian and Ubuntu: apt-get install python3-venv"
fi
rm -f .venv/stamp

# A build from another index satisfies the same pin, so it has to go before the one asked for can come.
if [ -f .venv/torch ] && [ "$(cat .venv/torch)" != "$index" ]; then
    $BIN/python -m pip uninstall -q -y torch
fi
printf '%s' "$index" > .venv/torch
if [ "$index" != cpu ]; then
    say "installing $TORCH with its needs from $index"
    $BIN/python -m pip install -q --index-url "$index" "$TORCH" ||
        fail "$TORCH could not be installed from $index; see the error above, or take the CPU build: make setup TORCH_INDEX=cpu"
else
    say "installing $TORCH for the CPU"
    # One try and a short wait: where this index is shut off, the answer should come in seconds.
    if ! $BIN/python -m pip install -q --retries 0 --timeout 10 --no-deps --index-url "$CPU_INDEX" "$TORCH" \
        2>.venv/torch.log; then
        say "PyTorch's CPU index did not serve it (log: .venv/torch.log); taking it from the default index,"
        say "whose build for Linux may bring several GB of GPU libraries"
        $BIN/python -m pip install -q -c requirements.lock "$TORCH" || fail "$TORCH could not be installed; see the error above"
    fi
fi

say "installing the $(grep -c '==' requirements.lock) packages of requirements.lock"
$BIN/python -m pip install -q --no-deps -r requirements.lock || fail "requirements.lock could not be installed; see the error above"
# setuptools comes with the lock, so the project builds without fetching one.
$BIN/python -m pip install -q --no-deps --no-build-isolation -e . || fail "the project itself could not be installed; see the error above"
printf '%s' "$stamp" > .venv/stamp
say "ready: .venv ($(du -sh .venv | cut -f1))"
