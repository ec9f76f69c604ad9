import { Router } from 'express';
import { ProblemError } from './problem.ts';

/** Answers 405 where a path is served, but not to this method. */
export function methodNotAllowed(
  routes: readonly { readonly method: string; readonly path: string }[],
): Router {
  const router = Router();
  for (const [path, sharing] of Map.groupBy(routes, (route) => route.path)) {
    const methods = sharing.flatMap(({ method }) =>
      method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()],
    );
    const allow = [...new Set(methods)].join(', ');
    router.all(path, () => {
      throw new ProblemError('method-not-allowed', `This path takes ${allow}.`, {
        headers: { Allow: allow },
      });
    });
  }
  return router;
}
