import { Router } from 'express';
import { atRoute } from '../request-context.ts';
import { openApiDocument } from './document.ts';
import { documentationPage } from './page.ts';

/** GET /openapi.json, and the same for people at /docs. */
export function openApiRoutes(): Router {
  const document = openApiDocument();
  const page = documentationPage(document);
  const router = Router();
  router.get('/openapi.json', atRoute('/openapi.json'), (_request, response) => {
    response.json(document);
  });
  router.get('/docs', atRoute('/docs'), (_request, response) => {
    response.type('html').send(page);
  });
  return router;
}
