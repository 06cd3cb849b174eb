# shellcheck shell=bash disable=SC2154 # `scene` is set by the script
# The scene of the docker tests, to be sourced: instances of the test image on the real engine, the stand-in for Kong
# before them, and kscale-auto with a folder of its own. All of it goes when the script ends.
#
# The script sets `scene` first, a name of its own that begins all it makes, and then calls `open_scene AUTO SANDBOX`.

# What kscale-auto must never show.
readonly planted=a-planted-secret
readonly no_engine=77 # ctest's code for a skipped test
DOCKER_HOST=${DOCKER_HOST:-unix:///var/run/docker.sock}
pids=()

fail() {
  echo "$scene: $*" >&2
  exit 1
}

# engine METHOD PATH [BODY]: prints the engine's answer.
engine() {
  local address=(--unix-socket "${DOCKER_HOST#unix://}" "http://docker$2")
  if [[ $DOCKER_HOST == tcp://* ]]; then
    address=("http://${DOCKER_HOST#tcp://}$2")
  fi
  curl --silent --show-error --fail-with-body --max-time 60 --request "$1" \
    --header 'Content-Type: application/json' ${3:+--data "$3"} "${address[@]}"
}

# kong PATH [CURL OPTIONS]: prints the answer of the Admin API.
kong() {
  local path=$1
  shift
  curl --silent --show-error --fail-with-body --max-time 20 "$@" "$KONG_URL$path"
}

close_scene() {
  local pid name
  for pid in "${pids[@]}"; do
    kill -TERM "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  remove_containers
  rm -rf "$folder"
}

# The names of the containers of this scene, running or not, one a line.
containers() {
  engine GET "/containers/json?all=true" | jq -r --arg prefix "$scene-" \
    '.[].Names[0][1:] | select(startswith($prefix))' | sort -V
}

remove_containers() {
  for name in $(containers); do
    engine DELETE "/containers/$name?force=true&v=true" >/dev/null || true
  done
}

is_free() {
  ! (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Sets `base` so that the ports base+1 to base+9 are free; below those that the system hands out.
choose_ports() {
  local tries n
  for ((tries = 0; tries < 50; ++tries)); do
    base=$((20000 + RANDOM % 1000 * 10))
    for ((n = 1; n <= 9; ++n)); do
      is_free $((base + n)) || continue 2
    done
    return
  done
  fail "no ten free ports in a row"
}

open_scene() {
  auto=$1 sandbox=$2
  if ! engine GET /_ping >/dev/null 2>&1; then
    echo "skipped: no Docker engine answers at $DOCKER_HOST"
    exit "$no_engine"
  fi
  folder=$(mktemp -d)
  remove_containers
  trap close_scene EXIT
  trap 'exit 1' INT TERM HUP
  choose_ports
}

# start_kong [OPTIONS OF THE SANDBOX]: Kong with the targets of three instances; sets KONG_URL, PROXY_URL, CONTROL_URL.
start_kong() {
  "$sandbox" --without-docker --dir "$folder/kong" --prefix "$scene" --upstream "$scene-upstream" --service "$scene" \
    --address host --host-port-base "$base" --duration 300 "$@" >"$folder/kong-report" 2>&1 &
  pids+=($!)
  within 10 test -e "$folder/kong/ready" || fail "Kong's stand-in did not start: $(<"$folder/kong-report")"
  # shellcheck source=/dev/null
  source "$folder/kong/ready"
}

# within SECONDS COMMAND...: tries until it succeeds.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.05
  done
}

answers() {
  [[ $(curl --silent --max-time 2 --output /dev/null --write-out '%{http_code}' "http://127.0.0.1:$1$2") == 200 ]]
}

# make_instance N [MORE ENVIRONMENT]: instance N as Compose makes and starts it, of the image that `instance_image` names.
instance_image=kscale-test-app:latest
make_instance() {
  local number=$1
  shift
  engine POST "/containers/create?name=$scene-$number" "$(jq -n --arg scene "$scene" --arg n "$number" \
    --arg port $((base + number)) --arg secret "$planted" --arg image "$instance_image" --args '{
      Image: $image,
      Env: (["NODE_ENV=production", "INSTANCE_ID=\($scene)-\($n)", "MONGO_URL=mongodb://shop:\($secret)@mongo/shop"]
        + $ARGS.positional),
      Labels: {
        "com.docker.compose.project": $scene,
        "com.docker.compose.service": "\($scene)-\($n)",
        "com.docker.compose.container-number": "1",
        "com.docker.compose.oneoff": "False"
      },
      HostConfig: {
        RestartPolicy: {Name: "unless-stopped"},
        PortBindings: {"3020/tcp": [{HostIp: "127.0.0.1", HostPort: $port}]}
      }
    }' "$@")" >/dev/null
  engine POST "/containers/$scene-$number/start" >/dev/null
}

make_instances() {
  local number
  for number in "$@"; do
    make_instance "$number"
  done
  for number in "$@"; do
    within 20 answers $((base + number)) /street-noshery/customer || fail "$scene-$number did not answer within 20 s"
  done
}

# tool PROGRAM [OPTIONS]: a tool with the settings of the scene, and no others. It takes the place of the shell.
tool() {
  local program=$1
  shift
  exec env -i PATH="$PATH" DOCKER_HOST="$DOCKER_HOST" "$program" --name-prefix "$scene" --upstream "$scene-upstream" \
    --service "$scene" --target-address host --kong-url "$KONG_URL" --proxy-url "$PROXY_URL" \
    --state-dir "$folder/state" --history-log "$folder/history.csv" \
    --min-instances 3 --max-instances 6 --request-rate-up 100000 --request-rate-down 90000 --response-time-up 60000 \
    --propagation-wait 100 --ready-timeout 20 "$@"
}

# kscale [OPTIONS]: kscale-auto so.
kscale() {
  tool "$auto" "$@"
}

# targets [WEIGHT]: the targets of at least that weight, one a line; without it those that get requests.
targets() {
  kong "/upstreams/$scene-upstream/targets?size=1000" |
    jq -r --argjson least "${1:-1}" '.data[] | select(.weight >= $least) | .target' | sort -V
}

# Where the running instances listen, one a line.
addresses() {
  engine GET "/containers/json" | jq -r --arg prefix "$scene-" '.[] | select(.Names[0][1:] | startswith($prefix))
    | .Ports[] | select(.PrivatePort == 3020) | "127.0.0.1:\(.PublicPort)"' | sort -uV
}

# burn SHAPE: load on the proxy, such as 12:120 for twelve requests a second for two minutes.
burn() {
  curl --silent --show-error --fail --max-time 10 "$CONTROL_URL/load" --data "$1" >/dev/null
}

# Requests that take a second each, so that some are always under way where an instance goes. Ends with its folder.
slow_requests() {
  local end=$((SECONDS + 150))
  while [[ ! -e $folder/slow-enough ]] && ((SECONDS < end)); do
    curl --silent --max-time 20 --output /dev/null --write-out '%{http_code}\n' \
      "$PROXY_URL/street-noshery/slow?ms=1000" >>"$folder/slow" || true
  done
}

begin_slow_requests() {
  slow_requests &
  slow=$!
  pids+=("$slow")
}

# Ends the load, and the slow requests. None of either may have failed. Sets `report`.
end_of_load() {
  : >"$folder/slow-enough"
  wait "$slow"
  curl --silent --fail --max-time 10 --request POST "$CONTROL_URL/load/stop" >/dev/null
  sleep 0.3
  report=$(curl --silent --fail --max-time 10 "$CONTROL_URL/report")
  [[ $(jq '.failed' <<<"$report") == 0 ]] || fail "requests failed: $report"
  [[ $(sort -u "$folder/slow") == 200 ]] || fail "slow requests: $(sort "$folder/slow" | uniq -c)"
}

# no_secret_in FILE...: nor in the folder of the state.
no_secret_in() {
  local where=("$@")
  if [[ -d $folder/state ]]; then
    where+=("$folder/state")
  fi
  if grep -rlF -- "$planted" "${where[@]}" >&2; then
    fail "a secret of the containers was written"
  fi
}
