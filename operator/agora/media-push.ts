/** Agora's Media Push: what the rest of the operator knows of it. */
export { AgoraMediaPush } from './agora-media-push.ts';
export type { AgoraMediaPushOptions } from './agora-media-push.ts';
export * from './agora-error.ts';
export type { Converter, MediaPush, PushChanges, PushRequest, Region } from './converter.ts';
