/** Where one participant is seen: pixels from the top left of the canvas. Everything is even, as 4:2:0 video needs it. */
export interface Tile {
  uid: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The size of the whole picture, in pixels. */
export interface Canvas {
  width: number;
  height: number;
}

/** `grid`: all the same size. `speaker`: one large, the others in a strip below. */
export type Arrangement = 'grid' | 'speaker';

/** More would be too small to make out in a picture of the usual sizes; whoever is beyond is heard, and not seen. */
export const MOST_TILES = { grid: 16, speaker: 9 } as const;

/** The strip's tiles are never larger than this part of the canvas. */
const STRIP_PART = 5;

/**
 * The tiles of these participants, in their order: the same people in the same order always give the same picture, and
 * somebody who comes last moves the others as little as the arrangement allows. Each tile has the canvas's proportions.
 *
 * @param speaker who is large with `speaker`; the first, where absent or not among them
 */
export function arrange(
  arrangement: Arrangement,
  uids: readonly number[],
  canvas: Canvas,
  speaker?: number,
): Tile[] {
  const people = [...new Set(uids)];
  return arrangement === 'grid' ? grid(people, canvas) : speakerAndStrip(people, canvas, speaker);
}

function grid(people: readonly number[], canvas: Canvas): Tile[] {
  const shown = people.slice(0, MOST_TILES.grid);
  const columns = Math.ceil(Math.sqrt(shown.length));
  const rows = Math.ceil(shown.length / columns);
  const [width, height] = [even(canvas.width / columns), even(canvas.height / columns)];
  const top = even((canvas.height - rows * height) / 2);
  return Array.from({ length: rows }, (_, row) =>
    rowOf(shown.slice(row * columns, (row + 1) * columns), canvas, { y: top + row * height, width, height }),
  ).flat();
}

function speakerAndStrip(people: readonly number[], canvas: Canvas, speaker: number | undefined): Tile[] {
  const [first] = people;
  if (first === undefined) return [];
  const large = speaker !== undefined && people.includes(speaker) ? speaker : first;
  const others = people.filter((uid) => uid !== large).slice(0, MOST_TILES.speaker - 1);
  if (others.length === 0) return [{ uid: large, x: 0, y: 0, ...canvas }];
  const parts = Math.max(others.length, STRIP_PART);
  const strip = { width: even(canvas.width / parts), height: even(canvas.height / parts) };
  const height = canvas.height - strip.height;
  const width = even((canvas.width * height) / canvas.height);
  return [
    ...rowOf([large], canvas, { y: 0, width, height }),
    ...rowOf(others, canvas, { y: height, ...strip }),
  ];
}

/** Side by side, in the middle of the canvas's width. */
function rowOf(
  people: readonly number[],
  canvas: Canvas,
  { y, width, height }: { y: number; width: number; height: number },
): Tile[] {
  const left = even((canvas.width - people.length * width) / 2);
  return people.map((uid, column) => ({ uid, x: left + column * width, y, width, height }));
}

function even(pixels: number): number {
  return Math.floor(pixels / 2) * 2;
}
