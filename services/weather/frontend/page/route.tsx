/** The way of the answer: page, backend, info, and the border between the meshes. */
import type { SeenHealth, Served, WeatherAnswer } from '../../common/answers';
import { clock } from './format';
import { MeshBadge } from './provenance';

export interface RouteProps {
  readonly page: Served | undefined;
  readonly answer: WeatherAnswer | undefined;
}

export function Route({ page, answer }: RouteProps) {
  const info = answer?.info;
  const infoServed = info?.served ?? undefined;
  const cut = info !== undefined && !info.ok && info.reason === 'unreachable';
  return (
    <>
      <ol className="route" aria-label="The services that answered">
        <Stop name="frontend" served={page} />
        <Stop name="backend" served={answer?.served} />
        <Stop name="info" served={infoServed} cut={cut} border={infoServed !== undefined || cut} />
      </ol>
      {info?.ok && info.backend !== undefined && <WayBack seen={info.backend} />}
    </>
  );
}

/** The call the other way, from Consul to Istio. */
function WayBack({ seen: { ok, status, ms, detail, at } }: { readonly seen: SeenHealth }) {
  const answer = status === null ? detail : `${status}${ok ? ` in ${ms} ms` : ''}`;
  return (
    <p className={ok ? 'way-back' : 'way-back way-back-cut'} data-testid="way-back">
      The other way, info asks backend for its health: <strong>{answer}</strong> <time dateTime={at}>{clock(at)}</time>
    </p>
  );
}

interface StopProps {
  readonly name: string;
  readonly served: Served | undefined;
  readonly cut?: boolean;
  readonly border?: boolean;
}

function Stop({ name, served, cut = false, border = false }: StopProps) {
  const classes = ['stop', border ? 'stop-border' : '', cut ? 'stop-cut' : ''].filter((text) => text !== '').join(' ');
  return (
    <li className={classes}>
      <span className="stop-name">{served?.service ?? name}</span>
      {served === undefined ? (
        <span className="badge">{cut ? 'not reached' : '…'}</span>
      ) : (
        <MeshBadge served={served} />
      )}
    </li>
  );
}
