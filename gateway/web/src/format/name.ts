const sources: Readonly<Record<string, string>> = {
  JUPITER: 'Jupiter', BINANCE: 'Binance', BYBIT: 'Bybit', QUICKNODE: 'QuickNode',
  SIMULATED: 'simulated', REPLAY: 'replay', USER: 'user feed', ENGINE: 'data-engine',
};

/** A source in words: "Jupiter", "simulated"; "" when it is not said. */
export function sourceName(source: string): string {
  return sources[source] ?? (source === 'UNSPECIFIED' ? '' : source.toLowerCase());
}

/** A table's or an enum's name in words: "MEGA_WHALE" becomes "mega whale". */
export function words(name: string): string {
  return name.toLowerCase().replaceAll('_', ' ');
}

/** An address or hash by its ends, "7xKX…gAsU"; short ones are left whole. */
export function shortAddress(address: string): string {
  return address.length <= 11 ? address : `${address.slice(0, 4)}…${address.slice(-4)}`;
}

/** The text with a capital first letter. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A count with its noun: "1 feed", "3 feeds". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
