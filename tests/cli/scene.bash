# shellcheck shell=bash
# The scene of the tests that start whole tools, to be sourced: a folder of its own, in which the script goes on, and what
# runs beside it. All of it ends with the script.

folder=$(mktemp -d)
pids=() # what is told to end
logs=(out err) # what a failure shows the ends of

end_processes() {
  local pid
  for pid in "${pids[@]}"; do
    kill -CONT "$pid" 2>/dev/null || true
    kill -TERM "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  pids=()
}

close_scene() {
  end_processes
  cd /
  rm -rf "$folder"
}
trap close_scene EXIT
cd "$folder" || exit

# The settings of the user who runs the tests are not those of the test.
unset MIN_INSTANCES MAX_INSTANCES SCALE_UP_THRESHOLD SCALE_DOWN_THRESHOLD CHECK_INTERVAL COOLDOWN_PERIOD DRY_RUN VERBOSE
unset DOCKER_HOST DOCKER_CONTEXT DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_API_VERSION COMPOSE_FILE COMPOSE_PROJECT_NAME

fail() {
  tail -n 30 "${logs[@]}" 2>/dev/null || true
  echo "$*"
  exit 1
}

# await COMMAND...: until it succeeds; a slow machine has a minute for it.
await() {
  local deadline=$((SECONDS + 60))
  until "$@"; do
    [[ $SECONDS -lt $deadline ]] || fail "in vain: $*"
    sleep 0.1
  done
}

# has FILE WORDS: whether a line of the file has the words.
has() {
  grep -qF -- "$2" "$1" 2>/dev/null
}

# ends PID [STATUS [SIGNAL]]: tells the process to end, and fails unless it does so with that status.
ends() {
  local status=0
  kill -"${3:-TERM}" "$1"
  wait "$1" || status=$?
  [[ $status -eq ${2:-0} ]] || fail "after SIG${3:-TERM} it exited with $status instead of ${2:-0}"
}

# open_machine SANDBOX OPTIONS...: starts a Docker and a Kong; $machine is its process, and DOCKER_HOST, KONG_URL and
# PROXY_URL say where they are.
open_machine() {
  "$@" --dir "$folder" --duration 600 >report &
  machine=$!
  pids+=("$machine")
  await test -f ready
  # shellcheck disable=SC1091 # written by the sandbox
  . ./ready
  export DOCKER_HOST
}
