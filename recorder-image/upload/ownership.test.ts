import { describe, expect, it } from 'vitest';
import { multipartEtag, sameEtag } from './multipart-etag.ts';
import { ownerMetadata, ownerOf } from './ownership.ts';

describe('whose an object is', () => {
  const ours = ownerMetadata({ recordingId: 'standup-1', uid: 'aaaaaaaa-1111' });
  const of = (metadata: Record<string, string>): string => ownerOf({ sizeBytes: 1, metadata }, ours);

  it('is told by the UID, where both have one, whatever they are called', () => {
    expect(of({ 'recording-uid': 'aaaaaaaa-1111', 'recording-id': 'other' })).toBe('ours');
    expect(of({ 'recording-uid': 'AAAAAAAA-1111' })).toBe('ours');
    expect(of({ 'recording-uid': 'bbbbbbbb-2222', 'recording-id': 'standup-1' })).toBe('another');
  });

  it('is told by the name else', () => {
    expect(of({ 'recording-id': 'standup-1' })).toBe('ours');
    expect(of({ 'recording-id': 'standup-2' })).toBe('another');
    const stored = { sizeBytes: 1, metadata: { 'recording-uid': 'x', 'recording-id': 'standup-1' } };
    expect(ownerOf(stored, ownerMetadata({ recordingId: 'standup-1' }))).toBe('ours');
    expect(ownerOf({ sizeBytes: 1, metadata: { 'recording-uid': 'x' } }, { 'recording-id': 'a' })).toBe(
      'another',
    );
  });

  it('is not known of one that says nothing', () => {
    expect(of({})).toBe('unknown');
    expect(of({ take: '1' })).toBe('unknown');
  });
});

describe('an ETag', () => {
  const part = (etag: string): { number: number; size: number; etag: string } => ({
    number: 1,
    size: 1,
    etag,
  });

  it('of an object is made of those of its parts, where they are MD5s', () => {
    // As S3 has it for two parts of one byte each, "a" and "b".
    const parts = [part('"0cc175b9c0f1b6a831c399e269772661"'), part('92eb5ffee6ae2fec3ad71c777531578f')];
    expect(multipartEtag(parts)).toBe('"96e024ba2074fe77e8e965ba43a704be-2"');
    expect(multipartEtag([part('"opaque"')])).toBeUndefined();
  });

  it('is the same with and without quotes, and none is never the same', () => {
    expect(sameEtag('"abc-2"', 'ABC-2')).toBe(true);
    expect(sameEtag('W/"abc"', '"abc"')).toBe(true);
    expect(sameEtag(undefined, undefined)).toBe(false);
    expect(sameEtag('', '')).toBe(false);
  });
});
