#!/bin/sh
# Runs the recorder that it is given, and starts it again where it is when it ends without a result: killed, out of
# memory, a fault of its own. A kubelet would do that too, but not in a pod that is being deleted, also not before it has
# sent SIGTERM, and the spool goes with the pod. One that dies again and again is left to the kubelet in the end.

# Seconds after which one has run well: what it dies of then is nothing that it was started with.
WELL=60
# Seconds in which a stop may still be on its way to one that is given up.
LAST=2

told=
child=
watcher=
ended=
restarts=0

# The first time it is started again at once, then after 1, 2, 4 and 8 seconds.
refill() {
  tries=5
  delay=0
}
refill

# Twice, which is harmless: one that is just being forked still has this shell's trap, and forgets what it hears.
hand_on() {
  if [ -z "$child" ]; then return; fi
  kill -TERM "$child" 2>/dev/null
  { sleep 1; kill -TERM "$child"; } >/dev/null 2>&1 &
}

stop() {
  # What could not record any more may well be able to finish.
  if [ -z "$told" ]; then refill; fi
  told=--stopped
  hand_on
  watch
}
trap stop TERM INT

# A signal ends it early.
pause() {
  if [ "$1" -eq 0 ]; then return; fi
  sleep "$1" &
  wait $! 2>/dev/null
  kill $! 2>/dev/null
}

# In sessions of their own, so that what they have started can be told from what people run beside them.
session=$(command -v setsid)

# A recorder that was told to stop, and hangs. On a port that the kernel chose nobody can ask.
watch() {
  if [ -z "$child" ] || [ -n "$watcher" ] || [ "$HTTP_PORT" = 0 ]; then return; fi
  $session sh "${0%/*}/watch.sh" "$child" &
  watcher=$!
}

while :; do
  started=$(date +%s)
  with=$told
  $session "$@" $with $ended &
  child=$!
  # A stop that came while it was being started has found nobody to be handed to.
  if [ "$told" != "$with" ]; then hand_on; fi
  if [ -n "$told" ]; then watch; fi
  wait "$child" 2>/dev/null
  code=$?
  # A signal to this shell ends the wait and not the program.
  while kill -0 "$child" 2>/dev/null; do
    wait "$child" 2>/dev/null
    code=$?
  done
  group=$child
  child=
  # It may have no session yet.
  if [ -n "$watcher" ]; then kill -KILL "$watcher" "-$watcher" 2>/dev/null; fi
  watcher=

  # Results, which would only be the same again: contract/exit-codes.ts. 128 and more: a signal.
  case $code in 0 | 10 | 11 | 12 | 13) exit "$code" ;; esac
  # As in a container that is started again, nothing of it goes on: its FFmpeg might open the next one's file.
  kill -KILL "-$group" 2>/dev/null

  now=$(date +%s)
  if [ $((now - started)) -ge "$WELL" ]; then refill; fi
  if [ "$tries" -eq 0 ]; then pause "$LAST"; fi
  if [ "$tries" -eq 0 ]; then exit "$code"; fi
  # One that ended by the stop itself, before it listened for it, has not died.
  if [ -z "$told" ] || [ "$code" -ne 143 ]; then
    restarts=$((restarts + 1))
    ended="--restarts=$restarts --last-exit-code=$code --last-ended-at=$now"
    printf '{"level":40,"time":%s000,"recordingId":"%s","exitCode":%s,"restarts":%s,"msg":"%s"}\n' \
      "$now" "$RECORDING_ID" "$code" "$restarts" 'the recorder ended without a result and is started again'
  fi
  tries=$((tries - 1))
  pause "$delay"
  delay=$((delay == 0 ? 1 : delay * 2))
done
