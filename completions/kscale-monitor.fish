# Completion of kscale-monitor for fish.

function __kscale_monitor_rules
    # Those before the last comma stay.
    set -l before (commandline -ct | string replace -r '^--alert-for=' '' | string replace -r '[^,]*$' '')
    printf '%s=\n' "$before"{high-cpu,high-memory,slow-responses,errors,unhealthy-instance,overall-health} \
        "$before"{kong-unreachable,docker-unreachable,target-drift,at-max,autoscaler-silent}
end

complete -c kscale-monitor -f
complete -c kscale-monitor -l once -d 'look once and end; with --alert-mode, exit 4 when something is wrong'
complete -c kscale-monitor -l plain -d 'print a block of text per look, also on a terminal'
complete -c kscale-monitor -l json -d 'print one JSON object per look, or the history as one'
complete -c kscale-monitor -l quiet -d 'print nothing: only record, tell of alerts and export'
complete -c kscale-monitor -l alert-mode -d 'log alerts and send them to the receivers'
complete -c kscale-monitor -l export-to-file -d 'add each look to a file'
complete -c kscale-monitor -l output-file -r -F -d 'that file, else kong-metrics.json'
complete -c kscale-monitor -l format -x -a 'json csv' -d 'of the file: JSON lines or CSV'
complete -c kscale-monitor -l export-size -x -d 'begin a new file at this size'
complete -c kscale-monitor -l show-history -d 'print what the history holds, and end'
complete -c kscale-monitor -l history-days -x -d 'how far back the history or the report goes'
complete -c kscale-monitor -l csv -d 'print the history as CSV'
complete -c kscale-monitor -l report -r -F -d 'write a report on the history as a web page, and end'
complete -c kscale-monitor -l show-config -d 'print each setting and where it comes from, and end'
complete -c kscale-monitor -l config -r -F -d 'read the settings from FILE'
complete -c kscale-monitor -l help -d 'show this help'
complete -c kscale-monitor -l version -d 'show the version'
complete -c kscale-monitor -l min-instances -x -d 'never run fewer instances'
complete -c kscale-monitor -l max-instances -x -d 'never run more instances'
complete -c kscale-monitor -l scale-up-threshold -x -d 'add an instance above this CPU or memory use'
complete -c kscale-monitor -l scale-down-threshold -x -d 'remove an instance only at or below this CPU and memory use'
complete -c kscale-monitor -l request-rate-up -x -d 'add an instance above so many requests a second'
complete -c kscale-monitor -l request-rate-down -x -d 'remove an instance only at or below so many requests a second'
complete -c kscale-monitor -l response-time-up -x -d 'add an instance above this mean response time'
complete -c kscale-monitor -l check-interval -x -d 'how often to check'
complete -c kscale-monitor -l cooldown-period -x -d 'how long to wait after scaling before scaling again'
complete -c kscale-monitor -l warm-up -x -d 'how long the load of a new instance is not counted'
complete -c kscale-monitor -l cpu-basis -x -a 'core limit' -d 'what 100% CPU is'
complete -c kscale-monitor -l name-prefix -x -d 'instance N is the container NAME-N'
complete -c kscale-monitor -l upstream -x -d "Kong's upstream"
complete -c kscale-monitor -l service -x -d "Kong's service"
complete -c kscale-monitor -l target-address -x -a 'name ip host' -d 'how Kong reaches an instance'
complete -c kscale-monitor -l target-host -x -d 'the host in a target with target-address=host'
complete -c kscale-monitor -l target-weight -x -d 'weight of a target'
complete -c kscale-monitor -l container-port -x -d 'port that an instance listens on'
complete -c kscale-monitor -l host-port-base -x -d 'instance N publishes its port at PORT+N'
complete -c kscale-monitor -l health-path -x -d 'path that a ready instance answers'
complete -c kscale-monitor -l ready-timeout -x -d 'how long a new instance may take until it is ready'
complete -c kscale-monitor -l propagation-wait -x -d 'how long Kong takes to learn of a change'
complete -c kscale-monitor -l drain-timeout -x -d 'how long requests in flight get'
complete -c kscale-monitor -l stop-timeout -x -d 'time between SIGTERM and SIGKILL'
complete -c kscale-monitor -l kong-url -x -d "Kong's Admin API"
complete -c kscale-monitor -l proxy-url -x -d "Kong's proxy"
complete -c kscale-monitor -l proxy-health-path -x -d 'path of the timed request'
complete -c kscale-monitor -l kong-token-header -x -d 'header that carries the key of the Admin API'
complete -c kscale-monitor -l kong-token-file -r -F -d 'file that holds the key'
complete -c kscale-monitor -l kong-ca-file -r -F -d 'certificate authority of the Admin API'
complete -c kscale-monitor -l kong-client-cert -r -F -d 'client certificate for the Admin API'
complete -c kscale-monitor -l kong-client-key -r -F -d 'its private key'
complete -c kscale-monitor -l docker-host -x -d "Docker's address"
complete -c kscale-monitor -l compose-file -r -F -d "Compose's file"
complete -c kscale-monitor -l compose-project -x -d "Compose's project"
complete -c kscale-monitor -l request-timeout -x -d 'deadline of one call to Docker or Kong'
complete -c kscale-monitor -l refresh-interval -x -d 'how often to look'
complete -c kscale-monitor -l cpu-threshold -x -d 'alert above this CPU use of an instance'
complete -c kscale-monitor -l memory-threshold -x -d 'alert above this memory use of an instance'
complete -c kscale-monitor -l response-time-threshold -x -d 'alert above this mean response time'
complete -c kscale-monitor -l error-rate-threshold -x -d 'alert above this share of answers with 5xx'
complete -c kscale-monitor -l alert-for -x -a '(__kscale_monitor_rules)' -d 'how long something must be wrong before the alert fires'
complete -c kscale-monitor -l alert-repeat -x -d 'tell again of an alert that lasts for so long'
complete -c kscale-monitor -l webhook-url -x -d 'post alerts there as JSON'
complete -c kscale-monitor -l slack-url -x -d 'post alerts to this Slack webhook'
complete -c kscale-monitor -l alertmanager-url -x -d 'send alerts to this Alertmanager'
complete -c kscale-monitor -l history-log -r -F -d 'CSV file of scaling actions'
complete -c kscale-monitor -l state-dir -r -F -d 'where state, history and lock are kept'
complete -c kscale-monitor -l keep-samples -x -d 'how long the history keeps each sample'
complete -c kscale-monitor -l keep-minutes -x -d 'how long the history keeps averages over a minute'
complete -c kscale-monitor -l metrics-listen -x -d "serve Prometheus' page there"
complete -c kscale-monitor -l dry-run -d 'record nothing, and neither log nor send an alert'
complete -c kscale-monitor -l verbose -d 'of no effect: steps are what changes something'
