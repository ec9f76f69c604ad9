import { expect } from 'vitest';
import type { MeetingRecordingStatus } from '../../../operator/crd/status.ts';
import { EVENTS } from '../../../operator/runtime/event-recorder.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { TestWorld } from './world.ts';

interface Told {
  readonly regarding: { readonly name: string };
  readonly type: string;
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly series?: object;
}

/** Status and reason of the condition Complete. */
export function complete({ conditions }: MeetingRecordingStatus): string {
  const { status, reason } = conditions?.find(({ type }) => type === 'Complete') ?? {};
  return `${status} ${reason}`;
}

/** The counters of what is missing that are not zero, of the controller that serves its metrics at this port. */
export async function missingCounters(port: number): Promise<Record<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const lines = [
    ...text.matchAll(/^meetrec_recordings?_(incomplete|missing)_?\w*\{reason="(\w+)"\} (\S+)$/gm),
  ];
  expect(lines).toHaveLength(8);
  return Object.fromEntries(
    lines.flatMap(([, what, reason, value]) =>
      Number(value) > 0 ? [[`${what} ${reason}`, Number(value)]] : [],
    ),
  );
}

/** The events that something is missing from a recording, once its end was told, which comes after them. */
export async function incompleteEvents(world: TestWorld, name: string, phase = 'Completed'): Promise<Told[]> {
  return await waitFor(
    async () => {
      const { items } = await world.cluster.kube.list(EVENTS, { namespace: world.namespace });
      const own = (items as unknown as Told[]).filter(({ regarding }) => regarding.name === name);
      const isEnd = ({ action, reason }: Told) => action === phase && reason !== 'RecordingIncomplete';
      return own.some(isEnd) ? own.filter(({ reason }) => reason === 'RecordingIncomplete') : undefined;
    },
    { what: `the event of the end of ${name}` },
  );
}
