import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MEETING_RECORDINGS } from '../../operator/controller/kube-objects.ts';
import type { MeetingRecording } from '../../operator/crd/meeting-recording.ts';
import { API_VERSION, KIND } from '../../operator/crd/names.ts';
import { ApiError } from '../../operator/runtime/kube/api-error.ts';
import type { KubeObject } from '../../operator/runtime/kube/objects.ts';
import { ensureTools } from '../cluster/toolchain/ensure-tool.ts';
import { startCluster } from './controller-support/world.ts';
import type { Cluster } from './controller-support/world.ts';

const namespace = 'default';
const agora = { channel: 'standup' };
const good = { meetingId: 'meeting-1', source: { agora } };

describe('what the API server makes of a MeetingRecording', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster();
  }, 180_000);
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  const create = async (name: string, spec: object): Promise<MeetingRecording> =>
    await cluster.kube.create(MEETING_RECORDINGS, {
      apiVersion: API_VERSION,
      kind: KIND,
      metadata: { namespace, name },
      spec,
    } as KubeObject);
  const patch = async (name: string, spec: object): Promise<MeetingRecording> =>
    await cluster.kube.patch(MEETING_RECORDINGS, { namespace, name }, { type: 'merge', body: { spec } });
  const refusal = async (write: Promise<unknown>): Promise<string> => {
    const error = await write.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).status).toBe(422);
    return (error as ApiError).message;
  };

  it('fills in the defaults', async () => {
    const { spec } = await create('defaults', good);
    expect(spec).toEqual({
      meetingId: 'meeting-1',
      source: { agora: { channel: 'standup', region: 'eu' } },
      output: { format: 'mp4', resolution: '1280x720', fps: 30, bitrateKbps: 2000 },
      maxDurationSeconds: 7200,
      desiredState: 'Recording',
      ttlSecondsAfterFinished: 604_800,
      immutableReplicas: 1,
    });
  });

  it.each([
    ['both sources', { ...good, source: { agora, rtmp: {} } }, 'exactly one of agora and rtmp, for example'],
    ['no source', { ...good, source: {} }, 'exactly one of agora and rtmp, for example'],
    ['source left out', { meetingId: 'm' }, 'spec.source: Required value'],
    ['no meeting', { source: { agora } }, 'spec.meetingId: Required value'],
    ['format mkv', { ...good, output: { format: 'mkv' } }, 'supported values: "mp4", "webm", "m3u8"'],
    [
      'resolution 720p',
      { ...good, output: { resolution: '720p' } },
      'WIDTHxHEIGHT in pixels, for example 1280x720',
    ],
    ['an odd size', { ...good, output: { resolution: '1281x720' } }, 'even numbers from 66 to 3840'],
    ['a size too large', { ...good, output: { resolution: '8000x720' } }, 'even numbers from 66 to 3840'],
    ['fps 0', { ...good, output: { fps: 0 } }, 'should be greater than or equal to 1'],
    ['fps 61', { ...good, source: { rtmp: {} }, output: { fps: 61 } }, 'should be less than or equal to 60'],
    ['bitrate 50', { ...good, output: { bitrateKbps: 50 } }, 'should be greater than or equal to 100'],
    ['Agora at 60 fps', { ...good, output: { fps: 60 } }, 'Agora pushes at most 30 frames per second'],
    [
      'a webm that can not be encoded in time',
      { ...good, output: { format: 'webm', resolution: '3840x2160', fps: 16 } },
      '1920x1080 at 60 frames per second, 2560x1440 at 33 or 3840x2160 at 15',
    ],
    [
      'a webm of no resolution',
      { ...good, output: { format: 'webm', resolution: '4K' } },
      'for example 1280x720',
    ],
    ['a maximum of no time', { ...good, maxDurationSeconds: 0 }, 'should be greater than or equal to 1'],
    ['an unknown wish', { ...good, desiredState: 'Paused' }, 'supported values: "Recording", "Stopped"'],
    [
      'a key that is no hash',
      { ...good, source: { rtmp: { streamKeySha256: 'xyz' } } },
      '64 lower-case hex digits',
    ],
    [
      'an unknown region',
      { ...good, source: { agora: { channel: 'c', region: 'mars' } } },
      'supported values: "cn"',
    ],
  ])('refuses %s and says what to write instead', async (_what, spec, message) => {
    expect(await refusal(create('wrong', spec))).toContain(message);
  });

  it.each([
    ['raw mode without a stream', { mode: 'raw' }, 'mode raw goes with streamUid'],
    ['a stream without raw mode', { streamUid: 7 }, 'mode raw goes with streamUid'],
    [
      'raw mode with a layout',
      { mode: 'raw', streamUid: 7, layout: 'grid' },
      'leave out layout and audioOnly',
    ],
    ['a layout without a picture', { audioOnly: true, layout: 'grid' }, 'no picture to arrange'],
    ['a speaker in a grid', { layout: 'grid', speakerUid: 7 }, 'speakerUid goes with layout: speaker'],
    [
      'a uid of more than 32 bits',
      { mode: 'raw', streamUid: 4_294_967_296 },
      'less than or equal to 4294967295',
    ],
  ])('refuses %s of an Agora channel', async (_what, more, message) => {
    const source = { agora: { ...agora, ...more } };
    expect(await refusal(create('wrong', { ...good, source }))).toContain(message);
  });

  it.each([
    { layout: 'speaker', speakerUid: 4_294_967_295 },
    { mode: 'raw', streamUid: 1, audioOnly: false, layout: 'auto' },
    { audioOnly: true },
  ])('takes %j of an Agora channel', async (more) => {
    const source = { agora: { ...agora, ...more } };
    const { spec } = await create(`agora-${JSON.stringify(more).length}`, { ...good, source });
    expect(spec.source.agora).toMatchObject(more);
  });

  it('refuses a name that is too long for its pod', async () => {
    expect(await refusal(create('x'.repeat(59), good))).toContain('at most 58 characters');
    await create('x'.repeat(58), good);
  });

  it('takes 60 fps from a publisher of one’s own', async () => {
    const { spec } = await create('obs', { meetingId: 'm', source: { rtmp: {} }, output: { fps: 60 } });
    expect(spec.output.fps).toBe(60);
  });

  it.each([
    ['1920x1080', 60],
    ['2560x1440', 33],
    ['3840x2160', 15],
  ])('takes what it says that can be encoded in time: %s at %i', async (resolution, fps) => {
    const output = { format: 'webm', resolution, fps };
    const { spec } = await create(`webm-${fps}`, { meetingId: 'm', source: { rtmp: {} }, output });
    expect(spec.output).toMatchObject(output);
    const more = { ...output, fps: fps + 1 };
    const reason = fps === 60 ? 'less than or equal to 60' : 'webm is encoded while it is recorded';
    expect(await refusal(create('wrong', { meetingId: 'm', source: { rtmp: {} }, output: more }))).toContain(
      reason,
    );
  });

  it.each([
    ['the meeting', { meetingId: 'other' }, 'meetingId is immutable'],
    ['the source', { source: { agora: { channel: 'other' } } }, 'source is immutable'],
    ['the output', { output: { fps: 25 } }, 'output is immutable'],
    ['who asked', { requestedBy: 'somebody' }, 'requestedBy is immutable'],
  ])('refuses to change %s', async (what, change, message) => {
    const name = `fixed-${what.replaceAll(' ', '-')}`;
    await create(name, good);
    expect(await refusal(patch(name, change))).toContain(message);
  });

  it('takes Stopped as final, and a new duration and time to live', async () => {
    await create('stopped', good);
    await patch('stopped', { maxDurationSeconds: 60, ttlSecondsAfterFinished: 0 });
    await patch('stopped', { desiredState: 'Stopped' });
    expect(await refusal(patch('stopped', { desiredState: 'Recording' }))).toContain('Stopped is final');
  });

  it('keeps spec and status apart', async () => {
    const made = await create('apart', good);
    const status = { phase: 'Failed' as const, reason: 'NoPublisher' };
    const written = await cluster.kube.replace(
      MEETING_RECORDINGS,
      { ...made, status },
      { subresource: 'status' },
    );
    expect(written.status).toEqual(status);
    const touched = await cluster.kube.replace(MEETING_RECORDINGS, { ...written, status: {} });
    expect(touched.status).toEqual(status);
  });

  it('selects by meeting and by phase', async () => {
    const made = await create('selected', { ...good, meetingId: 'meeting-selected' });
    const status = { phase: 'Recording' as const };
    await cluster.kube.replace(MEETING_RECORDINGS, { ...made, status }, { subresource: 'status' });
    const select = async (fieldSelector: string) => {
      const { items } = await cluster.kube.list(MEETING_RECORDINGS, { namespace, fieldSelector });
      return items.map(({ metadata }) => metadata.name);
    };
    expect(await select('spec.meetingId=meeting-selected')).toEqual(['selected']);
    expect(await select('status.phase=Recording')).toEqual(['selected']);
    expect(await select('spec.meetingId=meeting-selected,status.phase=Failed')).toEqual([]);
  });

  it('shows kubectl what contracts promise', async () => {
    const { kubectl } = await ensureTools(['kubectl']);
    const made = await create('shown', { ...good, meetingId: 'shown-meeting' });
    const file = {
      bucket: 'b',
      key: 'recordings/shown.mp4',
      url: 's3://b/recordings/shown.mp4',
      sizeBytes: 42,
      format: 'mp4' as const,
    };
    const status = {
      phase: 'Completed' as const,
      reason: 'MeetingEnded',
      durationSeconds: 12.5,
      nodeName: 'node-7',
      podName: 'shown-1',
      missingSeconds: 6600.5,
      conditions: [
        {
          type: 'Complete' as const,
          status: 'False' as const,
          reason: 'MediaLost',
          message: '',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
      file,
    };
    await cluster.kube.replace(MEETING_RECORDINGS, { ...made, status }, { subresource: 'status' });
    const get = async (...args: string[]) => {
      const { stdout } = await promisify(execFile)(kubectl, ['get', 'mrec', 'shown', ...args], {
        env: { KUBECONFIG: cluster.api.kubeconfig },
      });
      return stdout
        .trim()
        .split('\n')
        .map((line) => line.trim().split(/\s+/));
    };
    const [header, row] = await get();
    expect(header).toEqual(['NAME', 'PHASE', 'MEETING', 'FORMAT', 'DURATION', 'SIZE', 'REASON', 'AGE']);
    expect(row?.slice(0, 7)).toEqual([
      'shown',
      'Completed',
      'shown-meeting',
      'mp4',
      '12.5',
      '42',
      'MeetingEnded',
    ]);
    const [wide, wideRow] = await get('-o', 'wide');
    expect(wide?.slice(-5)).toEqual(['NODE', 'POD', 'COMPLETE', 'MISSING', 'KEY']);
    expect(wideRow?.slice(-5)).toEqual(['node-7', 'shown-1', 'False', '6600.5', 'recordings/shown.mp4']);
  });
});
