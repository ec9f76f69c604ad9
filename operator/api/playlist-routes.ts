import { Router } from 'express';
import type { RequestHandler } from 'express';
import { z } from 'zod';
import type { ApiContext } from './context.ts';
import { atRoute } from './request-context.ts';

export const PLAYLIST_PATH = '/playlists/:link/index.m3u8';
export const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
export const playlistSchema = z.string().describe('An HLS playlist (RFC 8216) of signed URLs.');

/** GET /playlists/LINK/index.m3u8: to whoever has the link, for players in browsers of any origin. */
export function playlistRoutes(context: ApiContext, base: string): Router {
  const router = Router();
  router.get(PLAYLIST_PATH, atRoute(base + PLAYLIST_PATH), served(context));
  return router;
}

function served(context: ApiContext): RequestHandler {
  return async (request, response) => {
    const { link } = request.params;
    const wanted = await context.playlistLinks.read(typeof link === 'string' ? link : '');
    const file = await context.archive.linkedFile(wanted);
    const playlist = await context.signedPlaylist(file);
    response
      .set({
        'Cache-Control': 'no-store',
        'Access-Control-Allow-Origin': '*',
        'Cross-Origin-Resource-Policy': 'cross-origin',
      })
      .type(PLAYLIST_TYPE)
      .send(playlist);
  };
}
