import { salvageHelpText } from '../help.ts';
import { runSalvage } from '../salvage/run-salvage.ts';

const stop = new AbortController();
process.on('SIGTERM', () => stop.abort(new Error('told to stop')));
process.on('SIGINT', () => stop.abort(new Error('told to stop')));

if (process.argv.includes('--help')) {
  process.stdout.write(salvageHelpText());
} else {
  process.exitCode = await runSalvage({
    env: process.env,
    signal: stop.signal,
    complain: (text) => process.stderr.write(text),
  });
}
