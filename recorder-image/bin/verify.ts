#!/usr/bin/env node
import { runVerify } from '../verify/run-verify.ts';

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
