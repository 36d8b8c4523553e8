import { servedBy } from '../../../../services/weather/common/served';

const home = { service: 'info', mesh: 'east', meshKind: 'consul' } as const;

describe('servedBy', () => {
  test('names the proxy as identity and its client as caller', () => {
    expect(servedBy(home, 'By=spiffe://a/info;Hash=x;URI=spiffe://f/backend')).toEqual({
      service: 'info',
      mesh: 'east',
      kind: 'consul',
      identity: 'spiffe://a/info',
      caller: 'spiffe://f/backend',
    });
  });

  test('believes the nearest proxy only, not what a client sent ahead of it', () => {
    const header = 'By=spiffe://a/info;URI=spiffe://f/forged,By=spiffe://a/info;URI=spiffe://f/real';
    expect(servedBy(home, header).caller).toBe('spiffe://f/real');
  });

  test('shows every name of a certificate that has several', () => {
    expect(servedBy(home, 'URI=spiffe://f/one;URI=spiffe://f/two').caller).toBe('spiffe://f/one, spiffe://f/two');
  });

  test.each([undefined, '', 'nonsense'])('says null without a proxy in front (%p)', (header) => {
    const untold = { service: 'info', mesh: undefined, meshKind: undefined };
    expect(servedBy(untold, header)).toEqual({
      service: 'info',
      mesh: null,
      kind: null,
      identity: null,
      caller: null,
    });
  });
});
