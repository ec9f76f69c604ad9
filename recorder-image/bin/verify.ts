#!/usr/bin/env node
import { runVerify } from '../verify/run-verify.ts';

// What differs from its checksum is to be looked at, and not to be refused by the SDK.
process.env['AWS_RESPONSE_CHECKSUM_VALIDATION'] = 'when_required';

const stop = new AbortController();
process.on('SIGTERM', () => stop.abort(new Error('told to stop')));
process.on('SIGINT', () => stop.abort(new Error('told to stop')));

process.exitCode = await runVerify({
  args: process.argv.slice(2),
  env: process.env,
  signal: stop.signal,
  print: (text) => process.stdout.write(text),
  complain: (text) => process.stderr.write(text),
});
