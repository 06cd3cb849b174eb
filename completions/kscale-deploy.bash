# Completion of kscale-deploy for bash.

_kscale_deploy() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  # bash splits --name=value at the equals sign.
  if [[ $word == "=" ]]; then
    word=
  elif [[ $previous == "=" ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  local actions="start stop restart scale status logs health deploy cleanup history pause resume"
  local action='' own i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    if [[ " $actions " == *" ${COMP_WORDS[i]} "* && ${COMP_WORDS[i - 1]} != "=" ]]; then
      action=${COMP_WORDS[i]}
      break
    fi
  done
  case $action in
    start) own="--instances --include-kong --include-database" ;;
    stop) own="--all" ;;
    restart) own="--all-at-once --include-kong" ;;
    scale) own="--instances" ;;
    logs) own="--tail --follow --since" ;;
    deploy) own="--instances --image" ;;
    cleanup) own="--force" ;;
    history) own="--history-days" ;;
    *) own="" ;;
  esac
  local options="$own --yes --json --quiet --wait-timeout --show-config --config --help --version
    --min-instances --max-instances --scale-up-threshold --scale-down-threshold
    --request-rate-up --request-rate-down --response-time-up
    --check-interval --cooldown-period --warm-up --cpu-basis
    --name-prefix --upstream --service --target-address --target-host --target-weight
    --container-port --host-port-base --health-path
    --ready-timeout --propagation-wait --drain-timeout --stop-timeout
    --kong-url --proxy-url --proxy-health-path
    --kong-token-header --kong-token-file --kong-ca-file --kong-client-cert --kong-client-key
    --docker-host --compose-file --compose-project --request-timeout --history-log --state-dir
    --keep-samples --keep-minutes --metrics-listen --dry-run --verbose"
  case $previous in
    --config | --kong-token-file | --kong-ca-file | --kong-client-cert | --kong-client-key | --compose-file | \
      --history-log)
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
    *)
      if [[ -z $action ]]; then
        options="$actions $options"
      elif [[ $action == logs ]]; then
        options="backend kong $options"
      fi
      mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
      ;;
  esac
}

complete -F _kscale_deploy kscale-deploy
