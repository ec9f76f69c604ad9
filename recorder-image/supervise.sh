#!/bin/sh
# Runs the program that it is given, and ends as it does. Once it was told to stop, nobody else would start it again: a
# kubelet leaves the containers of a pod alone that is being deleted, and the spool goes with the pod. So a program that
# is killed after that (out of memory, a crash) is started again here, to finish its file from its journal.
TRIES=5
told=
child=

stop() {
  told=--stopped
  if [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null; fi
}
trap stop TERM INT

while :; do
  "$@" $told &
  child=$!
  wait "$child"
  code=$?
  # A signal to this shell ends the wait and not the program.
  while kill -0 "$child" 2>/dev/null; do
    wait "$child"
    code=$?
  done
  child=
  # The stop may be on its way: a kubelet that was about to send it does not start the container again either.
  if [ -z "$told" ] && [ "$code" -ge 128 ]; then
    sleep 2 &
    wait $!
  fi
  # 128 and more: a signal ended it.
  if [ -z "$told" ] || [ "$code" -lt 128 ] || [ "$TRIES" -eq 0 ]; then exit "$code"; fi
  TRIES=$((TRIES - 1))
done
