import type { MeetingRecording } from '../crd/meeting-recording.ts';

const MEBI = 1024 * 1024;
/** The journal and the file made of it. */
const COPIES = 2;
/** Containers, audio, and encoders that overshoot. */
const HEADROOM = 1.25;
const AUDIO_KBPS = 128;
/** Beside the media: what the recorder keeps free, at which it would stop. */
const RESERVE_BYTES = 1024 * MEBI;
/** Logs and temporary files count against the pod's limit too. */
const BESIDE_BYTES = 256 * MEBI;

/**
 * What the spool of this recording may take, in bytes: journal and file at the bitrate that Agora was asked for, up to
 * the maximum. What another publisher sends is not known beforehand, so it gets the maximum.
 */
export function spoolBytes(recording: MeetingRecording, maximumBytes: number): number {
  const { source, output, maxDurationSeconds } = recording.spec;
  if (!source.agora) return maximumBytes;
  const bytesPerSecond = ((output.bitrateKbps + AUDIO_KBPS) * 1000) / 8;
  const needed = bytesPerSecond * maxDurationSeconds * COPIES * HEADROOM + RESERVE_BYTES;
  return Math.min(Math.ceil(needed / MEBI) * MEBI, maximumBytes);
}

/** The limit of the pod's ephemeral storage: the spool and what lies beside it. */
export function podStorageBytes(spool: number): number {
  return spool + BESIDE_BYTES;
}
