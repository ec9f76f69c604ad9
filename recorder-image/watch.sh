#!/bin/sh
# watch.sh PID: kills the recorder with this process id when it does not answer any more. supervise.sh has it watch one
# that was told to stop: mostly its pod is being deleted, and of such a pod the kubelet asks nobody whether he is alive.

# Seconds from one question to the next, which are also those to answer in, and after how many questions in a row without
# an answer it hangs. Half of what the liveness probe gives it: the pod's grace period runs, and a kill takes nothing.
PERIOD=5
UNANSWERED=6

# In an image without them it can't be asked.
command -v bash timeout >/dev/null || exit 0

# A connection alone says nothing: the kernel makes that for a program that hangs, too. Only bash opens connections.
answers() {
  # shellcheck disable=SC2016 # To be expanded by the other shell.
  timeout "$PERIOD" bash -c '
    exec 3<> "/dev/tcp/127.0.0.1/$0" && printf "GET /healthz HTTP/1.0\r\n\r\n" >&3 && read -r line <&3 && [ -n "$line" ]
  ' "${HTTP_PORT:-8080}" 2>/dev/null
}

missed=0
while [ "$missed" -lt "$UNANSWERED" ]; do
  sleep "$PERIOD" &
  if answers; then missed=0; else missed=$((missed + 1)); fi
  wait
  kill -0 "$1" 2>/dev/null || exit 0
done
printf '{"level":50,"time":%s000,"recordingId":"%s","msg":"%s"}\n' \
  "$(date +%s)" "$RECORDING_ID" 'the recorder does not answer any more while it stops, and is killed'
kill -KILL "$1"
