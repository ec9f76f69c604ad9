/**
 * Loaded into a real API process before its program: kills it, as the kernel would, just before or just after the one
 * call to the database or the Kubernetes API that CRASH_AT names, `COLLECTION.METHOD before` or `kube.VERB after`, when
 * that call names what CRASH_ABOUT says: a meeting or a recording.
 */
import { mongo } from 'mongoose';
import { KubeClient } from '../../../operator/runtime/kube/client.ts';

type Method = (this: unknown, ...asked: unknown[]) => Promise<unknown>;

const [target = '', moment = ''] = (process.env['CRASH_AT'] ?? '').split(' ');
const about = process.env['CRASH_ABOUT'] ?? '';
const [place = '', name = ''] = target.split('.');

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('nobody outlives this');
}

function isAbout(asked: readonly unknown[]): boolean {
  return JSON.stringify(asked).includes(about);
}

function deadly(
  methods: Record<string, Method>,
  isMeant: (self: unknown, asked: unknown[]) => boolean,
): void {
  const original = methods[name];
  if (original === undefined) throw new Error(`there is no ${target}`);
  methods[name] = async function (...asked) {
    if (!isMeant(this, asked)) return original.apply(this, asked);
    if (moment === 'before') die();
    await original.apply(this, asked);
    return die();
  };
}

if (place === 'kube') {
  deadly(KubeClient.prototype as unknown as Record<string, Method>, (_, asked) => isAbout(asked));
} else {
  deadly(
    mongo.Collection.prototype as unknown as Record<string, Method>,
    (self, asked) => (self as { collectionName: string }).collectionName === place && isAbout(asked),
  );
}
