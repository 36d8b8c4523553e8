import { useEffect, useState } from 'react';
import type { NoInfo, PlaceAnswer, PopulationSource, WeatherAnswer } from '../../common/answers';
import { count, localTime } from './format';
import { Provenance } from './provenance';
import { Fact } from './weather-card';

export interface InfoCardProps {
  readonly answer: WeatherAnswer;
  readonly busy: boolean;
}

export function InfoCard({ answer, busy }: InfoCardProps) {
  const { info } = answer;
  return (
    <section className="card info" data-testid="info-card" aria-labelledby="info-title" aria-busy={busy}>
      <header className="card-head">
        <h2 id="info-title">About {answer.place.name}</h2>
      </header>
      {info.ok ? <Known info={info} /> : <Missing fault={info} />}
    </section>
  );
}

function Known({ info }: { readonly info: PlaceAnswer }) {
  const now = useNow();
  const { source } = info;
  return (
    <>
      <p className="paragraph">{info.paragraph}</p>
      <dl className="facts">
        <Fact name="Country" value={`${info.country} (${info.countryCode})`} />
        <Fact name="Population" value={count(info.population)} testId="population" />
        <Fact name="Local time" value={localTime(now, info.timeZone)} testId="local-time" />
      </dl>
      <SourceLine source={source} record={info.record} />
      <Provenance served={info.served} testId="provenance-info" />
    </>
  );
}

/** Where the figures come from, as the terms of the data ask: publisher, its page, licence. */
function SourceLine({ source, record }: { readonly source: PopulationSource; readonly record: string | undefined }) {
  const { name, license, year, area } = source;
  return (
    <p className="credit" data-testid="source">
      Population: {record === undefined ? name : <a href={record}>{name}</a>}
      {year !== undefined && `, ${year}`}
      {area !== undefined && ` (${area})`}
      {license !== undefined && (
        <>
          , <a href={license.url}>{license.name}</a>
        </>
      )}
    </p>
  );
}

function Missing({ fault }: { readonly fault: NoInfo }) {
  const unknown = fault.reason === 'unknown';
  return (
    <>
      <div className={unknown ? 'fault fault-mild' : 'fault'} data-testid="info-error" role="status">
        <p>{unknown ? 'No information about this place.' : "info can't be reached"}</p>
        <p className="quiet">
          {unknown
            ? 'info has no entry for it. The weather goes by the name alone.'
            : `The weather does not depend on it and stays. Seen by backend: ${fault.detail}`}
        </p>
      </div>
      {fault.served !== null && <Provenance served={fault.served} testId="provenance-info" />}
    </>
  );
}

/** The current time, to the half minute. */
function useNow(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
