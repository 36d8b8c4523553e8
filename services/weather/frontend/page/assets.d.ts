/** Imports that Vite understands. */
declare module '*.css';
declare module '*.svg' {
  export const url: string;
  // biome-ignore lint/style/noDefaultExport: Vite gives an asset's URL as the default export
  export default url;
}
