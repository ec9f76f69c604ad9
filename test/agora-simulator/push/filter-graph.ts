import { toneHz } from '../channels.ts';
import type { MediaSpec, Scene, SlotScene } from './scene.ts';

/** A plate's colour tells the slot, for eyes and for tests. */
export const PLATE_COLOURS = [
  'a03030',
  '3060a0',
  '308030',
  '806020',
  '703080',
  '207070',
  '605050',
  '405010',
  '804060',
];

const BACKGROUND = '202830';
const VOLUME = 0.2;

/** FFmpeg's input: bare background, or silence. From version 7 on, a graph without any input takes no commands. */
export function backgroundSource(media: MediaSpec): string {
  if (!media.hasVideo) return `anullsrc=r=${media.audio?.sampleRate ?? 48_000}:cl=mono`;
  return `color=c=0x${BACKGROUND}:s=${media.width}x${media.height}:r=${media.fps},format=yuv420p`;
}

/**
 * Picture and sound as one FFmpeg filter graph over the background, paced by the wall clock: a name plate in the middle of
 * each participant's region, the time (UTC) and the stream's own time at the bottom, and a tone for each participant.
 *
 * Plates rather than filled regions, and one frame source drawn over, because filling costs more than encoding.
 */
export function filterGraph(media: MediaSpec, scene: Scene, slots: number, font: string): string {
  if (!media.hasVideo && media.audio !== undefined) return tones(media.audio, scene, slots, ['[0:a]']);
  const plates = Array.from({ length: slots }, (_, slot) => {
    const { settings, shown } = plate(media, scene[slot]);
    return [
      `drawtext@plate${slot}=fontfile=${font}`,
      `expansion=none:fontcolor=white:box=1:boxcolor=0x${PLATE_COLOURS[slot % PLATE_COLOURS.length]}`,
      `boxborderw=${Math.round(media.height / 24)}`,
      settings,
      `enable=${shown ? 1 : 0}`,
    ].join(':');
  });
  const clockSize = Math.max(Math.round(media.height / 14), 8);
  const clock = `drawtext@clock=fontfile=${font}:fontcolor=yellow:fontsize=${clockSize}:x=(w-tw)/2:y=h-th-${Math.round(clockSize / 4)}:text='%{gmtime\\:%H\\\\\\:%M\\\\\\:%S} %{pts\\:hms}'`;
  const video = `[0:v]${[...plates, clock, 'realtime[video]'].join(',')}`;
  return media.audio === undefined ? video : `${video};${tones(media.audio, scene, slots)}`;
}

/** The commands that turn one scene into another while FFmpeg runs: few, for it takes one in 100 ms. */
export function commandsBetween(media: MediaSpec, before: Scene, after: Scene, slots: number): string[] {
  const commands: string[] = [];
  for (let slot = 0; slot < slots; slot += 1) {
    const old = plate(media, before[slot]);
    const next = plate(media, after[slot]);
    if (media.hasVideo && next.shown && next.settings !== old.settings)
      commands.push(`drawtext@plate${slot} -1 reinit ${next.settings}`);
    if (media.hasVideo && next.shown !== old.shown)
      commands.push(`drawtext@plate${slot} -1 enable ${next.shown ? 1 : 0}`);
    if (media.audio !== undefined && isAudible(before[slot]) !== isAudible(after[slot])) {
      commands.push(`volume@tone${slot} -1 volume ${isAudible(after[slot]) ? VOLUME : 0}`);
    }
  }
  return commands;
}

function plate(media: MediaSpec, scene: SlotScene | undefined): { settings: string; shown: boolean } {
  const region = scene?.region;
  if (scene === undefined || region === undefined)
    return { settings: 'text=-:x=0:y=0:fontsize=8', shown: false };
  const { x, y, width, height } = region;
  const size = Math.max(Math.round(Math.min(height / 6, media.height / 8)), 8);
  const settings = `text=${printable(scene.name)}:x=${x}+(${width}-tw)/2:y=${y}+(${height}-th)/2:fontsize=${size}`;
  return { settings, shown: true };
}

/** @param base inputs of the whole that are there in any case, and then set the pace */
function tones(
  audio: NonNullable<MediaSpec['audio']>,
  scene: Scene,
  slots: number,
  base: readonly string[] = [],
): string {
  const all = Array.from({ length: slots }, (_, slot) => slot);
  const each = all.map(
    (slot) =>
      `sine=f=${toneHz(slot)}:r=${audio.sampleRate},volume@tone${slot}=${isAudible(scene[slot]) ? VOLUME : 0}[tone${slot}]`,
  );
  const layout = audio.channels === 2 ? 'stereo' : 'mono';
  const inputs = [...base, ...all.map((slot) => `[tone${slot}]`)];
  const pace = base.length === 0 ? '' : ',arealtime';
  return `${each.join(';')};${inputs.join('')}amix=inputs=${inputs.length}:normalize=0,aformat=channel_layouts=${layout}${pace}[audio]`;
}

function isAudible(scene: SlotScene | undefined): boolean {
  return scene?.audible === true;
}

/** Only what needs no quoting in any of FFmpeg's layers of it. */
function printable(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_.-]/g, '_').slice(0, 24);
  return plain === '' ? '_' : plain;
}
