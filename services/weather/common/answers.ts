/** The JSON that the weather programs answer with. The page reads these shapes; type imports only, so it stays small. */

export type MeshKind = 'istio' | 'consul';

/** Which program answered, in which mesh, and the identities that the proxy in front of it verified. */
export interface Served {
  readonly service: string;
  /** Mesh name from the lab file; null when the program was not told. */
  readonly mesh: string | null;
  readonly kind: MeshKind | null;
  /** SPIFFE ID of the answering service; null where no proxy was in front. */
  readonly identity: string | null;
  /** SPIFFE ID of its caller, as that proxy verified it. */
  readonly caller: string | null;
}

/** Where a population figure comes from. */
export interface PopulationSource {
  /** Publisher, and through what its data came here. */
  readonly name: string;
  /** Terms that the data is given under, where they ask to be named. */
  readonly license?: { readonly name: string; readonly url: string };
  /** Year that the figure is for; absent where the source does not say. */
  readonly year?: number;
  /** What was counted: municipality, census city, region; absent where the source does not say. */
  readonly area?: string;
}

export interface PlaceInfo {
  /** Path segment: `new-york`. */
  readonly id: string;
  readonly name: string;
  readonly country: string;
  /** ISO 3166-1 alpha-2. */
  readonly countryCode: string;
  readonly population: number;
  /** IANA time zone name. */
  readonly timeZone: string;
  /** Degrees north. */
  readonly lat: number;
  /** Degrees east. */
  readonly lon: number;
  readonly paragraph: string;
  readonly source: PopulationSource;
  /** Page of this very place at the source; https. */
  readonly record?: string;
}

/** A suggestion. */
export type PlaceName = Pick<PlaceInfo, 'id' | 'name' | 'country' | 'countryCode'>;

/** What info saw when it last asked for backend's health: a call across the border, against the way of the answer. */
export interface SeenHealth {
  readonly service: 'backend';
  readonly ok: boolean;
  /** HTTP status; null when there was no answer. */
  readonly status: number | null;
  /** Milliseconds that the answer took. */
  readonly ms: number;
  /** What was seen when it was not ok. */
  readonly detail: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** info: GET /places/ID. `backend` is absent where no row lets info call it, and before the first look. */
export type PlaceAnswer = PlaceInfo & { readonly served: Served; readonly backend?: SeenHealth };

/** info: GET /places?q= and backend: GET /api/places?q= */
export interface PlacesAnswer {
  readonly places: readonly PlaceName[];
  readonly served: Served;
}

export type Units = 'metric' | 'imperial';

/** What the sky looks like; one drawing each. */
export type Icon = 'clear' | 'few-clouds' | 'clouds' | 'rain' | 'showers' | 'thunder' | 'snow' | 'mist';

export interface Weather {
  readonly ok: true;
  readonly source: 'openweather' | 'sample';
  /** Sentence for people on where the numbers come from. */
  readonly label: string;
  /** °C when metric, °F when imperial. */
  readonly temperature: number;
  readonly feelsLike: number;
  readonly units: Units;
  readonly description: string;
  readonly icon: Icon;
  readonly night: boolean;
  /** Per cent. */
  readonly humidity: number;
  /** m/s when metric, mph when imperial. */
  readonly wind: number;
  /** ISO 8601, UTC. */
  readonly observedAt: string;
}

export type WeatherFault = 'unknown-place' | 'key' | 'rate-limit' | 'unavailable' | 'timeout';

export interface NoWeather {
  readonly ok: false;
  readonly reason: WeatherFault;
  readonly error: string;
}

export interface NoInfo {
  readonly ok: false;
  /** `unknown`: info answered and has no such place. `unreachable`: it did not answer, or a mesh refused the call. */
  readonly reason: 'unknown' | 'unreachable';
  readonly error: string;
  /** What was seen, for operators. */
  readonly detail: string;
  /** Who said so, when info itself did; null when nobody of info's answered. */
  readonly served: Served | null;
}

/** backend: GET /api/weather?place=&units= */
export interface WeatherAnswer {
  readonly place: { readonly name: string; readonly country: string | null };
  readonly weather: Weather | NoWeather;
  readonly info: (PlaceAnswer & { readonly ok: true }) | NoInfo;
  readonly served: Served;
}

/** backend: GET /api/ */
export interface IndexAnswer {
  readonly service: string;
  readonly endpoints: readonly Endpoint[];
  readonly served: Served;
}

export interface Endpoint {
  readonly method: 'GET';
  readonly path: string;
  /** One sentence for people. */
  readonly gives: string;
  /** Path and query to try. */
  readonly example: string;
}

/** Any answer with a status of 400 or more. */
export interface ErrorAnswer {
  readonly error: string;
  readonly served: Served;
}
