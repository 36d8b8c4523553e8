/** info: what is known about a place. */
import type { Logger } from 'pino';
import type { PlaceAnswer, PlacesAnswer } from '../common/answers';
import { type Application, createApp, failure } from '../common/app';
import { nameFault } from '../common/placename';
import type { Home } from '../common/served';
import type { BackendWatch } from './backend';
import type { Places } from './places';

/**
 * @param places asked anew for each request, because the data may change while the program runs
 * @param backend what is seen of backend, where info may call it
 */
export function infoApp(home: Home, places: () => Places, log: Logger, backend?: BackendWatch): Application {
  const app = createApp(home, log);
  app.get('/places', (c) => {
    const query = c.req.query('q') ?? '';
    const fault = query === '' ? undefined : nameFault(query);
    if (fault !== undefined) return failure(c, 400, `q can't be used: ${fault}`);
    return c.json({ places: places().search(query), served: c.var.served } satisfies PlacesAnswer);
  });
  app.get('/places/:id', (c) => {
    const name = c.req.param('id');
    const fault = nameFault(name);
    if (fault !== undefined) return failure(c, 400, `the place's name can't be used: ${fault}`);
    const place = places().find(name);
    if (place === undefined) return failure(c, 404, `no data about ${name}`);
    const seen = backend?.();
    return c.json({
      ...place,
      served: c.var.served,
      ...(seen === undefined ? {} : { backend: seen }),
    } satisfies PlaceAnswer);
  });
  return app;
}
