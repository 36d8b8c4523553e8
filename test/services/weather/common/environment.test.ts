import * as z from 'zod';
import {
  EnvironmentError,
  readEnvironment,
  readVariables,
  upstreamUrl,
} from '../../../../services/weather/common/environment';

describe('readEnvironment', () => {
  test('has a default for everything', () => {
    expect(readEnvironment({})).toEqual({
      host: '0.0.0.0',
      port: 8080,
      mesh: undefined,
      meshKind: undefined,
      logLevel: 'info',
    });
  });

  test('takes an empty variable as absent', () => {
    expect(readEnvironment({ PORT: '', MESH: '' })).toMatchObject({ port: 8080, mesh: undefined });
  });

  test('names every variable to mend at once', () => {
    expect(() => readEnvironment({ PORT: '99999', MESH_KIND: 'linkerd' })).toThrow(EnvironmentError);
    expect(() => readEnvironment({ PORT: '99999', MESH_KIND: 'linkerd' })).toThrow(/PORT: .*\n.*MESH_KIND: /);
  });
});

describe('readVariables', () => {
  const schema = z.object({ INFO_URL: upstreamUrl });

  test.each(['http://info.east.example', 'https://127.0.0.1:8443/base'])('accepts %s', (url) => {
    expect(readVariables(schema, { INFO_URL: url })).toEqual({ INFO_URL: url });
  });

  test.each(['', 'info', 'ftp://info', 'http://info/', 'http://u:secret@info', 'http://info?x=1'])(
    'refuses %p by name and without its value',
    (url) => {
      let message = '';
      try {
        readVariables(schema, { INFO_URL: url });
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).toContain('INFO_URL');
      expect(message).not.toContain('secret');
    },
  );
});
