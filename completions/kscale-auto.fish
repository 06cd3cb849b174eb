# Completion of kscale-auto for fish.

complete -c kscale-auto -f
complete -c kscale-auto -l once -d 'check once and end, for cron'
complete -c kscale-auto -l json -d 'print one JSON object per check'
complete -c kscale-auto -l show-config -d 'print each setting and where it comes from, and end'
complete -c kscale-auto -l config -r -F -d 'read the settings from FILE'
complete -c kscale-auto -l help -d 'show this help'
complete -c kscale-auto -l version -d 'show the version'
complete -c kscale-auto -l min-instances -x -d 'never run fewer instances'
complete -c kscale-auto -l max-instances -x -d 'never run more instances'
complete -c kscale-auto -l scale-up-threshold -x -d 'add an instance above this CPU or memory use'
complete -c kscale-auto -l scale-down-threshold -x -d 'remove an instance only at or below this CPU and memory use'
complete -c kscale-auto -l request-rate-up -x -d 'add an instance above so many requests a second'
complete -c kscale-auto -l request-rate-down -x -d 'remove an instance only at or below so many requests a second'
complete -c kscale-auto -l response-time-up -x -d 'add an instance above this mean response time'
complete -c kscale-auto -l check-interval -x -d 'how often to check'
complete -c kscale-auto -l cooldown-period -x -d 'how long to wait after scaling before scaling again'
complete -c kscale-auto -l warm-up -x -d 'how long the load of a new instance is not counted'
complete -c kscale-auto -l cpu-basis -x -a 'core limit' -d 'what 100% CPU is'
complete -c kscale-auto -l name-prefix -x -d 'instance N is the container NAME-N'
complete -c kscale-auto -l upstream -x -d "Kong's upstream"
complete -c kscale-auto -l service -x -d "Kong's service"
complete -c kscale-auto -l target-address -x -a 'name ip host' -d 'how Kong reaches an instance'
complete -c kscale-auto -l target-host -x -d 'the host in a target with target-address=host'
complete -c kscale-auto -l target-weight -x -d 'weight of a target'
complete -c kscale-auto -l container-port -x -d 'port that an instance listens on'
complete -c kscale-auto -l host-port-base -x -d 'instance N publishes its port at PORT+N'
complete -c kscale-auto -l health-path -x -d 'path that a ready instance answers'
complete -c kscale-auto -l ready-timeout -x -d 'how long a new instance may take until it is ready'
complete -c kscale-auto -l propagation-wait -x -d 'how long Kong takes to learn of a change'
complete -c kscale-auto -l drain-timeout -x -d 'how long requests in flight get'
complete -c kscale-auto -l stop-timeout -x -d 'time between SIGTERM and SIGKILL'
complete -c kscale-auto -l kong-url -x -d "Kong's Admin API"
complete -c kscale-auto -l proxy-url -x -d "Kong's proxy"
complete -c kscale-auto -l proxy-health-path -x -d 'path of the timed request'
complete -c kscale-auto -l kong-token-header -x -d 'header that carries the key of the Admin API'
complete -c kscale-auto -l kong-token-file -r -F -d 'file that holds the key'
complete -c kscale-auto -l kong-ca-file -r -F -d 'certificate authority of the Admin API'
complete -c kscale-auto -l kong-client-cert -r -F -d 'client certificate for the Admin API'
complete -c kscale-auto -l kong-client-key -r -F -d 'its private key'
complete -c kscale-auto -l docker-host -x -d "Docker's address"
complete -c kscale-auto -l compose-file -r -F -d "Compose's file"
complete -c kscale-auto -l compose-project -x -d "Compose's project"
complete -c kscale-auto -l request-timeout -x -d 'deadline of one call to Docker or Kong'
complete -c kscale-auto -l history-log -r -F -d 'CSV file of scaling actions'
complete -c kscale-auto -l state-dir -r -F -d 'where state, history and lock are kept'
complete -c kscale-auto -l keep-samples -x -d 'how long the history keeps each sample'
complete -c kscale-auto -l keep-minutes -x -d 'how long the history keeps averages over a minute'
complete -c kscale-auto -l metrics-listen -x -d "serve Prometheus' page there"
complete -c kscale-auto -l dry-run -d 'decide, but change nothing'
complete -c kscale-auto -l verbose -d 'tell each step'
