import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { fuzz } from '../../../recorder-image/ingest/testing/fuzz.ts';
import { say, secondsSince } from '../../cluster/progress.ts';

const USAGE = `Drives the RTMP ingest with mutations of a recorded session, longer than the tests do.

  node test/chaos/ingest-fuzz/cli.ts [--runs N] [--from SEED]     default: 100000 from 0

It stops at the first mutation that crashes the ingest, or gets media past the key, and names its seed.`;

const SESSION = new URL('../../../recorder-image/ingest/testing/sessions/ffmpeg.rtmp', import.meta.url);
const BATCH = 5000;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100000' },
    from: { type: 'string', default: '0' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) {
  say(USAGE);
} else {
  const session = await readFile(SESSION);
  const began = performance.now();
  const end = Number(values.from) + Number(values.runs);
  for (let from = Number(values.from); from < end; from += BATCH) {
    const seeds = Array.from({ length: Math.min(BATCH, end - from) }, (_, index) => from + index);
    const { published, refused, peakBufferBytes } = fuzz(session, seeds);
    const buffers = `${Math.round(peakBufferBytes / 1e6)} MB of buffers`;
    say(
      `to seed ${from + seeds.length - 1}: ${published} published, ${refused} refused, ${buffers} (${secondsSince(began)} s)`,
    );
  }
}
