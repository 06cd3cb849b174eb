# Completion of kscale-monitor for bash.

_kscale_monitor() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  # bash splits --name=value at the equals sign.
  if [[ $word == "=" ]]; then
    word=
  elif [[ $previous == "=" ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  local options="--once --plain --json --quiet --alert-mode
    --export-to-file --output-file --format --export-size --show-history --history-days --csv --report
    --show-config --config --help --version
    --min-instances --max-instances --scale-up-threshold --scale-down-threshold
    --request-rate-up --request-rate-down --response-time-up
    --check-interval --cooldown-period --warm-up --cpu-basis
    --name-prefix --upstream --service --target-address --target-host --target-weight
    --container-port --host-port-base --health-path
    --ready-timeout --propagation-wait --drain-timeout --stop-timeout
    --kong-url --proxy-url --proxy-health-path
    --kong-token-header --kong-token-file --kong-ca-file --kong-client-cert --kong-client-key
    --docker-host --compose-file --compose-project --request-timeout
    --refresh-interval --cpu-threshold --memory-threshold --response-time-threshold --error-rate-threshold
    --alert-for --alert-repeat --webhook-url --slack-url --alertmanager-url
    --history-log --state-dir --keep-samples --keep-minutes --metrics-listen --dry-run --verbose"
  case $previous in
    --config | --kong-token-file | --kong-ca-file | --kong-client-cert | --kong-client-key | --compose-file | \
      --history-log | --output-file | --report)
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      ;;
    --state-dir)
      mapfile -t COMPREPLY < <(compgen -d -- "$word")
      ;;
    --cpu-basis)
      mapfile -t COMPREPLY < <(compgen -W "core limit" -- "$word")
      ;;
    --target-address)
      mapfile -t COMPREPLY < <(compgen -W "name ip host" -- "$word")
      ;;
    --format)
      mapfile -t COMPREPLY < <(compgen -W "json csv" -- "$word")
      ;;
    --alert-for)
      compopt -o nospace # the span comes next
      mapfile -t COMPREPLY < <(compgen -S = -W "high-cpu high-memory slow-responses errors unhealthy-instance
        overall-health kong-unreachable docker-unreachable target-drift at-max autoscaler-silent" -- "$word")
      ;;
    *)
      mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
      ;;
  esac
}

complete -F _kscale_monitor kscale-monitor
