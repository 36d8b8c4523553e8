import { useEffect, useState } from 'react';
import type { Served, WeatherAnswer } from '../../common/answers';
import { type Question, readQuestion, writeQuestion } from './address';
import { askServed } from './api';
import { temperature } from './format';
import icon from './icon.svg';
import { InfoCard } from './info-card';
import { PlaceSearch } from './place-search';
import { Provenance } from './provenance';
import { Route } from './route';
import { useWeather } from './use-weather';
import { WeatherCard } from './weather-card';

export function App() {
  const [question, ask] = useQuestion();
  const page = useServed();
  const { answer, error, loading, again } = useWeather(question);
  return (
    <div className="page">
      <header className="top">
        <h1>
          <img src={icon} alt="" width="32" height="32" />
          Isthmus <span className="quiet">Weather</span>
        </h1>
        <PlaceSearch place={question.place} onPlace={(place) => ask({ ...question, place })} />
      </header>
      <Route page={page} answer={answer} />
      <p className="hidden" aria-live="polite">
        {loading ? '' : spoken(answer, error)}
      </p>
      <main className="cards">
        {error !== undefined && (
          <section className="card fault-card" data-testid="page-error">
            <h2>No answer</h2>
            <p className="fault">{error}</p>
            <button type="button" onClick={again} disabled={loading}>
              Try again
            </button>
          </section>
        )}
        {answer !== undefined && (
          <>
            <WeatherCard
              answer={answer}
              units={question.units}
              onUnits={(units) => ask({ ...question, units })}
              busy={loading}
            />
            <InfoCard answer={answer} busy={loading} />
          </>
        )}
        {answer === undefined && error === undefined && (
          <>
            <Skeleton />
            <Skeleton />
          </>
        )}
      </main>
      <footer className="bottom">
        <Provenance served={page} testId="provenance-page" />
        {error === undefined && (
          <button type="button" onClick={again} disabled={loading} data-testid="again">
            {loading ? 'Asking…' : 'Ask again'}
          </button>
        )}
      </footer>
    </div>
  );
}

function Skeleton() {
  return (
    <div className="card skeleton" aria-hidden="true" data-testid="skeleton">
      <i />
      <i />
      <i />
      <i />
    </div>
  );
}

/** One sentence for screen readers when an answer has come. */
function spoken(answer: WeatherAnswer | undefined, error: string | undefined): string {
  if (answer === undefined) return error === undefined ? '' : `No answer: ${error}`;
  const { place, weather, info } = answer;
  const now = weather.ok
    ? `${place.name}: ${temperature(weather.temperature, weather.units)}, ${weather.description}.`
    : `${place.name}: ${weather.error}.`;
  return info.ok ? now : `${now} About the place: ${info.error}.`;
}

/** The question, kept in the address bar. */
function useQuestion(): [Question, (next: Question) => void] {
  const [question, setQuestion] = useState(() => readQuestion(window.location.search));
  useEffect(() => {
    const back = () => setQuestion(readQuestion(window.location.search));
    window.addEventListener('popstate', back);
    return () => window.removeEventListener('popstate', back);
  }, []);
  useEffect(() => {
    document.title = `${question.place} · Isthmus Weather`;
  }, [question.place]);
  return [
    question,
    (next) => {
      window.history.pushState(null, '', writeQuestion(next));
      setQuestion(next);
    },
  ];
}

function useServed(): Served | undefined {
  const [served, setServed] = useState<Served>();
  useEffect(() => {
    const leaving = new AbortController();
    // Without it the page says less and works all the same.
    askServed(leaving.signal)
      .then(setServed)
      .catch(() => {});
    return () => leaving.abort();
  }, []);
  return served;
}
