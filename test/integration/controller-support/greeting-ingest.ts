import { createHash } from 'node:crypto';
import { pino } from 'pino';
import { Ingest } from '../../../recorder-image/ingest/ingest.ts';
import type { CertificatePaths } from '../../../recorder-image/ingest/server-certificate.ts';

/** The real ingest of a recorder, in place of one that runs in a pod: it answers to greetings. */
export async function startIngest(options: {
  port: number;
  tls?: CertificatePaths;
}): Promise<AsyncDisposable & { port: number }> {
  const nothing = (): undefined => undefined;
  const ingest = new Ingest({
    ...options,
    streamKeySha256: createHash('sha256').update('nobody has it').digest('hex'),
    fourCcs: { video: [], audio: [] },
    log: pino({ level: 'silent' }),
    events: {
      ...{ onPublisher: nothing, onMedia: nothing, onRest: nothing },
      ...{ onPublisherGone: nothing, onExpelled: nothing },
    },
  });
  const port = await ingest.listen();
  return { port, [Symbol.asyncDispose]: () => ingest.drainAndClose() };
}
