import { describe, expect, it } from 'vitest';
import { AgoraUnavailableError } from '../../agora/agora-error.ts';
import type { Converter } from '../../agora/converter.ts';
import type { MeetingRecordingStatus } from '../../crd/status.ts';
import type { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { NOW, passOf, podOf, recordingOf, worldOf } from '../testing/build.ts';
import { push } from './push.ts';

const spec = { source: { agora: { channel: 'standup', region: 'eu' as const } } };
const ready = {
  phase: 'Starting',
  reason: 'WaitingForPublisher',
  podName: 'rec-1',
  attempt: 1,
  ingest: { url: 'rtmp://10.0.0.7:1935/live' },
} as const;

describe('news of the push', () => {
  const known = { converterId: 'c1', state: 'running' };
  const recorded = { phase: 'Recording', reason: 'Receiving', startedAt: NOW, agora: known } as const;

  function setupNews(text: string, start: () => Promise<Converter>) {
    const asked: string[] = [];
    const world = worldOf({
      push: {
        start: async () => {
          asked.push('start');
          return await start();
        },
      },
    });
    const conditions = [
      {
        type: 'Receiving',
        status: 'True',
        reason: 'Receiving',
        message: '',
        lastTransitionTime: NOW,
      } as const,
    ];
    let stored: MeetingRecordingStatus = { ...ready, ...recorded, conditions };
    const go = async () => {
      const recording = recordingOf({
        spec,
        status: stored,
        metadata: { annotations: { 'meetrec.dev/push-news': text } },
      });
      const pass = passOf(recording, { pod: podOf(recording, { container: { state: { running: {} } } }) });
      await push(pass, world);
      stored = pass.status.value;
      return pass;
    };
    return { asked, world, go };
  }
  const made = (id: string) => async (): Promise<Converter> =>
    await Promise.resolve({ id, state: 'connecting' });

  it.each(['failed c1', 'destroyed c1 Internal Error', 'destroyed c1 Delete Request'])(
    'has it replaced at once: %s',
    async (text) => {
      const { asked, go } = setupNews(text, made('c2'));
      expect((await go()).status.value.agora?.converterId).toBe('c2');
      await go();
      expect(asked).toEqual(['start']);
    },
  );

  it('is acted on once, also where Agora shows the same converter again', async () => {
    const { asked, go } = setupNews('failed c1', made('c1'));
    await go();
    await go();
    expect(asked).toEqual(['start']);
  });

  it('is not forgotten while Agora does not answer', async () => {
    const { asked, world, go } = setupNews('destroyed c1 Internal Error', () =>
      Promise.reject(new AgoraUnavailableError('no answer')),
    );
    for (let i = 0; i < 2; i++) {
      const pass = await go();
      expect(pass.status.value.agora?.state).toBe('destroyed');
      (world.clock as FakeClock).jump(pass.requeueAfterMs ?? 0);
    }
    expect(asked).toEqual(['start', 'start']);
  });

  it.each(['failed c0', 'destroyed c1 Idle Timeout', 'whatever'])('replaces nothing: %s', async (text) => {
    const { asked, go } = setupNews(text, made('c2'));
    await go();
    expect(asked).toEqual([]);
  });
});
