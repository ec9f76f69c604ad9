import { isIPv6 } from 'node:net';
import { REASONS } from '../../crd/reasons.ts';
import { isOver } from '../pass.ts';
import type { Pass, Verdict } from '../pass.ts';
import type { World } from '../world.ts';

/** Says where the publisher reaches the recorder, once it listens. */
export function endpoint(pass: Pass, world: World): Promise<Verdict> {
  const { status, recorder } = pass;
  if (isOver(pass) || recorder?.is !== 'listening') return Promise.resolve('next');
  const { rtmpServerUrl, recorder: config } = world.config;
  status.value.ingest = {
    url: rtmpServerUrl ?? `rtmp://${hostPart(recorder.address)}:${config.rtmpPort}/live`,
  };
  status.set('RecorderReady', 'True', 'Listening', 'The recorder listens for its publisher');
  const said = status.value.reason === 'RequestingPush' || status.value.reason === 'WaitingForPublisher';
  if (status.value.startedAt === undefined && !said)
    status.say('Starting', 'WaitingForPublisher', REASONS.WaitingForPublisher);
  return Promise.resolve('next');
}

/** An address as a URL has it. */
export function hostPart(address: string): string {
  return isIPv6(address) ? `[${address}]` : address;
}
