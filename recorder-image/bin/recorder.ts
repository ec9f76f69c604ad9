#!/usr/bin/env -S MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=131072 node --max-semi-space-size=1 --no-opt --no-maglev --enable-source-maps
import { EXIT_CODES } from '../contract/exit-codes.ts';
import { helpText } from '../help.ts';
import { run } from '../run.ts';
import { supervisionFrom } from '../supervision.ts';

const stop = new AbortController();
// Bound for good: a second signal must not end the process while the file is being finished.
process.on('SIGTERM', () => stop.abort());
process.on('SIGINT', () => stop.abort());
// The recorder before this one has died, and the stop came to that one or to nobody: see supervise.sh.
const { stopped, ...earlier } = supervisionFrom(process.argv.slice(2));
if (stopped) stop.abort();

if (process.argv.includes('--help')) {
  process.stdout.write(helpText());
} else {
  // One that ends while something is still waited for has failed: Node's own code for that is a wrong environment's here.
  process.exitCode = EXIT_CODES.failed;
  process.exitCode = await run({
    env: process.env,
    signal: stop.signal,
    earlier,
    complain: (text) => process.stderr.write(text),
  });
}
