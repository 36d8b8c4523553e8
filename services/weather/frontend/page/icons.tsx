/** Weather drawings. Decoration only: the description next to them says the same in words. */
import type { ReactNode } from 'react';
import type { Icon } from '../../common/answers';

export interface WeatherIconProps {
  readonly icon: Icon;
  readonly night: boolean;
}

export function WeatherIcon({ icon, night }: WeatherIconProps) {
  return (
    <svg className="weather-icon" viewBox="0 0 64 64" aria-hidden="true" focusable="false">
      {drawing(icon, night)}
    </svg>
  );
}

function drawing(icon: Icon, night: boolean): ReactNode {
  switch (icon) {
    case 'clear':
      return night ? <Moon /> : <Sun />;
    case 'few-clouds':
      return (
        <>
          <g transform="translate(12 -8) scale(.8)">{night ? <Moon /> : <Sun />}</g>
          <Cloud />
        </>
      );
    case 'clouds':
      return (
        <>
          <g transform="translate(16 -6) scale(.75)" opacity=".6">
            <Cloud />
          </g>
          <Cloud />
        </>
      );
    case 'rain':
      return <Falling lines={['M24 50l-3 8', 'M34 50l-3 8', 'M44 50l-3 8']} />;
    case 'showers':
      return <Falling lines={['M22 50l-2 5', 'M30 52l-3 8', 'M38 50l-2 5', 'M46 52l-3 8']} />;
    case 'thunder':
      return (
        <>
          <Cloud lifted />
          <path className="i-bolt" d="M34 42l-9 11h6l-3 9 10-13h-6z" />
        </>
      );
    case 'snow':
      return (
        <>
          <Cloud lifted />
          <g className="i-snow">
            <circle cx="22" cy="52" r="2.4" />
            <circle cx="33" cy="57" r="2.4" />
            <circle cx="44" cy="52" r="2.4" />
          </g>
        </>
      );
    case 'mist':
      return <path className="i-mist" d="M14 22h30M20 31h34M10 40h38M18 49h28" />;
  }
}

const rays = [0, 45, 90, 135, 180, 225, 270, 315];

function Sun() {
  return (
    <g className="i-sun">
      <circle cx="32" cy="32" r="12" />
      {rays.map((angle) => (
        <path key={angle} d="M32 13v-6" transform={`rotate(${angle} 32 32)`} />
      ))}
    </g>
  );
}

function Moon() {
  return <path className="i-moon" d="M38 10a22 22 0 1 0 16 34A18 18 0 0 1 38 10z" />;
}

function Cloud({ lifted = false }: { readonly lifted?: boolean }) {
  return (
    <path
      className="i-cloud"
      transform={lifted ? 'translate(0 -6)' : undefined}
      d="M20 50a11 11 0 0 1-1.600-21.900A15 15 0 0 1 47.400 30.200 10 10 0 0 1 46 50z"
    />
  );
}

function Falling({ lines }: { readonly lines: readonly string[] }) {
  return (
    <>
      <Cloud lifted />
      <path className="i-rain" d={lines.join('')} />
    </>
  );
}
