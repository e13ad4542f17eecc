#!/bin/sh
# sh find-python.sh [PYTHON]: prints the Python of this machine that can make the environment in .venv: PYTHON, or the
# first one that is new enough. Where there is none, the command that README names is said, and the status is 1.
# It is the first thing that a bare machine runs, so it asks for nothing but a POSIX sh.
set -u

ABLE='import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))'
KIND='import sys; v = sys.version_info[:2]; print("Python %d.%d" % v + (", too old" if v < (3, 10) else " without venv"))'
found=''
if [ $# = 0 ]; then set -- python3 python3.14 python3.13 python3.12 python3.11 python3.10; fi
for python in "$@"; do
  if "$python" -c "$ABLE" >/dev/null 2>&1; then
    printf '%s\n' "$python"
    exit 0
  fi
  if [ -z "$found" ]; then found=$("$python" -c "$KIND" 2>/dev/null) || found=''; fi
done

command=''
for manager in apt-get dnf microdnf yum; do
  command -v "$manager" >/dev/null || continue
  case $manager/$found in
    apt-get/*old) ;; # a Debian has one Python, and this is it
    apt-get/*) command='apt-get update && apt-get install -y make python3-venv' ;;
    *) command="$manager install -y make python3.12" ;;
  esac
  break
done
{
  echo "provisioner needs Python 3.10 or newer with its module venv; this machine has ${found:-none}."
  if [ -n "$command" ]; then printf 'As root:\n\n    %s\n\n' "$command"; fi
  printf 'A release without such a Python is provisioned from another machine:\n\n'
  printf '    make up TARGETS="root@%s"\n\n' "$(uname -n)"
} >&2
exit 1
