import { describe, expect, it } from 'vitest';
import { PublisherClock, Timeline } from './timeline.ts';

const MINUTE = 60_000;

describe('a publisher on the timeline', () => {
  it('starts at zero, wherever its own time is', () => {
    const clock = new PublisherClock(new Timeline());
    expect(clock.place('video', 5_000_000, 0)).toBe(0);
    expect(clock.place('audio', 5_000_010, 10)).toBe(10);
    expect(clock.place('video', 5_000_033, 33)).toBe(33);
  });

  it('keeps its own times when it sends faster or slower than it should', () => {
    const clock = new PublisherClock(new Timeline());
    const placed = Array.from({ length: 100 }, (_, frame) => clock.place('video', frame * 33, frame));
    expect(placed).toEqual(Array.from({ length: 100 }, (_, frame) => frame * 33));
  });

  it('keeps audio and video apart by as much as it sent them', () => {
    const clock = new PublisherClock(new Timeline());
    clock.place('audio', 1000, 0);
    expect(clock.place('video', 3500, 0)).toBe(2500);
    expect(clock.place('audio', 1021, 21)).toBe(21);
    expect(clock.place('video', 3533, 33)).toBe(2533);
  });

  it('goes on over the end of 32 bits', () => {
    const clock = new PublisherClock(new Timeline());
    expect(clock.place('video', 2 ** 32 - 40, 0)).toBe(0);
    expect(clock.place('audio', 2 ** 32 - 20, 0)).toBe(20);
    expect(clock.place('video', 0, 40)).toBe(40);
    expect(clock.place('audio', 1, 40)).toBe(41);
    expect(clock.place('video', 33, 73)).toBe(73);
  });

  it('believes a pause that the wall clock bears out', () => {
    const clock = new PublisherClock(new Timeline());
    clock.place('video', 0, 0);
    expect(clock.place('video', 5 * MINUTE, 5 * MINUTE)).toBe(5 * MINUTE);
  });

  it('does not follow a jump ahead: wall-clock time counts, and the other track comes along', () => {
    const clock = new PublisherClock(new Timeline());
    clock.place('video', 0, 0);
    clock.place('audio', 10, 10);
    expect(clock.place('video', 50 * MINUTE, 100)).toBe(100);
    expect(clock.place('audio', 50 * MINUTE + 10, 110)).toBe(110);
    expect(clock.place('video', 50 * MINUTE + 33, 133)).toBe(133);
  });

  it('goes on when its timestamps start at zero again', () => {
    const clock = new PublisherClock(new Timeline());
    clock.place('video', 100_000, 0);
    clock.place('audio', 100_010, 10);
    expect(clock.place('video', 0, 2000)).toBe(2000);
    expect(clock.place('audio', 10, 2010)).toBe(2010);
    // A straggler of the old time.
    expect(clock.place('audio', 31, 2031)).toBe(2031);
  });

  it('never goes back within a track', () => {
    const clock = new PublisherClock(new Timeline());
    clock.place('video', 0, 0);
    clock.place('video', 100, 100);
    expect(clock.place('video', 60, 110)).toBe(100);
    expect(clock.place('video', 133, 133)).toBe(133);
  });
});

describe('a publisher that comes back', () => {
  it('goes on where wall-clock time puts it, starting at zero or not', () => {
    for (const start of [0, 777_777]) {
      const timeline = new Timeline();
      const first = new PublisherClock(timeline);
      first.place('video', 0, 1_000_000);
      first.place('video', 10_000, 1_010_000);
      const second = new PublisherClock(timeline);
      expect(second.place('audio', start, 1_040_000)).toBe(40_000);
      expect(second.place('video', start + 15, 1_040_015)).toBe(40_015);
    }
  });

  it('follows what is there, also when the one before sent faster than real time', () => {
    const timeline = new Timeline();
    new PublisherClock(timeline).place('video', 0, 0);
    const first = new PublisherClock(timeline);
    first.place('video', 0, 1);
    first.place('video', 9000, 2);
    const head = timeline.headMs;
    expect(new PublisherClock(timeline).place('video', 0, 3)).toBeGreaterThan(head);
  });

  it('goes on after the recorder was started again', () => {
    const timeline = new Timeline({ headMs: 60_000, headAt: 1_000_000 });
    expect(new PublisherClock(timeline).place('video', 0, 1_005_000)).toBe(65_000);
  });
});
