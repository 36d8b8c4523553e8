/** Numbers and times as the page shows them. */
import type { Units } from '../../common/answers';

/** `-3 °C`; a minus zero is a zero. */
export function temperature(value: number, units: Units): string {
  return `${wholeDegrees(value)} ${unitOf(units)}`;
}

export function wholeDegrees(value: number): string {
  return String(Math.round(value) || 0).replace('-', '−');
}

export function unitOf(units: Units): string {
  return units === 'metric' ? '°C' : '°F';
}

export function wind(value: number, units: Units): string {
  return units === 'metric' ? `${value.toFixed(1)} m/s` : `${Math.round(value)} mph`;
}

export function count(value: number): string {
  return new Intl.NumberFormat('en').format(value);
}

/** `Mon 14:05` in a time zone; the zone's own name when the browser doesn't know it. */
export function localTime(now: Date, timeZone: string): string {
  try {
    const parts = { weekday: 'short', hour: '2-digit', minute: '2-digit' } as const;
    return new Intl.DateTimeFormat('en-GB', { ...parts, timeZone }).format(now);
  } catch {
    return timeZone;
  }
}

/** `12:00 UTC` */
export function observed(iso: string): string {
  return `${iso.slice(11, 16)} UTC`;
}

/** `12:00:31 UTC` */
export function clock(iso: string): string {
  return `${iso.slice(11, 19)} UTC`;
}

/** First letter in upper case. */
export function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
