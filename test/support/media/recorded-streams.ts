import { run } from '../../cluster/run-command.ts';

/** A track of a recording, as ffprobe sees it. */
export interface RecordedStream {
  readonly type: 'audio' | 'video';
  /** FFmpeg's name of the codec. */
  readonly codec: string;
  readonly packets: readonly RecordedPacket[];
}

export interface RecordedPacket {
  /** Hex MD5 of the payload. */
  readonly hash: string;
  readonly ptsMs: number;
  /** Absent where the container or FFmpeg does not say. */
  readonly durationMs: number;
}

interface Probed {
  readonly streams: readonly {
    readonly index: number;
    readonly codec_type: string;
    readonly codec_name: string;
  }[];
  readonly packets: readonly {
    readonly stream_index: number;
    readonly pts_time: string;
    readonly duration_time?: string;
    readonly data_hash: string;
  }[];
}

/** Every packet of a file or playlist, without decoding it. */
export async function recordedStreams(file: string): Promise<RecordedStream[]> {
  const shown = 'packet=stream_index,pts_time,duration_time,data_hash:stream=index,codec_type,codec_name';
  const args = [
    '-show_packets',
    '-show_streams',
    '-show_data_hash',
    'md5',
    '-show_entries',
    shown,
    '-of',
    'json',
  ];
  // In the order of the file: FFmpeg's playlist reader would drop what comes before the first key frame.
  const { streams, packets } = JSON.parse(await run('ffprobe', ['-v', 'error', ...args, file])) as Probed;
  return streams.flatMap(({ index, codec_type: type, codec_name: codec }) => {
    if (type !== 'audio' && type !== 'video') return [];
    const own = packets.filter((packet) => packet.stream_index === index);
    return [
      {
        type,
        codec,
        packets: own.map(({ pts_time: pts, duration_time: duration = '0', data_hash: hash }) => ({
          hash: hash.replace(/^MD5:/, ''),
          ptsMs: Math.round(Number(pts) * 1000),
          durationMs: Math.round(Number(duration) * 1000),
        })),
      },
    ];
  });
}

/** When the last packet of a stream is over, in ms. */
export function endOf({ packets }: RecordedStream): number {
  return packets.reduce((latest, { ptsMs, durationMs }) => Math.max(latest, ptsMs + durationMs), 0);
}
