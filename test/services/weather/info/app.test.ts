import { infoApp } from '../../../../services/weather/info/app';
import { makePlaces } from '../../../../services/weather/info/places';
import { helsinki, memoryLog } from '../support';

const { id: _id, ...entry } = helsinki;
const places = makePlaces({ places: [entry] }, 'test');
const home = { service: 'info', mesh: 'east', meshKind: 'consul' } as const;
const app = () => infoApp(home, () => places, memoryLog().log);

describe('info', () => {
  test('tells about a place, with its source and who served', async () => {
    const headers = { 'x-forwarded-client-cert': 'By=spiffe://c/info;URI=spiffe://f/backend' };
    const response = await app().request('/places/helsinki', { headers });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      ...helsinki,
      served: {
        service: 'info',
        mesh: 'east',
        kind: 'consul',
        identity: 'spiffe://c/info',
        caller: 'spiffe://f/backend',
      },
    });
  });

  test('says what it saw of backend, once it saw something', async () => {
    const seen = {
      service: 'backend',
      ok: true,
      status: 200,
      ms: 3,
      detail: '',
      at: '2026-11-23T19:00:00.000Z',
    } as const;
    let looked = false;
    const watching = infoApp(
      home,
      () => places,
      memoryLog().log,
      () => (looked ? seen : undefined),
    );
    expect(await (await watching.request('/places/helsinki')).json()).not.toHaveProperty('backend');
    looked = true;
    expect(await (await watching.request('/places/helsinki')).json()).toMatchObject({ backend: seen });
  });

  test('suggests places', async () => {
    const response = await app().request('/places?q=HEL');
    expect(await response.json()).toMatchObject({
      places: [{ id: 'helsinki', name: 'Helsinki', country: 'Finland', countryCode: 'FI' }],
      served: { service: 'info' },
    });
  });

  test.each([
    ['/places/atlantis', 404, 'no data about atlantis'],
    ['/places/%0a', 400, 'control characters'],
    ['/places/!', 400, 'no letter or digit'],
    [`/places/${'a'.repeat(101)}`, 400, 'longer than 100'],
    [`/places?q=${'a'.repeat(101)}`, 400, "q can't be used"],
  ])('%s is %i', async (path, status, message) => {
    const response = await app().request(path);
    expect(response.status).toBe(status);
    expect(((await response.json()) as { error: string }).error).toContain(message);
  });
});
