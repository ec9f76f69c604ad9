/** The picture that is encoded. */
export interface Picture {
  /** WIDTHxHEIGHT in pixels. */
  readonly resolution: string;
  readonly fps: number;
}

/** The picture by which encoding is counted, in pixels a second: 1280x720 at 30 frames a second. */
export const USUAL_PIXEL_RATE = 1280 * 720 * 30;

/**
 * The most that a recorder encodes while it records, in pixels a second: 1920x1080 at 60 frames a second. Measured with
 * VP9 at its quickest: 0.4 to 1.2 cores, depending on how much moves; twice as much does not get done in time on the two
 * threads of one encoder.
 */
export const MAX_PIXEL_RATE = 1920 * 1080 * 60;

/** Thousandths of a core that a million pixels a second take: measured 4 with a still picture, 10 to 13 with a wild one. */
const MILLICORES_PER_MEGAPIXEL = 10;
/** Bytes that an encoder takes for each pixel of its picture, and what it takes besides: measured 115 and 24 MiB. */
const BYTES_PER_PIXEL = 128;
const BYTES_BESIDE = 32 * 1024 * 1024;
/** What the decoder takes more where the publisher's picture is larger than the one that is made, up to 4096x2304. */
const BYTES_OF_LARGER_SOURCE = 64 * 1024 * 1024;

export function pixelRate({ resolution, fps }: Picture): number {
  return pixels(resolution) * fps;
}

/** What one encoder takes: thousandths of a core, and bytes of memory. */
export function encodingCost(picture: Picture): { readonly millicores: number; readonly bytes: number } {
  return {
    millicores: Math.ceil((pixelRate(picture) / 1e6) * MILLICORES_PER_MEGAPIXEL),
    bytes: pixels(picture.resolution) * BYTES_PER_PIXEL + BYTES_BESIDE + BYTES_OF_LARGER_SOURCE,
  };
}

function pixels(resolution: string): number {
  const [width = 0, height = 0] = resolution.split('x').map(Number);
  return width * height;
}
