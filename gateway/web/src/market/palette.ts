/** The page's colours as a canvas needs them. */
export interface Palette {
  readonly background: string;
  readonly ink: string;
  readonly ink2: string;
  readonly ink3: string;
  readonly line: string;
  readonly accent: string;
  readonly accentBand: string;
  readonly loss: string;
  readonly hatch: string;
  readonly segment: string;
  readonly fontFamily: string;
}

/** Reads the colours of the theme that is on now. */
export function currentPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    background: colour('bg'),
    ink: colour('ink'),
    ink2: colour('ink2'),
    ink3: colour('ink3'),
    line: colour('line'),
    accent: colour('accent'),
    accentBand: colour('accent-band'),
    loss: colour('loss'),
    hatch: colour('hatch'),
    segment: colour('seg-a'),
    fontFamily: getComputedStyle(document.body).fontFamily,
  };
}
