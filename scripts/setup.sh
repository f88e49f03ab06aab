#!/bin/sh
# Make or refresh the environment in .venv. Called by `make setup`; does nothing when nothing it depends on has changed.
#
#   TORCH_INDEX  package index for torch, e.g. https://download.pytorch.org/whl/cu130 on a GPU machine, or "cpu": PyTorch's
#                CPU index and, where that cannot be reached, what the default index offers. Unset: as before, at first cpu
#   PYTHON       interpreter to build the environment with (3.11 or newer)
#
# While it works, .venv/unfinished says so: pip takes a half unpacked package for an installed one, so what an interrupted
# set-up left is not gone on with but made again.
set -eu
cd "$(dirname "$0")/.."

CPU_INDEX=https://download.pytorch.org/whl/cpu
TORCH=$(sed -n 's/^\(torch==[^ ;]*\).*/\1/p' requirements.lock)
BIN=.venv/bin
MARK=.venv/unfinished
LOCK=.setup.lock
PROGRAMS="python doit jupyter-book placeprior pytest ruff"
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }
# One that was killed is dead even where nobody has asked for its exit status yet.
alive() { kill -0 "$1" 2>/dev/null && case "$(ps -o stat= -p "$1" 2>/dev/null)" in Z*) false ;; esac; }
modern() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
# What pip refused without touching a package is gone on with the next time, and need not be made again.
refused() { $BIN/python scripts/installed.py 2>/dev/null && rm -f $MARK; fail "$@"; }
complete() { for program in $PROGRAMS; do [ -x "$BIN/$program" ] || return 1; done; }
# Renamed first: half a folder under its own name could be taken for an environment.
discard() {
    rm -rf .venv.discarded
    if [ -e .venv ] || [ -L .venv ]; then mv .venv .venv.discarded && rm -rf .venv.discarded; fi
}

case ${TORCH_INDEX:-cpu} in
    cpu) ;;
    *[!A-Za-z0-9._~:/@%+=?\&-]*) fail "TORCH_INDEX is no address: '$TORCH_INDEX'; it is 'cpu' or an index such as $CPU_INDEX" ;;
    https://?* | http://?* | file:///?*) ;;
    *) fail "TORCH_INDEX is no address: '$TORCH_INDEX'; it is 'cpu' or an index such as $CPU_INDEX" ;;
esac
# The build of torch that was once chosen stays until another is asked for.
index=${TORCH_INDEX:-$(cat .venv/torch 2>/dev/null || echo cpu)}
# The stamp is a fingerprint, not a date: a checkout that only touches files installs nothing.
stamp=$(cat requirements.lock pyproject.toml scripts/setup.sh scripts/installed.py | cksum)" $index $(pwd)"
if [ ! -e $MARK ] && [ "$(cat .venv/stamp 2>/dev/null)" = "$stamp" ] && modern $BIN/python && complete; then exit 0; fi

# A link is made whole or not at all, and says who made it.
while ! ln -s $$ $LOCK 2>/dev/null; do
    holder=$(readlink $LOCK) || fail "cannot write in $(pwd); make it writable, or clone the project elsewhere"
    if alive "$holder"; then
        fail "process $holder is setting up this folder; wait for it, then start again"
    fi
    rm -f $LOCK # it was killed
done
trap 'rm -f $LOCK' EXIT
trap 'say "interrupted; the next start makes .venv again" >&2; exit 130' INT TERM HUP

if [ -e $MARK ]; then
    say "the last set-up was interrupted"
    discard
elif [ -f .venv/stamp ] && ! complete; then
    say ".venv lacks programs that were there"
    discard
fi
if ! modern $BIN/python || ! $BIN/python -m pip --version >/dev/null 2>&1; then
    for candidate in "${PYTHON:-python3}" python3 python3.13 python3.12 python3.11; do
        if modern "$candidate"; then found=$candidate; break; fi
    done
    [ -n "${found:-}" ] || fail "no Python 3.11 or newer found (tried ${PYTHON:-python3}, python3.13, python3.12, python3.11):" \
        "install one, or name it: make setup PYTHON=/path/to/python3"
    say "making .venv with $("$found" --version)"
    discard
    mkdir .venv
    : >$MARK
    "$found" -m venv .venv || fail "could not make .venv; on Debian and Ubuntu: apt-get install python3-venv"
fi
: >$MARK
rm -f .venv/stamp

# A build from another index satisfies the same pin, so it has to go before the one asked for can come.
if [ -f .venv/torch ] && [ "$(cat .venv/torch)" != "$index" ]; then
    $BIN/python -m pip uninstall -q -y torch
fi
printf '%s' "$index" > .venv/torch
if [ "$index" != cpu ]; then
    say "installing $TORCH with its needs from $index"
    $BIN/python -m pip install -q --index-url "$index" "$TORCH" ||
        refused "$TORCH could not be installed from $index; see the error above, or take the CPU build: make setup TORCH_INDEX=cpu"
else
    say "installing $TORCH for the CPU"
    # One try and a short wait: where this index is shut off, the answer should come in seconds.
    if ! $BIN/python -m pip install -q --retries 0 --timeout 10 --no-deps --index-url "$CPU_INDEX" "$TORCH" \
        2>.venv/torch.log; then
        say "PyTorch's CPU index did not serve it (log: .venv/torch.log); taking it from the default index,"
        say "whose build for Linux may bring several GB of GPU libraries"
        # Its needs beyond the lock have no hashes there, and pip checks all or none.
        sed -n 's/^\([A-Za-z0-9][^\\]*\).*/\1/p' requirements.lock > .venv/versions
        $BIN/python -m pip install -q -c .venv/versions "$TORCH" || refused "$TORCH could not be installed; see the error above"
    fi
fi

say "installing the $(grep -c '==' requirements.lock) packages of requirements.lock"
$BIN/python -m pip install -q --no-deps -r requirements.lock || refused "requirements.lock could not be installed; see the error above"
# setuptools comes with the lock, so the project builds without fetching one.
$BIN/python -m pip install -q --no-deps --no-build-isolation -e . || refused "the project itself could not be installed; see the error above"

$BIN/python scripts/installed.py || fail "the packages above are not whole; remove .venv and run make setup"
$BIN/python -c 'import torch' || fail "torch is installed and cannot be loaded; take another build: make setup TORCH_INDEX=cpu"
for program in $PROGRAMS; do
    $BIN/$program --help >/dev/null 2>.venv/program.log ||
        fail "$BIN/$program does not run ($(tail -n 1 .venv/program.log)); remove .venv and run make setup"
done
printf '%s' "$stamp" > .venv/stamp
rm $MARK
say "ready: .venv ($(du -sh .venv | cut -f1)); pip check will miss what geoclip asks for and its location encoder does not"
say "use (torchvision, transformers and more: 7 GB), which requirements.lock leaves out on purpose"
