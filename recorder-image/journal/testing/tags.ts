/** AVC and AAC payloads as publishers send them, for tests. */
export const AVC_CONFIG = Buffer.from([0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 0]);
export const OTHER_AVC_CONFIG = Buffer.from([0x17, 0, 0, 0, 0, 1, 0x42, 0, 0x1e, 0xff, 0xe1, 0, 0]);
export const AAC_CONFIG = Buffer.from([0xaf, 0, 0x11, 0x90]);

export function videoFrame(mark: number, size = 20): Buffer {
  const payload = Buffer.alloc(size, mark);
  payload.set([0x17, 1, 0, 0, 0]);
  return payload;
}

/** One that can't be shown without those before it. */
export function interFrame(mark: number, size = 20): Buffer {
  const payload = videoFrame(mark, size);
  payload[0] = 0x27;
  return payload;
}

export function audioFrame(mark: number, size = 10): Buffer {
  const payload = Buffer.alloc(size, mark);
  payload.set([0xaf, 1]);
  return payload;
}

/** AAC of a multitrack publisher's further tracks, by Enhanced RTMP. */
export function trackAudioConfig(trackId: number): Buffer {
  return Buffer.concat([Buffer.from([0x95, 0x00]), Buffer.from('mp4a'), Buffer.from([trackId, 0x11, 0x90])]);
}

export function trackAudioFrame(trackId: number, mark: number): Buffer {
  return Buffer.concat([Buffer.from([0x95, 0x01]), Buffer.from('mp4a'), Buffer.from([trackId, mark, mark])]);
}
