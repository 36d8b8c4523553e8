/** Colour in what people read. */
import { styleText } from 'node:util';

/** Whether a stream takes colour: a terminal does, unless NO_COLOR is set (https://no-color.org). */
export function hasColour({ isTTY }: { readonly isTTY?: boolean }, env = process.env): boolean {
  return isTTY === true && (env.NO_COLOR ?? '') === '';
}

/** Gives a text a style, or leaves it as it is. */
export type Paint = (style: 'red' | 'green' | 'yellow' | 'bold', text: string) => string;

export function painter(colour: boolean): Paint {
  return (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text);
}
