/** Text inside XML or HTML, also in attributes. Characters that XML knows no way to write are shown as a dot. */
export function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text
    .replaceAll(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g, '.')
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}
