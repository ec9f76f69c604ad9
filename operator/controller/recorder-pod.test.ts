import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { deriveStreamKey } from '../crd/stream-key.ts';
import { parseEnvironment } from '../../recorder-image/contract/environment.ts';
import { readConfig } from './config.ts';
import { recorderPod } from './recorder-pod.ts';
import type { Pod } from './kube-objects.ts';
import { folderOfPod, newFolder } from './recording-place.ts';
import { UID, NOW, config, recordingOf } from './testing/build.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function podOf(recording = recordingOf(), recorder = config.recorder) {
  const pod = recorderPod({
    recording,
    attempt: 1,
    folder: newFolder(recording, recorder),
    masterKey: config.masterKey,
    config: recorder,
  });
  const spec = pod.spec as Record<string, unknown> & { containers: [Record<string, unknown>] };
  const env = spec.containers[0]['env'] as { name: string; value: string }[];
  return {
    pod,
    spec,
    container: spec.containers[0],
    env: Object.fromEntries(env.map(({ name, value }) => [name, value])),
  };
}

describe('the recorder pod', () => {
  it('gets an environment that the recorder takes', () => {
    const { env } = podOf(recordingOf({ spec: { maxDurationSeconds: 90 } }));
    expect(parseEnvironment(env)).toMatchObject({
      RECORDING_ID: 'rec',
      RECORDING_MAX_DURATION: 90,
      RECORDING_RESOLUTION: '1280x720',
      S3_BUCKET: 'bucket',
      S3_KEY: 'recordings/meeting-1/rec-0123456789ab/recording.mp4',
      RECORDING_UID: UID,
      RECORDING_ATTEMPT: 1,
      MEETING_ID: 'meeting-1',
    });
  });

  it('tells who asked and on which node it is, and what looks like a variable is none to the kubelet', () => {
    const { container } = podOf(recordingOf({ spec: { meetingId: 'a $(S3_KEY)', requestedBy: '$$ann' } }));
    expect(container['env']).toContainEqual({ name: 'MEETING_ID', value: 'a $$(S3_KEY)' });
    expect(container['env']).toContainEqual({ name: 'REQUESTED_BY', value: '$$$$ann' });
    const valueFrom = { fieldRef: { fieldPath: 'spec.nodeName' } };
    expect(container['env']).toContainEqual({ name: 'NODE_NAME', valueFrom });
  });

  it('notes the folder that its recorder was given', () => {
    const { pod } = podOf();
    expect(folderOfPod(pod as Pod)).toEqual({
      bucket: 'bucket',
      prefix: 'recordings/meeting-1/rec-0123456789ab/',
    });
  });

  it('is told how S3 is reached, and trusts whom it is told to trust for it', () => {
    const { recorder } = readConfig({
      RECORDER_IMAGE: 'recorder:1',
      STREAM_KEY_SECRET: 'x'.repeat(32),
      S3_BUCKET: 'bucket',
      S3_CHECKSUMS: 'when_required',
      S3_CA_CONFIG_MAP: 's3-authorities',
      HTTPS_PROXY: 'http://proxy:3128',
      NO_PROXY: '.svc',
    });
    const { env, spec, container } = podOf(recordingOf(), recorder);
    expect(parseEnvironment(env)).toMatchObject({
      S3_CHECKSUMS: 'when_required',
      S3_CA_FILE: '/etc/meetrec-s3-ca/ca.crt',
    });
    expect(env).toMatchObject({ HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: '.svc' });
    expect(spec['volumes']).toContainEqual({
      name: 's3-ca',
      configMap: { name: 's3-authorities', optional: true },
    });
    const mount = { name: 's3-ca', mountPath: '/etc/meetrec-s3-ca', readOnly: true };
    expect(container['volumeMounts']).toContainEqual(mount);
  });

  it('is given the hash of its key, and never the key', () => {
    const { pod, env } = podOf();
    const key = deriveStreamKey(config.masterKey, UID);
    expect(env['STREAM_KEY_SHA256']).toBe(sha256(key));
    expect(JSON.stringify(pod)).not.toContain(key);
    expect(JSON.stringify(pod)).not.toContain(config.masterKey);
  });

  it('takes the hash that the object brings', () => {
    const streamKeySha256 = sha256('mine');
    const { env } = podOf(recordingOf({ spec: { source: { rtmp: { streamKeySha256 } } } }));
    expect(env['STREAM_KEY_SHA256']).toBe(streamKeySha256);
  });

  it('belongs to its recording, and can’t vanish before its result was read', () => {
    const { pod } = podOf();
    expect(pod.metadata).toMatchObject({
      name: 'rec-1',
      finalizers: ['meetrec.dev/result'],
      ownerReferences: [{ kind: 'MeetingRecording', uid: UID, controller: true, blockOwnerDeletion: true }],
      annotations: {
        'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
        'karpenter.sh/do-not-disrupt': 'true',
      },
    });
  });

  it('is killed when it has hung for a minute, and not told to stop, which would end its recording', () => {
    const { livenessProbe, readinessProbe } = podOf().container as Record<string, Record<string, number>>;
    expect(livenessProbe).toMatchObject({ httpGet: { path: '/healthz' }, terminationGracePeriodSeconds: 1 });
    const { periodSeconds = 0, failureThreshold = 0 } = livenessProbe ?? {};
    expect(periodSeconds * failureThreshold).toBe(60);
    expect(readinessProbe).toMatchObject({ httpGet: { path: '/readyz' } });
  });

  it('has what the restricted profile asks for, and no token', () => {
    const { spec, container } = podOf();
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: 'OnFailure',
      terminationGracePeriodSeconds: 600,
      securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(container['securityContext']).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container['resources']).toMatchObject({
      requests: { memory: '224Mi' },
      limits: { memory: '224Mi' },
    });
  });

  it('goes rather not where the recorder before it ended, which may be dead and not known to be', () => {
    expect(podOf().spec).not.toHaveProperty('affinity');
    const lastTermination = { exitCode: 255, reason: 'NodeLost', message: '', at: NOW, node: 'node-1' };
    const preference = { matchFields: [{ key: 'metadata.name', operator: 'NotIn', values: ['node-1'] }] };
    expect(podOf(recordingOf({ status: { attempt: 2, lastTermination } })).spec['affinity']).toEqual({
      nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference }] },
    });
  });

  it('takes its secret, account, class and storage from the configuration', () => {
    const { recorder } = readConfig({
      RECORDER_IMAGE: 'recorder:1',
      STREAM_KEY_SECRET: 'x'.repeat(32),
      S3_BUCKET: 'bucket',
      RECORDER_SECRET: 'aws',
      RECORDER_SERVICE_ACCOUNT: 'irsa',
      RECORDER_PRIORITY_CLASS: 'meetings',
      RECORDER_EPHEMERAL_STORAGE: '20Gi',
      RECORDER_EPHEMERAL_STORAGE_REQUEST: '1Gi',
    });
    const { spec, container } = podOf(recordingOf(), recorder);
    expect(spec).toMatchObject({ serviceAccountName: 'irsa', priorityClassName: 'meetings' });
    expect(container['envFrom']).toEqual([{ secretRef: { name: 'aws' } }]);
    expect(container['resources']).toMatchObject({
      requests: { 'ephemeral-storage': '1Gi' },
      limits: { 'ephemeral-storage': '20736Mi' },
    });
    expect(spec['volumes']).toContainEqual({ name: 'spool', emptyDir: { sizeLimit: '20480Mi' } });
  });

  it('has its certificate where it stands behind a gateway, and waits for none that is missing', () => {
    const { recorder } = readConfig({
      RECORDER_IMAGE: 'recorder:1',
      STREAM_KEY_SECRET: 'x'.repeat(32),
      S3_BUCKET: 'bucket',
      INGEST_EXPOSURE: 'gateway',
      INGEST_GATEWAY_NAME: 'ingest',
      INGEST_DOMAIN: 'ingest.example.com',
      INGEST_TLS_SECRET: 'ingest-tls',
    });
    const { spec, container } = podOf(recordingOf(), recorder);
    expect(spec['volumes']).toContainEqual({
      name: 'certificate',
      secret: { secretName: 'ingest-tls', optional: true },
    });
    expect(container['env']).toContainEqual({
      name: 'RTMP_TLS_KEY_PATH',
      value: '/etc/meetrec-tls/tls.key',
    });
    expect(container['volumeMounts']).toContainEqual({
      name: 'certificate',
      mountPath: '/etc/meetrec-tls',
      readOnly: true,
    });
  });
});
