#!/usr/bin/env -S MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=131072 node --max-semi-space-size=1 --no-opt --no-maglev --enable-source-maps
import { helpText } from '../help.ts';
import { run } from '../run.ts';

const stop = new AbortController();
// Bound for good: a second signal must not end the process while the file is being finished.
process.on('SIGTERM', () => stop.abort());
process.on('SIGINT', () => stop.abort());
// The recorder before this one was killed after it had been told: see supervise.sh.
if (process.argv.includes('--stopped')) stop.abort();

if (process.argv.includes('--help')) {
  process.stdout.write(helpText());
} else {
  process.exitCode = await run({
    env: process.env,
    signal: stop.signal,
    complain: (text) => process.stderr.write(text),
  });
}
