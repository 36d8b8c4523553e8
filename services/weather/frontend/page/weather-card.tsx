import type { Units, WeatherAnswer } from '../../common/answers';
import { observed, sentence, temperature, unitOf, wholeDegrees, wind } from './format';
import { WeatherIcon } from './icons';
import { Provenance } from './provenance';

export interface WeatherCardProps {
  readonly answer: WeatherAnswer;
  readonly units: Units;
  readonly onUnits: (units: Units) => void;
  readonly busy: boolean;
}

export function WeatherCard({ answer, units, onUnits, busy }: WeatherCardProps) {
  const { weather, place } = answer;
  return (
    <section className="card weather" data-testid="weather-card" aria-labelledby="weather-title" aria-busy={busy}>
      <header className="card-head">
        <h2 id="weather-title">
          {place.name}
          {place.country !== null && place.country !== place.name && <span className="quiet"> {place.country}</span>}
        </h2>
        <UnitsToggle units={units} onUnits={onUnits} />
      </header>
      {weather.ok ? (
        <>
          <div className="weather-now">
            <WeatherIcon icon={weather.icon} night={weather.night} />
            <p className="temperature" data-testid="temperature">
              {wholeDegrees(weather.temperature)} <span className="degrees">{unitOf(weather.units)}</span>
            </p>
            <p className="description">
              {sentence(weather.description)}
              <span className="quiet">Feels like {temperature(weather.feelsLike, weather.units)}</span>
            </p>
          </div>
          <dl className="facts">
            <Fact name="Humidity" value={`${weather.humidity} %`} />
            <Fact name="Wind" value={wind(weather.wind, weather.units)} />
            <Fact name="Observed" value={observed(weather.observedAt)} />
          </dl>
          {weather.source === 'sample' ? (
            <p className="sample" data-testid="sample-label">
              {weather.label}
            </p>
          ) : (
            <p className="credit">
              <a href="https://openweathermap.org/">{weather.label}</a>
            </p>
          )}
        </>
      ) : (
        <p className="fault" data-testid="weather-error" role="alert">
          {weather.error}
        </p>
      )}
      <Provenance served={answer.served} testId="provenance-weather" />
    </section>
  );
}

export function Fact({
  name,
  value,
  testId,
}: {
  readonly name: string;
  readonly value: string;
  readonly testId?: string;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-testid={testId}>{value}</dd>
    </div>
  );
}

function UnitsToggle({ units, onUnits }: Pick<WeatherCardProps, 'units' | 'onUnits'>) {
  return (
    <fieldset className="units" data-testid="units">
      <legend className="hidden">Units</legend>
      {(['metric', 'imperial'] as const).map((choice) => (
        <label key={choice}>
          <input
            type="radio"
            name="units"
            value={choice}
            checked={units === choice}
            onChange={() => onUnits(choice)}
            data-testid={`units-${choice}`}
          />
          <span aria-hidden="true">{unitOf(choice)}</span>
          <span className="hidden">{choice === 'metric' ? 'Celsius' : 'Fahrenheit'}</span>
        </label>
      ))}
    </fieldset>
  );
}
